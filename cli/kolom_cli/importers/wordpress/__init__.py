"""Import from WordPress's export files (WXR)."""
