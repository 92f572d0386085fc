"""The objects of the local org and their fields: the standard ones that a sales team uses, and a plan tool's custom ones."""

from crmsync.sandbox.salesforce.schema import (
    CREATED,
    DELETED,
    ID,
    STAMPED,
    SYSTEM,
    Field,
    SObject,
    by_system,
    day,
    flag,
    instant,
    integer,
    money,
    number,
    percent,
    picklist,
    reference,
    sobject,
    text,
)

FORECAST_NAMES = ("Omitted", "Pipeline", "Best Case", "Most Likely", "Commit", "Closed")
FORECAST_CATEGORIES = ("Omitted", "Pipeline", "BestCase", "MostLikely", "Forecast", "Closed")
TASK_OPEN, TASK_BEGUN, TASK_DONE = "Not Started", "In Progress", "Completed"

_KEPT = tuple(each for each in SYSTEM if each.name != "IsDeleted")  # for set-up objects, which have no recycle bin


def _long_text(name: str, length: int = 32_000) -> Field:
    return Field(name, "textarea", length=length, filterable=False)


def opportunity() -> SObject:
    """Deals."""
    return sobject(
        "Opportunity",
        "006",
        text("Name", 120, required=True),
        _long_text("Description"),
        picklist("StageName", required=True),
        money("Amount"),
        day("CloseDate", required=True),
        percent("Probability", precision=3, scale=0),
        picklist("ForecastCategoryName", FORECAST_NAMES, required=True, restricted=True, default="Pipeline"),
        reference("AccountId", "Account"),
        reference("OwnerId", "User", required=True, default="running user"),
        picklist("CurrencyIsoCode", required=True, restricted=True, default="corporate"),
        picklist("Type", ("New Business", "Existing Business")),
        picklist("LeadSource", ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")),
        text("NextStep", 255),
        picklist("Segment__c"),
        *by_system(
            picklist("ForecastCategory", FORECAST_CATEGORIES),
            money("ExpectedRevenue"),
            flag("IsClosed"),
            flag("IsWon"),
            flag("HasOpportunityLineItem"),
            integer("FiscalQuarter"),
            integer("FiscalYear"),
        ),
        plural="Opportunities",
        children={
            "OpportunityContactRoles": ("OpportunityContactRole", "OpportunityId"),
            "OpportunityHistories": ("OpportunityHistory", "OpportunityId"),
            "Tasks": ("Task", "WhatId"),
            "Events": ("Event", "WhatId"),
            "Emails": ("EmailMessage", "RelatedToId"),
            "Milestones__r": ("Milestone__c", "Opportunity__c"),
            "Room_Visits__r": ("Room_Visit__c", "Opportunity__c"),
        },
    )


def opportunity_stage() -> SObject:
    """The list of stages."""
    return sobject(
        "OpportunityStage",
        "01J",
        *by_system(
            text("ApiName"),
            text("MasterLabel"),
            flag("IsActive"),
            flag("IsClosed"),
            flag("IsWon"),
            integer("SortOrder"),
            percent("DefaultProbability", precision=3, scale=0),
            picklist("ForecastCategory", FORECAST_CATEGORIES),
            picklist("ForecastCategoryName", FORECAST_NAMES),
        ),
        system=_KEPT,
        writable=False,
    )


def opportunity_history() -> SObject:
    """What a deal's stage, amount, probability and close date were after each change."""
    return sobject(
        "OpportunityHistory",
        "008",
        *by_system(
            reference("OpportunityId", "Opportunity"),
            picklist("StageName"),
            money("Amount"),
            money("ExpectedRevenue"),
            day("CloseDate"),
            percent("Probability", precision=3, scale=0),
            picklist("ForecastCategory", FORECAST_CATEGORIES),
            picklist("CurrencyIsoCode"),
            money("PrevAmount"),
            day("PrevCloseDate"),
        ),
        system=(ID, DELETED, *CREATED, *STAMPED),
        plural="Opportunity Histories",
        writable=False,
    )


def opportunity_contact_role() -> SObject:
    """Who of the buyer's people takes part in a deal."""
    return sobject(
        "OpportunityContactRole",
        "00K",
        reference("OpportunityId", "Opportunity", required=True, createable=True, writable=False),
        reference("ContactId", "Contact", required=True),
        picklist("Role"),
        flag("IsPrimary"),
    )


def account() -> SObject:
    """Companies that buy."""
    return sobject(
        "Account",
        "001",
        text("Name", 255, required=True),
        reference("OwnerId", "User"),
        picklist("Industry"),
        Field("Website", "url", length=255),
        children={
            "Opportunities": ("Opportunity", "AccountId"),
            "Contacts": ("Contact", "AccountId"),
            "Tasks": ("Task", "WhatId"),
        },
    )


def contact() -> SObject:
    """The buyer's people."""
    return sobject(
        "Contact",
        "003",
        text("FirstName", 40),
        text("LastName", 80, required=True),
        Field("Name", "string", length=121, writable=False),
        Field("Email", "email", length=80),
        reference("AccountId", "Account"),
        reference("OwnerId", "User"),
        text("Title", 128),
        children={"OpportunityContactRoles": ("OpportunityContactRole", "ContactId"), "Tasks": ("Task", "WhoId")},
    )


def user() -> SObject:
    """The people who may log in, those who no longer may included."""
    return sobject(
        "User",
        "005",
        text("Username", 80),
        Field("Email", "email", length=128),
        text("FirstName", 40),
        text("LastName", 80),
        Field("Name", "string", length=121, writable=False),
        text("Alias", 8),
        flag("IsActive"),
        picklist("TimeZoneSidKey", ("GMT",)),
        picklist("UserType", ("Standard", "AutomatedProcess")),
        system=_KEPT,
        writable=False,
    )


def organization() -> SObject:
    """The org itself: one row."""
    return sobject(
        "Organization",
        "00D",
        *by_system(
            text("Name", 80),
            text("OrganizationType", 40),
            text("InstanceName", 5),
            flag("IsSandbox"),
            picklist("DefaultCurrencyIsoCode"),
            integer("FiscalYearStartMonth"),
            picklist("TimeZoneSidKey", ("GMT",)),
            picklist("DefaultLocaleSidKey", ("en_US",)),
        ),
        system=_KEPT,
        writable=False,
    )


def currency_type() -> SObject:
    """The currencies and their rates to the company's own."""
    return sobject(
        "CurrencyType",
        "01L",
        *by_system(
            picklist("IsoCode"),
            number("ConversionRate", precision=18, scale=6),
            integer("DecimalPlaces"),
            flag("IsActive"),
            flag("IsCorporate"),
        ),
        system=_KEPT,
        writable=False,
    )


def task() -> SObject:
    """To-dos and logged calls; for some teams also the steps of a plan."""
    return sobject(
        "Task",
        "00T",
        Field("Subject", "combobox", length=255),
        day("ActivityDate"),
        picklist("Status", (TASK_OPEN, TASK_BEGUN, TASK_DONE), required=True, default=TASK_OPEN),
        picklist("Priority", ("High", "Normal", "Low"), required=True, default="Normal"),
        picklist("TaskSubtype", ("Task", "Email", "ListEmail", "Call"), restricted=True, default="Task"),
        reference("WhatId", ("Account", "Opportunity")),
        reference("WhoId", "Contact"),
        reference("OwnerId", "User", required=True, default="running user"),
        _long_text("Description"),
        flag("Is_Milestone__c"),
        flag("Buyer_Owned__c"),
        *by_system(flag("IsClosed"), instant("CompletedDateTime"), flag("IsArchived")),
    )


def event() -> SObject:
    """Meetings."""
    return sobject(
        "Event",
        "00U",
        Field("Subject", "combobox", length=255),
        instant("StartDateTime", required=True),
        instant("EndDateTime", required=True),
        reference("WhatId", ("Account", "Opportunity")),
        reference("WhoId", "Contact"),
        reference("OwnerId", "User", required=True, default="running user"),
        flag("IsAllDayEvent"),
        *by_system(instant("ActivityDateTime"), day("ActivityDate"), flag("IsArchived")),
    )


def email_message() -> SObject:
    """E-mails that were logged with a deal."""
    return sobject(
        "EmailMessage",
        "02s",
        reference("RelatedToId", ("Account", "Opportunity")),
        instant("MessageDate"),
        flag("Incoming"),
        text("Subject", 3000),
        Field("FromAddress", "email", length=1000),
        text("FromName", 1000),
        picklist("Status", ("New", "Read", "Replied", "Sent"), default="New"),
    )


def milestone() -> SObject:
    """The steps of a mutual action plan, with their due and done dates tracked."""
    return sobject(
        "Milestone__c",
        "a00",
        text("Name", 80, required=True),
        reference("Opportunity__c", "Opportunity", required=True),
        day("Due_Date__c", tracked=True),
        instant("Completed_At__c", tracked=True),
        picklist("Side__c", ("buyer", "seller"), restricted=True),
        reference("OwnerId", "User"),
        children={"Histories": ("Milestone__History", "ParentId")},
    )


def milestone_history() -> SObject:
    """What changed in the tracked fields of a milestone. As with every field history there is no SystemModstamp."""
    return sobject(
        "Milestone__History",
        "017",
        *by_system(
            reference("ParentId", "Milestone__c"),
            picklist("Field"),
            picklist("DataType"),
            Field("OldValue", "anyType", length=255, filterable=False),
            Field("NewValue", "anyType", length=255, filterable=False),
        ),
        system=(ID, DELETED, *CREATED),
        writable=False,
    )


def room_visit() -> SObject:
    """Visits of the buyer to the plan's room, as a plan tool writes them."""
    return sobject(
        "Room_Visit__c",
        "a01",
        text("Name", 80),
        reference("Opportunity__c", "Opportunity", required=True),
        instant("Visited_At__c"),
        reference("Visitor__c", "Contact"),
    )


def permission_set() -> SObject:
    """Bundles of rights."""
    return sobject(
        "PermissionSet",
        "0PS",
        text("Name", 80, required=True),
        text("Label", 80, required=True),
        text("Description", 255),
        flag("IsOwnedByProfile", writable=False),
        system=_KEPT,
        children={
            "FieldPerms": ("FieldPermissions", "ParentId"),
            "ObjectPerms": ("ObjectPermissions", "ParentId"),
            "Assignments": ("PermissionSetAssignment", "PermissionSetId"),
        },
    )


def field_permissions() -> SObject:
    """A permission set's right to a field."""
    return sobject(
        "FieldPermissions",
        "01k",
        reference("ParentId", "PermissionSet", required=True),
        picklist("SobjectType", required=True),
        picklist("Field", required=True),
        flag("PermissionsRead"),
        flag("PermissionsEdit"),
        system=(ID, *STAMPED),
        plural="Field Permissions",
    )


def object_permissions() -> SObject:
    """A permission set's right to an object."""
    return sobject(
        "ObjectPermissions",
        "110",
        reference("ParentId", "PermissionSet", required=True),
        picklist("SobjectType", required=True),
        *(
            flag(f"Permissions{right}")
            for right in ("Read", "Create", "Edit", "Delete", "ViewAllRecords", "ModifyAllRecords")
        ),
        system=_KEPT,
        plural="Object Permissions",
    )


def permission_set_assignment() -> SObject:
    """Who has a permission set."""
    return sobject(
        "PermissionSetAssignment",
        "0Pa",
        reference("AssigneeId", "User", required=True, createable=True, writable=False),
        reference("PermissionSetId", "PermissionSet", required=True, createable=True, writable=False),
        system=(ID, *STAMPED),
        updateable=False,
    )


def custom_field() -> SObject:
    """Custom fields as the Tooling API lists them."""
    return sobject(
        "CustomField",
        "00N",
        *by_system(text("DeveloperName", 80), text("TableEnumOrId", 80)),
        system=_KEPT,
        writable=False,
    )


def objects() -> dict[str, SObject]:
    """Every object of a new org, by name."""
    made = (
        opportunity(),
        opportunity_stage(),
        opportunity_history(),
        opportunity_contact_role(),
        account(),
        contact(),
        user(),
        organization(),
        currency_type(),
        task(),
        event(),
        email_message(),
        milestone(),
        milestone_history(),
        room_visit(),
        permission_set(),
        field_permissions(),
        object_permissions(),
        permission_set_assignment(),
    )
    return {each.name: each for each in made}
