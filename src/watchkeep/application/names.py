"""What people and roles may be called."""

from watchkeep.domain.errors import Invalid


def checked_user_name(name: str) -> str:
    """The name without spaces around it.

    Raises:
        Invalid: Empty, too long, or with characters that a person cannot see.
    """
    return _checked(name, "user")


def checked_role_name(name: str) -> str:
    """The name without spaces around it; checked like a user's."""
    return _checked(name, "role")


def _checked(name: str, kind: str) -> str:
    words = " ".join(name.split())
    if not words or len(words) > 64 or not words.isprintable():
        raise Invalid(f"A {kind}'s name has 1 to 64 characters that can be seen.")
    # Names of subjects that are no accounts: the audit must not confuse them.
    if words.lower() in {"system", "nobody"}:
        raise Invalid(f"{words!r} is what the audit calls Watchkeep itself; choose another name.")
    return words
