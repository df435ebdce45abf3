"""What happened at one visit, drawn by quota: typed facts that agree with one another, before any word of a note.

Edge cases come by a quota table, never by luck: any hundred cases in a row hold exactly the themes of `THEMES`. What
a theme does not fix is drawn at random.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from evalkit.cases.randomness import Dice, Stream
from evalkit.tasks.billing_codes.policy import (
    INCLUDED,
    PROCEDURES,
    VISITS_ESTABLISHED,
    VISITS_NEW,
    Act,
    Polarity,
    Visit,
)

Rare = Literal["none", "procedure", "side", "visit", "not done", "separate site"]

SPECIALTIES: tuple[tuple[str, ...], ...] = (
    ("skin biopsy", "skin tag removal", "lesion destruction", "abscess drainage", "wound repair"),
    ("large joint injection", "wrist tunnel injection", "heel injection", "muscle knot injection"),
    ("therapeutic exercise", "manual therapy", "gait training"),
    ("ear wax removal", "hearing screen", "allergy tests", "nebulizer treatment"),
    ("eye pressure", "nail debridement", "nebulizer treatment", "ear wax removal", "skin tag removal", "wound repair"),
)
TIMED = tuple(name for name, known in PROCEDURES.items() if known.counting == "minutes")
SIDED = tuple(name for name, known in PROCEDURES.items() if known.sided)
BOTH_SIDES = tuple(name for name, known in PROCEDURES.items() if known.both_sides)
FURTHER = tuple(name for name, known in PROCEDURES.items() if known.further)
MINOR = tuple(name for name, known in PROCEDURES.items() if known.surgical and not known.ten_days)
TEN_DAYS = tuple(name for name, known in PROCEDURES.items() if known.ten_days)
BOUNDARY_MINUTES = (7, 8, 22, 23)
NOT_DONE: tuple[Polarity, ...] = ("planned", "declined", "deferred", "historical")


@dataclass(frozen=True, slots=True)
class Story:
    """The facts of one case. ``refusal`` is the code of a request that must be turned away."""

    acts: tuple[Act, ...]
    visit: Visit | None
    new_patient: bool
    refusal: str | None = None
    rare: Rare = "none"
    """Which part of the note is worded as few notes are."""


Maker = Callable[[Dice], Story]


def make_story(seed: int, index: int) -> Story:
    """The facts of case ``index``: its theme by quota, then whatever else happened that day."""
    theme = THEMES[(index * 37 + seed * 11) % len(THEMES)]
    return theme(Stream(seed, "billing_codes.facts").at(index))


def _done(dice: Dice, name: str) -> Act:
    """The procedure, done, with the sides, counts and minutes that it needs."""
    known = PROCEDURES[name]
    act = Act("", name)
    if known.sided:
        act = replace(act, side=dice.pick(("left", "right", "both")))
    if known.counting == "minutes":
        act = replace(act, minutes=dice.whole(8, 55))
    if known.counting == "each":
        act = replace(act, count=dice.whole(2, min(known.cap, 24)))
    if known.counting == "first and further":
        act = replace(act, count=dice.pick((1, 1, 2, 3)))
    return act


def _may_join(name: str, acts: Sequence[Act]) -> bool:
    """May it be added without touching a bundling pair, so that only the themes of bundling do?"""
    there = {act.procedure for act in acts}
    return name not in there and not any((name, other) in INCLUDED or (other, name) in INCLUDED for other in there)


def _colleagues(name: str) -> tuple[str, ...]:
    return next(group for group in SPECIALTIES if name in group)


def _story(dice: Dice, done: Sequence[Act], visit: Visit | None, *, more: int = 2) -> Story:
    """The theme's acts, up to ``more`` others of the same specialty, and things talked of and not done."""
    acts = list(done)
    group = _colleagues(acts[0].procedure) if acts else dice.pick(SPECIALTIES)
    for _ in range(min(more, dice.pick((0, 0, 0, 1, 1, 2)))):
        joining = [name for name in group if _may_join(name, acts)]
        if joining:
            acts.append(_done(dice, dice.pick(joining)))
    for _ in range(dice.pick((0, 0, 1, 1, 2))):
        acts.append(_not_done(dice, dice.pick(group)))
    named = tuple(replace(act, fact_id=f"act-{number}") for number, act in enumerate(acts, 1))
    return Story(named, visit, new_patient=dice.chance(0.3))


def _not_done(dice: Dice, name: str) -> Act:
    return replace(_done(dice, name), polarity=dice.pick(NOT_DONE))


def _some_visit(dice: Dice) -> Visit:
    return Visit(dice.whole(16, 58))


def _procedure_day(names: Sequence[str], *, visit: float = 0.25) -> Maker:
    """One of these procedures, sometimes with a visit."""

    def make(dice: Dice) -> Story:
        done = _done(dice, dice.pick(names))
        return _story(dice, [done], _some_visit(dice) if dice.chance(visit) else None)

    return make


