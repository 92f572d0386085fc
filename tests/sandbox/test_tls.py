"""The throw-away certificate authority."""

import ssl
import stat
from pathlib import Path

from crmsync.sandbox.tls import CA_FILE, server_context


def test_server_context_writes_an_authority_that_can_be_trusted(tmp_path: Path) -> None:
    """The file holds one certificate and no key, and others on the machine may read it."""
    server_context(tmp_path)
    text = (tmp_path / CA_FILE).read_text()
    assert (text.count("BEGIN CERTIFICATE"), "PRIVATE KEY" in text) == (1, False)
    assert stat.S_IMODE((tmp_path / CA_FILE).stat().st_mode) == 0o644


def test_server_context_makes_a_new_authority_each_time(tmp_path: Path) -> None:
    """The authority of an earlier start is worth nothing afterwards."""
    server_context(tmp_path)
    before = (tmp_path / CA_FILE).read_bytes()
    assert isinstance(server_context(tmp_path), ssl.SSLContext)
    assert (tmp_path / CA_FILE).read_bytes() != before
