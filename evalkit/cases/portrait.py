"""A case to look at: its text with everything marked that is known of it, beside its facts and its answer.

Cases show no value in passing. This is asking for it, so only synthetic and de-identified cases have a portrait. Static
HTML like every card: escaped, no script, the same bytes for the same case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from evalkit.cards import Grid, card
from evalkit.cases.case import Case
from evalkit.errors import CaseError

_STYLE = (
    "<style>.ek-p{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:0 20px;max-width:78em}"
    ".ek-p pre{white-space:pre-wrap;font:12px/1.75 ui-monospace,monospace;margin:8px 0;background:none;color:inherit;"
    "word-break:normal;overflow-wrap:anywhere}"
    ".ek-p .ek th,.ek-p .ek td{text-align:left!important}"
    ".ek-p .ek{border:0;padding:0}.ek-p .ek-t{font-size:13px}"
    ".ek-p mark{color:inherit;background:none;border-radius:3px;padding:1px 2px}"
    ".ek-p .p{background:rgba(214,69,65,.28)}.ek-p .r{background:rgba(230,126,34,.32)}"
    ".ek-p .v{background:rgba(127,140,141,.32)}.ek-p .d{outline:1px dashed rgba(127,127,127,.9)}"
    ".ek-p .e{border-bottom:2px solid rgba(46,134,193,.9)}</style>"
)
_KEY = (
    '<p><mark class="p">patient</mark> <mark class="r">relative</mark> <mark class="v">provider</mark> '
    '<mark class="d">looks like an identifier, is none</mark> <mark class="e">evidence of the answer</mark></p>'
)
_CLASS = {"patient": "p", "relative": "r", "household": "r", "employer": "v", "provider": "v", "organisation": "v"}
_FACT_PARTS = ("polarity", "laterality", "date", "source_document")


@dataclass(frozen=True, slots=True, repr=False)
class Portrait:
    """What `portray` gives; shows itself in a notebook, and in text says how much is marked."""

    case: Case
    field: str

    def __repr__(self) -> str:
        marked = sum(name == self.field for name in self.case.spans.field)
        return f"Portrait({self.case.case_id}, {self.field}, {marked} spans, {len(self.case.facts)} facts)"

    def _repr_html_(self) -> str:
        return (
            f'{_STYLE}<div class="ek-p"><div>{_KEY}<pre>{_marked(self.case, self.field)}</pre></div>'
            f"<div>{_beside(self.case)}</div></div>"
        )


def portray(case: Case, field: str = "note_text") -> Portrait:
    """A case with one of its texts marked. Raises CaseError for a case of data class ``phi``, and for no such text."""
    if case.data_class == "phi":
        raise CaseError("a case with PHI is not drawn", where=case.case_id, next_step="de-identify it first")
    if case.text_of(field) is None:
        raise CaseError("the case has no such text", where=f"{case.case_id}, {field}")
    return Portrait(case, field)


def _marked(case: Case, field: str) -> str:
    """The text in pieces between all borders, each piece with the classes of what covers it."""
    text = case.text_of(field) or ""
    covers = sorted(_covers(case, field))
    borders = sorted({0, len(text), *(place for start, end, _ in covers for place in (start, end))})
    pieces = []
    for start, end in pairwise(borders):
        names = sorted({name for begin, stop, name in covers if begin <= start and end <= stop})
        shown = escape(text[start:end])
        pieces.append(f'<mark class="{" ".join(names)}">{shown}</mark>' if names else shown)
    return "".join(pieces)


def _covers(case: Case, field: str) -> Iterator[tuple[int, int, str]]:
    labels, decoys = case.labels, case.decoys
    for name, start, end, subject in zip(labels.field, labels.start, labels.end, labels.subject, strict=True):
        if name == field:
            yield start, end, _CLASS[subject]
    for name, start, end in zip(decoys.field, decoys.start, decoys.end, strict=True):
        if name == field:
            yield start, end, "d"
    for span in _spans_in(case.gold):
        if span["field"] == field:
            yield span["start"], span["end"], "e"


def _spans_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every span anywhere in a gold answer."""
    if isinstance(value, Mapping):
        if {"field", "start", "end"} <= set(value):
            yield value
        for entry in value.values():
            yield from _spans_in(entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from _spans_in(entry)


def _beside(case: Case) -> str:
    facts = [
        (str(fact.get("type", "")), _what(fact), "; ".join(str(fact[part]) for part in _FACT_PARTS if part in fact))
        for fact in case.facts
    ]
    answer = [(name, _short(value)) for name, entries in case.gold.items() for value in _entries(entries)]
    return card(
        f"Case {case.case_id}",
        lead=f"expects {case.refusal or 'an answer'}; {', '.join(case.tags) or 'no tags'}",
        grids=[
            Grid(["fact", "what", "how, where, when, told by"], facts),
            Grid(["answer", ""], answer),
        ],
    )


def _what(fact: Mapping[str, Any]) -> str:
    parts = (fact.get(name) for name in ("name", "value", "unit", "code"))
    return " ".join(str(part) for part in parts if part is not None)


def _entries(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _short(value: Any) -> str:
    """An entry of the answer without its spans, which are marked in the text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_short(part)}" for name, part in value.items() if name != "evidence" and part != [])
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
