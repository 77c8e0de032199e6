"""Reads a script of faults: a JSON list of objects, each a fault's name and its fields.

`[{"fault": "Stall", "stream": "door", "start_s": 10, "length_s": 5}]`
"""

import json
from dataclasses import fields
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from watchkeep.domain.errors import Invalid
from watchkeep.sources.simulator.faults import FAULTS, Fault

_KINDS = {kind.__name__: kind for kind in FAULTS}


def read_faults(path: Path) -> tuple[Fault, ...]:
    """The file's faults in their order.

    Raises:
        Invalid: It is no such list, or names a fault or a field that is not there.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Invalid(f"{path} is no JSON: {error}", path=str(path)) from error
    if not isinstance(entries, list):
        raise Invalid(f"{path} is no list of faults; begin it with [", path=str(path))
    return tuple(_fault(entry, f"{path}, fault {number}") for number, entry in enumerate(entries, start=1))


def _fault(entry: object, where: str) -> Fault:
    if not isinstance(entry, dict) or entry.get("fault") not in _KINDS:
        raise Invalid(f'{where}: "fault" has to be one of {", ".join(_KINDS)}', where=where)
    kind = _KINDS[entry["fault"]]
    given = {name: value for name, value in entry.items() if name != "fault"}
    unknown = given.keys() - {field.name for field in fields(kind)}
    if unknown:
        raise Invalid(f"{where}: {kind.__name__} has no {', '.join(sorted(unknown))}", where=where)
    try:
        return TypeAdapter(kind).validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise Invalid(f"{where}: {field}: {first['msg']}", where=where) from error
