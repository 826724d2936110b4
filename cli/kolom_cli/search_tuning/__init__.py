"""What an owner can do about the search: evaluate it, and read and write the file of its settings."""
