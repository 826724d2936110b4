"""Import of comments from Disqus's XML export."""
