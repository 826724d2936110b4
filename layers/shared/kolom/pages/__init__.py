"""The site's pages: complete, valid HTML for readers and search engines, from articles and templates.

:mod:`.site` answers the address of any public page, :func:`.views.preview` shows what only the holder of a signed link
may see, :func:`.views.problem` is the page for what went wrong. No page needs JavaScript; none has a style or a script
in it, so that the Content-Security-Policy can be strict.
"""
