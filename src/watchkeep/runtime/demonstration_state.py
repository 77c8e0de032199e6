"""How far the demonstration is, told by its process to the others through a small file."""

import json

from watchkeep.application.house import DemoPhase, DemoState
from watchkeep.domain.fs import Fs, read_whole, replace_file
from watchkeep.runtime.data_folder import DataFolder


def put_state(paths: DataFolder, state: DemoState, *, fs: Fs, is_failure: bool = False) -> None:
    """Tell the other processes how far the demonstration is, or that it failed and is tried again."""
    document = {
        "phase": state.phase.value,
        "progress": state.progress,
        "detail": state.detail,
        "is_failure": is_failure,
    }
    replace_file(fs, paths.demonstration, json.dumps(document).encode())


def read_state(paths: DataFolder, *, fs: Fs) -> DemoState:
    """How far the demonstration is; off when nobody says anything."""
    try:
        document = json.loads(read_whole(fs, paths.demonstration))
        return DemoState(
            phase=DemoPhase(document["phase"]),
            progress=float(document["progress"]),
            detail=str(document["detail"]),
        )
    except (FileNotFoundError, ValueError, KeyError):
        return DemoState(phase=DemoPhase.OFF)


def read_failure(paths: DataFolder, *, fs: Fs) -> str:
    """What went wrong at the last try; empty if nothing did."""
    try:
        document = json.loads(read_whole(fs, paths.demonstration))
        return str(document["detail"]) if document["is_failure"] else ""
    except (FileNotFoundError, ValueError, KeyError):
        return ""
