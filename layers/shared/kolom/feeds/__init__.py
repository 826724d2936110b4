"""What programs read of the site: feeds for readers' subscriptions, sitemaps and rules for search engines."""
