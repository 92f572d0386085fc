"""Tests of the rooms, one CRM each."""
