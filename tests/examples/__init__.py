"""The examples, tested in process: files to copy for the tests of an app of one's own."""
