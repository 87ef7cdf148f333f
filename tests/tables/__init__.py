"""The cases of the standards as plain data: each row is a test."""
