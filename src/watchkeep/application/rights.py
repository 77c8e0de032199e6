"""Nobody gives, takes or borrows more than they have: rules for those who manage users."""

from collections.abc import Iterable

from watchkeep.domain.access import Grant, Subject, visible_cameras
from watchkeep.domain.errors import Forbidden


def check_may_give(subject: Subject, grants: Iterable[Grant]) -> None:
    """Let pass what the subject holds itself.

    Without this, whoever may manage users could make themselves administrator, or set an administrator's
    password and sign in with it.

    Raises:
        Forbidden: A grant allows something, somewhere, that the subject may not do there.
    """
    for grant in grants:
        for action in grant.role.actions:
            own = visible_cameras(subject, action)
            if own is None:
                continue
            if grant.cameras is None or not grant.cameras <= own:
                raise Forbidden(
                    f"The role {grant.role.name} allows {action} where you may not; "
                    "nobody can grant or change more than they hold.",
                    action=action.value,
                )
