"""Import from the JSON export of Ghost."""
