"""UUIDv7 as RFC 9562 section 5.7 has it."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.ids import made_at, uuid7


class Settable:
    """A clock and a source of chance that stand where they are put."""

    def __init__(self, now: datetime, chance: bytes) -> None:
        self._now, self._chance = now, chance

    def now(self) -> datetime:
        return self._now

    def monotonic_ns(self) -> int:
        return 0

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def token(self, size_bytes: int) -> bytes:
        assert size_bytes == len(self._chance)
        return self._chance


def made(now: datetime, chance: bytes) -> UUID:
    machine = Settable(now, chance)
    return uuid7(machine, machine)


MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_the_worked_example_of_the_rfc() -> None:
    """RFC 9562 appendix A.6: 2022-02-22 14:22:22.00 -05:00, rand_a CC3, rand_b 18C4DC0C0C07398F."""
    chance = (0xCC3 << 62 | 0x18C4DC0C0C07398F).to_bytes(10, "big")

    identifier = made(datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC), chance)

    assert identifier == UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")


@given(MOMENTS, st.binary(min_size=10, max_size=10))
def test_version_variant_and_time_are_in_the_id(now: datetime, chance: bytes) -> None:
    identifier = made(now, chance)

    assert identifier.version == 7
    assert identifier.variant == RFC_4122
    assert made_at(identifier) == now.replace(microsecond=now.microsecond // 1000 * 1000)


def test_a_foreign_id_beyond_the_calendar_is_taken_for_its_end() -> None:
    assert made_at(UUID(int=2**128 - 1)) == datetime(9000, 1, 1, tzinfo=UTC)
    assert made_at(UUID(int=0)) == datetime(1970, 1, 1, tzinfo=UTC)


@given(MOMENTS, st.integers(1, 10**9))
def test_later_ids_sort_later(now: datetime, later_ms: int) -> None:
    later = now + timedelta(milliseconds=later_ms)

    assert made(now, b"\xff" * 10) < made(later, bytes(10))


def test_all_74_random_bits_are_used() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    bits = {made(now, (1 << bit).to_bytes(10, "big")) for bit in range(74)}

    assert len(bits) == 74
