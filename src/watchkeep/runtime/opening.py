"""Opens a house for a command of the machine's owner, beside a running Watchkeep or without one."""

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from watchkeep.application.asking import Asking, system_asking
from watchkeep.application.house import House
from watchkeep.runtime.catalog_start import claim_catalog
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.embedded_postgres import EmbeddedPostgres
from watchkeep.runtime.house_wiring import build_house
from watchkeep.runtime.locks import take_lock
from watchkeep.runtime.system import Machine
from watchkeep.runtime.wiring import Node, open_node


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHouse:
    """A house and who asks: the user of the operating system, to whom the data folder belongs."""

    node: Node
    house: House
    asking: Asking


@contextmanager
def opened_house(paths: DataFolder, *, machine: Machine, step: Callable[[str], None]) -> Iterator[OpenHouse]:
    """Open the data folder; without a running Watchkeep its embedded database is started meanwhile.

    Raises:
        WatchkeepError: Whatever keeps it shut, as one sentence.
    """
    node = open_node(paths, machine=machine)
    database: EmbeddedPostgres | None = None
    # Who holds the lock has the database running, or is just about to.
    if node.settings.database.dsn is None and take_lock(paths.lock, waits=False):
        step("starting the database for this command")
        database = EmbeddedPostgres(paths.database, clock=machine.clock)
    try:
        if database is not None:
            database.start()
            claim_catalog(node, step=step)
        asking = system_asking(f"local administrator ({getpass.getuser()})")
        yield OpenHouse(node=node, house=build_house(node), asking=asking)
    finally:
        node.catalog.close()
        if database is not None:
            database.stop()
