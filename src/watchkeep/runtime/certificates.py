"""The node's own certificate authority and its server certificate.

Browsers that trust ca.pem once trust every later server certificate of this node.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from watchkeep.domain.clock import Clock
from watchkeep.domain.errors import DataLoss
from watchkeep.domain.fs import Fs, read_whole, replace_file

CA_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)
"""The longest that browsers accept. Source: CA/Browser Forum Baseline Requirements 6.3.2."""
RENEW_BEFORE = timedelta(days=30)
_BACKDATE = timedelta(hours=1)
"""A browser whose clock is a little behind must not refuse a fresh certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Paths of what a server needs, and what a person compares.

    Attributes:
        ca_fingerprint: SHA-256 of the authority's certificate, as browsers show it (AB:CD:…).
    """

    ca: Path
    chain: Path
    key: Path
    ca_fingerprint: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def certificates(folder: Path, names: Sequence[str], *, fs: Fs, clock: Clock) -> Certificates:
    """Open the folder's certificates; make what is missing, renew what ends within 30 days or lacks a name.

    Durable on return.

    Raises:
        DataLoss: A file is there but is no certificate or key; nothing is overwritten.
    """
    fs.make_directories(folder)
    now = clock.now()
    authority = _authority(folder, fs=fs, now=now)
    server = _load_certificate(folder / "server.pem", fs=fs)
    if server is None or not _is_good(server, authority, names, now):
        server = _issue(folder, authority, names, fs=fs, now=now)
    digest = authority.certificate.fingerprint(SHA256())
    return Certificates(
        ca=folder / "ca.pem",
        chain=folder / "server.pem",
        key=folder / "server.key",
        ca_fingerprint=":".join(f"{byte:02X}" for byte in digest),
        expires_at=server.not_valid_after_utc,
    )


def _authority(folder: Path, *, fs: Fs, now: datetime) -> _Authority:
    certificate = _load_certificate(folder / "ca.pem", fs=fs)
    if certificate is not None and certificate.not_valid_after_utc - now > SERVER_LIFE:
        return _Authority(certificate, _load_key(folder / "ca.key", fs=fs))
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Watchkeep authority {now:%Y-%m-%d}")])
    builder = (
        _builder(name, name, key.public_key(), now, CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    certificate = builder.sign(key, SHA256())
    # The key first: a certificate without its key would be trusted for nothing.
    replace_file(fs, folder / "ca.key", _private_bytes(key))
    replace_file(fs, folder / "ca.pem", certificate.public_bytes(Encoding.PEM))
    return _Authority(certificate, key)


def _issue(
    folder: Path, authority: _Authority, names: Sequence[str], *, fs: Fs, now: datetime
) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    certificate = (
        _builder(authority.certificate.subject, subject, key.public_key(), now, SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .sign(authority.key, SHA256())
    )
    chain = certificate.public_bytes(Encoding.PEM) + authority.certificate.public_bytes(Encoding.PEM)
    # Taken away first: a crash between the two files must not leave a certificate with another's key.
    fs.unlink(folder / "server.pem")
    replace_file(fs, folder / "server.key", _private_bytes(key))
    replace_file(fs, folder / "server.pem", chain)
    return certificate


def _builder(
    issuer: x509.Name,
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + life - _BACKDATE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _is_good(server: x509.Certificate, authority: _Authority, names: Sequence[str], now: datetime) -> bool:
    found = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = set(found.get_values_for_type(x509.DNSName))
    known |= {str(address) for address in found.get_values_for_type(x509.IPAddress)}
    issued_here = _key_id(server) == _public_bytes_digest(authority)
    return issued_here and set(names) <= known and server.not_valid_after_utc - now > RENEW_BEFORE


def _key_id(server: x509.Certificate) -> bytes | None:
    extension = server.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    return extension.value.key_identifier


def _public_bytes_digest(authority: _Authority) -> bytes:
    return x509.SubjectKeyIdentifier.from_public_key(authority.key.public_key()).digest


def _general_name(name: str) -> x509.GeneralName:
    address = _address(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


def _private_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _load_certificate(path: Path, *, fs: Fs) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(read_whole(fs, path))
    except FileNotFoundError:
        return None
    except ValueError:
        raise DataLoss(
            f"{path} is no certificate; move it away and one is made anew", path=str(path)
        ) from None


def _load_key(path: Path, *, fs: Fs) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(read_whole(fs, path), password=None)
    except (FileNotFoundError, ValueError):
        raise _no_key(path) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise _no_key(path)
    return key


def _no_key(path: Path) -> DataLoss:
    return DataLoss(
        f"{path} is no private key; restore it, or move {path.parent} away and a new authority is made",
        path=str(path),
    )
