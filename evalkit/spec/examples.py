"""The rows under ``# Examples``: what must come out of a request, written beside the rules that say so.

::

    | example          | given              | when                                             | then                |
    |------------------|--------------------|--------------------------------------------------|---------------------|
    | no consent       | consent: false     | -                                                | refuse NO_CONSENT   |
    | one early refill | consent: true      | drug: metformin, days_left: 3                    | decision: approve   |

``given`` holds flags, ``when`` input fields, ``then`` output fields or ``refuse CODE``; each as ``name: value`` pairs
with commas between, values as in the head of the document (text with a comma in quotes), ``-`` for none. Examples are
tests, not behaviour: they move the content digest of a spec and not its behaviour digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.errors import SpecError
from evalkit.spec.contract import check_output
from evalkit.spec.frontmatter import parse_head, split_document
from evalkit.spec.header import suggest
from evalkit.spec.markdown import RawRow, Section, read_block, split_sections
from evalkit.spec.schema import Spec
from evalkit.spec.shapes import CONTRACT_CODES

HEADING = "Examples"
COLUMNS = ("example", "given", "when", "then")
_REFUSE = "refuse "


@dataclass(frozen=True, slots=True, repr=False)
class Example:
    """One row. ``output`` and ``refusal`` are what must come out; exactly one of them is there."""

    name: str
    line: int
    flags: Mapping[str, bool]
    input: Mapping[str, Any]
    output: Mapping[str, Any] | None
    refusal: str | None

    def __repr__(self) -> str:
        return f"Example(line {self.line}, {self.refusal or 'an answer'})"


def read_examples(spec: Spec) -> tuple[Example, ...]:
    """The examples of a spec, in the order of the file; none where nothing or no table stands under the heading.

    Raises SpecError with the line for a row that does not fit the contract of the spec.
    """
    if HEADING not in spec.prose:
        return ()
    _, body, first = split_document(spec.source, path=spec.path)
    sections = split_sections(body, first=first, path=spec.path)
    section = next(one for one in sections if one.heading == HEADING)
    if not any(token.type == "table_open" for token in section.tokens):
        return ()
    block = read_block(section, "table")
    if block.columns != COLUMNS:
        raise SpecError(
            "the columns of the examples are others",
            where=f"{spec.path}:{block.line}",
            next_step=f"write | {' | '.join(COLUMNS)} |",
        )
    examples = tuple(_read(spec, section, row) for row in block.rows)
    names = [example.name for example in examples]
    for example in examples:
        if names.count(example.name) > 1:
            raise SpecError(
                "two examples have one name", where=f"{spec.path}:{example.line}", next_step="rename one of the two"
            )
    return examples


def _read(spec: Spec, section: Section, row: RawRow) -> Example:
    where = f"{section.path}:{row.line}"
    name, given, when, then = row.cells
    flags = _pairs(given, "given", where)
    fields = _pairs(when, "when", where)
    for flag, granted in flags.items():
        if not isinstance(granted, bool):
            raise SpecError(f"the flag {flag!r} is no true or false", where=where, next_step="write true or false")
    _refuse_unknown(fields, spec.input, "an input field", where)
    if not name:
        raise SpecError("an example without a name", where=where, next_step="name it in the first column")
    if then.startswith(_REFUSE):
        code = then.removeprefix(_REFUSE).strip()
        codes = dict.fromkeys([*(rule.code for rule in spec.refuse), *CONTRACT_CODES])
        _refuse_unknown({code: None}, codes, "a refusal code of this spec", where)
        return Example(name, row.line, flags, fields, None, code)
    output = _pairs(then, "then", where)
    _refuse_unknown(output, spec.output, "an output field", where)
    missing = {name for name, field in spec.output.items() if field.required} - set(output)
    broken = [path for path in check_output(spec, output) if path not in missing]
    if not output or broken:
        raise SpecError(
            f"'then' breaks the output schema at {broken[0]}" if broken else "'then' says nothing",
            where=where,
            next_step="write output fields as the spec declares them, or 'refuse CODE'",
        )
    return Example(name, row.line, flags, fields, output, None)


def _pairs(cell: str, column: str, where: str) -> dict[str, Any]:
    """``name: value, name: value`` of one cell."""
    if cell in {"", "-"}:
        return {}
    try:
        value = parse_head("{" + cell + "}", path=where).plain_value()
    except SpecError as error:
        raise SpecError(
            f"{column!r} cannot be read: {error.what}",
            where=where,
            next_step="write 'name: value' pairs with commas between, and text that has a comma in quotes",
        ) from None
    if not isinstance(value, dict):
        raise SpecError(f"{column!r} is no 'name: value' pairs", where=where, next_step="write '-' for none")
    return value


def _refuse_unknown(names: Mapping[str, Any], known: Mapping[str, Any], what: str, where: str) -> None:
    for name in names:
        if name not in known:
            near = suggest(name, known)
            raise SpecError(
                f"{name[:40]!r} is not {what}",
                where=where,
                next_step=f"did you mean {near}?" if near else f"known: {', '.join(known)}",
            )
