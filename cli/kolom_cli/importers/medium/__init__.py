"""Import from the export of Medium."""
