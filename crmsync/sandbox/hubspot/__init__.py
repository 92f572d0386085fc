"""A local HubSpot portal: records, search, associations, properties and pipelines over the records of a world."""

from crmsync.sandbox.hubspot.app import HubSpotApp as HubSpotApp
