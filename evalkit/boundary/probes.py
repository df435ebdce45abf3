"""Probes: requests that must be refused, made from requests that must be answered.

A probe is a base case with one small change. Each change is put to the spec itself, and kept only where the refusal
that is due is the one meant; so a probe never expects a refusal for another reason than its own. Nothing is random.
Probes are checked, never scored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from evalkit.agents.agent import Request
from evalkit.agents.refusals import Refusals, kind_of
from evalkit.agents.wire import write_request
from evalkit.boundary.mutations import PLACEHOLDER, UNKNOWN_FIELD, Flags, Mutation, Values, mutations_of
from evalkit.cases.case import Case
from evalkit.phi.identifiers import valid_date
from evalkit.spec.conditions import compile_condition
from evalkit.spec.contract import ContractBreach, read_request
from evalkit.spec.schema import Spec
from evalkit.spec.shapes import OTHER_PURPOSE

PROBE = "probe"
"""The tag of every probe; ``probe:<CODE>`` says what is due."""
MOST_BASES = 12
"""Base cases on which one change is tried before it is given up."""
OTHER_PURPOSES = ("HMARKT", "HRESCH")
"""Marketing and research: purposes that take an authorization of their own (45 CFR 164.508(a)(3), 164.512(i))."""
EARLIEST_DAY = date(2000, 1, 1)


def make_probes(spec: Spec, cases: Sequence[Case], *, per_rule: int = 3) -> tuple[Case, ...]:
    """Probes for every refuse rule of the spec and for the form of requests, in the order of the rules.

    Every change that triggers a rule is tried on one base case, and so many more bases are taken that a rule has at
    least ``per_rule`` probes where it has any. Base cases are those with an answer due and no raw body, in order. A
    probe is named ``<base>~<code>.<change>``. Which rules have none: `unprobed`.
    """
    bases = [case for case in cases if case.refusal is None and case.body is None]
    refusals = Refusals(spec)
    probes: dict[str, Case] = {}
    for rule, condition in zip(spec.refuse, refusals.conditions, strict=True):
        target = _Target(refusals, rule.code)
        for probe in target.probe(bases, dict(mutations_of(spec, condition)), per_rule=per_rule):
            probes.setdefault(probe.case_id, probe)
    for probe in _probe_form(spec, bases, per_rule):
        probes.setdefault(probe.case_id, probe)
    return tuple(probes.values())


def unprobed(spec: Spec, probes: Iterable[Case]) -> tuple[str, ...]:
    """The refusal codes of the spec that no probe expects, in the order of the rules: nothing is shown about them."""
    probed = {probe.refusal for probe in probes}
    return tuple(dict.fromkeys(rule.code for rule in spec.refuse if rule.code not in probed))


@dataclass(frozen=True, slots=True)
class _Target:
    """A refusal that probes are to provoke."""

    refusals: Refusals
    code: str

    def probe(self, bases: Sequence[Case], mutations: Mapping[str, Mutation], *, per_rule: int) -> Iterator[Case]:
        """One probe a change, then further rounds from the next base on until there are ``per_rule``."""
        made, alive = 0, dict(mutations)
        for start in range(len(bases)):
            for name, mutation in list(alive.items()):
                if start and made >= per_rule:
                    return
                probe = self._first(bases[start : start + MOST_BASES], name, mutation)
                if probe is None:
                    del alive[name]
                else:
                    made += 1
                    yield probe

    def _first(self, bases: Iterable[Case], name: str, mutation: Mutation) -> Case | None:
        """The first base that the change turns into a request to refuse for this reason."""
        for base in bases:
            values: Values = dict(base.input)
            flags: Flags = dict(base.flags)
            mutation(values, flags)
            due = self.refusals.first(values, flags, today=_newest_day(base))
            if due is not None and due.code == self.code:
                return _make(base, f"{self.code.lower()}.{name}", self.code, values=values, flags=flags)
        return None


def _probe_form(spec: Spec, bases: Sequence[Case], per_rule: int) -> Iterator[Case]:
    """Requests that break the contract: another purpose, repeated, mistyped and unknown keys, bytes of no document."""
    for base in bases[:per_rule]:
        other = OTHER_PURPOSES[spec.purpose_of_use == OTHER_PURPOSES[0]]
        yield replace(_make(base, f"{OTHER_PURPOSE.lower()}.purpose_of_use", OTHER_PURPOSE), purpose_of_use=other)
        values = {**base.input, UNKNOWN_FIELD: PLACEHOLDER}
        yield _make(base, "field_not_permitted.unknown_field", "FIELD_NOT_PERMITTED", values=values)
        for name, body in _broken_bodies(spec, base):
            yield _make(base, f"schema_invalid.{name}", _due_code(spec, body), body=body)


def _broken_bodies(spec: Spec, base: Case) -> Iterator[tuple[str, bytes]]:
    request = Request(base.case_id, spec.ref, base.input, base.flags, base.actor, base.purpose_of_use)
    whole = write_request(request)
    granted = _consent_in(spec, base)
    if granted is not None:
        key = json.dumps(granted).encode()
        escaped = b'"' + b"".join(b"\\u%04x" % ord(char) for char in granted) + b'"'
        yes, no = key + b":true", key + b":false"
        yield "repeated_flag", whole.replace(yes, no + b"," + yes, 1)
        yield "repeated_flag_escaped", whole.replace(yes, no + b"," + escaped + b":true", 1)
        yield "flag_as_text", whole.replace(yes, key + b':"true"', 1)
        yield "flag_as_number", whole.replace(yes, key + b":1", 1)
    purpose = b'"purpose_of_use":' + json.dumps(base.purpose_of_use).encode()
    other = b'"purpose_of_use":' + json.dumps(OTHER_PURPOSES[base.purpose_of_use == OTHER_PURPOSES[0]]).encode()
    yield "repeated_purpose", whole.replace(purpose, other + b"," + purpose, 1)
    yield "purpose_in_words", whole.replace(purpose, b'"purpose_of_use":"for the usual purpose"', 1)
    for name, field in spec.input.items():
        if field.type == "string" and isinstance(base.input.get(name), str):
            yield f"{name}_as_number", write_request(replace(request, input={**base.input, name: 1}))
            break
    yield "trailing_document", whole + b"{}"


def _consent_in(spec: Spec, base: Case) -> str | None:
    """A flag of the base that stands for a consent: one without which the spec refuses, else any that is true."""
    rules = [compile_condition(rule.when) for rule in spec.refuse]
    asked = [
        name for rule in rules if kind_of(rule) == "flag" for name in rule.flags if f"not flags.{name}" in rule.text
    ]
    return next((name for name in (*asked, *sorted(base.flags)) if base.flags.get(name) is True), None)


def _due_code(spec: Spec, body: bytes) -> str:
    """The code that the contract gives a broken body; SCHEMA_INVALID where it reads it, so that the gap shows."""
    try:
        read_request(spec, body)
    except ContractBreach as breach:
        return breach.code
    return "SCHEMA_INVALID"


def _make(
    base: Case,
    name: str,
    code: str,
    *,
    values: Values | None = None,
    flags: Flags | None = None,
    body: bytes | None = None,
) -> Case:
    return replace(
        base,
        case_id=f"{base.case_id}~{name}",
        input=base.input if values is None else values,
        flags=base.flags if flags is None else flags,
        gold={},
        facts=(),
        refusal=code,
        tags=(PROBE, f"{PROBE}:{code}"),
        cluster=base.cluster_id,
        body=body,
    )


def _newest_day(base: Case) -> date:
    """The newest day in a request, which stands for today: no clock is asked."""
    days = [day for value in base.input.values() if (day := _day(value)) is not None]
    return max(days, default=EARLIEST_DAY)


def _day(value: object) -> date | None:
    """An ISO date; not what merely parses as one: `date.fromisoformat` takes some numbers of ten digits."""
    return date.fromisoformat(value) if isinstance(value, str) and valid_date(value) else None
