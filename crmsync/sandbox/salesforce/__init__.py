"""A local Salesforce org: token endpoint, REST and Tooling API over the records of a world."""

from crmsync.sandbox.salesforce.app import SalesforceApp as SalesforceApp
