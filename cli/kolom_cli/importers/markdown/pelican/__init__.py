"""Read the sites of Pelican: its settings, articles, pages and URLs."""
