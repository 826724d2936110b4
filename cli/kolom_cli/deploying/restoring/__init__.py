"""Restore the content of tables in place: `kolom restore` (decision 88).

:mod:`.restore_point` says what is restored, and :mod:`.temporary_tables` restores it under temporary names. The rules
in :mod:`.table_rules` and :mod:`.comment_rules` say what an item of the running table should be. :mod:`.comparison`
finds the differences, and :mod:`.writer` writes them.
"""
