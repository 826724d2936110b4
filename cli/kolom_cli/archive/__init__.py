"""A whole blog as files that need nothing of ours to be read: `kolom export` and `kolom import archive`.

The format is described in docs/archive.md. :mod:`.forms` has what stands in the files, :mod:`.text` how it is written;
:mod:`.writing` writes them, :mod:`.reading` reads them, trusting nothing, and :mod:`.restoring` puts what was read into
a stack.
"""
