"""`watchkeep erase`: a span of cameras, for good."""

import sys
from typing import Annotated

import typer

from watchkeep.application import erasures, jobs, recovery
from watchkeep.application.erasures import ErasureWish
from watchkeep.cli.filters import checked_instant
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Output, instant
from watchkeep.domain.erasure import ErasureState
from watchkeep.domain.errors import Conflict, Invalid, Unavailable
from watchkeep.domain.ids import CameraId
from watchkeep.domain.interval import Interval
from watchkeep.domain.job import JobKind
from watchkeep.runtime.erasing import eraser_of
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.system import Machine

WORD = "erase"


def erase(
    camera: Annotated[list[str], typer.Option(help="Whose footage; may be given several times.")],
    start: Annotated[str, typer.Option("--from", help="Begin, ISO 8601; without an offset it is UTC.")],
    end: Annotated[str, typer.Option("--to", help="End; it must be over.")],
    reason: Annotated[str, typer.Option(help="Why: stands in the receipt and in the audit.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the word.")] = False,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Erase a span of cameras for good, in backups too: footage, events, pictures, tracks."""
    output = Output(json)
    first, last = checked_instant(start, "--from"), checked_instant(end, "--to")
    if last <= first:
        raise Invalid("--to must be later than --from")
    if not yes:
        _ask(camera, instant(first), instant(last))
    wish = ErasureWish(
        cameras=tuple(CameraId(each) for each in camera), when=Interval(first, last), reason=reason
    )
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        if why := recovery.doubt(opened.house):
            raise Conflict(f"Nothing is erased now. {why}")
        ordered = erasures.order_erasure(opened.house, opened.asking, wish, begins=False)
        output.step(f"erasing (order {ordered.id}); what is cut short is taken up by the keeper")
        try:
            done = eraser_of(opened.node).carry_out(ordered)
        except Unavailable:
            jobs.run_job(opened.house, opened.asking, JobKind.ERASURE)  # the keeper tries again
            raise
    if done.state is ErasureState.REFUSED:
        raise Conflict(done.told, erasure=str(done.id))
    output.show(
        {
            "id": str(done.id),
            "state": done.state.value,
            "told": done.told,
            "done_at": instant(done.done_at),
            "receipt": done.receipt.decode(),
        },
        f"{done.told}\nReceipt: {done.receipt.decode()}",
    )


def _ask(cameras: list[str], start: str | None, end: str | None) -> None:
    """Let a person type the word; anything else ends here.

    Raises:
        Conflict: It was not typed.
    """
    print(
        f"Everything of {', '.join(cameras)} from {start} to {end} goes for good. No backup brings it back.",
        file=sys.stderr,
    )
    print(f'Type "{WORD}" to go on: ', end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != WORD:
        raise Conflict("Nothing was erased: the word was not typed.")
