"""Where things lie in a data folder."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

_SOCKET_PATH_LIMIT_BYTES = 100
"""Linux takes 107 bytes for the path of a Unix socket, macOS 103."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The paths of one data folder; nothing here touches the disk."""

    root: Path

    @property
    def settings(self) -> Path:
        """watchkeep.yaml."""
        return self.root / "watchkeep.yaml"

    @property
    def schema(self) -> Path:
        """The settings' JSON Schema, for editors."""
        return self.root / "watchkeep.schema.json"

    @property
    def installation(self) -> Path:
        """Says whose folder this is; written last when the folder is made."""
        return self.root / "installation.json"

    @property
    def beginning(self) -> Path:
        """There while the folder is being made, so that a killed first start is taken up again."""
        return self.root / "beginning"

    @property
    def keystore(self) -> Path:
        """The keys."""
        return self.root / "keystore"

    @property
    def erasures(self) -> Path:
        """The erasure ledger: beside the keystore, so that a restored one does not take its place."""
        return self.root / "erasures.ledger"

    @property
    def tls(self) -> Path:
        """Certificates and their keys."""
        return self.root / "tls"

    @property
    def database(self) -> Path:
        """The embedded PostgreSQL."""
        return self.root / "database"

    @property
    def footage(self) -> Path:
        """The default volume."""
        return self.root / "footage"

    @property
    def volumes(self) -> Path:
        """Which volume each footage folder held, so that an unmounted or swapped disk is noticed."""
        return self.root / "volumes.json"

    @property
    def spool(self) -> Path:
        """Rows that wait for the database; in it a folder for each further shard."""
        return self.root / "spool"

    def shard_spool(self, shard: int) -> Path:
        """Where the rows of one recorder process wait."""
        return self.spool / str(shard) if shard else self.spool

    @property
    def shards(self) -> Path:
        """How many recorder processes there are."""
        return self.root / "recorder" / "shards.json"

    @property
    def plan(self) -> Path:
        """The last known cameras, sealed."""
        return self.root / "recorder" / "plan.sealed"

    @property
    def run(self) -> Path:
        """Sockets, process ids, lock: nothing that outlives a start."""
        return self.root / "run"

    @property
    def lock(self) -> Path:
        """Held by the one supervisor."""
        return self.run / "lock"

    def process_lock(self, name: str) -> Path:
        """Held by the one process of that name."""
        return self.run / f"{name}.lock"

    @property
    def token(self) -> Path:
        """The set-up token, when it could not be shown on a terminal."""
        return self.run / "setup-token"

    @property
    def analyst_beat(self) -> Path:
        """Touched by the analyst while it lives; one that hangs does not."""
        return self.run / "analyst.beat"

    @property
    def demonstration(self) -> Path:
        """Says how far the demonstration is, while it is wanted."""
        return self.run / "demonstration.json"

    @property
    def metrics(self) -> Path:
        """The processes' figures."""
        return self.run / "metrics"

    def recorder_socket(self, shard: int = 0) -> Path:
        """Where a recorder offers fragments; elsewhere when the path would be too long for a socket."""
        usual = self.run / f"{recorder_name(shard)}.sock"
        if len(os.fsencode(usual)) <= _SOCKET_PATH_LIMIT_BYTES:
            return usual
        return short_folder(self.root) / usual.name


def recorder_name(shard: int) -> str:
    """What a recorder process is called in logs, locks and figures; the first as if it were the only one."""
    return f"recorder-{shard}" if shard else "recorder"


def short_folder(root: Path) -> Path:
    """A folder with a short path that belongs to this data folder and this user alone."""
    word = hashlib.sha256(os.fsencode(root.absolute())).hexdigest()[:12]
    own = "/run" if os.geteuid() == 0 and os.access("/run", os.W_OK) else tempfile.gettempdir()
    parent = os.environ.get("XDG_RUNTIME_DIR") or own
    return Path(parent) / f"watchkeep-{os.getuid()}-{word}"
