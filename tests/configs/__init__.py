"""Malformed files of a workspace: each has to end in one line that names its file and line, and with exit code 2."""
