"""Settings: read whole, all errors at once, generated texts that fit the model."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from watchkeep.domain.errors import Invalid, NotFound
from watchkeep.runtime.config import Settings
from watchkeep.runtime.config_file import parse_settings, read_settings
from watchkeep.runtime.config_text import default_file, json_schema, reference_page
from watchkeep.runtime.system import SystemFs
from watchkeep.runtime.units import Reserve, format_duration, parse_duration, parse_reserve

ROOT = Path(__file__).resolve().parents[3]


def errors_of(text: str) -> list[str]:
    with pytest.raises(Invalid) as caught:
        parse_settings(text)
    return list(caught.value.fields["errors"])


def test_an_empty_file_means_the_defaults() -> None:
    assert parse_settings("") == Settings()


def test_the_generated_file_says_exactly_the_defaults_of_the_model() -> None:
    assert parse_settings(default_file()) == Settings()


def test_the_generated_file_names_every_key_with_a_reason() -> None:
    text = default_file()

    for name, field in Settings.model_fields.items():
        assert f"\n{name}:\n" in text
        for key, inner in field.annotation.model_fields.items():  # type: ignore[union-attr]
            assert f"\n  {key}: " in text
            assert inner.description, f"{name}.{key} has no reason"


def test_the_reference_page_is_the_one_in_the_docs() -> None:
    page = ROOT / "docs/reference/configuration.md"

    assert page.read_text() == reference_page(), (
        "run `watchkeep config reference > docs/reference/configuration.md`"
    )


def test_the_schema_knows_every_section_and_refuses_others() -> None:
    schema = json.loads(json_schema())

    assert set(schema["properties"]) == set(Settings.model_fields)
    assert schema["additionalProperties"] is False


def test_all_errors_come_at_once_with_line_key_and_cure() -> None:
    found = errors_of(
        "wep:\n  listen: 3\n"
        "web:\n  lisen: 127.0.0.1:1\n"
        "site:\n  zone: Europa/Berlin\n"
        "recording:\n  segment_length: 60\n  retention_days: 0\n"
        "keystore: {provider: pass}\n"
    )

    assert found == [
        "watchkeep.yaml, line 1: wep is not a setting; did you mean web?",
        "watchkeep.yaml, line 4: web.lisen is not a setting; did you mean listen?",
        (
            "watchkeep.yaml, line 6: site.zone is wrong: 'Europa/Berlin' is no time zone; "
            "did you mean Europe/Berlin?"
        ),
        "watchkeep.yaml, line 8: recording.segment_length is wrong: 60 has no unit; write for example 60 s",
        "watchkeep.yaml, line 9: recording.retention_days must be at least 1",
        "watchkeep.yaml, line 10: keystore.provider must be 'machine' or 'passphrase', not 'pass'",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "line 1: expected the node content"),
        ("web: {}\nweb: {}\n", 'line 2: found duplicate key "web"; correct'),
        ("- web\n", "line 1: the file must hold sections"),
        ("web: 5\n", "line 1: web must be a section with keys below it"),
        ("web:\n  names: localhost\n", "line 2: web.names must be a list"),
        ("web:\n  names:\n  - a b\n", "line 3: web.names[1] is wrong: 'a b' is no host name"),
        (
            "web:\n  listen: example.org:1\n",
            "line 2: web.listen is wrong: 'example.org' is no address of this",
        ),
        ("web:\n  listen: 127.0.0.1:99999\n", "'99999' is no port"),
        ("recording:\n  segment_length: 1 s\n", "line 2: recording.segment_length 1 s is out of range"),
        ("recording:\n  folder: data\n", "line 2: recording.folder is wrong: 'data' is not an absolute path"),
        ("recording:\n  reserve_free: 100 %\n", "leaves no room for footage"),
        ("recording:\n  retention_days: 1.5\n", "must be a whole number"),
        ("jobs:\n  schedules:\n    forget: 99 * * * *\n", "'99' for the minute, which goes from 0 to 59"),
        ("jobs:\n  schedules:\n    forgot: 9 * * * *\n", "jobs.schedules.forgot"),
    ],
)
def test_a_wrong_value_is_named_with_its_cure(text: str, sentence: str) -> None:
    (found,) = errors_of(text)

    assert sentence in found


def test_a_password_never_stands_in_an_error_or_a_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATALOG_PASSWORD", "hunter2secret")
    settings = parse_settings("database:\n  dsn: postgresql://ada:${CATALOG_PASSWORD}@db/watchkeep\n")

    assert settings.database.dsn is not None
    assert "hunter2secret" in settings.database.dsn.reveal()
    assert "hunter2secret" not in repr(settings)
    twice = (
        "database:\n  dsn: postgresql://ada:hunter2secret@db/x\n  dsn: postgresql://ada:hunter2secret@db/y\n"
    )
    assert "hunter2secret" not in errors_of(twice)[0]


def test_a_missing_environment_variable_is_named() -> None:
    assert (
        "the environment variable NOT_SET_AT_ALL is not set"
        in errors_of("database:\n  dsn: ${NOT_SET_AT_ALL}\n")[0]
    )


def test_a_missing_file_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="`watchkeep run` makes one"):
        read_settings(tmp_path / "watchkeep.yaml", fs=SystemFs())


def test_a_file_that_is_not_utf8_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "watchkeep.yaml").write_bytes(b"site:\n  name: Caf\xe9\n")

    with pytest.raises(Invalid, match="not UTF-8 text"):
        read_settings(tmp_path / "watchkeep.yaml", fs=SystemFs())


@pytest.mark.parametrize("text", ["500 ms", "60 s", "15 min", "3 h", "30 d"])
def test_durations_are_read_and_written_alike(text: str) -> None:
    assert parse_duration(format_duration(parse_duration(text))) == parse_duration(text)


def test_a_duration_is_written_with_its_largest_whole_unit() -> None:
    assert format_duration(timedelta(seconds=90)) == "90 s"
    assert format_duration(timedelta(seconds=120)) == "2 min"


def test_a_reserve_may_be_a_share_of_the_disk() -> None:
    assert parse_reserve("5 %") == Reserve(share=0.05)
    assert parse_reserve("5 %").of(1000) == 50
    assert parse_reserve("5 GiB").of(1000) == 5 << 30
