"""A throw-away certificate authority for the local CRMs: Salesforce's client library insists on TLS."""

import ssl
from pathlib import Path

import trustme

CA_FILE = "ca.pem"


def server_context(folder: Path) -> ssl.SSLContext:
    """A TLS context for 127.0.0.1 and localhost; the authority that a client has to trust is written to `folder`/ca.pem.

    The authority's own key is never written: it dies with the process, so a new start makes a new ca.pem.
    """
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    target = folder / CA_FILE
    target.write_bytes(authority.cert_pem.bytes())
    target.chmod(0o644)  # a certificate, not a key: others on the machine may trust it too
    return context
