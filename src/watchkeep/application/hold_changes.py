"""What becomes of holds: one person extends them, two release them; see `holds`."""

from collections.abc import Callable, Mapping
from datetime import datetime

from watchkeep.application.asking import Asking, Deed, doing
from watchkeep.application.hold_views import HoldView, facts_of, person_of, single, view_of
from watchkeep.application.holds import find_hold, tell
from watchkeep.application.house import House
from watchkeep.domain import hold_changes
from watchkeep.domain.hold import PlacedHold, ReleaseWish, checked_reason
from watchkeep.domain.ids import HoldId
from watchkeep.storage.catalog import holds


def ask_release(
    house: House, asking: Asking, identifier: HoldId, *, reason: str, ends_at: datetime | None
) -> HoldView:
    """Ask for a release, or for an earlier end: it stands until another person confirms.

    Raises:
        NotFound: As `read_hold`; so is Forbidden.
        Conflict: It has ended, or a release was asked for already.
        Invalid: There is no reason, or the wanted end is no earlier one.
    """
    wish = ReleaseWish(
        asked_by=person_of(asking),
        asked_at=house.clock.now(),
        reason=checked_reason(reason),
        ends_at=ends_at,
    )
    facts = {"because": wish.reason, "ends": "at once" if ends_at is None else ends_at.isoformat()}

    def rule(placed: PlacedHold) -> PlacedHold:
        return hold_changes.ask_release(placed, wish)

    return _change(house, asking, identifier, rule, word="ask release", facts=facts)


def confirm_release(house: House, asking: Asking, identifier: HoldId) -> HoldView:
    """End a hold, or shorten it, as another person asked; retention goes on with its footage.

    Raises:
        NotFound: As `read_hold`.
        Forbidden: The asker may not hold there, or is the one who asked for the release.
        Conflict: It has ended, or nobody asked.
    """
    now, by = house.clock.now(), person_of(asking)

    def rule(placed: PlacedHold) -> PlacedHold:
        return hold_changes.confirm_release(placed, by, now=now)

    return _change(house, asking, identifier, rule, word="confirm release")


def withdraw_release(house: House, asking: Asking, identifier: HoldId) -> HoldView:
    """Take back that a release was asked for; the hold stays.

    Raises:
        NotFound: As `read_hold`; so is Forbidden.
        Conflict: It has ended, or nobody asked.
    """
    now = house.clock.now()

    def rule(placed: PlacedHold) -> PlacedHold:
        return hold_changes.withdraw_release(placed, now=now)

    return _change(house, asking, identifier, rule, word="withdraw release")


def extend_hold(house: House, asking: Asking, identifier: HoldId, expires_at: datetime | None) -> HoldView:
    """Let a hold end later, or never; a release that was asked for is taken back by it.

    Raises:
        NotFound: As `read_hold`; so is Forbidden.
        Conflict: It has ended.
        Invalid: The new end is earlier.
    """
    now = house.clock.now()
    facts = {"expires": "never" if expires_at is None else expires_at.isoformat()}

    def rule(placed: PlacedHold) -> PlacedHold:
        return hold_changes.extend(placed, expires_at, now=now)

    return _change(house, asking, identifier, rule, word="extend hold", facts=facts)


def _change(
    house: House,
    asking: Asking,
    identifier: HoldId,
    rule: Callable[[PlacedHold], PlacedHold],
    *,
    word: str,
    facts: Mapping[str, str] | None = None,
) -> HoldView:
    found, allowance = find_hold(house, asking, identifier)
    deed = Deed(word, f"hold {identifier}", allowance, single(found.cameras))
    with doing(house, asking, deed) as conn:
        placed = holds.get_for_change(conn, identifier) or found  # no hold is ever removed
        if placed.release is not None:
            deed.facts["release_asked_by"] = placed.release.asked_by.name
        changed = rule(placed)
        deed.facts |= {**facts_of(placed), **(facts or {})}
        holds.update(conn, changed)
        tell(conn)
    return view_of(asking, changed, house.clock.now())
