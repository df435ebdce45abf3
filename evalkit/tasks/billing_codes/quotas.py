"""How many of a hundred cases tell what: edge cases come by these tables, never by luck.

Cases 0 to 99, 100 to 199 and so on each hold exactly the days of `QUOTA` and, among those that get an answer, exactly
the extras of the decks below, which are dealt independently of one another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from evalkit.cases.quotas import Deck
from evalkit.cases.randomness import stream
from evalkit.tasks.billing_codes import facts
from evalkit.tasks.billing_codes.facts import Maker
from evalkit.tasks.billing_codes.story import Decoy, Event, Extras, Person, Protection, Rare, Story

REFUSALS = (
    "CONSENT_MISSING", "CONSENT_EXPIRED", "CONSENT_REVOKED", "PURPOSE_NOT_PERMITTED", "MRN_INVALID", "NPI_INVALID",
    "WRONG_PATIENT", "DOS_IN_FUTURE", "PART2_NO_CONSENT", "PSYCHOTHERAPY_NOTES", "RESTRICTION_ON_FILE",
    "MINOR_CONFIDENTIAL", "NOTE_UNSIGNED", "FIELD_NOT_PERMITTED",
)  # fmt: skip
RARE: tuple[Rare, ...] = ("procedure", "side", "visit", "not done", "separate site", "condition")
RARE_PASSAGES = 0.25
"""Share of copied passages and addenda whose first line is worded as few are."""
QUOTA: tuple[tuple[int, Maker], ...] = (
    *((2, facts.refused(code)) for code in REFUSALS if code != "MINOR_CONFIDENTIAL"),
    (2, facts.child_day(refusal="MINOR_CONFIDENTIAL")),
    (13, facts.procedure_day(facts.MINOR, visit=1.0)),
    (5, facts.procedure_day(facts.TEN_DAYS, visit=1.0)),
    (4, facts.visit_not_separate),
    (3, facts.visit_at_threshold(missed_by=0)),
    (3, facts.visit_at_threshold(missed_by=1)),
    (2, facts.visit_alone),
    (2, facts.nothing_done),
    (3, facts.timed_boundary(8, 23)),
    (3, facts.timed_boundary(7, 22)),
    (3, facts.units_at_max(beyond=False)),
    (3, facts.units_at_max(beyond=True)),
    (4, facts.on_sides("left", "right")),
    (4, facts.on_sides("both")),
    (3, facts.procedure_day(facts.BOTH_SIDES)),
    (3, facts.bundled(separate=True)),
    (3, facts.bundled(separate=False)),
    (2, facts.add_on),
    *((1, facts.rarely_worded(rare)) for rare in RARE),
    (3, facts.child_day()),
)
THEMES: tuple[Maker, ...] = tuple(maker for share, maker in QUOTA for _ in range(share))
"""One theme for each case of a hundred: first those that are refused, then those that get an answer, minors last."""
BLOCK = len(THEMES)
TURNED_AWAY = 2 * len(REFUSALS)
ANSWERED = BLOCK - TURNED_AWAY
MINORS = QUOTA[-1][0]

DAYS = Deck("billing_codes.days", {f"{number:02d}": 1 for number in range(BLOCK)})


def _deck(name: str, rest: str, shares: dict[str, int], *, size: int = ANSWERED) -> Deck:
    """A deck for the cases of a block that get an answer; ``rest`` fills it up."""
    return Deck(f"billing_codes.{name}", {**shares, rest: size - sum(shares.values())})


EVENTS = _deck("events", "none", {"injection": 3, "copied": 3, "amended": 3, "code told": 3})
PERSONS = _deck("persons", "adult", {"age 89": 3, "age 90": 3, "age 101": 3}, size=ANSWERED - MINORS)
PROTECTIONS = _deck("protections", "none", {"part 2 with consent": 3, "psychotherapy with authorization": 3})
DECOYS = _deck("decoys", "none", {"eponym": 5, "drug": 5, "code": 5, "room": 3, "score": 3})


def make_story(seed: int, index: int) -> Story:
    """The facts of case ``index``: its day and extras by quota, then whatever else happened."""
    day = int(DAYS.deal(seed, index))
    story = THEMES[day](stream(seed, "billing_codes.facts").at(index))
    extras = story.extras
    if day >= TURNED_AWAY:
        extras = _extras(seed, index // BLOCK, day - TURNED_AWAY)
    dice = stream(seed, "billing_codes.changes").at(index)
    if extras.event == "amended":
        story = facts.amend(story, dice)
    if extras.event == "copied":
        story = facts.copy_forward(story, dice)
    if extras.event in {"amended", "copied"} and story.rare == "none" and dice.chance(RARE_PASSAGES):
        story = replace(story, rare="passage")
    return facts.find(story, stream(seed, "billing_codes.findings").at(index), extras=extras)


def _extras(seed: int, block: int, place: int) -> Extras:
    """The extras of the case in this place among those of a block that get an answer; the last of them are minors."""
    number, grown = block * ANSWERED + place, ANSWERED - MINORS
    return Extras(
        event=cast("Event", EVENTS.deal(seed, number)),
        person=cast("Person", PERSONS.deal(seed, block * grown + place)) if place < grown else "minor",
        protection=cast("Protection", PROTECTIONS.deal(seed, number)),
        decoy=cast("Decoy", DECOYS.deal(seed, number)),
    )
