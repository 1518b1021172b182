"""The statements of the language, one file each; the docstring of a file is the manual page of its statement."""
