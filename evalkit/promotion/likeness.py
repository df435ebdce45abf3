"""Likeness: cases that a gold set must not hold twice, and cases that a spec gives away.

A near copy makes a set look larger than it is, and the same evidence count twice. A case whose text stands in the spec,
as an example or in its prose, tests nothing: whoever executes the spec has read the answer. Texts are compared as sets
of 5-grams of words (`evalkit.cases.diversity`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalkit.cases.case import Case
from evalkit.cases.diversity import NEAR, Grams, grams_of, similarity
from evalkit.spec.examples import Example, read_examples
from evalkit.spec.schema import Spec

GIVEN_AWAY = 0.5
"""Share of a case's 5-grams that stand in the text of a spec, from which the spec gives the case away."""
_FEWEST = 8
"""5-grams below which a text is too short to be known again; structured requests are compared field by field."""


@dataclass
class Crowd:
    """Cases that are there already; grows as cases are let in."""

    rows: list[tuple[str, str, Grams]] = field(default_factory=list)

    @staticmethod
    def of(cases: Iterable[Case]) -> Crowd:
        """The cases of a gold set."""
        crowd = Crowd()
        for case in cases:
            crowd.add(case)
        return crowd

    def add(self, case: Case) -> None:
        """One more."""
        self.rows.append((case.case_id, _due(case), grams_of(text_of(case))))

    def like(self, case: Case, *, besides: str | None = None) -> tuple[str, float] | None:
        """The id of the most alike case with the same kind of answer, and the similarity; None below 0.8.

        A case that differs only in what is due is no copy: the same note with and without consent is two tests.
        """
        grams, due = grams_of(text_of(case)), _due(case)
        found = [(similarity(grams, other), name) for name, kind, other in self.rows if kind == due and name != besides]
        best = max(found, default=(0.0, ""))
        return (best[1], best[0]) if best[0] >= NEAR else None


def given_away(case: Case, specs: Sequence[Spec]) -> str | None:
    """The spec, and the place in it, that gives a case away; None where none does."""
    grams = grams_of(text_of(case))
    for spec in specs:
        for example in read_examples(spec):
            if _is_the_case(example, case):
                return f"{spec.ref}, Examples (line {example.line})"
        if len(grams) >= _FEWEST and len(grams & grams_of(spec.source)) >= GIVEN_AWAY * len(grams):
            return f"{spec.ref}, its text"
    return None


def text_of(case: Case) -> str:
    """All texts of the input, in the order of their fields."""
    return "\n".join(_texts(case.input))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from _texts(entry)
    else:
        yield str(value)


def _due(case: Case) -> str:
    return case.refusal or "an answer"


def _is_the_case(example: Example, case: Case) -> bool:
    """Whether an example is this case: all that it says of the request is so, and it says all of the request's texts
    and numbers."""
    says = example.input
    telling = {name for name, value in case.input.items() if not isinstance(value, bool)}
    return bool(says) and telling <= set(says) and all(case.input.get(name) == value for name, value in says.items())
