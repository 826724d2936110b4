"""The contact form: messages from visitors to the site's owner, stored before any mail is sent."""
