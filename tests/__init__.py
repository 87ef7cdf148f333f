"""The tests, which mirror `framework/` file by file."""
