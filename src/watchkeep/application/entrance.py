"""What the page is told before anything else, signed in or not."""

from dataclasses import dataclass

from watchkeep.application.asking import INSTALLATION, NOBODY, Asking
from watchkeep.application.cameras import scope_of
from watchkeep.application.house import House
from watchkeep.application.setup import needs_setup
from watchkeep.domain.access import Action, decide, visible_cameras
from watchkeep.domain.ids import CameraId, UserId
from watchkeep.storage.catalog import cameras, states
from watchkeep.storage.catalog.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """What the page needs before anything else.

    Attributes:
        user: None when nobody is signed in; name and actions are empty then.
        actions: On the installation; and `hold`, if the asker may hold on any camera.
        clear_text_legs: Streams of the asker's cameras that cross the network unencrypted.
    """

    user: UserId | None
    name: str
    actions: frozenset[Action]
    needs_setup: bool
    site_name: str
    site_zone: str
    clear_text_legs: int


def at_the_door(house: House, asking: Asking) -> Entrance:
    """What the page needs before anything else; open to everybody, so it speaks of cameras only to users."""
    subject = asking.subject
    with house.catalog.transaction() as conn:
        needs = needs_setup(conn)
        legs = 0 if subject is NOBODY else _clear_text_legs(conn, scope_of(subject))
    actions = frozenset(action for action in Action if decide(subject, action, INSTALLATION).is_allowed)
    if visible_cameras(subject, Action.HOLD) != frozenset():
        actions |= {Action.HOLD}
    return Entrance(
        user=subject.user,
        name="" if subject is NOBODY else subject.name,
        actions=actions,
        needs_setup=needs,
        site_name=house.site.name,
        site_zone=house.site.zone,
        clear_text_legs=legs,
    )


def _clear_text_legs(conn: Connection, scope: frozenset[CameraId] | None) -> int:
    seen = states.stream_states(conn)
    found = cameras.list_cameras(conn, scope=scope)
    streams = [stream.id for camera in found if camera.is_enabled for stream in camera.streams]
    return sum(1 for stream in streams if stream in seen and seen[stream].is_clear_text)
