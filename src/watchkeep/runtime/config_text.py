"""What is made from the settings' model: the commented default file, the reference page, the JSON Schema."""

import json
import textwrap
from collections.abc import Iterator

from pydantic.fields import FieldInfo

from watchkeep.runtime.config import Settings, Site
from watchkeep.runtime.config_values import Section, section_within

_WIDTH = 100
_HEAD = """\
# yaml-language-server: $schema=./watchkeep.schema.json
# Settings of Watchkeep. Every key is here with its default; what you delete takes the default again.
# `watchkeep config check` checks the file whole; a change takes effect at the next start.
"""


def default_file(*, zone: str = "UTC") -> str:
    """The commented watchkeep.yaml: every key with its default, the site in that time zone."""
    shown = Settings(site=Site(zone=zone))
    lines = [_HEAD]
    for name, section in _sections():
        values = getattr(shown, name).model_dump(mode="json")
        lines.append(f"# {_prose(section.__doc__)}\n{name}:")
        for key, field in section.model_fields.items():
            comment = textwrap.wrap(_prose(field.description), _WIDTH - 4)
            lines.extend(f"  # {line}" for line in comment)
            lines.append(f"  {key}: {_yaml(values[key])}")
        lines.append("")
    return "\n".join(lines)


def json_schema() -> str:
    """The JSON Schema of watchkeep.yaml, for editors."""
    schema = Settings.model_json_schema(mode="validation")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "watchkeep.yaml"
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def reference_page() -> str:
    """docs/reference/configuration.md."""
    lines = [
        "# Configuration",
        "",
        "Made from `src/watchkeep/runtime/config.py` by `watchkeep config reference`; edit it there.",
        "",
        "One file, `watchkeep.yaml` in the data folder, written by the first start with every default.",
        "A wrong file stops the start: all errors are told at once, each with line, key and cure.",
        "`watchkeep config check` does the same without starting; `watchkeep config schema` prints a JSON",
        "Schema that editors use. Durations and sizes carry a unit: `500 ms`, `60 s`, `30 d`, `5 GiB`.",
    ]
    for name, section in _sections():
        defaults = section().model_dump(mode="json")
        lines += ["", f"## {name}", "", _prose(section.__doc__)]
        lines += ["", "| key | default | what and why |", "|---|---|---|"]
        for key, field in section.model_fields.items():
            default = json.dumps(defaults[key], ensure_ascii=False)
            lines.append(f"| `{name}.{key}` | `{default}` | {_prose(field.description)}{_bounds(field)} |")
        for key, field in section.model_fields.items():
            lines += _entries(f"{name}.{key}", section_within(field.annotation))
    return "\n".join(lines) + "\n"


def _entries(name: str, section: type[Section] | None) -> list[str]:
    """The keys of what stands in a list, and in lists within; one without a default must be given."""
    if section is None:
        return []
    lines = ["", f"### {name}", "", _prose(section.__doc__)]
    lines += ["", "| key | default | what and why |", "|---|---|---|"]
    inner: list[str] = []
    for key, field in section.model_fields.items():
        default = "must be given" if field.is_required() else f"`{json.dumps(field.default, default=str)}`"
        lines.append(f"| `{key}` | {default} | {_prose(field.description)}{_bounds(field)} |")
        inner += _entries(f"{name}[].{key}", section_within(field.annotation))
    return lines + inner


def _sections() -> Iterator[tuple[str, type[Section]]]:
    for name, field in Settings.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, Section):
            yield name, annotation


def _prose(text: str | None) -> str:
    return " ".join((text or "").split())


def _bounds(field: FieldInfo) -> str:
    low = next((each.ge for each in field.metadata if hasattr(each, "ge")), None)
    high = next((each.le for each in field.metadata if hasattr(each, "le")), None)
    return f" From {low} to {high}." if low is not None and high is not None else ""


def _yaml(value: object) -> str:
    """A JSON value as YAML on one line: texts that YAML could misread are quoted."""
    if isinstance(value, str) and value and value[0].isalnum() and not set(value) & set(":#{}[],&*'\"\n"):
        return (
            value
            if value.lower() not in ("null", "true", "false", "yes", "no", "on", "off")
            else f'"{value}"'
        )
    return json.dumps(value, ensure_ascii=False)
