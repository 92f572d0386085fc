"""Addresses that a token is sent to: never in the clear, but to this very machine."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit


def is_loopback(url: str) -> bool:
    """Whether an address is on this very machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def guarded(url: str) -> SplitResult:
    """The parts of a bare address. Raises ValueError when it isn't one, or when everybody on the way could read the token."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("an address starts with https://")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("the bare address, without user, query or fragment")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError("plain http would show the token to everybody on the way: https, or a loopback address")
    return parts
