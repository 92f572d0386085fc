"""What can come back instead of an answer, told as what to do next.

BadConfig (E202 token, E203 a right, property or object, E205 TLS), RetryLater (E204 the day's allowance, E209 too large), `Refused`
for a call that changed nothing, `LostAnswer` for a change that may have been carried out, any other CallError for what is worth
another try.
"""

import json
import ssl
from typing import Any

from hubspot.crm.objects.exceptions import ApiException
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError, SSLError

from crmsync.config import CrmConfig
from crmsync.crms.hubspot.settings import Settings
from crmsync.errors import BadConfig, CrmsyncError, RetryLater
from crmsync.retry import CallError
from crmsync.transport import TooLarge, elsewhere, too_large, untrusted, wait_s

Json = dict[str, Any]

MESSAGE_LENGTH = 300
LOCKED_WAIT_S = 2.0
SECONDLY_WAIT_S = 1.0
NOT_CARRIED_OUT = (423, 429, 477)  # locked, rate limit, account being moved: even a change may be sent again


class Refused(CallError):
    """HubSpot understood the call and refused it; nothing was changed."""

    def __init__(self, what: str, *, status: int) -> None:
        super().__init__(what, passing=False)
        self.status = status


class LostAnswer(CallError):
    """A call that changes something has left, and no answer that could be read came back."""

    def __init__(self, what: str) -> None:
        super().__init__(what, passing=False)


def unread(what: str, *, once: bool) -> CallError:
    """No answer that could be read. `once`: the call changes something, so it must not be sent again."""
    return LostAnswer(what) if once else CallError(what, passing=True)


def no_answer(error: HTTPError, config: CrmConfig, settings: Settings, *, once: bool) -> Exception:
    """What a failure below HTTP means."""
    reason = error.reason if isinstance(error, MaxRetryError) else error
    address = settings.base_url
    if isinstance(reason, SSLError) and not isinstance(next(iter(reason.args), None), ssl.SSLEOFError):
        what = f"no trusted TLS connection to {address}: {untrusted(reason)}"
        remedy = "name the certificates to trust in ca_file, or mend base_url"
        return BadConfig("E205", what, where=config.where("base_url"), remedy=remedy)
    if isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return CallError(f"no answer from {address} ({type(reason).__name__})", passing=True)
    if isinstance(reason, TooLarge) and not once:
        return too_large(address, where=config.where("base_url"))
    return unread(f"no answer from {address} ({type(reason).__name__})", once=once)


def refusal(error: ApiException, config: CrmConfig, *, path: str, once: bool, token: str, renewed: str) -> Exception:
    """What an answer with an error status means. `renewed`: when the account's next day begins."""
    status, headers, told = int(error.status or 0), error.headers or {}, _told(error.body or b"")
    message = f"{status} {told.get('category', '')} {told.get('message', '')}".replace(token, "****")
    message = " ".join(message.split())[:MESSAGE_LENGTH]
    where, asked_s = f"{config.name} {path}", wait_s(headers)
    if status == 401:
        remedy = "make a service key in HubSpot under Development > Keys and give its value to the token's variable"
        return BadConfig("E202", f"HubSpot refuses the token: {message}", where=config.where("token"), remedy=remedy)
    if status == 403:
        return _no_right(told, message, where=where)
    if 300 <= status < 400:
        return unread(elsewhere(headers), once=once)
    if told.get("policyName") == "DAILY":
        return used_up(f"the account's calls for today are used up: {message}", where=where, renewed=renewed)
    if status in NOT_CARRIED_OUT:
        return CallError(message, passing=True, wait_s=_pause_s(status, told) if asked_s is None else asked_s)
    if status >= 500:
        return LostAnswer(message) if once else CallError(message, passing=True, wait_s=asked_s)
    return Refused(message, status=status)


def _no_right(told: Json, message: str, *, where: str) -> CrmsyncError:
    errors = [error for error in told.get("errors") or () if isinstance(error, dict)]
    scopes = [scope for error in errors for scope in (error.get("context") or {}).get("requiredScopes") or ()]
    remedy = f"add {' or '.join(scopes)} to the service key" if scopes else "add the missing scope to the service key"
    return BadConfig("E203", f"the token may not do this: {message}", where=where, remedy=remedy)


def used_up(what: str, *, where: str, renewed: str) -> RetryLater:
    """No more calls today."""
    return RetryLater(
        "E204", what, where=where, remedy=f"try again from {renewed} on; the next run goes on from what is stored"
    )


def _pause_s(status: int, told: Json) -> float | None:
    """The wait that makes sense where HubSpot names none, as it often doesn't."""
    if status == 423:
        return LOCKED_WAIT_S
    return SECONDLY_WAIT_S if told.get("policyName") == "SECONDLY" else None


def _told(body: bytes) -> Json:
    """The body of a refusal; the edge in front of HubSpot may send HTML instead."""
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
