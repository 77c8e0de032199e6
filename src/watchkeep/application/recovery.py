"""After a loss: the catalog of footage rebuilt from the files, or a person's word that it is right."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from watchkeep.application.asking import INSTALLATION, Asking, asked, require
from watchkeep.application.holds import HoldWish, place_hold
from watchkeep.application.house import House
from watchkeep.domain.access import Action
from watchkeep.domain.errors import NotFound
from watchkeep.domain.ids import StreamId
from watchkeep.domain.interval import Interval
from watchkeep.lifecycle import orphans
from watchkeep.lifecycle.index_trust import IndexTrust
from watchkeep.lifecycle.orphans import Places, PutAside, mark_missing
from watchkeep.lifecycle.rebuild import ReadMany, Rebuilding, Rebuilt, rebuild
from watchkeep.storage.catalog.cameras import SealedStream
from watchkeep.storage.media.volume import Volume

HELD_FOR = timedelta(days=30)


def recover_index(
    house: House,
    asking: Asking,
    volume: Volume,
    *,
    read: ReadMany,
    remembered: Mapping[StreamId, SealedStream],
    applies: bool,
    advance: Callable[[int], None],
) -> Rebuilt:
    """Rebuild the catalog of a volume's footage from its files; without `applies` only say what is there.

    Files do not say what of them is a clip of an event or archived. So that retention does not take for old
    raw footage what was to be kept longer, all that was found is held for a month.

    Args:
        house: Where.
        asking: Who.
        volume: A disk of ours.
        read: Reads files, in several processes where that helps.
        remembered: Streams that the recorder remembers.
        applies: Whether the catalog is changed.
        advance: Told the number of files done.

    Raises:
        Forbidden: The asker may not.
        Conflict: The volume is not there, or another one is.
    """
    work = Rebuilding(
        catalog=house.catalog,
        volume=volume,
        read=read,
        site=house.site.id,
        keep_days=house.default_retention_days,
        remembered=remembered,
    )
    require(house, asking, Action.CONFIGURE, INSTALLATION)
    rebuilt = rebuild(work, applies=applies, advance=advance)
    if not applies:
        return rebuilt
    # An old catalog may know much that was deleted since; a person has said that it is so.
    places = Places(catalog=house.catalog, volume=volume, fs=house.fs)
    rebuilt.lost = len(mark_missing(places, most_share=1.0))
    if rebuilt.added and rebuilt.when is not None:
        _hold(house, asking, rebuilt.when)
    with asked(house, asking, Action.CONFIGURE, INSTALLATION, word="recover index") as (_, deed):
        deed.facts.update(
            volume=str(volume.id),
            files=str(rebuilt.files),
            added=str(rebuilt.added),
            cameras=" ".join(rebuilt.cameras),
            gaps=str(rebuilt.gaps),
            refused=str(len(rebuilt.refused)),
            lost=str(rebuilt.lost),
        )
    return rebuilt


def _hold(house: House, asking: Asking, when: Interval) -> None:
    wish = HoldWish(
        reason="the catalog was rebuilt from files, which do not say what is a clip of an event",
        is_for_all=True,
        when=when,
        expires_at=house.clock.now() + HELD_FOR,
    )
    place_hold(house, asking, wish)


def doubt(house: House) -> str:
    """Why nothing is deleted by this catalog, one sentence with its cure; empty if there is no doubt.

    Raises:
        Conflict: A volume is not there, or another one is.
    """
    return _trust(house).doubt()


def accept_index(house: House, asking: Asking) -> None:
    """Say that the catalog is right as it is: from now on things are deleted by it again.

    Raises:
        Forbidden: The asker may not.
        Conflict: A volume is not there, or another one is.
    """
    with asked(house, asking, Action.CONFIGURE, INSTALLATION, word="accept catalog") as (_, deed):
        deed.facts["doubt"] = doubt(house)
    _trust(house).accept()


def list_quarantine(house: House, asking: Asking) -> list[PutAside]:
    """What was put aside on all volumes, with the reasons.

    Raises:
        Forbidden: The asker may not.
    """
    require(house, asking, Action.CONFIGURE, INSTALLATION)
    return [each for places in _places(house) for each in orphans.list_quarantine(places)]


def delete_quarantined(house: House, asking: Asking, name: str) -> None:
    """Delete a file that was put aside, before its thirty days are over; durable on return.

    Raises:
        Forbidden: The asker may not.
        NotFound: There is none of that name.
    """
    with asked(house, asking, Action.CONFIGURE, INSTALLATION, word="delete quarantined") as (_, deed):
        deed.facts["file"] = name
        for places in _places(house):
            if any(each.name == name for each in orphans.list_quarantine(places)):
                orphans.delete_quarantined(places, name)
                return
        raise NotFound(f"There is no {name!r} in the quarantine; the list names what is there.", name=name)


def _places(house: House) -> list[Places]:
    return [Places(catalog=house.catalog, volume=each.volume, fs=house.fs) for each in house.volumes]


def _trust(house: House) -> IndexTrust:
    return IndexTrust(
        catalog=house.catalog,
        volumes=[each.volume for each in house.volumes],
        fs=house.fs,
        rng=house.rng,
    )
