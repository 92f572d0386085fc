"""Mutual action plans, turned into a forecast that a CRM can carry."""