def _visit_and(names: Sequence[str]) -> Maker:
    return _procedure_day(names, visit=1.0)


def _visit_not_separate(dice: Dice) -> Story:
    return _story(dice, [_done(dice, dice.pick(MINOR + TEN_DAYS))], Visit(dice.whole(10, 25), separate_work=False))


def _visit_at_threshold(dice: Dice) -> Story:
    new_patient = dice.chance(0.5)
    least = dice.pick(VISITS_NEW if new_patient else VISITS_ESTABLISHED)[0]
    done = [_done(dice, dice.pick(MINOR))] if dice.chance(0.5) else []
    return replace(_story(dice, done, Visit(least - dice.whole(0, 1)), more=0), new_patient=new_patient)


def _visit_alone(dice: Dice) -> Story:
    return _story(dice, [], _some_visit(dice), more=0)


def _nothing_done(dice: Dice) -> Story:
    acts = [_not_done(dice, dice.pick(dice.pick(SPECIALTIES)))]
    return _story(dice, acts, None, more=0)


def _timed_boundary(dice: Dice) -> Story:
    act = replace(_done(dice, dice.pick(TIMED)), minutes=dice.pick(BOUNDARY_MINUTES))
    return _story(dice, [act], None)


def _units_at_max(dice: Dice) -> Story:
    name = dice.pick((*TIMED, "allergy tests", "nail debridement", *FURTHER))
    known = PROCEDURES[name]
    act = _done(dice, name)
    if known.counting == "minutes":
        act = replace(act, minutes=known.cap * 15 + dice.whole(0, 20))
    else:
        act = replace(act, count=(1 + known.further_cap if known.further else known.cap) + dice.whole(0, 2))
    return _story(dice, [act], None, more=1)


def _sides(*sides: Literal["left", "right", "both"]) -> Maker:
    def make(dice: Dice) -> Story:
        act = replace(_done(dice, dice.pick(SIDED)), side=dice.pick(sides))
        return _story(dice, [act], _some_visit(dice) if dice.chance(0.25) else None)

    return make


def _add_on(dice: Dice) -> Story:
    act = replace(_done(dice, dice.pick(FURTHER)), count=dice.whole(2, 6))
    return _story(dice, [act], None)


def _bundled(*, separate: bool) -> Maker:
    """Two procedures of which one is included in the other; ``separate`` says that the site is another."""

    def make(dice: Dice) -> Story:
        kept, dropped = dice.pick([pair for pair, override in INCLUDED.items() if override or not separate])
        acts = [_done(dice, kept), replace(_done(dice, dropped), separate_site=separate)]
        return _story(dice, acts, _some_visit(dice) if dice.chance(0.25) else None, more=0)

    return make


def _rarely_worded(dice: Dice) -> Story:
    """A plain day, one part of which is worded as few notes are."""
    rare: Rare = dice.pick(("procedure", "procedure", "side", "visit", "not done", "separate site"))
    if rare == "separate site":
        return replace(_bundled(separate=True)(dice), rare=rare)
    if rare == "side":
        return replace(_sides("left", "right")(dice), rare=rare)
    done = _done(dice, dice.pick(tuple(PROCEDURES)))
    story = _story(dice, [done], _some_visit(dice) if rare == "visit" else None, more=1)
    if rare == "not done":
        others = [name for name in _colleagues(done.procedure) if name != done.procedure]
        extra = replace(_not_done(dice, dice.pick(others)), fact_id=f"act-{len(story.acts) + 1}")
        kept = tuple(act for act in story.acts if act.polarity == "done" and act.procedure != extra.procedure)
        story = replace(story, acts=(*kept, extra))
    return replace(story, rare=rare)


def _refused(code: str) -> Maker:
    def make(dice: Dice) -> Story:
        done = _done(dice, dice.pick(tuple(PROCEDURES)))
        return replace(_story(dice, [done], _some_visit(dice) if dice.chance(0.4) else None), refusal=code)

    return make


REFUSALS = ("CONSENT_MISSING", "MRN_INVALID", "NPI_INVALID", "DOS_IN_FUTURE", "PART2_NO_CONSENT", "NOTE_UNSIGNED")
QUOTA: tuple[tuple[int, Maker], ...] = (
    *((1, _refused(code)) for code in REFUSALS),
    (4, _rarely_worded),
    (26, _visit_and(MINOR)),
    (6, _visit_and(TEN_DAYS)),
    (5, _visit_not_separate),
    (5, _visit_at_threshold),
    (3, _visit_alone),
    (2, _nothing_done),
    (8, _timed_boundary),
    (5, _units_at_max),
    (7, _sides("left", "right")),
    (6, _sides("both")),
    (4, _procedure_day(BOTH_SIDES)),
    (5, _bundled(separate=True)),
    (4, _bundled(separate=False)),
    (4, _add_on),
)
THEMES: tuple[Maker, ...] = tuple(maker for share, maker in QUOTA for _ in range(share))
"""One theme for each case of a hundred, in a fixed order."""
