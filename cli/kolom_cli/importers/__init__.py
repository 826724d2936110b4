"""Importers: one package for each system that a blog may come from.

Each reads an export and yields, in the order of the export, an ``Imported``, an ``ImportedComment`` or a ``Skipped``
(:mod:`.common.types`) for every entry, so that the report accounts for each. :mod:`.common.importer` stores them.
"""
