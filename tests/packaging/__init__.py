"""What is installed is what was built."""
