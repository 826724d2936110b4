"""Read the pages of a site that Kolom does not serve, and store them as external articles."""
