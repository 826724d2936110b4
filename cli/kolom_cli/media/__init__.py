"""Images and other files of articles: checks, sizes and the bucket."""
