"""Simulated days: ages count from a segment's end, nothing goes early, nothing can be read a minute late.

`WATCHKEEP_DAYS` and `WATCHKEEP_EVERY_MIN` say how many days, and how often each camera has a segment;
`make soak-retention` takes 400 days.
"""

import os
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from catalog_server import Database
from retention_days import LATE, Site
from retention_rows import forget_everything, prepare
from retention_world import SIGNER
from watchkeep.lifecycle.certifier import verify
from watchkeep.storage.catalog.connection import CatalogRole, Connection

DAYS = int(os.environ.get("WATCHKEEP_DAYS", "95"))
EVERY = timedelta(minutes=int(os.environ.get("WATCHKEEP_EVERY_MIN", "360")))
SEED = int(os.environ.get("WATCHKEEP_SEED", "1"))


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    catalog = database.catalog(CatalogRole.OWNER)
    prepare(catalog)
    catalog.close()
    with psycopg.connect(database.dsn(CatalogRole.OWNER), autocommit=True) as made:
        made.execute("set timezone to 'UTC'; set jit to off; set synchronous_commit to off")
        forget_everything(made)
        yield made


@pytest.mark.timeout(7200)
def test_on_every_simulated_day_what_is_due_goes_within_a_minute_and_nothing_else(
    connection: Connection,
) -> None:
    site = Site(connection, seed=SEED, every=EVERY)

    outcome = site.live(DAYS)

    site.require_all()
    with connection.transaction():
        proved = verify(connection, public_key=SIGNER.public_key)
    print(f"seed {SEED}: {outcome}")
    assert outcome.latest <= LATE
    assert proved.segments == outcome.deleted
    assert outcome.deleted > outcome.recorded * max(0.0, (DAYS - 35) / DAYS) * 0.5
    assert outcome.narrowed > 0
