"""Where a token may be sent."""

import pytest

from crmsync.addresses import guarded


@pytest.mark.parametrize(
    "url", ["https://acme.my.salesforce.com", "http://127.0.0.1:8901", "http://[::1]:1", "http://localhost"]
)
def test_guarded_lets_tls_and_this_machine_through(url: str) -> None:
    """TLS to anywhere, and plain http where nobody is on the way."""
    assert guarded(url).geturl() == url


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        "https://",
        "https://u@x.example",
        "https://x/?a=1",
    ],
)
def test_guarded_refuses_what_would_show_the_token(url: str) -> None:
    """Plain http elsewhere, names that only look local, and addresses that are more than one."""
    with pytest.raises(ValueError, match=r"address|plain http"):
        guarded(url)
