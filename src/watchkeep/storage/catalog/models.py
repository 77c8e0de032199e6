"""The models that ever found anything here; every event names the one that found it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from watchkeep.domain.detection import ModelCard
from watchkeep.storage.catalog.connection import Connection
from watchkeep.storage.catalog.queries import load

_QUERIES = load("models")


@dataclass(frozen=True, slots=True)
class ModelName:
    """What a person calls a model."""

    name: str
    version: str


def register(connection: Connection, card: ModelCard, at: datetime) -> None:
    """Make a model known; a repeat is harmless."""
    metadata = {
        "engine": card.engine,
        "licence": card.licence,
        "object_types": list(card.object_types),
        "is_stand_in": card.is_stand_in,
    }
    facts = {
        "id": card.id,
        "name": card.name,
        "version": card.version,
        "digest": card.digest,
        "metadata": Jsonb(metadata),
        "at": at,
    }
    connection.execute(_QUERIES["register"], facts)


def model_names(connection: Connection, models: Collection[UUID]) -> dict[UUID, ModelName]:
    """Names of models by id."""
    rows = connection.execute(_QUERIES["names"], {"models": list(models)})
    return {identifier: ModelName(name, version) for identifier, name, version in rows}
