"""The channels of facts that features look at."""

from crmsync.forecast.facts import Which
from crmsync.records import Kind, Phase, Side

STAGE = Which((Kind.STAGE,))
AMOUNT = Which((Kind.AMOUNT,))
CLOSE_ON = Which((Kind.CLOSE_ON,))
OWNER = Which((Kind.OWNER,))
CONTACT = Which((Kind.CONTACT,))
STEP_PLANNED = Which((Kind.MILESTONE,), (Phase.PLANNED,))
STEP_DONE = Which((Kind.MILESTONE,), (Phase.DONE, Phase.HAPPENED))
STEP_REOPENED = Which((Kind.MILESTONE,), (Phase.REOPENED,))
STEP_REMOVED = Which((Kind.MILESTONE,), (Phase.REMOVED,))
WORK = Which((Kind.WORK, Kind.CALL, Kind.MEETING), (Phase.DONE, Phase.HAPPENED))
PLANNED_WORK = Which((Kind.WORK, Kind.CALL, Kind.MEETING), (Phase.PLANNED,))
TALKS = Which((Kind.CALL, Kind.MEETING, Kind.EMAIL, Kind.VIEW), (Phase.DONE, Phase.HAPPENED))
MEETINGS = Which((Kind.MEETING,), (Phase.DONE, Phase.HAPPENED))
CALLS = Which((Kind.CALL,), (Phase.DONE, Phase.HAPPENED))
EMAILS = Which((Kind.EMAIL,))
VIEWS = Which((Kind.VIEW,))
BUYER_EMAILS = Which((Kind.EMAIL,), (), (Side.BUYER,))
BUYER_STEPS_DONE = Which((Kind.MILESTONE,), (Phase.DONE, Phase.HAPPENED), (Side.BUYER,))
BUYER_ACTS = Which(
    (Kind.EMAIL, Kind.VIEW, Kind.MEETING, Kind.CALL, Kind.MILESTONE), (Phase.DONE, Phase.HAPPENED), (Side.BUYER,)
)
ACTS = Which((Kind.STAGE, Kind.CONTACT, Kind.MILESTONE, Kind.CALL, Kind.MEETING, Kind.EMAIL, Kind.VIEW, Kind.WORK))
