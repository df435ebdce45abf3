"""The small safe language of ``refuse`` conditions. It is parsed, walked and never evaluated by Python.

A condition is built of::

    input.name   flags.name   today              what the calling system sent; the day
    valid.npi(input.rendering_npi)               a check of grammar and check digit
    table('Services').code                       a column of an executable table
    len(input.chart_notes)                       a length
    any_forbidden(input)                         a field that must never come is there
    any_note_mrn_differs(input)                  a note of another patient is there
    == != < <= > >=   in   not in   is None      and   or   not   ( )   'text'   12   [1, 2]   true   false

**What is not known refuses.** A comparison with a missing field, between unlike kinds (text and a number), or with a
date that is none, is neither true nor false but *unknown*; ``not unknown`` is unknown, ``and`` and ``or`` follow
Kleene's three-valued logic, and an unknown condition **holds**, because a condition that holds refuses. ``is None``
asks about absence and is always known, so an optional field is written ``input.x is not None and input.x == 'a'``.
A missing flag is false, and ``valid.*`` of a missing field is false.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from evalkit.errors import ConditionError
from evalkit.spec.logic import Truth, among, compared, conjunction, disjunction
from evalkit.spec.schema import Table

MAX_LENGTH = 400
MAX_DEPTH = 12
MAX_NODES = 120

_ALLOWED = (
    "allowed: input.x, flags.x, today, valid.x(...), table('Heading').column, len(...), any_forbidden(input), "
    "any_note_mrn_differs(input), comparisons, in, is None, and, or, not, text, numbers, lists"
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
WRITTEN_MRN = re.compile(r"\bMRN[0-9]{8}\b")
"""A medical record number as it stands in the text of a note (`evalkit.phi.identifiers.valid_mrn`)."""
_STRANGE = re.compile(r"[^\x20-\x7e]|\\|[#;@{}]")
_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


@dataclass(frozen=True, slots=True, repr=False)
class Context:
    """What a condition is asked about. Holds PHI; ``repr`` shows none."""

    input: Mapping[str, Any]
    flags: Mapping[str, Any]
    tables: Mapping[str, Table]
    forbidden: tuple[str, ...]
    today: date
    validators: Mapping[str, Callable[[Any], bool]]

    def __repr__(self) -> str:
        return f"Context({len(self.input)} fields, {len(self.flags)} flags)"


Value = Callable[[Context], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A condition that is understood, with everything that it mentions."""

    text: str
    fields: tuple[str, ...]
    """Names of input fields and flags, without their prefix, in the order of mention."""
    inputs: tuple[str, ...]
    flags: tuple[str, ...]
    validators: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    """``(heading, column)`` of each table mentioned."""
    test: Callable[[Context], Truth] = field(repr=False)

    def holds(self, context: Context) -> bool:
        """Whether the condition is true or unknown."""
        return self.test(context) is not False

    def field_in(self, context: Context) -> str | None:
        """The field that a refusal names: the first one mentioned, or a forbidden one that is there."""
        if self.fields:
            return self.fields[0]
        return next(iter(forbidden_names(context.input, context.forbidden)), None)


def forbidden_names(value: Any, forbidden: Sequence[str]) -> tuple[str, ...]:
    """Which forbidden names are keys anywhere in a JSON value, in the order of ``forbidden``."""
    keys: set[str] = set()
    pending = [value]
    while pending:
        entry = pending.pop()
        if isinstance(entry, Mapping):
            keys.update(entry)
            pending.extend(entry.values())
        elif isinstance(entry, (list, tuple)):
            pending.extend(entry)
    return tuple(name for name in forbidden if name in keys)


@lru_cache(maxsize=512)
def compile_condition(text: str) -> Condition:
    """The condition written in ``text``. Raises ConditionError with the column and what is allowed."""
    tree = _parse(text)
    nodes = _measure(tree)
    if nodes > MAX_NODES:
        raise _refusal("the condition is too long", tree)
    compiler = _Compiler()
    test = compiler.truth(tree)
    return Condition(
        text,
        fields=tuple(dict.fromkeys(name for _, name in compiler.mentions)),
        inputs=tuple(dict.fromkeys(name for kind, name in compiler.mentions if kind == "input")),
        flags=tuple(dict.fromkeys(name for kind, name in compiler.mentions if kind == "flags")),
        validators=tuple(dict.fromkeys(compiler.validators)),
        columns=tuple(dict.fromkeys(compiler.columns)),
        test=test,
    )


