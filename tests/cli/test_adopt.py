"""`watchkeep adopt` on a data folder; each command is a process of its own."""

import json
from pathlib import Path

from cli.test_commands import watchkeep
from time_code import make_clip
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.system import Machine
from watchkeep.runtime.wiring import ensure_node


def test_a_folder_is_taken_in_exported_and_sealed(tmp_path: Path) -> None:
    data, tree = tmp_path / "data", tmp_path / "tree"
    ensure_node(DataFolder(data), machine=Machine(), environment={})
    tree.mkdir()
    make_clip(tree / "monday.mp4", seconds=6, fps=10, gop=10, size=(160, 90))
    (tree / "notes.txt").write_text("mine")

    taken = json.loads(
        watchkeep("adopt", "directory", str(tree), "--camera", "Yard", "--json", "--data", str(data)).stdout
    )
    sealed = watchkeep("adopt", "seal", "--data", str(data))

    assert (taken["segments"], taken["new_cameras"]) == (1, ["yard"])
    assert [each["file"] for each in taken["refused"]] == ["notes.txt"]
    assert sealed.stdout.startswith("1 segments sealed.")
    assert sorted(path.name for path in tree.iterdir()) == ["monday.mp4", "notes.txt"]
