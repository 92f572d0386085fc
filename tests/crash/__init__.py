"""The program, killed where it hurts: `python -m tests.crash`, or a few points of it in the test run."""
