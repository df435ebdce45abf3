"""Billing cases checked from the outside: the note read back into facts, and the answer reckoned anew from facts.

Three ways meet: the facts that are stored, what the note tells (`rereading`), and the answer (`ledger`). The spans are
`evalkit.cases.checker`'s to check. A problem names case and part, never a value.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evalkit.cases import checker
from evalkit.cases.case import Case
from evalkit.cases.checker import Problem
from evalkit.tasks.billing_codes.ledger import current, due_refusal, listed, reckon, side_of_code
from evalkit.tasks.billing_codes.rereading import Told, reread

_MRN = re.compile(r"MRN\d{8}")


def check_case(case: Case) -> tuple[Problem, ...]:
    """Every problem of a billing case: spans, facts against the note, answer against the facts; empty for none."""
    told = reread(case.input["note_text"])
    found = [*_refusal(case), *_told(case, told), *_answer(case), *_evidence(case, told), *_sides(case)]
    return (*checker.check_case(case), *(Problem(case.case_id, where, what) for where, what in found))


def check_cases(cases: Iterable[Case]) -> tuple[Problem, ...]:
    """The problems of many cases."""
    return tuple(problem for case in cases for problem in check_case(case))


def _refusal(case: Case) -> Iterator[tuple[str, str]]:
    due = due_refusal(case.input, case.flags, _MRN.findall(case.input["note_text"]))
    if due != ({case.refusal} if case.refusal else set()):
        yield "refusal", "the request is refused for another reason, or for several"
    if case.refusal and case.gold:
        yield "gold", "a refusal with an answer"


def _told(case: Case, told: Iterable[Told]) -> Iterator[tuple[str, str]]:
    """The facts that the note tells are the facts that are stored, no more and no fewer."""
    stored, read = Counter(map(_stored, case.facts)), Counter(_read(told))
    for key in (stored - read).elements():
        yield "facts", f"a {key[0]} that the note does not tell"
    for key in (read - stored).elements():
        yield "note_text", f"a {key[0]} that is not stored"


def _stored(fact: Mapping[str, Any]) -> tuple[Any, ...]:
    match fact["type"]:
        case "procedure" if fact["status"] == "done":
            amount = fact.get("value") or 1
            return (
                "procedure",
                fact["name"],
                fact["source_document"],
                fact.get("laterality"),
                amount,
                fact["separate_site"],
            )
        case "procedure":
            return ("procedure not done", fact["name"], fact["source_document"], fact["status"])
        case "diagnosis":
            return ("diagnosis", fact["name"], fact["certainty"], fact.get("laterality"))
        case "time":
            return ("visit", fact["value"], fact["separate_work"])
        case _:
            return (fact["type"], fact["name"], fact["polarity"], fact["value"])


def _read(told: Iterable[Told]) -> Iterator[tuple[Any, ...]]:
    done: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for one in told:
        match one.topic:
            case "procedure":
                done[one.name, one.source].append(one)
            case "not done":
                yield ("procedure not done", one.name, one.source, one.manner)
            case "diagnosis":
                yield ("diagnosis", one.name, one.manner, one.side)
            case "visit":
                yield ("visit", one.amount, one.manner == "separate")
            case _:
                yield (one.topic, one.name, one.manner, one.amount)
    for (name, source), parts in done.items():
        sides = {part.side for part in parts if part.side}
        side = "both" if len(sides) > 1 else next(iter(sides), None)
        amounts = [part.amount for part in parts if part.amount is not None]
        yield ("procedure", name, source, side, sum(amounts) or 1, any(part.apart for part in parts))


def _answer(case: Case) -> Iterator[tuple[str, str]]:
    if case.refusal:
        return
    given = [(line["code"], line["units"], tuple(sorted(line["modifiers"]))) for line in case.gold["lines"]]
    if given != reckon(case.facts, new_patient=case.input["new_patient"]):
        yield "gold.lines", "not what is owed for the facts"
    if list(case.gold["diagnoses"]) != listed(case.facts):
        yield "gold.diagnoses", "not what the facts say"


def _evidence(case: Case, told: Iterable[Told]) -> Iterator[tuple[str, str]]:
    """Each line cites exactly the sentences that tell the fact which holds."""
    places: dict[tuple[str, str], set[tuple[int, int]]] = defaultdict(set)
    for one in told:
        if one.topic in {"procedure", "visit"}:
            places[one.name, one.source].add((one.start, one.end))
    holding = {fact["code"]: (name, fact["source_document"]) for name, fact in current(case.facts).items()}
    holding |= {further: holding[first] for first, further in _FURTHER.items() if first in holding}
    for number, line in enumerate(case.gold.get("lines", ())):
        cited = {(span["start"], span["end"]) for span in line["evidence"]}
        if cited != places[holding.get(line["code"], ("visit", "note"))]:
            yield f"gold.lines[{number}].evidence", "not the sentences that say so"


_FURTHER = {"00012": "00013", "00017": "00018"}


def _sides(case: Case) -> Iterator[tuple[str, str]]:
    """A diagnosis with a side has the code of that side."""
    for fact in case.facts:
        side = fact.get("laterality")
        if fact["type"] != "diagnosis" or side is None or fact.get("code") is None:
            continue
        codes = [side_of_code(code) for code in fact["code"].split("+")]
        if set(codes) != ({side} if len(codes) == 1 else {"left", "right"}):
            yield "facts", "a diagnosis whose code says another side"
