"""The site's pages: complete, valid HTML for readers and search engines, from articles and templates.

:mod:`.router` responds at the path of any public page, :func:`.views.render_preview` shows an unpublished article to
the holder of a signed link, :func:`.views.render_problem` is the error page. No page needs JavaScript; none contains
inline styles or scripts, so that the Content-Security-Policy can be strict.
"""
