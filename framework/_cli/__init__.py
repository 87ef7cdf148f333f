"""The command line: `python -m framework`. Nothing here is imported by an app."""
