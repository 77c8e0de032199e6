"""The node's own authority and server certificate."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from builders import FixedClock
from watchkeep.domain.errors import DataLoss
from watchkeep.runtime.certificates import Certificates, certificates
from watchkeep.runtime.system import SystemFs

NAMES = ("localhost", "127.0.0.1", "::1", "recorder.local")


def made(folder: Path, clock: FixedClock, names: tuple[str, ...] = NAMES) -> Certificates:
    return certificates(folder / "tls", names, fs=SystemFs(), clock=clock)


def test_a_second_start_keeps_both_certificates(tmp_path: Path) -> None:
    clock = FixedClock()
    first = made(tmp_path, clock)
    server = first.chain.read_bytes()

    second = made(tmp_path, clock)

    assert second == first
    assert second.chain.read_bytes() == server


def test_the_server_certificate_is_signed_by_the_authority_for_all_names(tmp_path: Path) -> None:
    pair = made(tmp_path, FixedClock())
    server, authority = x509.load_pem_x509_certificates(pair.chain.read_bytes())

    server.verify_directly_issued_by(authority)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {"localhost", "recorder.local"}
    assert {str(each) for each in names.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "::1"}


def test_private_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    pair = made(tmp_path, FixedClock())

    assert pair.key.stat().st_mode & 0o077 == 0
    assert (tmp_path / "tls" / "ca.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("days_left", "is_renewed"), [(31, False), (29, True)])
def test_it_is_renewed_thirty_days_before_it_ends(tmp_path: Path, days_left: int, is_renewed: bool) -> None:
    clock = FixedClock()
    first = made(tmp_path, clock)
    clock.advance((first.expires_at - clock.now() - timedelta(days=days_left)).total_seconds())

    second = made(tmp_path, clock)

    assert (second.expires_at > first.expires_at) is is_renewed
    assert second.ca_fingerprint == first.ca_fingerprint


def test_another_name_makes_another_server_certificate(tmp_path: Path) -> None:
    clock = FixedClock()
    before = made(tmp_path, clock).chain.read_bytes()

    after = made(tmp_path, clock, (*NAMES, "cameras.example"))

    assert after.chain.read_bytes() != before


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    pair = made(tmp_path, FixedClock())
    (tmp_path / "tls" / "ca.key").write_text("nonsense")
    pair.chain.unlink()

    with pytest.raises(DataLoss, match="is no private key; restore it"):
        made(tmp_path, FixedClock())

    assert (tmp_path / "tls" / "ca.key").read_text() == "nonsense"
