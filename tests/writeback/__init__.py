"""Tests of the decisions about writing back."""
