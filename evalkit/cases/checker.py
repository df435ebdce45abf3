"""A second pair of eyes: a case read from the outside, every identifier and every decoy found again in its texts.

Nothing here knows how a text was written. What stands at a span is read back (a date in any of its ways), what is
planted is searched for over the whole input, and whatever has the shape of an identifier must be marked as one or as a
decoy. A problem names case, field and kind, never a value. What the answer should be is a family's to check.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from evalkit.cases.case import Case, text_at
from evalkit.errors import CaseError
from evalkit.phi.identifiers import Identifier
from evalkit.phi.surrogates import has_never_real_range, never_real

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_MONTH = {name[:3].casefold(): number for number, name in enumerate(_MONTHS, 1)}
_DATES = re.compile(
    r"(?P<y1>\d{4})-(?P<m1>\d\d)-(?P<d1>\d\d)|(?P<m2>\d{1,2})/(?P<d2>\d{1,2})/(?P<y2>\d{4}|\d\d)"
    rf"|(?P<m3>{'|'.join(_MONTHS)}) (?P<d3>\d{{1,2}}), (?P<y3>\d{{4}})"
    rf"|(?P<d4>\d{{1,2}}) (?P<m4>{'|'.join(name[:3] for name in _MONTHS)}) (?P<y4>\d{{4}})"
)
_SHAPES = {
    "ssn": re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])"),
    "phone": re.compile(r"(?<![\w.-])(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])"),
    "email": re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"),
    "mrn": re.compile(r"(?<!\w)MRN\d{8}(?!\w)"),
    "plan": re.compile(r"(?<!\w)ZZT\d{9}(?!\w)"),
}
_LONE_AGE = re.compile(r"\d{2,3}")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a case that is not as it says. Holds no PHI."""

    case_id: str
    where: str
    """A field, or a part of the case."""
    what: str

    def __str__(self) -> str:
        return f"{self.case_id}, {self.where}: {self.what}"


def check_case(case: Case) -> tuple[Problem, ...]:
    """Every problem of the spans, identifiers and decoys of a case; empty for one that is right."""
    found = [*_spans(case), *_sightings(case), *_shapes(case), *_identifiers(case), *_decoys(case)]
    return tuple(Problem(case.case_id, where, what) for where, what in found)


def require_sound(problems: Iterable[Problem]) -> None:
    """Raise CaseError with the count and the first problem, where there is any."""
    known = list(problems)
    if known:
        raise CaseError(
            f"{len(known)} problems, the first: {known[0].what}", where=f"{known[0].case_id}, {known[0].where}"
        )


