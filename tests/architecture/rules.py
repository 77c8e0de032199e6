"""The architecture's rules, each a pure function from modules to complaints; an empty list is good."""

import ast
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "watchkeep"


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file: its dotted name, whether it is a package's door, its text and its tree."""

    name: str
    is_door: bool
    text: str
    tree: ast.Module

    @classmethod
    def of(cls, name: str, text: str, *, is_door: bool = False) -> "Module":
        """Parse a text."""
        return cls(name, is_door, text, ast.parse(text))


@dataclass(frozen=True, slots=True)
class Allowance:
    """An exemption from one rule: module (and those below it), the names it covers, and why."""

    rule: str
    module: str
    names: frozenset[str]
    reason: str

    def covers(self, rule: str, module: str, name: str) -> bool:
        """Say whether it exempts the name."""
        return (
            rule == self.rule
            and (module == self.module or module.startswith(self.module + "."))
            and ("*" in self.names or name in self.names)
        )


@dataclass(frozen=True, slots=True)
class Quality:
    """What quality.toml says."""

    bars: dict[str, float]
    allowances: tuple[Allowance, ...]
    unused_words: frozenset[str]
    """Words that no name of ours may hold, from docs/glossary.md."""

    def allows(self, rule: str, module: str, name: str) -> bool:
        """Say whether some allowance exempts the name."""
        return any(allowance.covers(rule, module, name) for allowance in self.allowances)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A broken rule: where, and what; `subject` is what an allowance may name."""

    rule: str
    module: str
    subject: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.module}: {self.sentence}"


Rule = Callable[[Module, Quality], list[Complaint]]


def read_modules(source: Path = SOURCE) -> list[Module]:
    """Every Python file of the package."""
    modules = []
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source.parent).with_suffix("").parts
        is_door = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_door else parts)
        modules.append(Module.of(name, path.read_text(encoding="utf-8"), is_door=is_door))
    return modules


def read_quality(root: Path = ROOT) -> Quality:
    """The bars and exemptions of quality.toml, and the words the glossary does not want."""
    table = tomllib.loads((root / "quality.toml").read_text(encoding="utf-8"))
    allowances = tuple(
        Allowance(entry["rule"], entry["module"], frozenset(entry["names"]), entry["reason"])
        for entry in table["allow"]
    )
    return Quality(table["bars"], allowances, unused_words((root / "docs/glossary.md").read_text()))


def unused_words(glossary: str) -> frozenset[str]:
    """The first column of the glossary's table of words that are not used."""
    _, _, tail = glossary.partition("## Words that are not used")
    return frozenset(re.findall(r"^\| ([a-z]+) \|", tail, re.MULTILINE)) - {"word"}


def check(modules: Sequence[Module], quality: Quality, rules: Collection[Rule]) -> list[Complaint]:
    """Every complaint that no allowance covers."""
    return [
        complaint
        for module in modules
        for rule in rules
        for complaint in rule(module, quality)
        if not quality.allows(complaint.rule, complaint.module, complaint.subject)
    ]


def short_files(module: Module, quality: Quality) -> list[Complaint]:
    """A file is no longer than the bar."""
    lines = len(module.text.splitlines())
    if lines <= quality.bars["file_lines_max"]:
        return []
    return [Complaint("short_files", module.name, "file", f"{lines} lines; split it along the glossary")]


def short_functions(module: Module, quality: Quality) -> list[Complaint]:
    """A function is no longer than the bar, signature and docstring included."""
    return [
        Complaint("short_functions", module.name, node.name, f"{node.name} has {length} lines")
        for node in _functions(module.tree)
        if (length := function_length(node)) > quality.bars["function_lines_max"]
    ]


FORBIDDEN_MODULES = frozenset(
    {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc", "base", "core", "service"}
)


def named_modules(module: Module, quality: Quality) -> list[Complaint]:
    """A module is a noun that says what it holds."""
    return [
        Complaint("named_modules", module.name, part, f"'{part}' says nothing about what is inside")
        for part in module.name.split(".")
        if part in FORBIDDEN_MODULES or any(part.endswith("_" + word) for word in FORBIDDEN_MODULES)
    ]


def signed_doors(module: Module, quality: Quality) -> list[Complaint]:
    """A package's door holds one sentence, In, Out and Knows, and nothing else."""
    if not module.is_door or module.name == "watchkeep":
        return []
    lines = (ast.get_docstring(module.tree) or "").splitlines() or [""]
    missing = [sign for sign in ("In:", "Out:", "Knows:") if not any(x.startswith(sign) for x in lines)]
    complaints = [
        Complaint("signed_doors", module.name, sign, f"its door has no '{sign}' line") for sign in missing
    ]
    if not lines[0].endswith("."):
        complaints.append(Complaint("signed_doors", module.name, "sentence", "its door has no sentence"))
    if len(module.tree.body) > 1:
        complaints.append(Complaint("signed_doors", module.name, "code", "its door holds code"))
    return complaints


def no_type_checking(module: Module, quality: Quality) -> list[Complaint]:
    """Nothing is imported for the type checker alone: the ring would still be there."""
    return [
        Complaint("no_type_checking", module.name, "TYPE_CHECKING", f"TYPE_CHECKING in line {node.lineno}")
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Name) and node.id == "TYPE_CHECKING")
        or (isinstance(node, ast.Attribute) and node.attr == "TYPE_CHECKING")
    ]


