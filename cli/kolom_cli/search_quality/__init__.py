"""Evaluate the search of a site with queries and the articles that they should find."""
