"""The site's pages: complete, valid HTML for readers and search engines, from articles and templates.

:func:`respond` answers the address of any public page, :func:`preview` shows what only the holder of a signed link may
see, :func:`problem` is the page for what went wrong. No page needs JavaScript; none has a style or a script in it, so
that the Content-Security-Policy can be strict.
"""

from kolom.pages.page import Page
from kolom.pages.site import respond
from kolom.pages.views import preview, problem

__all__ = ["Page", "preview", "problem", "respond"]
