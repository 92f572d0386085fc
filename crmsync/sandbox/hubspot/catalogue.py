"""The object types of the local portal: the standard ones that a sales team uses, and a plan tool's custom ones."""

from crmsync.sandbox.hubspot.schema import (
    ObjectType,
    by_system,
    choice,
    day,
    flag,
    instant,
    number,
    object_type,
    owner,
    text,
)

FORECAST_CATEGORIES = ("OMIT", "PIPELINE", "BEST_CASE", "COMMIT", "CLOSED")
TASK_OPEN, TASK_BEGUN, TASK_DONE = "NOT_STARTED", "IN_PROGRESS", "COMPLETED"
MEETING_PLANNED, MEETING_HELD = "SCHEDULED", "COMPLETED"
DEALS, CONTACTS, COMPANIES = "deals", "contacts", "companies"
TASKS, CALLS, MEETINGS, EMAILS = "tasks", "calls", "meetings", "emails"
MILESTONES, VISITS = "milestone", "room_visit"
_CONTACT_SCOPES = {"scope": "crm.objects.contacts", "schema_scope": "crm.schemas.contacts"}  # engagements too
_CUSTOM_SCOPES = {"scope": "crm.objects.custom", "schema_scope": "crm.schemas.custom"}

Options = list[tuple[str, str]]


def deals(*, pipelines: Options, stages: Options, currencies: Options) -> ObjectType:
    """Deals; their pipelines, stages and currencies are the portal's own."""
    return object_type(
        DEALS,
        "deal",
        "0-3",
        text("dealname"),
        text("description"),
        choice("pipeline", pipelines),
        choice("dealstage", stages),
        number("amount"),
        choice("deal_currency_code", currencies),
        instant("closedate"),
        instant("createdate"),
        owner(),
        choice("dealtype", ("newbusiness", "existingbusiness")),
        choice("hs_priority", ("low", "medium", "high")),
        choice("hs_manual_forecast_category", FORECAST_CATEGORIES),
        number("hs_forecast_probability"),
        text("hs_next_step"),
        text("closed_won_reason"),
        text("closed_lost_reason"),
        text("segment"),
        *by_system(
            number("hs_deal_stage_probability"),
            flag("hs_is_closed"),
            flag("hs_is_closed_won"),
            flag("hs_is_closed_lost"),
            number("amount_in_home_currency"),
            number("hs_projected_amount"),
            number("hs_closed_amount"),
        ),
        defaults=("amount", "closedate", "createdate", "dealname", "dealstage", "pipeline"),
        scope="crm.objects.deals",
        schema_scope="crm.schemas.deals",
        primary="dealname",
    )


def _contacts() -> ObjectType:
    return object_type(
        CONTACTS,
        "contact",
        "0-1",
        text("firstname"),
        text("lastname"),
        text("email"),
        instant("createdate"),
        *by_system(instant("lastmodifieddate")),
        owner(),
        defaults=("createdate", "email", "firstname", "lastname", "lastmodifieddate"),
        modified="lastmodifieddate",
        primary="email",
        **_CONTACT_SCOPES,
    )


def _companies() -> ObjectType:
    return object_type(
        COMPANIES,
        "company",
        "0-2",
        text("name"),
        text("domain"),
        instant("createdate"),
        owner(),
        defaults=("createdate", "domain", "name"),
        scope="crm.objects.companies",
        schema_scope="crm.schemas.companies",
        primary="name",
    )


def _tasks() -> ObjectType:
    return object_type(
        TASKS,
        "task",
        "0-27",
        instant("hs_timestamp"),
        text("hs_task_subject"),
        text("hs_task_body"),
        choice("hs_task_status", (TASK_OPEN, TASK_BEGUN, "WAITING", "DEFERRED", TASK_DONE)),
        choice("hs_task_priority", ("NONE", "LOW", "MEDIUM", "HIGH")),
        choice("hs_task_type", ("TODO", "CALL", "EMAIL")),
        owner(),
        flag("is_milestone"),
        flag("buyer_owned"),
        *by_system(instant("hs_task_completion_date")),
        primary="hs_task_subject",
        **_CONTACT_SCOPES,
    )


def _calls() -> ObjectType:
    return object_type(
        CALLS,
        "call",
        "0-48",
        instant("hs_timestamp"),
        text("hs_call_title"),
        choice("hs_call_direction", ("INBOUND", "OUTBOUND")),
        number("hs_call_duration"),
        text("hs_call_disposition"),
        choice(
            "hs_call_status",
            (*("BUSY", "CALLING_CRM_USER", "CANCELED", "COMPLETED", "CONNECTING", "FAILED"), "NO_ANSWER", "SCHEDULED"),
        ),
        owner(),
        primary="hs_call_title",
        **_CONTACT_SCOPES,
    )


def _meetings() -> ObjectType:
    return object_type(
        MEETINGS,
        "meeting",
        "0-47",
        instant("hs_timestamp"),
        text("hs_meeting_title"),
        instant("hs_meeting_start_time"),
        instant("hs_meeting_end_time"),
        choice("hs_meeting_outcome", (MEETING_PLANNED, MEETING_HELD, "RESCHEDULED", "NO_SHOW", "CANCELED")),
        owner(),
        primary="hs_meeting_title",
        **_CONTACT_SCOPES,
    )


def _emails() -> ObjectType:
    return object_type(
        EMAILS,
        "email",
        "0-49",
        instant("hs_timestamp"),
        text("hs_email_subject"),
        choice("hs_email_direction", ("EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL")),
        choice("hs_email_status", ("BOUNCED", "FAILED", "SCHEDULED", "SENDING", "SENT")),
        owner(),
        primary="hs_email_subject",
        **_CONTACT_SCOPES,
    )


def _milestones(portal_id: int) -> ObjectType:
    return object_type(
        MILESTONES,
        MILESTONES,
        "2-7100001",
        text("title"),
        day("due_on"),
        instant("completed_at"),
        choice("side", ("buyer", "seller")),
        owner(),
        full_name=f"p{portal_id}_{MILESTONES}",
        primary="title",
        **_CUSTOM_SCOPES,
    )


def _visits(portal_id: int) -> ObjectType:
    return object_type(
        VISITS,
        VISITS,
        "2-7100002",
        text("title"),
        instant("visited_at"),
        choice("kind", ("view",)),
        text("visitor"),
        full_name=f"p{portal_id}_{VISITS}",
        primary="title",
        **_CUSTOM_SCOPES,
    )


def object_types(portal_id: int, *, pipelines: Options, stages: Options, currencies: Options) -> dict[str, ObjectType]:
    """Every object type by name."""
    made = (
        deals(pipelines=pipelines, stages=stages, currencies=currencies),
        *(_contacts(), _companies(), _tasks(), _calls(), _meetings(), _emails()),
        *(_milestones(portal_id), _visits(portal_id)),
    )
    return {each.name: each for each in made}
