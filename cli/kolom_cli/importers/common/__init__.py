"""Code shared by all importers."""
