"""The commands of `kolom`, one module each."""
