"""Whether the parts of a head fit one another: what no single key can say for itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from evalkit.errors import ConditionError, SpecError
from evalkit.phi.identifiers import CATEGORIES, VALIDATORS
from evalkit.spec.conditions import compile_condition
from evalkit.spec.frontmatter import Node
from evalkit.spec.header import SPEC_ID, Header, suggest
from evalkit.spec.schema import Echo, Gate, InputField, OutputField, RefusalRule, Table

FREE_TEXT = "free_text"
"""Text in which any category may stand; the one word besides the categories."""
PHI_WORDS = (*CATEGORIES, FREE_TEXT)
ITEM_TYPES = ("string", "integer", "number", "boolean", "date", "list[string]", "list[span]")

_SYNONYMS = {
    "names": "name", "patient_name": "name", "address": "geo", "addresses": "geo", "zip": "geo", "zips": "geo",
    "dates": "date", "dob": "date", "phones": "phone", "emails": "email", "ssns": "ssn", "mrns": "mrn",
    "member_id": "plan", "health_plan_number": "plan", "accounts": "account", "licenses": "license",
    "vehicles": "vehicle", "devices": "device", "urls": "url", "ips": "ip", "photos": "photo",
}  # fmt: skip
_ENUM = re.compile(r"[a-z0-9_]+(?:\|[a-z0-9_]+)+")
_SCOPE = re.compile(r"all|tag:[A-Za-z0-9][A-Za-z0-9_.:+-]{0,80}")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(?:/[A-Za-z0-9][A-Za-z0-9_.:@-]*)+")
_TEXTS = {"string", "list[string]", "list[note]"}
_NEEDLE = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
_ECHOING = {"string", "date", "list[string]"}
"""Types in which an identifier can stand as it is written."""


class Mistake(NamedTuple):
    """What does not fit, at which place of the head, and the next step."""

    loc: tuple[int | str, ...]
    what: str
    next_step: str


def check_head(header: Header, root: Node, *, path: str) -> None:
    """Raises SpecError for the first part, by line, that does not fit the others."""
    _raise_first([*_identity(header), *_inputs(header), *_minimum_necessary(header), *_echoes(header),
                  *_outputs(header), *_models(header), *_gates(header)], root, path)  # fmt: skip


def check_refusals(header: Header, tables: Mapping[str, Table], root: Node, *, path: str) -> None:
    """Raises SpecError for the first refusal whose condition is not understood or mentions what is not there."""
    _raise_first(list(_refusals(header, tables)), root, path)


def _raise_first(mistakes: list[Mistake], root: Node, path: str) -> None:
    if mistakes:
        line, mistake = min(((root.find(mistake.loc)[1], mistake) for mistake in mistakes), key=lambda pair: pair[0])
        raise SpecError(mistake.what, where=f"{path}:{line}", next_step=mistake.next_step)


def _identity(header: Header) -> Iterator[Mistake]:
    if header.supersedes is not None and version_key(header.supersedes) >= version_key(header.version):
        yield Mistake(("supersedes",), "a version supersedes an earlier one", "name an earlier version, or null")
    table = header.code_table
    if table is not None and (re.match(r"[/\\]|[A-Za-z]:", table) or ".." in re.split(r"[/\\]", table)):
        yield Mistake(("code_table",), "code_table leaves the folder of the spec", "name a file beside the spec")


def version_key(version: str) -> tuple[int, int, int]:
    """``1.10.0`` as (1, 10, 0), which sorts as people count."""
    major, minor, patch = version.split(".")
    return int(major), int(minor), int(patch)


def _inputs(header: Header) -> Iterator[Mistake]:
    derived: dict[str, str] = {}
    for name, declared in header.input.items():
        loc = ("input", name)
        yield from _values(loc, declared)
        yield from _unknown_phi((*loc, "phi"), declared.phi)
        if (declared.use == "derive") != (declared.derive is not None):
            yield Mistake(loc, f"input.{name}: 'use: derive' and 'derive:' go together", "write both or neither")
        if declared.derive is not None and declared.type != "date":
            yield Mistake(loc, f"input.{name}: {declared.derive} is derived from a date", "make its type date")
        if declared.derive is not None and declared.derive in {**header.input, **derived}:
            yield Mistake(loc, f"input.{name}: another field is called {declared.derive}", "rename one of the two")
        if declared.derive is not None:
            derived[declared.derive] = name
        if declared.max_chars is not None and declared.type not in _TEXTS:
            yield Mistake((*loc, "max_chars"), f"input.{name}: max_chars is for text", "delete max_chars")


def _values(loc: tuple[str, str], declared: InputField | OutputField) -> Iterator[Mistake]:
    place = ".".join(loc)
    if (declared.type == "enum") != bool(declared.values):
        yield Mistake(loc, f"{place}: 'type: enum' and 'values:' go together", "write both or neither")
    if len(set(declared.values)) < len(declared.values):
        yield Mistake((*loc, "values"), f"{place}: a value stands twice", "keep one of the two")


def _unknown_phi(loc: tuple[str, ...], words: Iterable[str]) -> Iterator[Mistake]:
    for word in words:
        if word not in PHI_WORDS:
            near = _SYNONYMS.get(word) or suggest(word, PHI_WORDS)
            step = f"write {near}" if near else f"known: {', '.join(PHI_WORDS)}"
            yield Mistake(loc, f"{'.'.join(loc)}: {word!r} is not a category of identifiers", step)


def reaching_names(header: Header) -> dict[str, str]:
    """Name that a model may see -> the input field behind it (another one where it is derived)."""
    names = {name: name for name, declared in header.input.items() if declared.use == "send"}
    return names | {d.derive: name for name, d in header.input.items() if d.derive is not None}


def _minimum_necessary(header: Header) -> Iterator[Mistake]:
    declared = header.minimum_necessary
    reaching = reaching_names(header)
    for name, reason in declared.allow.items():
        loc = ("minimum_necessary", "allow", name)
        if name not in reaching:
            use = header.input[name].use if name in header.input else None
            what = f"is {use} and never reaches a model" if use else "is no input field and not derived from one"
            near = suggest(name, reaching)
            yield Mistake(loc, f"allow: {name} {what}", f"did you mean {near}?" if near else "take it off the list")
        if len(reason.strip()) < 3:
            yield Mistake(loc, f"allow: {name} has no reason", "say in one line why the purpose needs it")
    # a field that is not allowed is often a misspelt one of the list, so what is there and wrong comes first
    left_out = {} if set(declared.allow) - set(reaching) else reaching
    for name, source in left_out.items():
        if name not in declared.allow:
            step = "add it to minimum_necessary.allow with a reason, or set 'use: validate_only'"
            yield Mistake(("input", source), f"input.{source} is sent, and {name} is not allowed", step)
    forbid = ("minimum_necessary", "forbid")
    for name in declared.forbid:
        if name in header.input or name in reaching:
            yield Mistake(forbid, f"{name} is forbidden and an input at once", "take it off one of the two")
        if not re.fullmatch(SPEC_ID[1:-1], name):
            yield Mistake(forbid, "a forbidden name is not a field name", "use lower-case letters, digits and _")


def _echoes(header: Header) -> Iterator[Mistake]:
    types: dict[str, str] = {name: field.type for name, field in header.output.items()}
    types |= {
        f"{name}.{entry}": kind for name, field in header.output.items() for entry, kind in (field.item or {}).items()
    }
    seen: set[tuple[str, str]] = set()
    for number, echo in enumerate(header.minimum_necessary.echo):
        loc = ("minimum_necessary", "echo", number)
        for what, step in _echo(echo, types, header.minimum_necessary.forbid):
            yield Mistake(loc, f"echo[{number}]: {what}", step)
        if (echo.field, echo.needle) in seen:
            yield Mistake(loc, f"echo[{number}]: the same field and needle stand here again", "keep one of the two")
        seen.add((echo.field, echo.needle))


def _echo(echo: Echo, types: Mapping[str, str], forbidden: Iterable[str]) -> Iterator[tuple[str, str]]:
    if echo.field not in types:
        near = suggest(echo.field, types)
        yield "the field is not one of the output", f"did you mean {near}?" if near else f"known: {', '.join(types)}"
    elif types[echo.field] not in _ECHOING:
        yield f"a field of type {types[echo.field]} repeats no identifier", "name a text or date, or an entry of a list"
    if not _NEEDLE.fullmatch(echo.needle):
        yield "a needle is written whose.what", "write patient.member_id, for one"
    elif echo.needle.rsplit(".", 1)[-1] in forbidden:
        yield (
            "the needle is a field that the spec forbids",
            "what must not come cannot go out: drop one of the two",
        )
    if len(echo.reason.strip()) < 3:
        yield "there is no reason", "say in one line why the purpose needs it in the output"


def _outputs(header: Header) -> Iterator[Mistake]:
    for name, declared in header.output.items():
        loc = ("output", name)
        yield from _values(loc, declared)
        if (declared.type == "list") != (declared.item is not None):
            yield Mistake(loc, f"output.{name}: 'type: list' and 'item:' go together", "write both or neither")
        for entry, type_ in (declared.item or {}).items():
            if type_ not in ITEM_TYPES and not _ENUM.fullmatch(type_):
                step = f"write one of {', '.join(ITEM_TYPES)}, or words like met|not_met"
                yield Mistake((*loc, "item", entry), f"output.{name}.item.{entry} has an unknown type", step)
            if not re.fullmatch(SPEC_ID[1:-1], entry):
                step = "use lower-case letters, digits and _, first a letter"
                yield Mistake((*loc, "item", entry), f"output.{name}: an entry is not a field name", step)
        bounds = [bound for bound in (declared.min, declared.max) if bound is not None]
        if bounds and declared.type not in {"number", "integer"}:
            yield Mistake(loc, f"output.{name}: min and max are for numbers", "delete them")
        if bounds != sorted(bounds):
            yield Mistake(loc, f"output.{name}: min is above max", "swap them")


def _models(header: Header) -> Iterator[Mistake]:
    if not header.models.allow:
        yield Mistake(("models", "allow"), "no model is allowed", "allow at least rules/offline")
    for name in header.models.allow:
        if not _MODEL.fullmatch(name):
            yield Mistake(("models", "allow"), "a model is written provider/name", "write rules/offline, for one")


def _gates(header: Header) -> Iterator[Mistake]:
    seen: set[tuple[object, ...]] = set()
    for number, gate in enumerate(header.gates):
        loc = ("gates", number)
        for what, step in _gate(gate):
            yield Mistake(loc, f"gates[{number}] ({gate.metric}): {what}", step)
        bounds = tuple(n for n in ("min", "max", "equals", "max_drop") if getattr(gate, n) is not None)
        for bound in bounds:
            key = (gate.figure, gate.scope, bound, gate.versus if bound == "max_drop" else None)
            if key in seen:
                yield Mistake(loc, f"gates[{number}] ({gate.metric}): {bound} is gated twice", "keep one of the two")
            seen.add(key)


def _gate(gate: Gate) -> Iterator[tuple[str, str]]:
    if gate.min is None and gate.max is None and gate.equals is None and gate.max_drop is None:
        yield "no bound", "write min, max, equals or max_drop"
    if gate.equals is not None and (gate.min is not None or gate.max is not None):
        yield "equals leaves no room for min or max", "keep equals, or the range"
    if gate.min is not None and gate.max is not None and gate.min > gate.max:
        yield "min is above max", "swap them"
    if gate.max_drop is not None and gate.versus is None:
        yield "a drop needs something to drop from", "add 'versus: production'"
    if gate.max_drop is None and gate.versus is not None:
        yield "versus belongs to max_drop", "add max_drop, or delete it"
    if gate.test != "midp" and gate.max_drop is None:
        yield "test belongs to max_drop", "add max_drop, or delete it"
    if gate.bound != "two_sided" and gate.min is None and gate.max is None:
        yield "bound belongs to min and max", "add one of them, or delete it"
    others = (gate.max, gate.equals, gate.max_drop)
    if gate.trials is not None and (gate.min is None or any(bound is not None for bound in others)):
        yield "trials belongs to min alone", "write the other bounds as a gate of their own"
    if not _SCOPE.fullmatch(gate.scope):
        yield "the scope is not known", "write 'all' or 'tag:<tag>'"
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", gate.metric):
        yield "a metric is a lower-case name", "use letters, digits and _"


def _refusals(header: Header, tables: Mapping[str, Table]) -> Iterator[Mistake]:
    codes: set[str] = set()
    for number, rule in enumerate(header.refuse):
        loc = ("refuse", number)
        if rule.code in codes:
            yield Mistake(loc, f"refuse: {rule.code} stands here again", "join the two with 'or', or rename one")
        codes.add(rule.code)
        if rule.field is not None and rule.field not in header.input:
            yield Mistake((*loc, "field"), f"refuse {rule.code}: {rule.field} is no input field", "name an input field")
        yield from _condition(rule, (*loc, "when"), header, tables)


def _condition(
    rule: RefusalRule, loc: tuple[int | str, ...], header: Header, tables: Mapping[str, Table]
) -> Iterator[Mistake]:
    try:
        condition = compile_condition(rule.when)
    except ConditionError as error:
        yield Mistake(loc, f"refuse {rule.code}: {error.what}", error.next_step or "")
        return
    for kind, names, known in (
        ("an input field", condition.inputs, tuple(header.input)),
        ("a validator", condition.validators, tuple(VALIDATORS)),
        ("a table here", tuple(heading for heading, _ in condition.columns), tuple(tables)),
    ):
        for name in names:
            if name not in known:
                near = suggest(name, known)
                step = f"did you mean {near}?" if near else f"known: {', '.join(known)}"
                yield Mistake(loc, f"refuse {rule.code}: {name!r} is not {kind}", step)
    for heading, column in condition.columns:
        if heading in tables and column not in tables[heading].columns:
            step = f"its columns: {', '.join(tables[heading].columns)}"
            yield Mistake(loc, f"refuse {rule.code}: {heading!r} has no column {column!r}", step)
