"""`watchkeep camera`: list, add, test, remove."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from watchkeep.application import cameras
from watchkeep.application.cameras import CameraChange, CameraView, NewCamera, StreamWish
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Fact, Output
from watchkeep.cli.secrets import read_password
from watchkeep.domain.camera import StreamRole
from watchkeep.domain.errors import Invalid, NotFound
from watchkeep.domain.ids import CameraId
from watchkeep.domain.mode import ModeSpan, RecordingMode, span_of
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.system import Machine

app = typer.Typer(help="Cameras.", no_args_is_help=True)

UserOption = Annotated[str | None, typer.Option("--user", help="User name at the camera.")]
PasswordOption = Annotated[
    bool,
    typer.Option("--password", help="Ask for the camera's password (or read it from standard input)."),
]


@app.command("list")
def list_(data: DataOption = None, json: JsonOption = False) -> None:
    """List the cameras and what they are doing."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        found = cameras.list_cameras(opened.house, opened.asking)
    columns = ("id", "name", "condition", "retention_days", "streams")
    output.show_rows(
        [_facts(camera) for camera in found], columns, "No cameras yet; add one with `watchkeep camera add`."
    )


@app.command()
def add(  # noqa: PLR0917  # typer reads them by name
    name: Annotated[str, typer.Argument(help="What people call it.")],
    url: Annotated[
        str, typer.Argument(help="rtsp://…, rtsps://…, http(s)://… or file:///… of the main stream.")
    ],
    sub: Annotated[str | None, typer.Option("--sub", help="Address of the sub stream.")] = None,
    user: UserOption = None,
    password: PasswordOption = False,
    retention_days: Annotated[int | None, typer.Option(min=1, max=3650, help="Days to keep.")] = None,
    audio: Annotated[bool, typer.Option("--audio", help="Record its audio, too.")] = False,
    mode: Annotated[RecordingMode, typer.Option(help="What is recorded.")] = RecordingMode.CONTINUOUS,
    is_untested: Annotated[bool, typer.Option("--no-test", help="Add it without trying it first.")] = False,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Add a camera; its main stream is tried first."""
    output = Output(json)
    secret = read_password("Password of the camera") if password else None
    addresses = {StreamRole.MAIN: url} | ({StreamRole.SUB: sub} if sub is not None else {})
    streams = [
        StreamWish(role=role, url=address, user=user, password=secret, mode=mode)
        for role, address in addresses.items()
    ]
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        if not is_untested:
            output.step("trying the camera")
            cameras.test_address(
                opened.house, opened.asking, url=url, user=user, password=secret, camera=None
            )
        wish = NewCamera(name=name, retention_days=retention_days, audio=audio, streams=tuple(streams))
        made = cameras.add_camera(opened.house, opened.asking, wish)
    output.show(_facts(made), f"{made.name} is added as {made.id}.")


@app.command("test")
def try_address(
    url: Annotated[str, typer.Argument(help="rtsp://…, rtsps://…, http(s)://… or file:///…")],
    user: UserOption = None,
    password: PasswordOption = False,
    picture: Annotated[Path | None, typer.Option(help="Write the first picture there, as JPEG.")] = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Try a camera's address without adding it."""
    output = Output(json)
    secret = read_password("Password of the camera") if password else None
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        probe = cameras.test_address(
            opened.house, opened.asking, url=url, user=user, password=secret, camera=None
        )
    if picture is not None:
        picture.write_bytes(probe.picture)
    facts: Fact = {
        "codec": probe.codec,
        "width_px": probe.width_px,
        "height_px": probe.height_px,
        "frames_per_second": round(probe.frames_per_second, 2),
        "is_clear_text": probe.is_clear_text,
    }
    leg = "; it crosses the network unencrypted" if probe.is_clear_text else ""
    rate = f"{probe.frames_per_second:.3g} pictures a second"
    output.show(facts, f"It works: {probe.codec}, {probe.width_px}×{probe.height_px}, {rate}{leg}.")


class Switch(StrEnum):
    """On or off."""

    ON = "on"
    OFF = "off"


@app.command("audio")
def switch_audio(
    camera: Annotated[str, typer.Argument(help="Its id, as `watchkeep camera list` shows it.")],
    switch: Annotated[Switch, typer.Argument(help="Whether its audio is recorded.")],
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Record a camera's audio, or stop that; off at first, as the law in many places asks more of sound."""
    output = Output(json)
    change = CameraChange(audio=switch is Switch.ON)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        changed = cameras.change_camera(opened.house, opened.asking, CameraId(camera), change)
    what = "Audio is recorded from now on" if changed.audio else "No audio is recorded any more"
    output.show(_facts(changed), f"{changed.name}: {what}.")


@app.command("mode")
def set_mode(  # typer reads them by name
    camera: Annotated[str, typer.Argument(help="Its id, as `watchkeep camera list` shows it.")],
    mode: Annotated[RecordingMode, typer.Argument(help="What is recorded outside the spans.")],
    stream: Annotated[StreamRole, typer.Option(help="Of which stream.")] = StreamRole.MAIN,
    span: Annotated[
        list[str] | None,
        typer.Option(
            help="A span of the week with a mode of its own, by the site's clock: "
            "'mon,tue,wed 08:00-18:00 off'. More than one may be given; the first that holds counts."
        ),
    ] = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Say what of a stream is recorded, and when; spans that are not named are gone."""
    output = Output(json)
    spans = tuple(_span(text) for text in span or ())
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        known = cameras.get_camera(opened.house, opened.asking, CameraId(camera))
        if stream not in {each.role for each in known.streams}:
            raise NotFound(f"{known.name} has no {stream} stream; name one that it has.", camera=camera)
        wishes = tuple(
            StreamWish(
                role=each.role,
                url=each.url,
                user=None,
                password=None,
                mode=mode if each.role is stream else None,
                spans=spans if each.role is stream else None,
            )
            for each in known.streams
        )
        changed = cameras.change_camera(
            opened.house, opened.asking, CameraId(camera), CameraChange(streams=wishes)
        )
    output.show(_facts(changed), f"{changed.name}: the {stream} stream is in the mode {mode} from now on.")


@app.command()
def remove(
    camera: Annotated[str, typer.Argument(help="Its id, as `watchkeep camera list` shows it.")],
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Stop recording a camera; its footage stays until it expires."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        cameras.remove_camera(opened.house, opened.asking, CameraId(camera))
    output.show({"removed": camera}, f"{camera} is removed; its footage stays until it expires.")


def _span(text: str) -> ModeSpan:
    """A span of "mon,tue 22:00-06:00 off"."""
    try:
        days, clock, mode = text.split()
        start, end = clock.split("-")
        return span_of({"days": days.split(","), "start": start, "end": end, "mode": mode})
    except ValueError as error:
        raise Invalid(
            f"{text!r} is no span of the week ({error}); write for example 'sat,sun 22:00-06:00 motion'."
        ) from error


def _facts(camera: CameraView) -> dict[str, Fact]:
    main = next((stream for stream in camera.streams if stream.role is StreamRole.MAIN), None)
    state = main.state if main is not None else None
    return {
        "id": camera.id,
        "name": camera.name,
        "is_enabled": camera.is_enabled,
        "retention_days": camera.retention_days,
        "audio": camera.audio,
        "condition": state.condition.value if state is not None else "unknown",
        "streams": [f"{stream.role} {stream.url}" for stream in camera.streams],
        "modes": [f"{stream.role} {stream.modes.default}" for stream in camera.streams],
    }
