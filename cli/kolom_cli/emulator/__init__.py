"""Emulate the AWS services of a stack in one process, for ``kolom serve`` and for tests."""
