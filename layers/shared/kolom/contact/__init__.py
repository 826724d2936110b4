"""The contact form: what visitors send to the site's owner, stored before anybody is told of it."""
