"""`watchkeep why` and `watchkeep forecast` on a data folder with footage."""

from datetime import UTC, datetime, timedelta

from catalog_server import database, postgres
from cli.test_understanding import Place, place
from kept_footage import keep

__all__ = ["database", "place", "postgres"]
HOUR = timedelta(hours=1)


def this_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def test_why_says_in_one_line_what_keeps_a_second_and_until_when(place: Place) -> None:
    at = this_hour() - 5 * HOUR
    keep(place.house, place.front, until=this_hour(), hours=24)
    end = at + timedelta(minutes=1, days=30)

    told = place.tell("why", "front-door", f"{at:%Y-%m-%dT%H:%M:30Z}")
    facts = place.items("why", "front-door", f"{at:%Y-%m-%dT%H:%M:30Z}")

    assert told.code == 0
    assert told.out.startswith("main: stored as raw footage on ")
    assert f"goes at {end:%Y-%m-%dT%H:%M:%SZ} (raw footage is kept 30 d, says the class)" in told.out
    assert (facts[0]["goes_at"], facts[0]["here"]) == (f"{end:%Y-%m-%dT%H:%M:%SZ}", "stored")


def test_why_says_of_nothing_that_there_is_nothing(place: Place) -> None:
    told = place.tell("why", "front-door", "2031-01-01")
    wrong = place.tell("why", "front-door", "noon")
    missing = place.tell("why", "nowhere", "2026-01-01")

    assert told.out == "main: nothing: it has not happened yet\n"
    assert (wrong.code, missing.code) == (4, 3)


def test_forecast_says_what_is_known_and_what_is_not(place: Place) -> None:
    keep(place.house, place.front, until=this_hour(), hours=12 * 24)
    keep(place.house, place.vault, until=this_hour(), hours=10)

    told = place.tell("forecast")
    facts = place.tell("forecast", "--json").json

    assert "never full, at most" in told.out
    assert "not enough" in told.out
    assert "reached on " in told.out
    by_camera = {each["camera"]: each for each in facts["cameras"]}
    assert by_camera["front-door"]["bytes_per_day"] == 24_000_000
    assert by_camera["vault"]["bytes_per_day"] is None
    assert facts["tiers"][0]["stored_bytes"] > 280_000_000
