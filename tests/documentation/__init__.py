"""The documentation, read by the tests that hold it to the program, and the reference pages that are made from the program."""
