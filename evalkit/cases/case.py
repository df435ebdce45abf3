"""The case: what an agent is tested on, with the answer that is known to be right.

A case does not know the agent. Everything in it is synthetic or de-identified unless ``data_class`` says ``phi``;
its ``repr`` shows no value either way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

from evalkit.cards import Grid, card
from evalkit.digests import digest
from evalkit.phi.identifiers import CATEGORIES, Category, Identifier, Subject
from evalkit.spec.fields import Fields

SCHEMA_VERSION = 1
SAFE_HARBOR: dict[Category, str] = dict(zip(CATEGORIES, "ABCDEFGHIJKLMNOPQR", strict=True))
"""Category -> its letter in 45 CFR 164.514(b)(2)(i)."""


@dataclass(frozen=True, slots=True, repr=False)
class Spans:
    """Where planted identifiers stand in the text of the input; columns of equal length.

    ``start`` and ``end`` count Unicode code points of the field, half open: ``text[start:end]`` is the value.
    """

    __pydantic_config__: ClassVar = {"strict": True, "extra": "forbid"}

    field: tuple[str, ...] = ()
    start: tuple[int, ...] = ()
    end: tuple[int, ...] = ()
    needle_id: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.start)

    def __repr__(self) -> str:
        return f"Spans({len(self.start)})"


@dataclass(frozen=True, slots=True, repr=False)
class Decoys:
    """Where text stands that looks like an identifier and is none: an eponym, a drug named like a person, a code
    shaped like a phone number. Columns of equal length; offsets as in `Spans`."""

    __pydantic_config__: ClassVar = {"strict": True, "extra": "forbid"}

    field: tuple[str, ...] = ()
    start: tuple[int, ...] = ()
    end: tuple[int, ...] = ()
    kind: tuple[str, ...] = ()
    """``eponym``, ``drug``, ``code``, ``room``, ``score``: what it really is."""

    def __len__(self) -> int:
        return len(self.start)

    def __repr__(self) -> str:
        return f"Decoys({len(self.start)})"


@dataclass(frozen=True, slots=True, repr=False)
class Labels:
    """`Spans` joined with the identifiers that stand there; columns of equal length, one row a span.

    This is what a detector of PHI is trained or scored on. It holds offsets and categories, no value.
    """

    field: tuple[str, ...]
    start: tuple[int, ...]
    end: tuple[int, ...]
    category: tuple[Category, ...]
    letter: tuple[str, ...]
    """The Safe Harbor letter of the category, ``A`` to ``R``."""
    subject: tuple[Subject, ...]
    """Whose it is; a provider's name is no identifier of the individual."""
    needle_id: tuple[str, ...]
    value_id: tuple[int, ...]
    """Numbers from 0 in order of first sight: two spans have one number exactly when they hold one value, also where
    the value has two needle ids (the record number in a note and in the request)."""

    def __len__(self) -> int:
        return len(self.start)

    def __repr__(self) -> str:
        return f"Labels({len(self.start)})"


