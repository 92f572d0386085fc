"""Fields of a hostile world's deals beside the usual ones: named by words of the query language, labelled in any script."""

from dataclasses import replace

from crmsync.sandbox.local import LocalCrms
from crmsync.sandbox.salesforce.schema import Field

MADE_AT = 1  # long ago, by the account's people
LABELS = ("Größe (m²)", "سعر", "\"Best\" 'case'", "<b>Bold</b>", "=1+1", "🦊", "x" * 40)
SALESFORCE_NAMES = ("Select__c", "From__c", "Where__c", "Null__c", "Order__c", "Like__c", "X1__c")
HUBSPOT_NAMES = ("select", "from", "value", "null", "constructor", "a__b", "n1")


def add_odd_fields(local: LocalCrms) -> None:
    """Adds text fields to the deals of each local CRM that is served."""
    if local.salesforce:
        fields = local.salesforce.org.tables["Opportunity"].schema.fields
        for name, label in zip(SALESFORCE_NAMES, LABELS, strict=True):
            fields[name] = Field(name, "string", label, length=255)
    if local.hubspot:
        properties = local.hubspot.portal.kinds["deals"].schema.properties
        for name, label in zip(HUBSPOT_NAMES, LABELS, strict=True):
            properties[name] = replace(properties["segment"], name=name, label=label, made_at=MADE_AT)
