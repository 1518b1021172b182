"""Commands, one in a file, found by scanning this package: each module has its `command`, and imports what it needs when it runs."""
