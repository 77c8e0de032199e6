"""`watchkeep user`: list, add, password."""

from typing import Annotated

import typer

from watchkeep.application import restream, users
from watchkeep.application.users import GrantWish, NewUser, UserChange, UserView
from watchkeep.cli.options import DataOption, JsonOption, data_folder
from watchkeep.cli.output import Fact, Output, instant
from watchkeep.cli.secrets import read_password
from watchkeep.domain.errors import NotFound
from watchkeep.domain.ids import CameraId
from watchkeep.runtime.opening import opened_house
from watchkeep.runtime.system import Machine

app = typer.Typer(help="Users.", no_args_is_help=True)


@app.command("list")
def list_(data: DataOption = None, json: JsonOption = False) -> None:
    """List the users and what is granted to them."""
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        found = users.list_users(opened.house, opened.asking)
    columns = ("name", "grants", "is_disabled", "created_at")
    output.show_rows(
        [_facts(each) for each in found], columns, "No users yet; the set-up token makes the first."
    )


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The name to sign in with.")],
    role: Annotated[
        str, typer.Option(help="administrator, operator, viewer or a role of your own.")
    ] = "viewer",
    camera: Annotated[
        list[str] | None, typer.Option(help="Only this camera; may be given several times.")
    ] = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Add a user; the password is asked for, or read from standard input."""
    output = Output(json)
    password = read_password("Password of the new user", is_new=True)
    scope = frozenset(CameraId(each) for each in camera) if camera else None
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        wish = NewUser(name=name, password=password, grants=(GrantWish(role=role, cameras=scope),))
        made = users.add_user(opened.house, opened.asking, wish)
    output.show(_facts(made), f"{made.name} is added.")


@app.command()
def password(
    name: Annotated[str, typer.Argument(help="Whose password to set.")],
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Set a user's password anew and end the user's sessions."""
    output = Output(json)
    secret = read_password("New password", is_new=True)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        found = users.list_users(opened.house, opened.asking)
        wanted = next((each for each in found if each.name.lower() == name.lower()), None)
        if wanted is None:
            raise NotFound(f"there is no user {name!r}; see `watchkeep user list`", name=name)
        users.change_user(opened.house, opened.asking, wanted.id, UserChange(password=secret))
    output.show({"changed": wanted.name}, f"The password of {wanted.name} is set; all their sessions ended.")


@app.command("stream-password")
def stream_password(
    name: Annotated[str, typer.Argument(help="Whose stream password to show.")],
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Show the password with which other programs fetch a user's cameras over RTSP.

    It ends when the user's password is changed.
    """
    output = Output(json)
    with opened_house(data_folder(data), machine=Machine(), step=output.step) as opened:
        found = restream.stream_password_of(opened.house, opened.asking, name)
    user, secret = found.asking.subject.name, found.password.reveal()
    output.show({"name": user, "stream_password": secret}, secret)


def _facts(user: UserView) -> dict[str, Fact]:
    grants = [
        f"{grant.role} on {'all cameras' if grant.cameras is None else ' '.join(sorted(grant.cameras))}"
        for grant in user.grants
    ]
    return {
        "id": str(user.id),
        "name": user.name,
        "grants": grants,
        "is_disabled": user.is_disabled,
        "created_at": instant(user.created_at),
    }
