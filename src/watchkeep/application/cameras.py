"""Cameras: what a person may ask of them and do to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from watchkeep.application.asking import (
    INSTALLATION,
    Asking,
    asked,
    no_such_camera,
    require,
)
from watchkeep.application.house import House, Probe
from watchkeep.application.policies import require_sound
from watchkeep.domain.access import Action, CameraObject, Subject, decide
from watchkeep.domain.camera import (
    Secret,
    StreamAddress,
    StreamRole,
    StreamState,
    camera_id_from,
    is_camera_id,
)
from watchkeep.domain.errors import Conflict, Invalid, NotFound
from watchkeep.domain.ids import CameraId, StreamId, uuid7
from watchkeep.domain.mode import ALWAYS, ModeSchedule, ModeSpan, RecordingMode, clock_text
from watchkeep.sources.address import checked_address, place_of
from watchkeep.storage.catalog import cameras, outbox, states
from watchkeep.storage.catalog.cameras import SealedCamera, SealedStream
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.outbox import NoticeKind

PASSWORD_PURPOSE = "camera password"  # noqa: S105  # the name of the purpose, not a password


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamWish:
    """A stream as wanted.

    Attributes:
        user: None keeps what is there (or what the address itself carries).
        password: None keeps the one there is; an empty one clears it.
        mode: What is recorded outside the spans; None keeps what there is, of a new stream continuous.
        spans: Of the week, with modes of their own; None keeps those there are.
    """

    role: StreamRole
    url: str
    user: str | None
    password: Secret | None
    mode: RecordingMode | None = None
    spans: tuple[ModeSpan, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCamera:
    """A camera to add; None keeps footage for as long as the settings say."""

    name: str
    retention_days: int | None
    streams: tuple[StreamWish, ...]
    audio: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraChange:
    """What to change; None stays as it is."""

    name: str | None = None
    is_enabled: bool | None = None
    retention_days: int | None = None
    audio: bool | None = None
    streams: tuple[StreamWish, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamView:
    """A stream as the asker may see it; the address is empty for those who may not configure it."""

    id: StreamId
    role: StreamRole
    url: str
    user: str
    has_password: bool
    modes: ModeSchedule
    state: StreamState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraView:
    """A camera as the asker may see it, with what the asker may do to it."""

    id: CameraId
    name: str
    is_enabled: bool
    retention_days: int
    audio: bool
    created_at: datetime
    actions: frozenset[Action]
    streams: tuple[StreamView, ...]


def list_cameras(house: House, asking: Asking) -> list[CameraView]:
    """The cameras of which the asker may do anything at all, by name.

    Looking at the list is not written into the audit: the page does it all the time, and it shows no picture.
    """
    with house.catalog.transaction(asking.subject.name) as conn:
        found = cameras.list_cameras(conn, scope=scope_of(asking.subject))
        seen = states.stream_states(conn)
    return [_view(asking.subject, camera, seen) for camera in found]


def get_camera(house: House, asking: Asking, camera: CameraId) -> CameraView:
    """One camera.

    Raises:
        NotFound: It is missing or foreign.
    """
    require(house, asking, Action.SEE_STATUS, CameraObject(camera))
    with house.catalog.transaction(asking.subject.name) as conn:
        return _view(asking.subject, load(conn, camera), states.stream_states(conn))


def add_camera(house: House, asking: Asking, wish: NewCamera) -> CameraView:
    """Add a camera; the recorder notices by itself.

    Raises:
        Invalid: An address is not one of a camera, a role appears twice, or its policy contradicts itself.
        Conflict: Too many cameras have this name; the configuration forbids audio.
    """
    with asked(house, asking, Action.CONFIGURE, INSTALLATION, word="add camera") as (conn, deed):
        now = house.clock.now()
        name = _checked_name(wish.name)
        camera = _free_id(conn, name)
        deed.camera, deed.target, deed.facts["name"] = camera, f"camera {camera}", name
        made = SealedCamera(
            id=camera,
            site=house.site.id,
            name=name,
            is_enabled=True,
            retention_days=wish.retention_days or house.default_retention_days,
            audio=_checked_audio(house, wish.audio),
            streams=_sealed(house, camera, wish.streams, ()),
            created_at=now,
        )
        cameras.insert_camera(conn, made)
        require_sound(house, conn, [camera])
        outbox.publish(conn, NoticeKind.CAMERA, camera=camera, facts={"change": "added"})
        return _view(asking.subject, load(conn, camera), {})


def change_camera(house: House, asking: Asking, camera: CameraId, change: CameraChange) -> CameraView:
    """Change a camera; footage that is there stays.

    Raises:
        NotFound: It is missing or foreign.
        Invalid: An address is not one of a camera; a kept password would go to another host.
        Conflict: The configuration forbids audio.
    """
    target = CameraObject(camera)
    with asked(house, asking, Action.CONFIGURE, target, word="change camera") as (conn, deed):
        old = load(conn, camera)
        streams = old.streams
        if change.streams is not None:
            streams = _sealed(house, camera, change.streams, old.streams)
        new = replace(
            old,
            name=old.name if change.name is None else _checked_name(change.name),
            is_enabled=old.is_enabled if change.is_enabled is None else change.is_enabled,
            retention_days=_own_days(old, change.retention_days),
            audio=old.audio if change.audio is None else _checked_audio(house, change.audio),
            streams=streams,
        )
        deed.facts.update(_differences(old, new))
        cameras.update_camera(conn, new, at=house.clock.now())
        if new.retention_days != old.retention_days:
            require_sound(house, conn, [camera])
        outbox.publish(conn, NoticeKind.CAMERA, camera=camera, facts={"change": "changed"})
        return _view(asking.subject, load(conn, camera), states.stream_states(conn))


def remove_camera(house: House, asking: Asking, camera: CameraId) -> None:
    """Stop recording a camera and take it from the list; its footage stays until it expires.

    Raises:
        NotFound: It is missing or foreign.
    """
    target = CameraObject(camera)
    with asked(house, asking, Action.CONFIGURE, target, word="remove camera") as (conn, _):
        load(conn, camera)
        cameras.remove_camera(conn, camera, at=house.clock.now())
        outbox.publish(conn, NoticeKind.CAMERA, camera=camera, facts={"change": "removed"})


def test_address(  # the parts of an address
    house: House,
    asking: Asking,
    *,
    url: str,
    user: str | None,
    password: Secret | None,
    camera: CameraId | None,
) -> Probe:
    """Try an address; with a camera, its kept password is used where none is given.

    Raises:
        NotFound: The camera is missing or foreign.
        Invalid: The address is not one of a camera; the kept password belongs to another host.
        CameraUnreachable: No answer.
        CameraRefused: The camera refuses the user name or the password.
        NoVideo: It answers without H.264 or H.265 video.
    """
    target = INSTALLATION if camera is None else CameraObject(camera)
    with asked(house, asking, Action.CONFIGURE, target, word="test address") as (conn, deed):
        given = _checked(house, url, user, password)
        deed.facts["place"] = place_of(given)
        kept = () if camera is None else load(conn, camera).streams
    # The transaction is over: a camera may take many seconds to answer.
    if password is None and not given.password:
        given = _with_kept(house, given, user, kept)
    return house.prober.probe(given)


def load(conn: Connection, camera: CameraId) -> SealedCamera:
    """A camera by its id, with the one answer for those that are not there."""
    if not is_camera_id(camera):
        raise no_such_camera(camera)
    try:
        return cameras.get_camera(conn, camera)
    except NotFound:
        raise no_such_camera(camera) from None


def scope_of(subject: Subject) -> frozenset[CameraId] | None:
    """Every camera that a grant names; None means all."""
    if any(grant.cameras is None for grant in subject.grants):
        return None
    return frozenset(camera for grant in subject.grants for camera in grant.cameras or ())


def _view(subject: Subject, camera: SealedCamera, seen: Mapping[StreamId, StreamState]) -> CameraView:
    target = CameraObject(camera.id)
    actions = frozenset(action for action in Action if decide(subject, action, target).is_allowed)
    may_configure = Action.CONFIGURE in actions
    return CameraView(
        id=camera.id,
        name=camera.name,
        is_enabled=camera.is_enabled,
        retention_days=camera.keep_days,
        audio=camera.audio,
        created_at=camera.created_at,
        actions=actions,
        streams=tuple(
            StreamView(
                id=stream.id,
                role=stream.role,
                url=stream.url if may_configure else "",
                user=stream.user_name if may_configure else "",
                has_password=bool(stream.sealed_password),
                modes=stream.modes,
                state=seen.get(stream.id),
            )
            for stream in camera.streams
        ),
    )


def _own_days(old: SealedCamera, wanted: int | None) -> int | None:
    """What the camera itself says of its raw footage: nothing, while what it inherits is asked for."""
    is_inherited = old.retention_days is None and wanted == old.keep_days
    return old.retention_days if wanted is None or is_inherited else wanted


def _checked_name(name: str) -> str:
    words = " ".join(name.split())
    if not words or not words.isprintable():
        raise Invalid("A camera's name needs at least one letter and no control characters.")
    return words


def _checked_audio(house: House, wanted: bool) -> bool:
    if wanted and not house.allows_audio:
        raise Conflict(
            "The configuration of this node forbids audio; change recording.audio there if the law allows it."
        )
    return wanted


def _free_id(conn: Connection, name: str) -> CameraId:
    wanted = camera_id_from(name)
    for number in range(1, 1000):
        end = "" if number == 1 else f"-{number}"
        camera = CameraId(wanted[: 50 - len(end)].rstrip("-") + end)
        if not cameras.is_taken(conn, camera):
            return camera
    raise Conflict(f"A thousand cameras have been called {name!r}; choose another name.")


def _sealed(
    house: House, camera: CameraId, wishes: Sequence[StreamWish], old: Sequence[SealedStream]
) -> tuple[SealedStream, ...]:
    roles = [wish.role for wish in wishes]
    if len(set(roles)) != len(roles):
        raise Invalid("Two streams have the same role; a camera has one main and at most one sub stream.")
    if StreamRole.MAIN not in roles:
        raise Invalid("A camera needs a main stream; a single stream is the main one.")
    made: list[SealedStream] = []
    for wish in wishes:
        before = next((stream for stream in old if stream.role is wish.role), None)
        address = _checked(house, wish.url, wish.user, wish.password)
        if wish.password is None and not address.password and before is not None:
            address = _with_kept(house, address, wish.user, (before,))
        password = address.password.reveal().encode()
        made.append(
            SealedStream(
                id=before.id if before is not None else StreamId(uuid7(house.clock, house.rng)),
                camera=camera,
                role=wish.role,
                url=address.url,
                user_name=address.user,
                sealed_password=house.keystore.seal(PASSWORD_PURPOSE, password) if password else b"",
                modes=_modes(wish, before),
            )
        )
    return tuple(made)


def _modes(wish: StreamWish, before: SealedStream | None) -> ModeSchedule:
    known = ALWAYS if before is None else before.modes
    return ModeSchedule(
        default=known.default if wish.mode is None else wish.mode,
        spans=known.spans if wish.spans is None else wish.spans,
    )


def _checked(house: House, url: str, user: str | None, password: Secret | None) -> StreamAddress:
    """The address, checked; a user and a password that are given win over those inside the address."""
    address = checked_address(url, allow_loopback_ports=house.simulator_ports)
    if user is not None:
        address = replace(address, user=user)
    if password is not None:
        address = replace(address, password=password)
    return address


def _with_kept(
    house: House, given: StreamAddress, user: str | None, kept: Sequence[SealedStream]
) -> StreamAddress:
    """Fill in the kept sign-in; only towards the host it was given for, or it could be sent to anybody's."""
    for stream in kept:
        if not _is_same_host(stream.url, given.url):
            continue
        name = given.user or (stream.user_name if user is None else user)
        return replace(given, user=name, password=_unsealed(house, stream))
    if any(stream.sealed_password for stream in kept):
        raise Invalid(
            "The address names another host or port than the kept password was given for; give it again."
        )
    return given


