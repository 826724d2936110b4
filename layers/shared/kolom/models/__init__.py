"""The tables: one module each, with their keys, indexes and attributes, and the transaction that writes them."""
