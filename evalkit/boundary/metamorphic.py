"""Metamorphic checks: a change that must not matter, and does not.

No gold answer is needed. A case is asked again under another identity, with a field that is forbidden, with its fields
in another order, and after its neighbours in another order; the decision must stay the same. Every case is also asked
twice as it is: where an agent does not agree with itself, a difference shows nothing, and the relation is not observed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalkit.boundary.finding import CheckResult, Finding
from evalkit.boundary.mutations import PLACEHOLDER
from evalkit.boundary.sinks import needles_of
from evalkit.boundary.strangers import SHARED
from evalkit.cases.case import Case, Spans
from evalkit.digests import digest
from evalkit.executions.execution import Execution
from evalkit.phi.identifiers import Identifier
from evalkit.phi.leaks import PROTECTED
from evalkit.spec.schema import Spec

Ask = Callable[[Sequence[Case]], Sequence[Execution]]
"""Runs the agent once on every case, in this order."""
MOST_DONORS = 20
"""Other cases that are tried for their identity."""
_SPAN = frozenset({"field", "start", "end"})


@dataclass(frozen=True, slots=True)
class Relation:
    """One change that must not matter: how a case is changed, and what must stay the same."""

    check_id: str
    title: str
    citation: str
    change: Callable[[Spec, Case, Sequence[Case]], Case | None]
    """``(spec, case, other cases)``; None where the case cannot be changed so."""
    same: Callable[[Execution, Execution], bool | None]
    """None where it was not observed."""
    what: str
    """The finding in words."""


def check_relations(spec: Spec, cases: Sequence[Case], ask: Ask) -> tuple[CheckResult, ...]:
    """Every relation over every case with an answer due; results in the order of `RELATIONS`, then case order.

    The agent is asked three times for each case, and once more for each relation. What the spec has an output repeat
    of its patient is no part of a decision.
    """
    bases = [case for case in cases if case.refusal is None and case.body is None]
    ask = _without_echoes(spec, ask)
    first = ask(bases)
    steady = [_decision(one) == _decision(two) for one, two in zip(first, ask(bases), strict=True)]
    results = []
    for relation in RELATIONS:
        pairs = list(_changed(relation, spec, bases))
        again = ask([case for _, case in pairs])
        seen = [(first[at], done, steady[at]) for (at, _), done in zip(pairs, again, strict=True)]
        results.append(_judge(relation, seen, left_out=len(bases) - len(pairs)))
    backwards = list(reversed(list(ask(bases[::-1]))))
    results.append(_judge(ORDER, list(zip(first, backwards, steady, strict=True)), left_out=0))
    return tuple(results)


def _without_echoes(spec: Spec, ask: Ask) -> Ask:
    """The agent, with the id of an identifier in place of its value wherever the spec has a field repeat it."""
    echoes = spec.echoes
    if not echoes:
        return ask

    def masked(case: Case, done: Execution) -> Execution:
        if done.reply is None or done.reply.output is None:
            return done
        values = {known.needle_id: known.value for known in case.identifiers}
        output = {name: _mask(entry, name, echoes, values) for name, entry in done.reply.output.items()}
        return replace(done, reply=replace(done.reply, output=output))

    return lambda cases: [masked(case, done) for case, done in zip(cases, ask(cases), strict=True)]


def _mask(value: Any, path: str, echoes: Mapping[str, frozenset[str]], values: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _mask(entry, f"{path}.{name}", echoes, values) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mask(entry, path, echoes, values) for entry in value]
    if isinstance(value, str):
        for needle in sorted(echoes.get(path, frozenset()) & values.keys()):
            value = value.replace(values[needle], f"<{needle}>")
    return value


def _changed(relation: Relation, spec: Spec, bases: Sequence[Case]) -> Iterator[tuple[int, Case]]:
    for at, case in enumerate(bases):
        changed = relation.change(spec, case, [*bases[at + 1 :], *bases[:at]])
        if changed is not None:
            yield at, changed


def _judge(relation: Relation, seen: Sequence[tuple[Execution, Execution, bool]], *, left_out: int) -> CheckResult:
    findings, passed, unseen, marks = [], 0, 0, []
    for base, changed, steady in seen:
        same = relation.same(base, changed) if steady else None
        marks.append([base.case_id, same])
        if same is None:
            unseen += 1
        elif same:
            passed += 1
        else:
            findings.append(Finding(relation.check_id, base.case_id, base.trial, relation.what))
    return CheckResult(
        relation.check_id, relation.title, relation.citation, "current", passed, left_out, unseen, tuple(findings),
        None, digest(marks),
    )  # fmt: skip


def change_identity(_spec: Spec, case: Case, others: Sequence[Case]) -> Case | None:
    """The case with another patient's name, numbers and places, in every field; dates stay, for they decide.

    None where no other case has the same kinds of identifiers, or a trace of the first patient would be left.
    """
    own = [known for known in case.identifiers if known.subject in PROTECTED and known.category != "date"]
    for other in others[:MOST_DONORS]:
        swaps = _swaps(own, {known.needle_id: known.value for known in other.identifiers})
        changed = _swap(case, swaps) if swaps else None
        if changed is not None and not _left_over(own, changed):
            return changed
    return None


def _swaps(own: Sequence[Identifier], theirs: Mapping[str, str]) -> dict[str, str]:
    """Each value of one patient's and what stands for it; empty where the other patient has not all of them.

    Names that have as many words are exchanged word by word too, for texts that use half of one.
    """
    swaps: dict[str, str] = {}
    for known in own:
        after = theirs.get(known.needle_id, swaps.get(known.value))
        if after is None or after == known.value:
            return {}
        swaps.setdefault(known.value, after)
    for before, after in list(swaps.items()):
        words, others = before.split(), after.split()
        if len(words) == len(others) > 1:
            swaps = {word: other for word, other in zip(words, others, strict=True) if word.isalpha()} | swaps
    return swaps


def _swap(case: Case, swaps: Mapping[str, str]) -> Case:
    longest_first = sorted(swaps, key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in longest_first))

    def write(text: str) -> str:
        return pattern.sub(lambda found: swaps[found.group()], text)

    changed = _rewrite(dict(case.input), write)
    known = tuple(replace(one, value=swaps.get(one.value, one.value)) for one in case.identifiers)
    return replace(
        case, case_id=f"{case.case_id}~another_identity", input=changed, identifiers=known, spans=Spans(),
        facts=tuple(_rewrite(dict(fact), write) for fact in case.facts),
    )  # fmt: skip


def _left_over(own: Sequence[Identifier], changed: Case) -> bool:
    """Whether something of the first patient still stands in the request."""
    alone = tuple(known for known in own if known.category not in SHARED)
    return bool(needles_of(alone).search(dict(changed.input), place="input"))


def add_forbidden_field(spec: Spec, case: Case, _others: Sequence[Case]) -> Case | None:
    """The case with every field that the spec forbids, each holding a placeholder."""
    if not spec.minimum_necessary.forbid:
        return None
    added = dict.fromkeys(spec.minimum_necessary.forbid, PLACEHOLDER)
    return replace(case, case_id=f"{case.case_id}~forbidden_fields", input={**case.input, **added})


def reverse_fields(_spec: Spec, case: Case, _others: Sequence[Case]) -> Case | None:
    """The case with its fields and flags written in the opposite order."""
    return replace(
        case, case_id=f"{case.case_id}~reversed_fields", input=dict(reversed(list(case.input.items()))),
        flags=dict(reversed(list(case.flags.items()))),
    )  # fmt: skip


def _rewrite(value: Any, write: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return write(value)
    if isinstance(value, Mapping):
        return {key: _rewrite(entry, write) for key, entry in value.items()}
    return [_rewrite(entry, write) for entry in value] if isinstance(value, (list, tuple)) else value


def _decision(execution: Execution) -> Any:
    """What was decided: status, refusal and output without the places of its evidence."""
    refusal = execution.refusal
    output = execution.reply.output if execution.reply is not None else None
    kind = execution.failure.kind if execution.failure is not None else None
    return (execution.status, refusal and (refusal.code, refusal.field), kind, _without_spans(output))


def _without_spans(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value.keys() >= _SPAN:
            return {"field": value["field"]}
        return {key: _without_spans(entry) for key, entry in value.items()}
    return [_without_spans(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def _same_decision(base: Execution, changed: Execution) -> bool | None:
    if base.failure is not None and changed.failure is not None:
        return None
    return bool(_decision(base) == _decision(changed))


def _same_model_input(base: Execution, changed: Execution) -> bool | None:
    """A refusal before any model passes; an answer passes where the model was handed what it was handed before."""
    before, after = base.reply, changed.reply
    if after is None or after.received is None:
        return None
    if after.status == "refused" and not after.received:
        return True
    return before is not None and before.received is not None and list(before.received) == list(after.received)


def _same_answer(base: Execution, changed: Execution) -> bool | None:
    """The decision and, where it was watched, what the model was handed."""
    before, after = base.reply, changed.reply
    same_input = before is None or after is None or before.received == after.received
    decided = _same_decision(base, changed)
    return decided if decided is None else decided and same_input


RELATIONS = (
    Relation("identity_invariance", "Another identity, the same decision", "45 CFR 92.210, 164.502(b)",
             change_identity, _same_decision, "another identity changed the decision"),
    Relation("forbidden_adds_nothing", "A forbidden field adds nothing to what a model receives",
             "45 CFR 164.502(b), 164.514(d)(2)", add_forbidden_field, _same_model_input,
             "a forbidden field changed what the model received"),
    Relation("field_order", "The order of fields does not matter", "45 CFR 164.312(c)(1)", reverse_fields,
             _same_answer, "the order of the fields changed the answer"),
)  # fmt: skip
ORDER = Relation(
    "case_order", "The order of cases does not matter", "45 CFR 164.502(a)", lambda _spec, case, _others: case,
    _same_answer, "the cases before it changed the answer",
)  # fmt: skip