def imports_on_top(module: Module, quality: Quality) -> list[Complaint]:
    """No import inside a function."""
    return [
        Complaint("imports_on_top", module.name, name, f"imports {name} in line {node.lineno} of a function")
        for function in _functions(module.tree)
        for node in ast.walk(function)
        for name in _imported(node)
    ]


MACHINE_MODULES = frozenset(
    {"os", "time", "random", "secrets", "subprocess", "socket", "threading", "multiprocessing", "tempfile"}
) | {"shutil", "fcntl"}
MACHINE_METHODS = frozenset(
    {"read_text", "write_text", "read_bytes", "write_bytes", "mkdir", "touch", "iterdir", "rglob", "exists"}
) | {"is_file", "is_dir"}
CHANCE = frozenset({"uuid1", "uuid4"})


def machine_untouched(module: Module, quality: Quality) -> list[Complaint]:
    """Files, time, chance, processes, sockets and threads only in the listed adapters.

    They carry fault injection and the driven clock; whoever goes round them cannot be tested with either.
    """
    rule = "machine_untouched"
    found: list[Complaint] = []
    for node in ast.walk(module.tree):
        line = getattr(node, "lineno", 0)
        found += [
            Complaint(rule, module.name, name.split(".")[0], f"imports {name}, line {line}")
            for name in _imported(node)
            if name.split(".")[0] in MACHINE_MODULES
        ]
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Name) and function.id in {"open", *CHANCE}:
            found.append(Complaint(rule, module.name, function.id, f"calls {function.id}, line {line}"))
        if isinstance(function, ast.Attribute) and _touches(node, function.attr):
            found.append(Complaint(rule, module.name, "Path", f"calls .{function.attr}, line {line}"))
    return found


def no_any_dicts(module: Module, quality: Quality) -> list[Complaint]:
    """`dict[str, Any]` stays at the edges: inside, things have types."""
    return [
        Complaint("no_any_dicts", module.name, "Any", f"{ast.unparse(node)} in line {node.lineno}")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Subscript)
        and re.fullmatch(r"(dict|Mapping|MutableMapping)\[str, (typing\.)?Any\]", ast.unparse(node))
    ]


def no_shell(module: Module, quality: Quality) -> list[Complaint]:
    """No command goes through a shell, where a name could become a command."""
    complaints = []
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        is_shell = any(word.arg == "shell" and not _is_false(word.value) for word in node.keywords)
        if is_shell or ast.unparse(node.func) in {"os.system", "os.popen", "subprocess.getoutput"}:
            sentence = f"a shell in line {node.lineno}"
            complaints.append(Complaint("no_shell", module.name, "shell", sentence))
    return complaints


def narrow_except(module: Module, quality: Quality) -> list[Complaint]:
    """A broad `except` only in the three loops, which record, back off and go on; or to tidy and re-raise."""
    complaints = []
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.ExceptHandler) or ast.unparse(node.body[-1]) == "raise":
            continue
        caught = "everything" if node.type is None else ast.unparse(node.type)
        if re.search(r"\b(everything|Exception|BaseException)\b", caught):
            sentence = f"catches {caught} in line {node.lineno}"
            complaints.append(Complaint("narrow_except", module.name, caught, sentence))
    return complaints


def glossary_names(module: Module, quality: Quality) -> list[Complaint]:
    """No name of ours holds a word that the glossary has set aside."""
    return [
        Complaint("glossary_names", module.name, name, f"{name} (line {line}): '{word}' is not our word")
        for name, line in _defined_names(module.tree)
        for word in _words(name)
        if word in quality.unused_words
    ]


RULES: tuple[Rule, ...] = (
    short_files,
    short_functions,
    named_modules,
    signed_doors,
    no_type_checking,
    imports_on_top,
    machine_untouched,
    no_any_dicts,
    no_shell,
    narrow_except,
    glossary_names,
)


def function_length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from its def to its end."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def function_lengths(modules: Sequence[Module]) -> list[int]:
    """Of every function of the modules."""
    return [function_length(node) for module in modules for node in _functions(module.tree)]


def missing_documents(texts: dict[str, str], existing: Collection[str]) -> list[str]:
    """Documents that code names and that are not there. A full stop may end a sentence."""
    return [
        f"{where} names {document}, which is not there"
        for where, text in texts.items()
        for document in re.findall(r"\bdocs/[\w./-]+?\.(?:md|json)\b", text)
        if document not in existing
    ]


def dead_links(page: Path, text: str) -> list[str]:
    """Relative links of a Markdown page to files or headings that are not there."""
    complaints = []
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists():
            complaints.append(f"{page.name} links {link}, which is not there")
        elif anchor and target.suffix == ".md" and anchor not in _anchors(target.read_text()):
            complaints.append(f"{page.name} links {link}, but there is no such heading")
    return complaints


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "."]
    return []


def _touches(call: ast.Call, method: str) -> bool:
    # Path.read_bytes() takes nothing; a method of ours of that name says which bytes.
    return method in MACHINE_METHODS | CHANCE and not (method == "read_bytes" and call.args)


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _defined_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.arg():
                yield node.arg, node.lineno


def _words(name: str) -> list[str]:
    """The words of a snake_case or CamelCase name, lower case, a plural s taken off."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return [word for part in parts for word in {part.lower(), part.lower().removesuffix("s")}]