@dataclass(frozen=True, repr=False)
class Case:
    """One case. JSON values throughout; equal cases have equal digests."""

    __pydantic_config__: ClassVar = {
        "strict": True, "extra": "forbid", "ser_json_bytes": "base64", "val_json_bytes": "base64",
    }  # fmt: skip

    case_id: str
    """``<family>-<seed>-<index:012d>`` for synthetic cases. No PHI."""
    family: str
    input: Mapping[str, Any]
    """What the calling system sends, fields that only get validated included. May hold PHI."""
    flags: Mapping[str, bool]
    """Consent and protection flags, as the calling system sends them."""
    gold: Mapping[str, Any]
    """The output that is right; empty where a refusal is. May hold PHI (a summary does)."""
    refusal: str | None = None
    """The refusal code that is right, or None where an answer is."""
    identifiers: tuple[Identifier, ...] = ()
    """Every identifier planted in the input. PHI where the case is."""
    spans: Spans = Spans()
    facts: tuple[Mapping[str, Any], ...] = ()
    """The typed facts from which text and gold were both made. May hold PHI."""
    tags: tuple[str, ...] = ()
    """Slices and edge cases. No PHI."""
    cluster: str = ""
    """Pseudonym of the patient (or template) that ties cases together in the statistics; the case's own id if empty."""
    data_class: Literal["synthetic", "deidentified", "phi"] = "synthetic"
    actor: str = "svc:evalkit"
    purpose_of_use: str = "HPAYMT"
    body: bytes | None = None
    """The raw request, where the test is about its very bytes (a duplicate key); ``input`` and ``flags`` are then
    what a lenient parser would read from it."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    """Generator, versions, vocabulary digest, source dataset. No PHI."""
    decoys: Decoys = Decoys()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that makes the case, provenance apart."""
        decoys = self.decoys
        return digest([
            SCHEMA_VERSION, self.case_id, self.family, self.input, self.flags, self.gold, self.refusal,
            [[known.needle_id, known.category, known.value, known.subject] for known in self.identifiers],
            [self.spans.field, self.spans.start, self.spans.end, self.spans.needle_id],
            self.facts, self.tags, self.cluster, self.data_class, self.actor, self.purpose_of_use,
            self.body.hex() if self.body is not None else None,
            *([[decoys.field, decoys.start, decoys.end, decoys.kind]] if len(decoys) else ()),
        ])  # fmt: skip

    @property
    def labels(self) -> Labels:
        """The spans with category, Safe Harbor letter, subject and value id. Raises KeyError for a span of no
        identifier, which `evalkit.cases.goldset` refuses on reading."""
        known = {identifier.needle_id: identifier for identifier in self.identifiers}
        found = [known[needle_id] for needle_id in self.spans.needle_id]
        numbers: dict[str, int] = {}
        return Labels(
            self.spans.field, self.spans.start, self.spans.end,
            category=tuple(one.category for one in found),
            letter=tuple(SAFE_HARBOR[one.category] for one in found),
            subject=tuple(one.subject for one in found),
            needle_id=self.spans.needle_id,
            value_id=tuple(numbers.setdefault(one.value, len(numbers)) for one in found),
        )  # fmt: skip

    def text_of(self, field: str) -> str | None:
        """The text that a span's field names: ``note_text``, or ``chart_notes[2].text`` in a list of notes."""
        return text_at(self.input, field)

    @property
    def expected(self) -> Fields:
        """The gold output, by attribute: ``case.expected.lines``."""
        return Fields(self.gold)

    @property
    def cluster_id(self) -> str:
        """The cluster, or the case itself."""
        return self.cluster or self.case_id

    def __repr__(self) -> str:
        answer = self.refusal or "an answer"
        return f"Case({self.case_id}, expects {answer}, {len(self.identifiers)} identifiers, {len(self.tags)} tags)"

    def _repr_html_(self) -> str:
        planted = Counter(known.category for known in self.identifiers)
        return card(
            f"Case {self.case_id}",
            lead=f"{self.data_class}; expects {self.refusal or 'an answer'}; tags: {', '.join(self.tags) or 'none'}",
            grids=[Grid(["planted identifiers", "count#"], sorted(planted.items()))],
        )


def text_at(input: Mapping[str, Any], field: str) -> str | None:
    """The text at ``note_text`` or ``chart_notes[2].text`` of an input, or None where none stands there."""
    name, bracket, rest = field.partition("[")
    value = input.get(name)
    if bracket:
        place, _, key = rest.partition("].")
        notes = value if isinstance(value, (list, tuple)) else ()
        note = notes[int(place)] if place.isdecimal() and int(place) < len(notes) else None
        value = note.get(key) if isinstance(note, Mapping) else None
    return value if isinstance(value, str) else None


def dataset_digest(cases: Iterable[Case]) -> str:
    """SHA-256 over the digests of the cases, sorted: the same set in any order has one digest."""
    return digest(sorted(case.digest for case in cases))


@dataclass(frozen=True, repr=False)
class GoldSet:
    """An ordered set of cases with known answers. Iterates over cases; ``name`` goes into every run made on it."""

    name: str
    """``billing_codes synthetic seed 7``, ``aci-bench-test1@1``."""
    cases: tuple[Case, ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the set; the order of cases does not matter."""
        return dataset_digest(self.cases)

    def __len__(self) -> int:
        return len(self.cases)

    def __iter__(self) -> Iterator[Case]:
        return iter(self.cases)

    def __getitem__(self, index: int) -> Case:
        return self.cases[index]

    def __repr__(self) -> str:
        return f"GoldSet({self.name}, {len(self.cases)} cases)"

    def _repr_html_(self) -> str:
        tags = Counter(tag for case in self.cases for tag in case.tags)
        return card(
            f"{self.name}: {len(self.cases):,} cases",
            lead=f"{sum(case.refusal is not None for case in self.cases)} must be refused; digest {self.digest[:12]}",
            grids=[Grid(["tag", "cases#"], sorted(tags.items()))],
        )
