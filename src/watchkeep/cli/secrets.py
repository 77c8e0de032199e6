"""Passwords are typed unseen or piped in; never arguments, which every user of the machine can read."""

import getpass
import sys

from watchkeep.domain.camera import Secret
from watchkeep.domain.errors import Invalid


def read_password(prompt: str, *, is_new: bool = False) -> Secret:
    """Ask on the terminal, twice if it is new; without a terminal take one line of standard input.

    Raises:
        Invalid: It is empty, or the two differ.
    """
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = getpass.getpass(f"{prompt}: ")
        if is_new and getpass.getpass(f"{prompt}, again: ") != password:
            raise Invalid("the two passwords differ; type the same one twice")
    if not password:
        raise Invalid("the password is empty; type one, or pipe one line into standard input")
    return Secret(password)
