"""The table models: one module per table with its keys, indexes and attributes; and the write transaction."""
