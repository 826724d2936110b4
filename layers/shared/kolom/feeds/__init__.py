"""Machine-readable views of the site: feeds, sitemaps and robots.txt."""