def _parse(text: str) -> ast.expr:
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"the condition is longer than {MAX_LENGTH} characters", next_step="split it in two rows")
    strange = _STRANGE.search(text)
    if strange is not None:
        raise ConditionError(f"column {strange.start() + 1}: a character that means nothing here", next_step=_ALLOWED)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        column = f"column {error.offset}: " if error.offset else ""
        raise ConditionError(f"{column}the condition cannot be read", next_step=_ALLOWED) from None
    except (ValueError, RecursionError, MemoryError, Warning):
        raise ConditionError("the condition cannot be read", next_step=_ALLOWED) from None


def _measure(tree: ast.expr) -> int:
    """The number of nodes. Raises ConditionError where they stand too deep; uses a stack, not recursion."""
    count = 0
    pending: list[tuple[ast.AST, int]] = [(tree, 1)]
    while pending:
        node, depth = pending.pop()
        count += 1
        if depth > MAX_DEPTH:
            raise _refusal(f"more than {MAX_DEPTH} levels", tree)
        pending.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
    return count


def _refusal(what: str, node: ast.AST) -> ConditionError:
    return ConditionError(f"column {getattr(node, 'col_offset', 0) + 1}: {what}", next_step=_ALLOWED)


@dataclass(slots=True)
class _Compiler:
    """Turns syntax into closures over the context, and notes what is mentioned."""

    mentions: list[tuple[str, str]] = field(default_factory=list)
    validators: list[str] = field(default_factory=list)
    columns: list[tuple[str, str]] = field(default_factory=list)

    def truth(self, node: ast.expr) -> Callable[[Context], Truth]:
        """A node that must be true, false or unknown."""
        if isinstance(node, ast.BoolOp):
            parts = tuple(self.truth(part) for part in node.values)
            return conjunction(parts) if isinstance(node.op, ast.And) else disjunction(parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth(node.operand)
            return lambda context: None if (found := inner(context)) is None else not found
        if isinstance(node, ast.Compare):
            return self.comparison(node)
        if isinstance(node, ast.Call):
            return self.question(node)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            value = self.value(node)
            return lambda context: found if isinstance(found := value(context), bool) else None
        if isinstance(node, ast.Name) and node.id in _TRUTHS:
            return _constant(_TRUTHS[node.id])
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return _constant(node.value)
        raise _refusal("this is neither true nor false", node)

    def comparison(self, node: ast.Compare) -> Callable[[Context], Truth]:
        """``a < b < c``: every neighbouring pair."""
        links = []
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            links.append(self.link(left, op, right))
            left = right
        return conjunction(tuple(links))

    def link(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Callable[[Context], Truth]:
        """One pair of a comparison."""
        first = self.value(left)
        if isinstance(right, ast.Constant) and right.value is None:
            if isinstance(op, (ast.Is, ast.Eq)):
                return lambda context: first(context) is None
            if isinstance(op, (ast.IsNot, ast.NotEq)):
                return lambda context: first(context) is not None
        second = self.value(right)
        if isinstance(op, ast.In):
            return lambda context: among(first(context), second(context))
        if isinstance(op, ast.NotIn):
            return lambda context: None if (found := among(first(context), second(context))) is None else not found
        compare = _ORDER.get(type(op))
        if compare is None:
            raise _refusal("'is' is for None only", left)
        return lambda context: compared(first(context), second(context), compare)

    def question(self, node: ast.Call) -> Callable[[Context], Truth]:
        """A call that answers yes or no."""
        function = node.func
        if (
            isinstance(function, ast.Attribute)
            and isinstance(function.value, ast.Name)
            and function.value.id == "valid"
        ):
            name = self.name(function.attr, function)
            asked = self.value(self.only_argument(node))
            self.validators.append(name)
            return lambda context: _valid(context.validators.get(name), asked(context))
        if isinstance(function, ast.Name) and function.id in _OF_INPUT:
            argument = self.only_argument(node)
            if not (isinstance(argument, ast.Name) and argument.id == "input"):
                raise _refusal(f"{function.id} asks about the whole input", node)
            return _OF_INPUT[function.id]
        raise _refusal("no such function that answers yes or no", node)

    def value(self, node: ast.expr) -> Value:
        """A node that gives a value; None where it is missing."""
        if isinstance(node, ast.Constant):
            return _constant(self.literal(node))
        if isinstance(node, ast.Name) and node.id == "today":
            return lambda context: context.today
        if isinstance(node, ast.Name) and node.id in _TRUTHS:
            return _constant(_TRUTHS[node.id])
        if isinstance(node, (ast.List, ast.Tuple)):
            return _constant(tuple(self.literal(entry) for entry in node.elts))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            number = self.literal(node.operand)
            if isinstance(number, (int, float)) and not isinstance(number, bool):
                return _constant(-number)
        if isinstance(node, ast.Attribute):
            return self.attribute(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
            measured = self.value(self.only_argument(node))
            return lambda context: len(found) if isinstance(found := measured(context), (str, list, tuple)) else None
        raise _refusal("this is no part of the language", node)

    def attribute(self, node: ast.Attribute) -> Value:
        """``input.x``, ``flags.x`` or ``table('Heading').x``."""
        owner = node.value
        if isinstance(owner, ast.Name) and owner.id in {"input", "flags"}:
            name = self.name(node.attr, node)
            self.mentions.append((owner.id, name))
            if owner.id == "flags":
                return lambda context: context.flags.get(name, False)
            return lambda context: context.input.get(name)
        if isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "table":
            argument = self.only_argument(owner)
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                heading, column = argument.value, self.name(node.attr, node)
                self.columns.append((heading, column))
                return lambda context: context.tables[heading].column(column) if heading in context.tables else None
        raise _refusal("a name after a dot stands only after input, flags, valid and table('Heading')", node)

    def literal(self, node: ast.expr) -> Any:
        """The value of a literal: text, a number, true, false."""
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value)):
            return value
        raise _refusal("only text, numbers, true and false can be written out", node)

    def only_argument(self, node: ast.Call) -> ast.expr:
        """The one argument of a call."""
        if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
            raise _refusal("a function here takes exactly one argument", node)
        return node.args[0]

    def name(self, name: str, node: ast.expr) -> str:
        """A plain lower-case name."""
        if not _NAME.fullmatch(name):
            raise _refusal("a name is lower-case letters, digits and _, first a letter", node)
        return name


_TRUTHS = {"true": True, "false": False}


def _constant(value: Any) -> Value:
    return lambda _context: value


def _valid(validator: Callable[[Any], bool] | None, value: Any) -> Truth:
    """The validator's answer; unknown where there is no such validator."""
    return None if validator is None else validator(value) is True


def _any_forbidden(context: Context) -> bool:
    return bool(forbidden_names(context.input, context.forbidden))


def _any_note_mrn_differs(context: Context) -> Truth:
    """Compares each record number in the notes with ``input.patient_mrn``, or with one another; no number agrees."""
    found = [context.input.get("patient_mrn"), *_note_mrns(context.input)]
    known = [mrn for mrn in found if mrn is not None]
    if any(not isinstance(mrn, str) for mrn in known):
        return None
    return len({mrn.strip().casefold() for mrn in known}) > 1


def _note_mrns(fields: Mapping[str, Any]) -> Iterator[Any]:
    """The ``mrn`` of each note in a list of notes, and what is written in a text as one: MRN and eight digits."""
    for entries in fields.values():
        if isinstance(entries, str):
            yield from WRITTEN_MRN.findall(entries)
        elif isinstance(entries, (list, tuple)):
            yield from (entry.get("mrn") for entry in entries if isinstance(entry, Mapping))


_OF_INPUT: dict[str, Callable[[Context], Truth]] = {
    "any_forbidden": _any_forbidden,
    "any_note_mrn_differs": _any_note_mrn_differs,
}
