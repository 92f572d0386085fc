"""The docs hold what the program holds."""
