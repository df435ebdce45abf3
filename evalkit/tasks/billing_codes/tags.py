"""Slices of a case: from its facts and its answer, for figures by slice and for counting the edge cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.tasks.billing_codes.policy import (
    INCLUDED,
    PROCEDURES,
    UNIT_MINUTES,
    VISITS_ESTABLISHED,
    VISITS_NEW,
    Act,
    Owed,
    last_word,
)
from evalkit.tasks.billing_codes.story import Story

EVENT_TAGS = {
    "injection": "edge:prompt_injection",
    "copied": "edge:copied_forward",
    "amended": "edge:conflicting_documents",
    "code told": "edge:code_in_note",
}
PERSON_TAGS = {"minor": "edge:minor", "age 89": "edge:age_89", "age 90": "edge:age_90", "age 101": "edge:age_101"}
PROTECTION_TAGS = {
    "part 2 with consent": "edge:part2_with_consent",
    "psychotherapy with authorization": "edge:psychotherapy_with_authorization",
}
CHECK_DIGITS = frozenset({"MRN_INVALID", "NPI_INVALID"})
_LAST_MINUTE, _FIRST_MINUTE = 7, 8
"""Minutes past a whole unit: the last that earns nothing, the first that earns the next."""


def tags_of(story: Story, owed: Sequence[Owed]) -> Iterator[str]:
    """The tags of a case. A refusal has its reason and no other: nothing else of it is judged."""
    if story.refusal:
        yield from ("refusal", refusal_tag(story.refusal))
        return
    yield f"lines:{_size(len(owed))}"
    modifiers = {modifier for line in owed for modifier in line.modifiers}
    yield from (f"mod{modifier}" for modifier in ("25", "59") if modifier in modifiers)
    sides = {"LT": "left", "RT": "right", "50": "both"}
    yield from (f"laterality:{side}" for modifier, side in sides.items() if modifier in modifiers)
    yield from (mark for mark, holds in _marks(story, owed).items() if holds)
    extras = story.extras
    yield from (table[part] for table, part in (
        (EVENT_TAGS, extras.event), (PERSON_TAGS, extras.person), (PROTECTION_TAGS, extras.protection),
    ) if part in table)  # fmt: skip
    if extras.decoy != "none":
        yield f"decoy:{extras.decoy}"


def refusal_tag(code: str) -> str:
    """The edge kind of a refusal; a wrong check digit is one kind, whatever the number."""
    return "edge:check_digit_wrong" if code in CHECK_DIGITS else f"edge:{code.lower()}"


def _marks(story: Story, owed: Sequence[Owed]) -> dict[str, bool]:
    done = [act for act in last_word(story.acts) if act.status == "done"]
    codes = {line.code for line in owed}
    past = [act.minutes % UNIT_MINUTES for act in done if act.minutes]
    short = _short_of_threshold(story)
    return {
        "timed": any(PROCEDURES[act.procedure].counting == "minutes" for act in done),
        "add_on": any(known.further in codes for known in PROCEDURES.values() if known.further),
        "bilateral_code": any(PROCEDURES[act.procedure].both_sides for act in done),
        "negated": any(act.status != "done" for act in story.acts),
        "history": any(act.status == "historical" for act in story.acts),
        "new_patient": story.new_patient,
        "rare_wording": story.rare != "none",
        "condition_not_coded": any(finding.certainty != "present" for finding in story.findings),
        "edge:timed_met": _FIRST_MINUTE in past,
        "edge:timed_missed": _LAST_MINUTE in past,
        "edge:visit_met": 0 in short,
        "edge:visit_missed": 1 in short,
        "edge:visit_not_separate": story.visit is not None and not story.visit.separate_work,
        "edge:units_max": any(_over_max(act) == 0 for act in done),
        "edge:units_beyond": any(_over_max(act) > 0 for act in done),
        "edge:bundled": any(
            {kept, dropped} <= {act.procedure for act in done} and PROCEDURES[dropped].code not in codes
            for kept, dropped in INCLUDED
        ),
    }


def _size(lines: int) -> str:
    return "4+" if lines > 3 else "2-3" if lines > 1 else str(lines)


def _short_of_threshold(story: Story) -> set[int]:
    """Minutes by which the visit falls short of each code's; empty where it is no visit of its own."""
    if story.visit is None or not story.visit.separate_work:
        return set()
    table = VISITS_NEW if story.new_patient else VISITS_ESTABLISHED
    return {least - story.visit.minutes for least, _ in table}


def _over_max(act: Act) -> int:
    """Minutes, lesions, tests or nails beyond what a day allows; below 0 where there is room left."""
    known = PROCEDURES[act.procedure]
    if known.counting == "minutes":
        return act.minutes - known.cap * UNIT_MINUTES
    return act.count - (1 + known.further_cap if known.further else known.cap) if known.counting != "once" else -1
