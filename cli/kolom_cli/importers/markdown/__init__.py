"""Import Markdown and HTML files: sites of Jekyll and Hugo, Obsidian vaults, and plain directories."""
