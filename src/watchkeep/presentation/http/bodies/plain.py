"""Fields that several bodies share."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    SecretStr,
)

from watchkeep.domain.camera import Secret


class Body(BaseModel):
    """A body that takes no unknown fields, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside the years 1 to 9999 in UTC") from None


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _without_nul(text: object) -> object:
    if isinstance(text, str) and "\x00" in text:
        raise ValueError("has a NUL character, which the database cannot keep")
    return text


Instant = Annotated[
    AwareDatetime, AfterValidator(_in_utc), PlainSerializer(_written, return_type=str, when_used="json")
]
"""ISO 8601 with a zone; handed out in UTC with Z."""

Text = Annotated[str, BeforeValidator(_without_nul)]


def revealed(text: SecretStr | None) -> Secret | None:
    """Carry a secret from the body into our own type."""
    return None if text is None else Secret(text.get_secret_value())
