"""Every error that Watchkeep raises on purpose.

Seven kinds; each concrete error is one of them and carries its facts as fields:

    WatchkeepError
      * NotFound      it is not there, or not for you
      * Invalid       what was given cannot be right
      * Forbidden     known, but not allowed
      * Conflict      right by itself, but not beside what exists
      * Unavailable   not now; the only kind that is retried
      * Exhausted     a limit is reached (space, rate, count)
      * DataLoss      bytes are missing or are not what was written

`presentation.http.problems` maps kinds to statuses, `cli` maps them to exit codes; a test walks the tree.
"""


class WatchkeepError(Exception):
    """The root. `str()` is one sentence that names the place and the cure.

    Attributes:
        fields: The facts, for logs and problem bodies; never a secret.
    """

    def __init__(self, sentence: str, **fields: object) -> None:
        super().__init__(sentence)
        self.fields = fields


class NotFound(WatchkeepError):
    """It is not there, or it is not for the one who asks."""


class Invalid(WatchkeepError):
    """What was given cannot be right."""


class Forbidden(WatchkeepError):
    """Known, but not allowed."""


class Conflict(WatchkeepError):
    """Right by itself, but not beside what exists."""


class Unavailable(WatchkeepError):
    """Not now; trying again later may help."""


class Exhausted(WatchkeepError):
    """A limit is reached: space, rate or count."""


class DataLoss(WatchkeepError):
    """Bytes are missing, or are not what was written."""


class Tampered(DataLoss):
    """An authentication tag does not match: the bytes were changed or belong elsewhere."""


class KeyShredded(DataLoss):
    """The shred key was destroyed: the footage was erased on purpose."""


class KeystoreLocked(Unavailable):
    """The keystore is there, but the passphrase or the machine is not the right one."""


class CatalogUnavailable(Unavailable):
    """The database does not answer."""


class VolumeAway(Unavailable):
    """A volume is not there now; what lies on it is known and waits."""


class CameraUnreachable(Unavailable):
    """No answer from the camera's address."""


class CameraRefused(Forbidden):
    """The camera answered and refused the user name or the password."""


class NoVideo(Invalid):
    """The address or file answers, but holds no H.264 or H.265 video."""


class SignInRefused(Forbidden):
    """The name or the password is wrong; which of them is not said."""


class NotSignedIn(Forbidden):
    """There is no valid session."""


class TooManyTries(Exhausted):
    """Sign-in is paused for this account or address."""


class AssetMissing(Unavailable):
    """No source has the asset with the right digest."""
