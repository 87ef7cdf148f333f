"""The tests of `framework._wire`, file by file."""
