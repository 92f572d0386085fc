"""Local Salesforce and HubSpot over HTTP. Imports nothing else of crmsync, so that it can't share a misreading of an API."""
