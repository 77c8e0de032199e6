"""The streams that the simulator offers, and the groups of them that send the same packets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from watchkeep.domain.clock import Rng
from watchkeep.domain.errors import Invalid
from watchkeep.sources.simulator.clip import Clip, read_clip
from watchkeep.sources.simulator.connection import Connection
from watchkeep.sources.simulator.faults import Fault
from watchkeep.sources.simulator.media_section import METADATA, SOUND, VIDEO, MediaSection
from watchkeep.sources.simulator.metadata_clock import MetadataClock
from watchkeep.sources.simulator.picture_clock import PictureClock
from watchkeep.sources.simulator.sound import Sound, read_sound
from watchkeep.sources.simulator.sound_clock import SoundClock


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFiles:
    """What one stream is made of.

    Attributes:
        video: The clip.
        sound: A file with AAC or G.711; None: the clip's own sound, if it has such.
        is_silent: Leave the clip's own sound out.
        units_per_packet: AAC access units, or 20 ms of G.711, in one RTP packet.
        has_metadata: Send an ONVIF metadata document every second as well.
    """

    video: Path
    sound: Path | None = None
    is_silent: bool = False
    units_per_packet: int = 1
    has_metadata: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class PhaseGroup:
    """Streams whose clients get the very same bytes: each unit is stamped once for all of them.

    Attributes:
        sections: By their number; pictures always.
        next_numbers: Of each section, the unit that is sent next; true while someone watches.
        watched: Those of its streams that have clients.
    """

    pictures: PictureClock
    sound: SoundClock | None
    metadata: MetadataClock | None
    sections: dict[int, MediaSection] = field(init=False)
    next_numbers: dict[int, int] = field(default_factory=dict)
    next_report_ticks: int = 0
    watched: "list[SimulatedStream]" = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sections = {VIDEO: self.pictures}
        if self.sound is not None:
            self.sections[SOUND] = self.sound
        if self.metadata is not None:
            self.sections[METADATA] = self.metadata


@dataclass(slots=True, kw_only=True, eq=False)
class Restamp:
    """How a stream's packets of one section differ from its group's: faults change them.

    Attributes:
        sequence: Added to sequence numbers.
        timestamp: Added to timestamps.
        ssrc: Added to the SSRC.
    """

    sequence: int = 0
    timestamp: int = 0
    ssrc: int = 0


@dataclass(slots=True, kw_only=True, eq=False)
class SimulatedStream:
    """One name and who watches it.

    Attributes:
        home: The group it was made in.
        group: The group whose pictures it shows; another one while a fault says so.
        restamps: By section; an absent one changes nothing.
        faults: Those that are on now, the newest last.
        drifts_since: When each drift of its clock began, in ticks of Unix time.
        pictures_to_lose: So many of the next pictures are left out.
        owes_key: Whether someone has joined since the last key picture was sent.
    """

    name: str
    home: PhaseGroup
    group: PhaseGroup
    connections: list[Connection] = field(default_factory=list)
    restamps: dict[int, Restamp] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    drifts_since: dict[Fault, int] = field(default_factory=dict)
    pictures_to_lose: int = 0
    owes_key: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether its clients get its group's packets as they are."""
        return not (self.faults or self.restamps or self.pictures_to_lose)

    def restamp(self, section: int) -> Restamp:
        """The section's, to be changed."""
        return self.restamps.setdefault(section, Restamp())

    def sequence(self, section: int, number: int) -> int:
        """The sequence number of a unit's first packet, as this stream sends it."""
        changed = self.restamps.get(section)
        plain = self.group.sections[section].sequence(number)
        return plain if changed is None else (plain + changed.sequence) & 0xFFFF

    def timestamp(self, section: int, number: int) -> int:
        """A unit's RTP timestamp, as this stream sends it."""
        changed = self.restamps.get(section)
        plain = self.group.sections[section].timestamp(number)
        return plain if changed is None else (plain + changed.timestamp) & 0xFFFFFFFF

    def timestamp_at(self, section: int, ticks: int) -> int:
        """The RTP timestamp of an instant of Unix time, in ticks, as this stream counts."""
        changed = self.restamps.get(section)
        plain = self.group.sections[section].timestamp_at(ticks)
        return plain if changed is None else (plain + changed.timestamp) & 0xFFFFFFFF

    def ssrc(self, section: int) -> int:
        """The SSRC, as this stream sends it."""
        changed = self.restamps.get(section)
        plain = self.group.sections[section].ssrc
        return plain if changed is None else (plain + changed.ssrc) & 0xFFFFFFFF


def numbered(name: str, count: int) -> tuple[str, ...]:
    """Names for many cameras of one clip: "cam-000", "cam-001" and so on."""
    return tuple(f"{name}-{number:03}" for number in range(count))


def make_streams(
    files: Mapping[str, Path | StreamFiles], *, phases: int, rng: Rng
) -> dict[str, SimulatedStream]:
    """Read every file once and group the streams that are made of the same.

    Args:
        files: By name.
        phases: Into how many groups the streams of the same files are dealt, evenly apart in time.
        rng: For SSRCs and the starts of sequence numbers and timestamps.

    Raises:
        NoVideo: A clip cannot be read, or holds no H.264 or H.265 video.
        Invalid: No file is given, a sound file holds neither AAC nor G.711, or a file is damaged.
    """
    if not files:
        raise Invalid("A camera simulator needs at least one file.")
    named = {
        name.strip("/"): chosen if isinstance(chosen, StreamFiles) else StreamFiles(video=chosen)
        for name, chosen in files.items()
    }
    clips = {path: read_clip(path) for path in {chosen.video for chosen in named.values()}}
    groups = {chosen: list(_groups(chosen, clips[chosen.video], phases, rng)) for chosen in named.values()}
    dealt = dict.fromkeys(groups, 0)
    streams: dict[str, SimulatedStream] = {}
    for name, chosen in named.items():
        group = groups[chosen][dealt[chosen] % phases]
        dealt[chosen] += 1
        streams[name] = SimulatedStream(name=name, home=group, group=group)
    return streams


def _groups(files: StreamFiles, clip: Clip, phases: int, rng: Rng) -> Iterator[PhaseGroup]:
    sound = _sound(files)
    for phase in range(phases):
        phase_ticks = phase * clip.length_ticks // phases
        yield PhaseGroup(
            pictures=PictureClock(clip, rng.token(8), phase_ticks=phase_ticks),
            sound=None
            if sound is None
            else SoundClock(
                sound,
                length_ticks=clip.length_ticks,
                units_per_packet=files.units_per_packet,
                chance=rng.token(8),
                phase_ticks=phase_ticks,
            ),
            metadata=MetadataClock(rng.token(8)) if files.has_metadata else None,
        )


def _sound(files: StreamFiles) -> Sound | None:
    if files.sound is None:
        return None if files.is_silent else read_sound(files.video)
    sound = read_sound(files.sound)
    if sound is None:
        raise Invalid(f"{files.sound.name} holds neither AAC nor G.711 sound.", file=files.sound.name)
    return sound
