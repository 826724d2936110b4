"""Importers: one module or package for each system that a blog can be imported from.

Each reads an export and yields, in the order of the export, an ``ImportedArticle``, an ``ImportedComment`` or a
``Skipped`` (:mod:`.common.types`) for every entry, so that the report accounts for all of them.
:mod:`.common.importer` stores them.
"""
