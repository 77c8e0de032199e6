"""The section storage: of watchkeep.yaml: defaults, and each contradiction in one sentence with its place."""

from datetime import timedelta
from pathlib import Path

import pytest

from watchkeep.domain.category import DataClass
from watchkeep.domain.errors import Invalid
from watchkeep.domain.tier import DailyHours, Reserve, Tier
from watchkeep.runtime.config import Settings
from watchkeep.runtime.config_file import parse_settings
from watchkeep.runtime.config_text import default_file, reference_page
from watchkeep.runtime.data_folder import DataFolder
from watchkeep.runtime.tiers import recording_folder, tiers_of

FULL = """
storage:
  tiers:
    - name: hot
      volumes: [{folder: /srv/fast}, {folder: /srv/fast2}]
    - name: warm
      volumes: [{folder: /srv/slow}]
      min_free: 10 %
    - name: cold
      bandwidth: 50 MB/s
      hours: ["22:00-06:00"]
      volumes:
        - s3: {bucket: footage, endpoint: "https://s3.example.org", access_key: a, secret_key: "${WK_SECRET}"}
  copies: {event_clip: 2}
"""


def refused(text: str) -> str:
    with pytest.raises(Invalid) as caught:
        parse_settings(text, name="watchkeep.yaml")
    return str(caught.value)


def test_without_tiers_there_is_one_and_nothing_moves() -> None:
    assert tiers_of(Settings()) == [Tier(name="hot")]
    assert recording_folder(Settings(), DataFolder(Path("/data"))) == Path("/data/footage")


def test_the_names_of_the_specification_bring_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WK_SECRET", "hidden")
    settings = parse_settings(FULL)

    hot, warm, cold = tiers_of(settings)
    assert (hot.max_age, hot.max_bytes) == (timedelta(days=7), 10 * 10**12)
    assert (warm.max_age, warm.max_bytes) == (timedelta(days=30), 100 * 10**12)
    assert (cold.max_age, cold.max_bytes) == (timedelta(days=365), None)
    assert cold.bytes_per_second == 50_000_000
    assert cold.hours == (DailyHours(start_minute=22 * 60, end_minute=6 * 60),)
    assert settings.storage.tiers[1].min_free == Reserve(share=0.1)
    assert settings.storage.copies == {DataClass.EVENT_CLIP: 2}
    assert recording_folder(settings, DataFolder(Path("/data"))) == Path("/srv/fast")
    assert "hidden" not in repr(settings)
    assert "hidden" not in settings.model_dump_json()


def test_what_is_said_wins_over_the_specification() -> None:
    settings = parse_settings(
        "storage: {tiers: [{name: hot, max_age: 2 d, max_bytes: null}, {name: x, volumes: [{folder: /c}]}]}"
    )

    assert (tiers_of(settings)[0].max_age, tiers_of(settings)[0].max_bytes) == (timedelta(days=2), None)


@pytest.mark.parametrize(
    ("tiers", "said"),
    [
        (
            "[{name: hot, max_age: 7 d}, {name: next, max_age: 3 d, volumes: [{folder: /b}]}]",
            "storage.tiers[2].max_age next lets go of footage at 3 d, and hot keeps it to 7 d",
        ),
        (
            "[{name: hot}, {name: hot, volumes: [{folder: /b}]}]",
            "storage.tiers[2].name there are two tiers hot",
        ),
        ("[{name: hot}, {name: cold}]", "storage.tiers[2].volumes the tier cold has none"),
        (
            "[{name: hot, volumes: [{s3: {bucket: b}}]}]",
            "storage.tiers[1].volumes[1] recording goes to a disk",
        ),
        (
            "[{name: hot, volumes: [{folder: /a}]}, {name: cold, volumes: [{folder: /a/b}]}]",
            "storage.tiers[2].volumes[1] /a/b and /a are one place",
        ),
        ("[{name: hot, volumes: [{}]}]", "name one place: folder or s3"),
        ("[{name: hot, volumes: [{folder: /a, s3: {bucket: b}}]}]", "name one place: folder or s3"),
        ("[{name: hot, volumes: [{folder: a}]}]", "is not an absolute path"),
        ("[{name: Hot!}]", "storage.tiers[1].name"),
        ("[{name: hot, speed: 3}]", "storage.tiers[1].speed is not a setting"),
        ("[{name: hot, max_bytes: 3}]", "3 has no unit; write for example 10 TB"),
        ("[{name: hot, bandwidth: 0 MB/s}]", "would move nothing"),
        ("[{name: hot, hours: ['22-6']}]", "'22-6' are no hours; write for example 22:00-06:00"),
        ("[{name: hot, hours: ['22:00-22:00']}]", "hours end at another time"),
        (
            "[{name: hot}, {name: cold, volumes: [{s3: {bucket: b, access_key: a}}]}]",
            "access_key and its secret go together",
        ),
        (
            "[{name: hot}, {name: cold, volumes: [{s3: {bucket: b, secret_key: b, secret_key_file: /f}}]}]",
            "not both",
        ),
        ("[{name: hot}, {name: cold, volumes: [{s3: {bucket: b, endpoint: s3.example.org}}]}]", "endpoint"),
        ("[{name: hot}, {name: cold, volumes: [{s3: {buckett: b}}]}]", "did you mean bucket?"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(tiers: str, said: str) -> None:
    sentence = refused(f"storage:\n  tiers: {tiers}\n")

    assert said in sentence
    assert sentence.startswith("watchkeep.yaml, line ")


@pytest.mark.parametrize(
    ("copies", "said"),
    [
        ("{raw_footage: 2}", "storage.copies 2 copies of raw_footage need 2 volumes, and there is 1"),
        ("{audit: 1}", "audit is no class of footage"),
        ("{raw_footage: 0}", "at least 1"),
        ("{footage: 1}", "storage.copies"),
    ],
)
def test_copies_that_cannot_be_are_refused(copies: str, said: str) -> None:
    assert said in refused(f"storage:\n  copies: {copies}\n")


def test_the_place_of_recording_is_named_once() -> None:
    text = "recording: {folder: /a}\nstorage: {tiers: [{name: hot, volumes: [{folder: /b}]}]}"

    assert "/b is another folder than recording.folder /a" in refused(text)
    same = parse_settings(text.replace("/b", "/a"))
    assert recording_folder(same, DataFolder(Path("/data"))) == Path("/a")


def test_the_default_file_reads_back_and_the_reference_lists_the_keys_of_a_tier() -> None:
    assert parse_settings(default_file()) == Settings()
    page = reference_page()
    for key in (
        "### storage.tiers",
        "| `max_age` |",
        "### storage.tiers[].volumes[].s3",
        "| `secret_key_file` |",
    ):
        assert key in page
