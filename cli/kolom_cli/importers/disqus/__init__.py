"""Import comments from the XML export of Disqus."""
