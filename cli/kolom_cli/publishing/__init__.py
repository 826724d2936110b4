"""From a file with front matter to a published article."""
