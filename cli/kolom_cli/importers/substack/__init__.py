"""Import from the export of Substack."""
