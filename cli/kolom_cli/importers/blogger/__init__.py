"""Import from Blogger: a Takeout archive or its Atom feed."""
