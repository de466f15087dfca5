"""The lake's own certificate authority, and Trino's certificate for this machine's loopback addresses."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from xihu.engines.keys import write_private
from xihu.settings import Settings

NAMES = ("localhost",)
ADDRESSES = ("127.0.0.1",)
CA_DAYS = 3650
SERVER_DAYS = 397
RENEW_DAYS = 30


def _folder(s: Settings) -> Path:
    return s.home / "trino" / "etc" / "secret"


def ca_file(s: Settings) -> Path:
    """What a client verifies Trino's certificate with."""
    return _folder(s) / "ca.pem"


def server_file(s: Settings) -> Path:
    """Private key and certificate of Trino in one file, as its key store wants it."""
    return _folder(s) / "server.pem"


def _ca_key_file(s: Settings) -> Path:
    return s.secrets / "ca.key"


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int, now: dt.datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _make_ca(s: Settings, now: dt.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Xihu lake authority")
    certificate = (
        _builder(name, name, key.public_key(), CA_DAYS, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(_ca_key_file(s), _pem(key))
    write_private(ca_file(s), certificate.public_bytes(serialization.Encoding.PEM))


def _make_server(s: Settings, now: dt.datetime, days: int) -> None:
    ca_key = serialization.load_pem_private_key(_ca_key_file(s).read_bytes(), None)
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
    ca = x509.load_pem_x509_certificate(ca_file(s).read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName(n) for n in NAMES]
    names += [x509.IPAddress(ipaddress.ip_address(a)) for a in ADDRESSES]
    certificate = (
        _builder(_name("localhost"), ca.subject, key.public_key(), days, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    write_private(server_file(s), _pem(key) + certificate.public_bytes(serialization.Encoding.PEM))


def _ca_fault(s: Settings, now: dt.datetime) -> str | None:
    try:
        ca = x509.load_pem_x509_certificate(ca_file(s).read_bytes())
        key = serialization.load_pem_private_key(_ca_key_file(s).read_bytes(), None)
    except (OSError, ValueError) as error:
        return f"{ca_file(s).name}: {error}"
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != ca.public_key():
        return f"{ca_file(s).name} and its key do not belong together"
    if ca.not_valid_after_utc < now + dt.timedelta(days=RENEW_DAYS):
        return f"{ca_file(s).name} ends on {ca.not_valid_after_utc:%Y-%m-%d}"
    return None


def _server_fault(s: Settings, now: dt.datetime) -> str | None:
    name = server_file(s).name
    try:
        ca = x509.load_pem_x509_certificate(ca_file(s).read_bytes())
        content = server_file(s).read_bytes()
        certificate = x509.load_pem_x509_certificate(content)
        key = serialization.load_pem_private_key(content, None)
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound) as error:
        return f"{name}: {error}"
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return f"{name}: key and certificate do not belong together"
    try:
        certificate.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature):
        return f"{name} was not signed by {ca_file(s).name}"
    if certificate.not_valid_after_utc < now:
        return f"{name} expired on {certificate.not_valid_after_utc:%Y-%m-%d}"
    if certificate.not_valid_after_utc < now + dt.timedelta(days=RENEW_DAYS):
        return f"{name} ends on {certificate.not_valid_after_utc:%Y-%m-%d}"
    there = {*alternatives.get_values_for_type(x509.DNSName), *map(str, alternatives.get_values_for_type(x509.IPAddress))}
    if not there >= {*NAMES, *ADDRESSES}:
        return f"{name} is for {sorted(there)}, not for {[*NAMES, *ADDRESSES]}"
    return None


def fault(s: Settings, now: dt.datetime | None = None) -> str | None:
    """What is wrong with the certificates, or None: unreadable, mismatched, for other names, or ending within 30 days."""
    now = now or dt.datetime.now(dt.UTC)
    return _ca_fault(s, now) or _server_fault(s, now)


def ensure(s: Settings, now: dt.datetime | None = None, *, server_days: int = SERVER_DAYS) -> bool:
    """Make what is missing or unfit; True if something was made. A sound authority stays, so that clients need not learn a new one."""
    now = now or dt.datetime.now(dt.UTC)
    made = False
    if _ca_fault(s, now):
        _make_ca(s, now)
        made = True
    if made or _server_fault(s, now):
        _make_server(s, now, server_days)
        made = True
    return made
