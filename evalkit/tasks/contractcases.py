"""Cases for any spec, of no known family too, from its contract alone: what must be answered and what must be refused.

Besides ``n`` requests that keep the contract there is one for every value at an edge of a field, every forbidden field
and every way to trigger a refuse rule that `evalkit.boundary.probes` knows; which refusal is due, if any, says the spec
itself (`evalkit.agents.refusals`). The rows of ``# Examples`` become cases as they stand. No case but those has a gold
answer: the rest is for the PHI boundary and for the decision to refuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice, product
from typing import Any

from evalkit.agents.refusals import Refusals
from evalkit.boundary.probes import make_probes
from evalkit.cases.case import Case, GoldSet, Spans
from evalkit.cases.contacts import contacts
from evalkit.cases.fieldvalues import ABSENT, edges_of, fill_input, other_values
from evalkit.cases.patients import Known, make_patient
from evalkit.cases.people import STRESS, People
from evalkit.cases.randomness import stream
from evalkit.cases.vocabulary import VOCABULARY_DIGEST
from evalkit.errors import CaseError, SpecError
from evalkit.spec.conditions import Condition
from evalkit.spec.examples import Example, read_examples
from evalkit.spec.schema import Spec

GENERATOR = "contract/1"
TODAY = date(2026, 1, 1)
"""Later than any day in these requests but one that is far off, and earlier than any day on which they are run."""
MOST_STATES = 4096
"""Combinations of the flags of one rule that are tried in search of one that it does not refuse."""


def contract_cases(spec: Spec, *, n: int, seed: int, people: People = STRESS) -> GoldSet:
    """Cases for a spec from its contract: ``n`` to answer, then edges, refusals and examples.

    Raises CaseError for n < 1, or where every request that keeps the contract is refused; SpecError for an example
    that contradicts the refuse rules.
    """
    if n < 1:
        raise CaseError("at least one case is needed", where="n")
    refusals = Refusals(spec)
    bases = [_base(refusals, seed, index, people) for index in range(n)]
    cases = [*bases, *_edge_cases(refusals, bases[0]), *_refused(spec, bases), *_examples(refusals, bases[0])]
    return GoldSet(f"{spec.ref} contract seed {seed}", tuple(cases))


def _base(refusals: Refusals, seed: int, index: int, people: People) -> Case:
    """Request ``index``: it keeps the contract and no rule refuses it."""
    spec = refusals.spec
    patient = make_patient(seed, index, people=people)
    known = Known(patient, contacts(seed, index))
    filled = fill_input(spec, known, stream(seed, f"contract.{spec.id}").at(index))
    values, flags = _answerable(refusals, filled.values)
    case = Case(
        case_id=f"{spec.id}-{seed}-{index:012d}",
        family=spec.family,
        input=filled.values,
        flags=flags,
        gold={},
        identifiers=filled.identifiers,
        spans=filled.spans,
        tags=("contract", *patient.tags),
        cluster=patient.pseudonym,
        purpose_of_use=spec.purpose_of_use,
        provenance={
            "generator": GENERATOR, "spec": spec.ref, "behaviour": spec.behaviour_sha,
            "vocabulary": VOCABULARY_DIGEST, "seed": str(seed), "index": str(index),
        },
    )  # fmt: skip
    return _with_what_stands(replace(case, input=values), case)


def _answerable(refusals: Refusals, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, bool]]:
    """Values and flags that no rule refuses: consents granted first, then one change for each rule that still does.

    A change is kept where the first rule to refuse comes later than before, so the search ends.
    """
    names = dict.fromkeys(name for condition in refusals.conditions for name in condition.flags)
    state = dict(values), dict.fromkeys(names, True)
    codes = [rule.code for rule in refusals.spec.refuse]
    while (due := refusals.first(*state, today=TODAY)) is not None:
        at = codes.index(due.code) if due.code in codes else -1
        condition = refusals.conditions[at]
        for changed in _changes(refusals.spec, condition, state):
            then = refusals.first(*changed, today=TODAY)
            if then is None or (then.code in codes and codes.index(then.code) > at):
                state = changed
                break
        else:
            raise CaseError(
                f"no request that keeps the contract was found that {due.code} does not refuse",
                where=refusals.spec.ref,
                next_step="check that rule, or load a gold set",
            )
    return state


State = tuple[dict[str, Any], dict[str, bool]]


def _changes(spec: Spec, condition: Condition, state: State) -> Iterator[State]:
    """The state with other flags of a condition, or another value of one of its fields."""
    values, flags = state
    for granted in islice(product((True, False), repeat=len(condition.flags)), MOST_STATES):
        yield values, {**flags, **dict(zip(condition.flags, granted, strict=True))}
    for name in condition.inputs:
        for value in other_values(spec, name, condition) if name in spec.input else ():
            yield {key: kept for key, kept in {**values, name: value}.items() if kept is not None}, flags


def _edge_cases(refusals: Refusals, base: Case) -> Iterator[Case]:
    for field, label, value in edges_of(refusals.spec, base.input):
        values = {name: kept for name, kept in base.input.items() if name != field}
        if value is not ABSENT:
            values[field] = value
        yield _changed(refusals, base, values, f"{field}.{label}")


def _changed(refusals: Refusals, base: Case, values: Mapping[str, Any], name: str) -> Case:
    """The base with other values, and the refusal that is due for them, if any."""
    due = refusals.first(values, base.flags, today=TODAY)
    changed = replace(
        base,
        case_id=f"{base.case_id}+{name}",
        input=values,
        refusal=due.code if due else None,
        tags=("contract", "edge", f"edge:{name}", *((f"refusal:{due.code}",) if due else ())),
    )
    return _with_what_stands(changed, base)


def _with_what_stands(case: Case, base: Case) -> Case:
    """The case without the spans of fields whose value is no longer that of the base, and without their identifiers."""
    moved = {field for field in base.input if case.input.get(field) != base.input[field]}
    spans = base.spans
    rows = zip(spans.field, spans.start, spans.end, spans.needle_id, strict=True)
    kept = [row for row in rows if row[0].partition("[")[0] not in moved]
    left = Spans(
        field=tuple(field for field, _, _, _ in kept),
        start=tuple(start for _, start, _, _ in kept),
        end=tuple(end for _, _, end, _ in kept),
        needle_id=tuple(needle for _, _, _, needle in kept),
    )
    known = set(left.needle_id)
    return replace(case, spans=left, identifiers=tuple(one for one in base.identifiers if one.needle_id in known))


def _refused(spec: Spec, bases: Sequence[Case]) -> Iterator[Case]:
    """The probes of the boundary suite as cases of this set, under ids of their own."""
    by_id = {base.case_id: base for base in bases}
    for probe in make_probes(spec, bases, per_rule=1):
        tags = ("contract", "refusal", f"refusal:{probe.refusal}")
        base = by_id[probe.case_id.partition("~")[0]]
        yield replace(_with_what_stands(probe, base), case_id=probe.case_id.replace("~", "+"), tags=tags)


def _examples(refusals: Refusals, base: Case) -> Iterator[Case]:
    spec = refusals.spec
    for number, example in enumerate(read_examples(spec), start=1):
        values, flags = {**base.input, **example.input}, {**base.flags, **example.flags}
        _check(refusals, example, values, flags)
        changed = _changed(refusals, base, values, f"example-{number}")
        yield replace(
            changed,
            case_id=f"{spec.id}-example-{number}",
            flags=flags,
            gold=example.output or {},
            refusal=example.refusal,
            tags=("contract", "example"),
            provenance={**base.provenance, "line": str(example.line)},
        )


def _check(refusals: Refusals, example: Example, values: Mapping[str, Any], flags: Mapping[str, bool]) -> None:
    """Refuse an example that the refuse rules of the same document contradict."""
    due = refusals.first(values, flags, today=TODAY)
    code = due.code if due else None
    if code != example.refusal:
        raise SpecError(
            f"this example expects {example.refusal or 'an answer'}, and the refuse rules say {code or 'an answer'}",
            where=f"{refusals.spec.path}:{example.line}",
            next_step="correct the row or the rule; fields that the row leaves out are filled to be answered",
        )
