"""Reads watchkeep.yaml: all its errors at once, each with line, key and cure."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from watchkeep.domain.errors import Invalid, NotFound
from watchkeep.domain.fs import Fs, read_whole
from watchkeep.runtime.config import Settings
from watchkeep.runtime.config_values import section_within
from watchkeep.runtime.wording import closest

_PLAIN_SENTENCES = {
    "string_type": "must be text; put it in quotes",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "tuple_type": "must be a list; write each entry on its own line after a dash",
    "model_type": "must be a section with keys below it",
    "model_attributes_type": "must be a section with keys below it",
    "string_too_short": "must not be empty",
}


@dataclass(frozen=True, slots=True)
class _Place:
    line: int
    key: str


def read_settings(path: Path, *, fs: Fs) -> Settings:
    """Read and check the file.

    Raises:
        NotFound: There is no such file.
        Invalid: One sentence a line, each with file, line, key and cure; `fields["errors"]` has them apart.
    """
    try:
        text = read_whole(fs, path).decode()
    except FileNotFoundError:
        raise NotFound(
            f"there is no settings file {path}; `watchkeep run` makes one", path=str(path)
        ) from None
    except UnicodeDecodeError as error:
        raise Invalid(
            f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8", path=str(path)
        ) from None
    return parse_settings(text, name=str(path))


def parse_settings(text: str, *, name: str = "watchkeep.yaml") -> Settings:
    """Check the text of a settings file; as `read_settings`."""
    try:
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        # Of a key given twice the parser tells both values: one may be a password.
        problem = (error.problem or "it is not YAML").split("\n")[0].split(" with value ")[0].rstrip(".")
        raise _invalid(name, [f"{name}, line {line}: {problem}; correct the YAML there"]) from None
    except YAMLError:
        raise _invalid(name, [f"{name} is not YAML; start from `watchkeep config default`"]) from None
    if document is None:
        return Settings()
    if not isinstance(document, CommentedMap):
        raise _invalid(name, [f"{name}, line 1: the file must hold sections such as web: and recording:"])
    try:
        # Through JSON: strict there takes a list for a tuple, and the parser's own number types are gone.
        return Settings.model_validate_json(json.dumps(document, default=str))
    except ValidationError as error:
        found = sorted(_sentence(name, document, each) for each in error.errors(include_url=False))
        raise _invalid(name, [sentence for _, sentence in found]) from None


def _invalid(name: str, sentences: list[str]) -> Invalid:
    return Invalid("\n".join(sentences), path=name, errors=tuple(sentences))


def _sentence(name: str, document: CommentedMap, error: ErrorDetails) -> tuple[int, str]:
    place = _place(document, [part for part in error["loc"] if not _is_branch_name(part)])
    message = _message(error, place.key)
    if message.startswith(f"{place.key}."):  # a section's own check names its key
        key, _, message = message.partition(": ")
        place = _Place(_place(document, list(key.split("."))).line, key)
    return place.line, f"{name}, line {place.line}: {place.key} {message}"


def _is_branch_name(part: int | str) -> bool:
    # pydantic names the branch of a union in the location, as function-before[parse_listen(), …].
    return isinstance(part, str) and ("[" in part or part in ("nullable", "none"))


def _place(document: CommentedMap, location: list[int | str]) -> _Place:
    node: object = document
    line, key = 1, ""
    for part in location:
        if isinstance(node, CommentedMap) and isinstance(part, str) and part in node:
            line = node.lc.key(part)[0] + 1
            key = f"{key}.{part}" if key else part
            node = node[part]
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            line = node.lc.item(part)[0] + 1
            key = f"{key}[{part + 1}]"
            node = node[part]
    return _Place(line, key or str(location[0] if location else "file"))


def _message(error: ErrorDetails, key: str) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        section, _, word = key.rpartition(".")
        return f"is not a setting; {closest(word, _known(section))}"
    if kind == "value_error":
        text = str(context["error"])
        return text if text.startswith(f"{key}.") else f"is wrong: {text}"
    if kind == "enum":
        return f"must be {context['expected']}, not {str(error['input'])!r}"
    if kind in _PLAIN_SENTENCES:
        return _PLAIN_SENTENCES[kind]
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = "at least" if kind == "greater_than_equal" else "at most"
        return f"must be {bound} {context['ge' if bound == 'at least' else 'le']}"
    return f"is wrong: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _known(section: str) -> list[str]:
    model: type[BaseModel] = Settings
    for part in filter(None, section.split(".")):
        model = section_within(model.model_fields[part.partition("[")[0]].annotation) or model
    return list(model.model_fields)
