"""Import of Markdown and HTML files: Jekyll, Hugo, Obsidian and plain folders."""