def texts_of(input: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text of an input with its name: ``note_text``, ``chart_notes[2].text``."""
    for name, value in input.items():
        if isinstance(value, str):
            yield name, value
        for number, note in enumerate(value if isinstance(value, (list, tuple)) else ()):
            if isinstance(note, Mapping):
                yield from ((f"{name}[{number}].{key}", text) for key, text in note.items() if isinstance(text, str))


def _marked(case: Case, field: str) -> list[tuple[int, int, str]]:
    columns = zip(case.spans.field, case.spans.start, case.spans.end, case.spans.needle_id, strict=True)
    return [(start, end, needle_id) for name, start, end, needle_id in columns if name == field]


def _spans(case: Case) -> Iterator[tuple[str, str]]:
    """What stands at each span is its identifier, and nothing overlaps."""
    values = {known.needle_id: known for known in case.identifiers}
    for field in dict.fromkeys(case.spans.field):
        text, last = text_at(case.input, field), 0
        for start, end, needle_id in sorted(_marked(case, field)):
            known = values.get(needle_id)
            if text is None or known is None:
                yield field, "a span of an unknown text or identifier"
            elif not _reads_as(text[start:end], known):
                yield field, f"the text at a span is not {needle_id}"
            if start < last:
                yield field, "two spans overlap"
            last = end


def _reads_as(text: str, known: Identifier) -> bool:
    if known.category != "date" or _LONE_AGE.fullmatch(known.value):
        return text == known.value
    found = _DATES.fullmatch(text)
    return found is not None and known.value in _readings(found)


def _readings(found: re.Match[str]) -> set[str]:
    """The days that a written date may mean: a year of two digits has two."""
    parts = {name[0]: value for name, value in found.groupdict().items() if value is not None}
    month = int(parts["m"]) if parts["m"].isdecimal() else _MONTH[parts["m"][:3].casefold()]
    years = [int(parts["y"])] if len(parts["y"]) == 4 else [1900 + int(parts["y"]), 2000 + int(parts["y"])]
    days = set()
    for year in years:
        try:
            days.add(date(year, month, int(parts["d"])).isoformat())
        except ValueError:
            continue
    return days


def _sightings(case: Case) -> Iterator[tuple[str, str]]:
    """Every place where a planted value stands, found by search, lies within a span."""
    words = [known for known in case.identifiers if known.category != "date"]
    days = {known.value for known in case.identifiers if known.category == "date"}
    for field, text in texts_of(case.input):
        marked = _marked(case, field)
        for known in words:
            if any(not _covered(place, marked) for place in _places(known.value, text)):
                yield field, f"{known.needle_id} stands outside every span"
        if any(days & _readings(found) and not _covered(found.span(), marked) for found in _DATES.finditer(text)):
            yield field, "a date of the patient stands outside every span"


def _places(value: str, text: str) -> Iterator[tuple[int, int]]:
    """Where a value stands as whole words."""
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        if not text[max(start - 1, 0) : start].isalnum() and not text[end : end + 1].isalnum():
            yield start, end
        start = text.find(value, start + 1)


def _covered(place: tuple[int, int], marked: Iterable[tuple[int, int, str]]) -> bool:
    return any(start <= place[0] and place[1] <= end for start, end, _ in marked)


def _shapes(case: Case) -> Iterator[tuple[str, str]]:
    """What has the shape of an identifier is marked, or is a decoy."""
    decoys = list(zip(case.decoys.field, case.decoys.start, case.decoys.end, strict=True))
    for field, text in texts_of(case.input):
        allowed = [*_marked(case, field), *((start, end, "") for name, start, end in decoys if name == field)]
        for kind, shape in _SHAPES.items():
            if any(not _covered(found.span(), allowed) for found in shape.finditer(text)):
                yield field, f"a {kind} that is neither planted nor a decoy"


def _identifiers(case: Case) -> Iterator[tuple[str, str]]:
    """Each needle id once, each identifier planted somewhere, and none that could belong to anybody."""
    for needle_id, count in Counter(known.needle_id for known in case.identifiers).items():
        if count > 1:
            yield "identifiers", f"{needle_id} stands twice"
    for known in case.identifiers:
        if known.needle_id not in case.spans.needle_id:
            yield "identifiers", f"{known.needle_id} is planted nowhere"
        if case.data_class == "synthetic" and has_never_real_range(known.category) and not _nobodys(known):
            yield "identifiers", f"{known.needle_id} could belong to somebody"


def _nobodys(known: Identifier) -> bool:
    """In a never-real range, or of our own private scheme with a wrong check digit, which is nobody's either."""
    return never_real(known.category, known.value) or (
        known.category in {"mrn", "plan"} and re.fullmatch(r"(MRN|ZZT)\d{8,9}", known.value) is not None
    )


def _decoys(case: Case) -> Iterator[tuple[str, str]]:
    """A decoy is no value of an identifier and touches no span."""
    values = {known.value for known in case.identifiers}
    for field, start, end in zip(case.decoys.field, case.decoys.start, case.decoys.end, strict=True):
        text = text_at(case.input, field)
        if text is None or not 0 <= start < end <= len(text):
            yield field, "a decoy outside its text"
        elif text[start:end] in values:
            yield field, "a decoy that is an identifier"
        if any(start < stop and begin < end for begin, stop, _ in _marked(case, field)):
            yield field, "a decoy within a span"
