"""The set-up token in a file, for a start without a terminal: readable by the owner only."""

from watchkeep.domain.camera import Secret
from watchkeep.domain.fs import Fs, replace_file
from watchkeep.runtime.data_folder import DataFolder


def put_token(paths: DataFolder, token: Secret, *, fs: Fs) -> None:
    """Write the token down; mode 0600."""
    replace_file(fs, paths.token, token.reveal().encode() + b"\n")


def remove_token(paths: DataFolder, *, fs: Fs) -> None:
    """Take it away; a missing file is no error."""
    fs.unlink(paths.token)
