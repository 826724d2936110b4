"""Import from the export files of WordPress (WXR)."""
