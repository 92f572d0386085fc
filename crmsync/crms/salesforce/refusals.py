"""What can come back instead of an answer, told as what to do next.

BadConfig (E202 login, E203 a right, field or object, E205 TLS), RetryLater (E204 the org's allowance, E209 too large), `Refused`
for a call that changed nothing, `LostAnswer` for a change that may have been carried out, any other CallError for what is worth
another try.
"""

import re
import ssl
from collections.abc import Sequence
from typing import Any

from requests.exceptions import ConnectTimeout, JSONDecodeError, RequestException, SSLError
from simple_salesforce.exceptions import SalesforceError
from urllib3.exceptions import HTTPError, NewConnectionError

from crmsync.config import CrmConfig
from crmsync.crms.salesforce.settings import Settings
from crmsync.errors import BadConfig, RetryLater
from crmsync.retry import CallError
from crmsync.transport import TooLarge, too_large, untrusted

MESSAGE_LENGTH = 300
QUOTED = re.compile(r"\A.*^ERROR at Row:\d+:Column:\d+$", re.DOTALL | re.MULTILINE)  # the query, with an arrow below it
HINT = re.compile(r" ?If you are attempting to use a custom .*", re.DOTALL)  # what developers may have mistyped
CONCURRENT_WAIT_S = 30.0  # Salesforce names no wait; long calls of others have to end first
LOCKED = "UNABLE_TO_LOCK_ROW"
SESSION_OVER, NO_LOCATOR, NO_OBJECT = "INVALID_SESSION_ID", "INVALID_QUERY_LOCATOR", "INVALID_TYPE"
LIMIT = "REQUEST_LIMIT_EXCEEDED"
NOT_CARRIED_OUT = (LOCKED, "QUERY_TIMEOUT", "OPERATION_TOO_LARGE", "TXN_SECURITY_METERING_ERROR")
BUSY = (406, 420, 429)
Fault = RequestException | HTTPError | ValueError  # what can come instead of an answer
WAIT = "try again in an hour, when the calls of an hour leave the count of 24; the next run goes on from what is stored"


class Refused(CallError):
    """Salesforce understood the call and refused it; nothing was changed. `code` is its own, such as INVALID_FIELD."""

    def __init__(self, what: str, *, code: str) -> None:
        super().__init__(what, passing=False)
        self.code = code


class LostAnswer(CallError):
    """A call that changes something has left, and no answer that could be read came back."""

    def __init__(self, what: str) -> None:
        super().__init__(what, passing=False)


class SessionOver(CallError):
    """The session has ended; nothing was carried out. A new login opens another."""

    def __init__(self, what: str) -> None:
        super().__init__(what, passing=False)


class Elsewhere(RequestException):
    """The answer points to another address, which isn't followed: the session goes nowhere but to the configured one."""


def unread(what: str, *, once: bool) -> CallError:
    """No answer that could be read. `once`: the call changes something, so it must not be sent again."""
    return LostAnswer(what) if once else CallError(what, passing=True)


def no_answer(error: Fault, config: CrmConfig, settings: Settings, *, once: bool) -> Exception:
    """What a failure below HTTP, or an answer that isn't JSON, means."""
    reason = _reason(error)
    address = settings.instance_url
    if isinstance(error, SSLError) and not _cut_off(reason):
        what = f"no trusted TLS connection to {address}: {untrusted(reason)}"
        remedy = "name the certificates to trust in ca_file, or mend instance_url"
        return BadConfig("E205", what, where=config.where("instance_url"), remedy=remedy)
    if isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError):
        return CallError(f"no connection to {address} ({type(reason).__name__})", passing=True)
    if isinstance(error, TooLarge) and not once:
        return too_large(address, where=config.where("instance_url"))
    if isinstance(error, Elsewhere):
        return unread(str(error), once=once)
    if isinstance(error, JSONDecodeError) or not isinstance(error, RequestException | HTTPError):
        return unread(f"the answer of {address} is not JSON", once=once)
    return unread(f"no answer from {address} ({type(reason).__name__})", once=once)


def _reason(error: Exception) -> Exception:
    """The innermost cause that the libraries tell."""
    first = next(iter(error.args), error)
    reason = getattr(first, "reason", None)
    return reason if isinstance(reason, Exception) else error


def _cut_off(reason: object) -> bool:
    """A handshake that was dropped in the middle says nothing about certificates."""
    return isinstance(next(iter(getattr(reason, "args", ())), None), ssl.SSLEOFError)


def refusal(
    error: SalesforceError, *, where: str, once: bool, wait_s: float | None, secrets: Sequence[str]
) -> Exception:
    """What an answer with an error status means."""
    code, words = told(error.content)
    message = clean(f"{error.status} {code} {words}", secrets)
    if error.status == 401:
        return SessionOver(message)
    if code == LIMIT:
        if "concurrent" not in words.lower():
            return RetryLater("E204", f"the org's calls are used up: {message}", where=where, remedy=WAIT)
        return CallError(message, passing=True, wait_s=wait_s or CONCURRENT_WAIT_S)
    if code in NOT_CARRIED_OUT or error.status in BUSY:
        return CallError(message, passing=True, wait_s=wait_s)
    if error.status >= 500:
        return LostAnswer(message) if once else CallError(message, passing=True, wait_s=wait_s)
    if error.status == 410:
        return BadConfig(
            "E203", f"this API version has ended: {message}", where=where, remedy="set a newer api_version"
        )
    if error.status == 403 and code:
        remedy = "give the integration user the right in a permission set, then crmsync check"
        return BadConfig("E203", f"Salesforce doesn't allow this: {message}", where=where, remedy=remedy)
    if not code:  # the edge in front of Salesforce, or a page that is no part of its API
        return unread(message, once=once)
    return Refused(message, code=code)


def told(content: Any) -> tuple[str, str]:
    """Salesforce's own code and words; the edge may send HTML, which has neither."""
    first = content[0] if isinstance(content, list) and content else content
    if not isinstance(first, dict):
        return "", ""
    words = HINT.sub("", QUOTED.sub("", str(first.get("message") or "")))
    return str(first.get("errorCode") or first.get("statusCode") or ""), words


def clean(message: str, secrets: Sequence[str]) -> str:
    """A message in one line, of bearable length, without secrets."""
    for secret in secrets:
        message = message.replace(secret, "****") if secret else message
    return " ".join(message.split())[:MESSAGE_LENGTH]
