"""Text to safe HTML: Markdown and HTML of authors, and the Markdown of visitors. Pure."""
