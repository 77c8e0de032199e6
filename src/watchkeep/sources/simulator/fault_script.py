"""Says which faults are on at an instant, and which begin and end."""

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import inf

from watchkeep.domain.errors import Invalid
from watchkeep.sources.simulator.faults import Fault, PicturesOf


@dataclass(slots=True, eq=False)
class _Scheduled:
    fault: Fault
    start_s: float
    end_s: float
    has_begun: bool = False


@dataclass(frozen=True, slots=True)
class _Ending:
    """An order to end what is on: faults of a kind, or all."""

    kind: type[Fault]


@dataclass(frozen=True, slots=True)
class Change:
    """What a turn of the script brought.

    Attributes:
        begun: In the order of their start.
        ended: In the order in which they were given.
    """

    begun: tuple[Fault, ...] = ()
    ended: tuple[Fault, ...] = ()


class FaultScript:
    """Faults in the order of time. `add` and `end` may be called from any thread.

    Args:
        faults: Their starts count from the first turn.
        names: The streams there are.

    Raises:
        Invalid: A fault names a stream that is not there.
    """

    def __init__(self, faults: Iterable[Fault], names: Collection[str]) -> None:
        self._names = frozenset(names)
        self._orders: deque[Fault | _Ending] = deque()
        self._scheduled: list[_Scheduled] = []
        self._next_change_s = inf
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """Add a fault; its start counts from the next turn on.

        Raises:
            Invalid: It names a stream that is not there.
        """
        named = [fault.stream, fault.other] if isinstance(fault, PicturesOf) else [fault.stream]
        for name in named:
            if name is not None and name not in self._names:
                raise Invalid(f"The fault names the stream {name}, which is not there.", stream=name)
        self._orders.append(fault)

    def end(self, kind: type[Fault] = Fault) -> None:
        """End the faults of a kind, or all, whether they have begun or not."""
        self._orders.append(_Ending(kind))

    def turn(self, now_s: float) -> Change:
        """Go on to now; cheap when nothing changes."""
        if not self._orders and now_s < self._next_change_s:
            return Change()
        ended = [order.fault for order in self._take_orders(now_s) if order.has_begun]
        begun: list[_Scheduled] = []
        for entry in list(self._scheduled):
            if not entry.has_begun and entry.start_s <= now_s:
                entry.has_begun = True
                begun.append(entry)
            if entry.end_s <= now_s:
                self._scheduled.remove(entry)
                ended.append(entry.fault)
        coming = [entry.end_s if entry.has_begun else entry.start_s for entry in self._scheduled]
        self._next_change_s = min(coming, default=inf)
        begun.sort(key=lambda entry: entry.start_s)
        return Change(tuple(entry.fault for entry in begun), tuple(ended))

    def faults_of(self, stream: str) -> tuple[Fault, ...]:
        """Those that are on for a stream, also for one that is not there; the newest last."""
        on = [entry for entry in self._scheduled if entry.has_begun and entry.fault.stream in (None, stream)]
        return tuple(entry.fault for entry in sorted(on, key=lambda entry: entry.start_s))

    def _take_orders(self, now_s: float) -> list[_Scheduled]:
        """Carry the orders out; returns what they ended."""
        ended: list[_Scheduled] = []
        while self._orders:
            order = self._orders.popleft()
            if isinstance(order, _Ending):
                over = [entry for entry in self._scheduled if isinstance(entry.fault, order.kind)]
                ended += over
                self._scheduled = [entry for entry in self._scheduled if entry not in over]
            else:
                start_s = now_s + order.start_s
                self._scheduled.append(_Scheduled(order, start_s, start_s + order.length_s))
        return ended
