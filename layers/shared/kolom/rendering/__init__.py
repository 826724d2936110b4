"""Render text as safe HTML: the Markdown and HTML of authors, and the Markdown of visitors. Pure."""
