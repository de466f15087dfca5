"""The lake's certificates, judged by Python's own TLS in a real handshake."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509

from xihu.engines import keys, tls
from xihu.settings import Settings, settings

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("XIHU_HOME", str(tmp_path / "home"))
    return settings()


def handshake(s: Settings, name: str) -> None:
    """Serve with server.pem, connect as a client that trusts only ca.pem."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tls.server_file(s))
    client = ssl.create_default_context(cafile=str(tls.ca_file(s)))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            plain, _ = listening.accept()
            try:
                with server.wrap_socket(plain, server_side=True):
                    pass
            except (ssl.SSLError, OSError):
                plain.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            with socket.create_connection(listening.getsockname()) as plain, client.wrap_socket(plain, server_hostname=name):
                pass
        finally:
            thread.join(5)


def test_clients_that_trust_the_authority_accept_it(s: Settings) -> None:
    assert tls.ensure(s)
    handshake(s, "localhost")
    handshake(s, "127.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(s, "example.org")
    assert tls.fault(s) is None
    assert not tls.ensure(s), "what is sound stays"


def test_private_keys_are_private(s: Settings) -> None:
    tls.ensure(s)
    for file in (tls.server_file(s), s.secrets / "ca.key"):
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700
    assert b"PRIVATE KEY" not in tls.ca_file(s).read_bytes()


def test_ends_are_seen_before_they_come(s: Settings) -> None:
    tls.ensure(s, NOW)
    assert tls.fault(s, NOW + dt.timedelta(days=tls.SERVER_DAYS - tls.RENEW_DAYS - 1)) is None
    assert "ends on" in str(tls.fault(s, NOW + dt.timedelta(days=tls.SERVER_DAYS - tls.RENEW_DAYS + 1)))
    assert "expired" in str(tls.fault(s, NOW + dt.timedelta(days=tls.SERVER_DAYS + 1)))
    authority = tls.ca_file(s).read_bytes()
    later = NOW + dt.timedelta(days=tls.SERVER_DAYS + 1)
    assert tls.ensure(s, later)
    assert tls.fault(s, later) is None
    assert tls.ca_file(s).read_bytes() == authority, "clients need not learn a new authority"
    end = NOW + dt.timedelta(days=tls.CA_DAYS)
    assert tls.ensure(s, end)
    assert tls.ca_file(s).read_bytes() != authority
    assert tls.fault(s, end) is None


@pytest.mark.parametrize("harm", ["other authority", "other key", "text", "gone", "other name", "authority's key gone"])
def test_what_does_not_fit_is_named_and_mended(s: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str) -> None:
    tls.ensure(s)
    server = tls.server_file(s)
    if harm in ("other authority", "other key"):
        monkeypatch.setenv("XIHU_HOME", str(tmp_path / "other"))
        other = settings()
        tls.ensure(other)
        content = tls.server_file(other).read_bytes()
        if harm == "other key":
            cut = b"-----BEGIN CERTIFICATE"
            content = content.split(cut)[0] + cut + server.read_bytes().split(cut)[1]
        server.write_bytes(content)
    elif harm == "text":
        server.write_text("no certificate")
    elif harm == "gone":
        server.unlink()
    elif harm == "other name":
        server.unlink()
        with monkeypatch.context() as m:
            m.setattr(tls, "NAMES", ("example.org",))
            tls.ensure(s)
    else:
        (s.secrets / "ca.key").unlink()
    assert tls.fault(s)
    assert tls.ensure(s)
    assert tls.fault(s) is None
    handshake(s, "localhost")


def test_the_authority_signs_servers_only(s: Settings) -> None:
    tls.ensure(s)
    ca = x509.load_pem_x509_certificate(tls.ca_file(s).read_bytes())
    constraints = ca.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)


def test_secrets_are_made_once_and_differ(s: Settings) -> None:
    first = keys.key(s, "one")
    assert len(first) == 64
    assert keys.key(s, "one") == first
    assert keys.key(s, "two") != first
    assert (s.secrets / "one").stat().st_mode & 0o777 == 0o600
    assert s.secrets.stat().st_mode & 0o777 == 0o700