def _is_same_host(one: str, other: str) -> bool:
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme, first.netloc.lower()) == (second.scheme, second.netloc.lower())


def _unsealed(house: House, stream: SealedStream) -> Secret:
    if not stream.sealed_password:
        return Secret("")
    return Secret(house.keystore.unseal(PASSWORD_PURPOSE, stream.sealed_password).decode())


def _differences(old: SealedCamera, new: SealedCamera) -> dict[str, str]:
    """What changed, for the audit; of passwords only that they did."""
    facts: dict[str, str] = {}
    for word in ("name", "is_enabled", "retention_days", "audio"):
        before, after = getattr(old, word), getattr(new, word)
        if before != after:
            facts[word] = f"{before} → {after}"
    for stream in new.streams:
        was = next((known for known in old.streams if known.role is stream.role), None)
        if was is None or was.url != stream.url:
            # The place only: some cameras want a password in the path.
            facts[f"{stream.role} place"] = place_of(StreamAddress(url=stream.url))
        if was is not None and was.modes != stream.modes:
            facts[f"{stream.role} mode"] = f"{_told(was.modes)} → {_told(stream.modes)}"
        if was is not None and was.sealed_password != stream.sealed_password:
            facts[f"{stream.role} password"] = "set again"
    return facts


def _told(modes: ModeSchedule) -> str:
    spans = "".join(
        f"; {' '.join(span.days)} {clock_text(span.start_minute)}–{clock_text(span.end_minute)} {span.mode}"
        for span in modes.spans
    )
    return f"{modes.default}{spans}"
