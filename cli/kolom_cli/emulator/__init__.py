"""The AWS services of a stack, emulated in one process for ``kolom serve`` and for tests."""
