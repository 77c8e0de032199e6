"""Sends what is due: each unit stamped once for a group, and spoiled for the streams that have faults."""

from collections.abc import Iterable

from watchkeep.domain.clock import Rng
from watchkeep.domain.media import TICKS_PER_SECOND
from watchkeep.sources.simulator.connection import Connection
from watchkeep.sources.simulator.faults import (
    ClockDrift,
    ClockOffset,
    KeyPicturesOnly,
    NoMoreKeys,
    Stall,
    WrongMetadata,
    active,
)
from watchkeep.sources.simulator.media_section import METADATA, VIDEO, sender_report
from watchkeep.sources.simulator.metadata_clock import wrong_metadata
from watchkeep.sources.simulator.packet_faults import cuts_fragments, spoiled, without_ends
from watchkeep.sources.simulator.packetisation import restamp
from watchkeep.sources.simulator.stream import PhaseGroup, SimulatedStream

# After a suspended machine or a frozen process the missed pictures are left out, not sent in a burst.
_LONGEST_DELAY_TICKS = 10 * TICKS_PER_SECOND


class Sender:
    """Sends the streams' units to those who play them.

    Args:
        joins_at_key: Begin with a key picture.
        report_every_ticks: How often sender reports go out.
        rng: For garbage.
    """

    def __init__(self, *, joins_at_key: bool, report_every_ticks: int, rng: Rng) -> None:
        self._joins_at_key = joins_at_key
        self._report_every_ticks = report_every_ticks
        self._rng = rng
        self._groups: list[PhaseGroup] = []  # those that someone watches

    def start(self, stream: SimulatedStream, connection: Connection, now: int) -> None:
        """Let the connection have units of its sections from the next ones on."""
        if connection not in stream.connections:
            stream.connections.append(connection)
        self._watch(stream, now)
        sections = [section for section in connection.channels if section in stream.group.next_numbers]
        connection.firsts = {section: stream.group.next_numbers[section] for section in sections}
        if self._joins_at_key and VIDEO in connection.firsts:
            connection.firsts[VIDEO] = stream.group.pictures.next_key(connection.firsts[VIDEO])
        connection.unreported = set(sections)
        connection.is_playing = True
        stream.owes_key = True

    def stop(self, stream: SimulatedStream, connection: Connection) -> None:
        """Send the connection no more."""
        if connection in stream.connections:
            stream.connections.remove(connection)
            if not stream.connections:
                self._leave(stream)

    def move(self, stream: SimulatedStream, group: PhaseGroup, now: int) -> None:
        """Go on with another group's units as if they were the stream's own, beginning with a key picture."""
        old = stream.group
        if not stream.connections:
            stream.group = group
            stream.restamps.clear()
            return
        before = {
            section: (
                stream.sequence(section, old.next_numbers[section]),
                stream.timestamp_at(section, now),
                stream.ssrc(section),
            )
            for section in old.sections
        }
        self._leave(stream)
        stream.group = group
        self._watch(stream, now)
        firsts = dict(group.next_numbers)
        firsts[VIDEO] = group.pictures.next_key(firsts[VIDEO])
        for number, section in group.sections.items():
            if number in before:
                sequence, timestamp, ssrc = before[number]
                changed = stream.restamp(number)
                changed.sequence = sequence - section.sequence(firsts[number])
                changed.timestamp = timestamp - section.timestamp_at(now)
                changed.ssrc = ssrc - section.ssrc
        for connection in stream.connections:
            connection.firsts = {
                section: first for section, first in firsts.items() if section in connection.channels
            }

    def send_due(self, now: int) -> None:
        """Send every unit and report that is due at now, in ticks of Unix time."""
        for group in self._groups:
            for section, clock in group.sections.items():
                number = group.next_numbers[section]
                if clock.due_ticks(number) > now:
                    continue
                if now - clock.due_ticks(number) > _LONGEST_DELAY_TICKS:
                    number = clock.next_after(now)
                while clock.due_ticks(number) <= now:
                    self._send_unit(group, section, number, now)
                    number += 1
                group.next_numbers[section] = number
            if now >= group.next_report_ticks:
                group.next_report_ticks = now + self._report_every_ticks
                for stream in group.watched:
                    self._report(stream, now)

    def next_due_ticks(self) -> int | None:
        """When the next unit is due; None when nobody watches."""
        return min(
            (
                clock.due_ticks(group.next_numbers[section])
                for group in self._groups
                for section, clock in group.sections.items()
            ),
            default=None,
        )

    def _send_unit(self, group: PhaseGroup, section: int, number: int, now: int) -> None:
        packets = group.sections[section].stamped(number)
        for stream in group.watched:
            if not stream.is_plain:
                self._send_changed(stream, section, number, packets, now)
                continue
            for connection in stream.connections:
                first = connection.firsts.get(section)
                if first is not None and number >= first:
                    if connection.unreported:
                        self._report_first(stream, connection, section, now)
                    connection.send_media(section, packets)

    def _send_changed(
        self, stream: SimulatedStream, section: int, number: int, packets: bytes | memoryview, now: int
    ) -> None:
        """Send a unit of a stream that is not as its group is."""
        if active(stream.faults, Stall) is not None:
            return
        if section == VIDEO and self._is_left_out(stream, number):
            return
        changed = stream.restamps.get(section)
        if changed is not None:
            packets = restamp(
                packets, sequence=changed.sequence, timestamp=changed.timestamp, ssrc=changed.ssrc
            )
        if section == VIDEO and stream.faults:
            codec = stream.group.pictures.clip.codec
            if cuts_fragments(stream.faults):
                packets, missing = without_ends(packets, codec)
                stream.restamp(VIDEO).sequence -= missing
            packets = spoiled(packets, stream.faults, codec, self._rng)
        wrong = active(stream.faults, WrongMetadata) if section == METADATA else None
        if wrong is not None:
            packets = wrong_metadata(packets, wrong, self._rng)
            stream.restamp(METADATA).sequence += wrong.times - 1
        for connection in stream.connections:
            first = connection.firsts.get(section)
            if first is not None and number >= first:
                self._report_first(stream, connection, section, now)
                connection.send_media(section, packets)

    def _is_left_out(self, stream: SimulatedStream, number: int) -> bool:
        """Whether a picture is not sent; but for lost ones, sequence numbers close up."""
        if stream.pictures_to_lose:
            stream.pictures_to_lose -= 1
            return True
        picture = stream.group.pictures.picture(number)
        is_unwanted = active(stream.faults, KeyPicturesOnly) is not None and not picture.is_key
        if active(stream.faults, NoMoreKeys) is not None and picture.is_key:
            is_unwanted = not stream.owes_key
            stream.owes_key = False
        if is_unwanted:
            stream.restamp(VIDEO).sequence -= len(picture.offsets)
        return is_unwanted

    def _report(self, stream: SimulatedStream, now: int) -> None:
        if active(stream.faults, Stall) is None:
            for connection in stream.connections:
                self._report_to(stream, connection, connection.firsts, now)

    def _report_first(self, stream: SimulatedStream, connection: Connection, section: int, now: int) -> None:
        if section in connection.unreported:
            connection.unreported.discard(section)
            self._report_to(stream, connection, (section,), now)

    def _report_to(
        self, stream: SimulatedStream, connection: Connection, sections: Iterable[int], now: int
    ) -> None:
        if connection.trickle is not None:
            return
        for section in sections:
            connection.send(
                sender_report(
                    ssrc=stream.ssrc(section),
                    unix_s=now / TICKS_PER_SECOND + _clock_error_s(stream, now),
                    timestamp=stream.timestamp_at(section, now),
                    channel=connection.channels[section][1],
                )
            )

    def _watch(self, stream: SimulatedStream, now: int) -> None:
        group = stream.group
        if group not in self._groups:
            self._groups.append(group)
            group.next_numbers = {section: clock.next_after(now) for section, clock in group.sections.items()}
            group.next_report_ticks = now + self._report_every_ticks
        if stream not in group.watched:
            group.watched.append(stream)

    def _leave(self, stream: SimulatedStream) -> None:
        group = stream.group
        if stream in group.watched:
            group.watched.remove(stream)
            if not group.watched:
                self._groups.remove(group)


def _clock_error_s(stream: SimulatedStream, now: int) -> float:
    """How far the camera's own clock is ahead."""
    error = 0.0
    for fault in stream.faults:
        if isinstance(fault, ClockOffset):
            error += fault.seconds
        elif isinstance(fault, ClockDrift):
            since_ticks = now - stream.drifts_since.get(fault, now)
            error += since_ticks / TICKS_PER_SECOND * fault.parts_per_million / 1e6
    return error
