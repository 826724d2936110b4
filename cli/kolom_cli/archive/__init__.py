"""Export a whole blog to files in open formats, and restore it: `kolom export` and `kolom import archive`.

The format is described in docs/archive.md. :mod:`.schemas` defines the records in the files, :mod:`.encoding` their
notation, and :mod:`.layout` the file names. :mod:`.writer` writes an archive. :mod:`.reader` reads and validates one,
and :mod:`.restorer` stores its entries in a stack.
"""
