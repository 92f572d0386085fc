"""How to reach local CRMs that run: a config for crmsync, and lines to paste into a Python prompt for each client library."""

from collections.abc import Callable, Iterator

from crmsync.sandbox.local import HUBSPOT, NAMES, SALESFORCE, LocalCrms

RESULTS = (
    "probability", "expected_amount", "close_date", "close_date_p20", "close_date_p80", "won_in_period", "risk", "category", "kind",
    "reasons", "milestones", "next_step", "next_step_on", "deciding_step", "deciding_step_on", "change_7d", "scored_at", "run_id",
)  # fmt: skip

UNPACED = "calls_per_10s = 0 # these local CRMs set no pace\nsearches_per_s = 0\n"


def config(local: LocalCrms) -> str:
    """A config.toml that reaches the local CRMs, every result mapped to a field."""
    parts = [
        '[store]\nurl = "sqlite:///crmsync.db"\n',
        '[push]\nfirst = "send" # local CRMs: nobody has to look first\n',
    ]
    if SALESFORCE in local.served:
        parts.append(_salesforce(local))
    if HUBSPOT in local.served:
        parts.append(_hubspot(local))
    return "\n".join(parts)


def _salesforce(local: LocalCrms) -> str:
    name = NAMES[SALESFORCE]
    return f"""[crm.{name}]
kind = "salesforce"
instance_url = "{local.served[SALESFORCE].server.url}"
ca_file = "{local.ca_file}"
auth = "client_credentials"
client_id = "file:{local.secret_file("salesforce-id")}"
client_secret = "file:{local.secret_file("salesforce-secret")}"
segment = "Segment__c"
graded = ["Probability", "ForecastCategory"]

[[crm.{name}.milestones]]
object = "Milestone__c"
history = "Milestone__History"
deal = "Opportunity__c"
name = "Name"
due_on = "Due_Date__c"
done_at = "Completed_At__c"
side = "Side__c"

[[crm.{name}.milestones]]
object = "Task"
where = "Is_Milestone__c = true"
name = "Subject"
due_on = "ActivityDate"
done_at = "CompletedDateTime"
side = "Buyer_Owned__c"

[[crm.{name}.engagement]]
object = "Room_Visit__c"
kind = "view"
deal = "Opportunity__c"
at = "Visited_At__c"

[crm.{name}.fields]
{_fields(lambda result: f"Crmsync_{result.title()}__c")}"""


def _hubspot(local: LocalCrms) -> str:
    name = NAMES[HUBSPOT]
    return f"""[crm.{name}]
kind = "hubspot"
base_url = "{local.served[HUBSPOT].server.url}"
api_version = "2026-09"
token = "file:{local.secret_file("hubspot-token")}"
{"" if local.paced else UNPACED}segment = "segment"
graded = ["hs_deal_stage_probability"]

[[crm.{name}.milestones]]
object = "milestone"
name = "title"
due_on = "due_on"
done_at = "completed_at"
side = "side"

[[crm.{name}.milestones]]
object = "tasks"
where = "is_milestone = true"
name = "hs_task_subject"
side = "buyer_owned"

[[crm.{name}.engagement]]
object = "room_visit"
kind = "view"
at = "visited_at"

[crm.{name}.fields]
{_fields(lambda result: f"crmsync_{result}")}"""


def _fields(target: Callable[[str], str]) -> str:
    return "".join(f'{result} = "{target(result)}"\n' for result in RESULTS)


def python_lines(local: LocalCrms) -> Iterator[str]:
    """Lines for a Python prompt: each library logged in as `sf` and `hs`, and a first call."""
    yield "from pathlib import Path"
    if SALESFORCE in local.served:
        url = local.served[SALESFORCE].server.url
        yield from (
            "import requests",
            "from simple_salesforce import Salesforce",
            "session = requests.Session()",
            f'session.trust_env, session.verify = False, "{local.ca_file}"',
            f"client = ({_read(local, 'salesforce-id')}, {_read(local, 'salesforce-secret')})",
            f'grant = session.post("{url}/services/oauth2/token", auth=client, data={{"grant_type": "client_credentials"}})',
            f'sf = Salesforce(session_id=grant.json()["access_token"], instance_url="{url}", version="62.0", session=session)',
            'next(sf.query_all_iter("SELECT Id, Name, StageName, Amount FROM Opportunity LIMIT 1"))',
        )
    if HUBSPOT in local.served:
        url = local.served[HUBSPOT].server.url
        yield from (
            "from hubspot import HubSpot",
            f'hs = HubSpot(access_token={_read(local, "hubspot-token")}, host="{url}", base_url="{url}")',
            'hs.crm.deals.basic_api.get_page(limit=1, properties=["dealname", "dealstage", "amount"])',
        )


def _read(local: LocalCrms, secret: str) -> str:
    return f'Path("{local.secret_file(secret)}").read_text().strip()'
