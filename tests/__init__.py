"""The tests of crmsync; they mirror its rooms."""
