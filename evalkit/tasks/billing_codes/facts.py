"""What happened at one visit: typed facts that agree with one another, before any word of a note.

Each maker here tells one kind of day; `quotas` says how many of a hundred there are. What a kind does not fix is drawn
at random.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache

from evalkit.cases.randomness import Dice
from evalkit.tasks.billing_codes.conditions import (
    CHILDS_REASONS,
    CONDITIONS,
    DISTRACTORS,
    INDICATIONS,
    VISIT_REASONS,
    Certainty,
    Finding,
)
from evalkit.tasks.billing_codes.policy import (
    INCLUDED,
    PROCEDURES,
    VISITS_ESTABLISHED,
    VISITS_NEW,
    Act,
    Side,
    Status,
    Visit,
    last_word,
)
from evalkit.tasks.billing_codes.story import Extras, Rare, Story

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
CHILDREN = SPECIALTIES[3]
NOT_DONE: tuple[Status, ...] = ("planned", "declined", "deferred", "abandoned", "not done", "historical", "family")
NOT_SO: tuple[Certainty, ...] = ("ruled out", "suspected", "past", "family")
OPPOSITE: dict[Side, Side] = {"left": "right", "right": "left", "both": "left"}
SPOTS = ("left forearm", "right shin", "upper back", "scalp", "left temple", "right cheek", "chest",
         "nape of the neck", "lower abdomen", "left calf", "right thigh", "left flank", "bridge of the nose",
         "right upper arm")  # fmt: skip
PLACES: dict[str, tuple[str, ...]] = {
    "large joint injection": ("knee", "shoulder", "hip"),
    "wrist tunnel injection": ("wrist",),
    "heel injection": ("heel",),
    "ear wax removal": ("ear",),
    "wound repair": ("scalp", "left hand", "right hand", "left forearm", "right forearm"),
}
"""Where a procedure can be; any of `SPOTS` where it does not stand here."""

Maker = Callable[[Dice], Story]


def procedure_day(names: Sequence[str], *, visit: float = 0.25) -> Maker:
    """One of these procedures, sometimes with a visit."""

    def make(dice: Dice) -> Story:
        done = _done(dice, dice.pick(names))
        return _story(dice, [done], _some_visit(dice) if dice.chance(visit) else None)

    return make


def visit_not_separate(dice: Dice) -> Story:
    """A procedure whose visit was nothing but the procedure."""
    return _story(dice, [_done(dice, dice.pick(MINOR + TEN_DAYS))], Visit(dice.whole(10, 25), separate_work=False))


def visit_at_threshold(*, missed_by: int) -> Maker:
    """A visit as long as a code asks for, or so many minutes short of it."""

    def make(dice: Dice) -> Story:
        new_patient = dice.chance(0.5)
        least = dice.pick(VISITS_NEW if new_patient else VISITS_ESTABLISHED)[0]
        done = [_done(dice, dice.pick(MINOR))] if dice.chance(0.5) else []
        return replace(_story(dice, done, Visit(least - missed_by), more=0), new_patient=new_patient)

    return make


def visit_alone(dice: Dice) -> Story:
    """No procedure at all."""
    return _story(dice, [], _some_visit(dice), more=0)


def nothing_done(dice: Dice) -> Story:
    """Something is talked of and nothing is done: no line is owed."""
    return _story(dice, [_not_done(dice, dice.pick(dice.pick(SPECIALTIES)))], None, more=0)


def timed_boundary(*minutes: int) -> Maker:
    """A timed procedure of one of these lengths."""

    def make(dice: Dice) -> Story:
        return _story(dice, [replace(_done(dice, dice.pick(TIMED)), minutes=dice.pick(minutes))], None)

    return make


def units_at_max(*, beyond: bool) -> Maker:
    """As many units as a day allows, or more."""

    def make(dice: Dice) -> Story:
        name = dice.pick((*TIMED, "allergy tests", "nail debridement", *FURTHER))
        known = PROCEDURES[name]
        more = dice.whole(1, 3) if beyond else 0
        if known.counting == "minutes":
            act = replace(_done(dice, name), minutes=known.cap * 15 + more * 8)
        else:
            act = replace(_done(dice, name), count=(1 + known.further_cap if known.further else known.cap) + more)
        return _story(dice, [act], None, more=1)

    return make


def on_sides(*sides: Side) -> Maker:
    """A procedure on one of these sides."""

    def make(dice: Dice) -> Story:
        act = replace(_done(dice, dice.pick(SIDED)), side=dice.pick(sides))
        return _story(dice, [act], _some_visit(dice) if dice.chance(0.25) else None)

    return make


def add_on(dice: Dice) -> Story:
    """Several lesions: the first, and a code for those after it."""
    return _story(dice, [replace(_done(dice, dice.pick(FURTHER)), count=dice.whole(2, 6))], None)


def bundled(*, separate: bool) -> Maker:
    """Two procedures of which one is included in the other; ``separate`` says that the site is another."""

    def make(dice: Dice) -> Story:
        kept, dropped = dice.pick([pair for pair, override in INCLUDED.items() if override or not separate])
        acts = [_done(dice, kept), replace(_done(dice, dropped, number=2), separate_site=separate)]
        return _story(dice, acts, _some_visit(dice) if dice.chance(0.25) else None, more=0)

    return make


def rarely_worded(rare: Rare) -> Maker:
    """A plain day, one part of which is worded as few notes are."""

    def make(dice: Dice) -> Story:
        if rare == "separate site":
            return replace(bundled(separate=True)(dice), rare=rare)
        if rare == "side":
            return replace(on_sides("left", "right")(dice), rare=rare)
        done = _done(dice, dice.pick(tuple(PROCEDURES)))
        story = _story(dice, [done], _some_visit(dice) if rare == "visit" else None, more=1)
        if rare == "not done":
            others = [name for name in _colleagues(done.procedure) if name != done.procedure]
            extra = _not_done(dice, dice.pick(others), number=len(story.acts) + 1)
            kept = tuple(act for act in story.acts if act.status == "done" and act.procedure != extra.procedure)
            story = replace(story, acts=(*kept, extra))
        return replace(story, rare=rare)

    return make


def refused(code: str) -> Maker:
    """An ordinary day, and a request that must be turned away for this reason."""

    def make(dice: Dice) -> Story:
        done = _done(dice, dice.pick(tuple(PROCEDURES)))
        return replace(_story(dice, [done], _some_visit(dice) if dice.chance(0.4) else None), refusal=code)

    return make


def child_day(names: Sequence[str] = CHILDREN, *, refusal: str | None = None) -> Maker:
    """A minor, with what is done to minors."""

    def make(dice: Dice) -> Story:
        story = _story(dice, [_done(dice, dice.pick(names))], _some_visit(dice) if dice.chance(0.4) else None)
        return replace(story, refusal=refusal, extras=Extras(person="minor"))

    return make


def amend(story: Story, dice: Dice) -> Story:
    """The story with an addendum: the first thing done was not, or was on the other side, or took another time.

    Where nothing was done, the addendum is a late entry of a procedure.
    """
    done = next((act for act in story.acts if act.status == "done"), None)
    if done is None:
        changed = _done(dice, dice.pick(dice.pick(SPECIALTIES)))
    elif done.side and dice.chance(0.6):
        changed = replace(done, side=OPPOSITE[done.side])
    elif done.minutes and dice.chance(0.6):
        changed = replace(done, minutes=dice.pick([minutes for minutes in (7, 8, 22, 23) if minutes != done.minutes]))
    else:
        changed = replace(done, status="not done", separate_site=False)
    return replace(story, acts=(*story.acts, _numbered(changed, story, source="addendum")))


def copy_forward(story: Story, dice: Dice) -> Story:
    """The story with a passage of an earlier note in it, which tells of another procedure as if it were of today."""
    today = {act.procedure for act in story.acts}
    group = _colleagues(story.acts[0].procedure) if story.acts else dice.pick(SPECIALTIES)
    others = [name for name in group if name not in today] or [name for name in PROCEDURES if name not in today]
    earlier = _done(dice, dice.pick(others))
    return replace(story, acts=(*story.acts, _numbered(earlier, story, source="earlier note")))


def find(story: Story, dice: Dice, *, extras: Extras | None = None) -> Story:
    """The story with what rides on it and its conditions: what everything was done for, what was only thought of.

    ``extras`` takes the place of the story's own; what the visit was about follows the person of the story before.
    """
    found = [*_indications(story, dice)]
    thought_of = dice.pick((0, 1, 1, 2))
    if thought_of:
        here = {name for act in story.acts for name in INDICATIONS[act.procedure]}
        here.update(condition for condition, _, _ in found)
        others = [*DISTRACTORS, *(name for name in _WITHOUT_SIDES if name not in here)]
        found += [(name, dice.pick(NOT_SO), None) for name in dice.some(others, thought_of)]
    findings = tuple(Finding(f"finding-{number}", *one) for number, one in enumerate(found, 1))
    rides = story.extras if extras is None else extras
    return Story(story.acts, story.visit, story.new_patient, findings, story.refusal, story.rare, rides)


def _indications(story: Story, dice: Dice) -> Iterator[tuple[str, Certainty, Side | None]]:
    seen: set[str] = set()
    for act in last_word(story.acts):
        if act.status not in {"done", "not done", "abandoned"}:
            continue
        names = INDICATIONS[act.procedure]
        first, _, place = act.place.rpartition(" ")
        name = next((name for name in names if name.split()[0] == place), names[0])
        side: Side | None = act.side
        if act.procedure == "wound repair":
            side = "left" if first == "left" else "right" if first == "right" else None
        if name not in seen:
            seen.add(name)
            yield name, "present", side if side in CONDITIONS[name].codes else None
    if story.visit is not None and story.visit.separate_work:
        yield dice.pick(CHILDS_REASONS if story.extras.person == "minor" else VISIT_REASONS), "present", None


def _numbered(act: Act, story: Story, *, source: str) -> Act:
    taken = {known.fact_id for known in story.acts}
    number = len(taken) + 1
    while f"act-{number}" in taken:  # a day worded rarely may have left an act out
        number += 1
    return replace(act, fact_id=f"act-{number}", source=source)  # type: ignore[arg-type]


def _done(dice: Dice, name: str, status: Status = "done", *, number: int = 1) -> Act:
    """The procedure, done, with the sides, counts and minutes that it needs, as act of this number."""
    known = PROCEDURES[name]
    place = dice.pick(PLACES.get(name, SPOTS))
    side: Side | None = None
    count = 1
    if known.sided:
        side = dice.pick(("left", "right", "both"))
    minutes = dice.whole(8, 55) if known.counting == "minutes" else 0
    if known.counting == "each":
        count = dice.whole(2, min(known.cap, 24))
    if known.counting == "first and further":
        count = dice.pick((1, 1, 2, 3))
    return Act(f"act-{number}", name, status, side, count, minutes, place)


def _may_join(name: str, acts: Sequence[Act]) -> bool:
    """May it be added without touching a bundling pair, so that only the themes of bundling do?"""
    apart = _NOT_BESIDE[name]
    return not any(act.procedure in apart for act in acts)


_NOT_BESIDE = {name: {name, *(other for pair in INCLUDED if name in pair for other in pair)} for name in PROCEDURES}
_WITHOUT_SIDES = tuple(name for name, known in CONDITIONS.items() if None in known.codes)


@cache
def _colleagues(name: str) -> tuple[str, ...]:
    return next(group for group in SPECIALTIES if name in group)


def _story(dice: Dice, done: Sequence[Act], visit: Visit | None, *, more: int = 2) -> Story:
    """The theme's acts, numbered, up to ``more`` others of the same specialty, and things talked of and not done."""
    acts = list(done)
    group = _colleagues(acts[0].procedure) if acts else dice.pick(SPECIALTIES)
    for _ in range(min(more, dice.pick((0, 0, 0, 1, 1, 2)))):
        joining = [name for name in group if _may_join(name, acts)]
        if joining:
            acts.append(_done(dice, dice.pick(joining), number=len(acts) + 1))
    for _ in range(dice.pick((0, 0, 1, 1, 2))):
        acts.append(_not_done(dice, dice.pick(group), number=len(acts) + 1))
    return Story(tuple(acts), visit, new_patient=dice.chance(0.3))


def _not_done(dice: Dice, name: str, *, number: int = 1) -> Act:
    return _done(dice, name, dice.pick(NOT_DONE), number=number)


def _some_visit(dice: Dice) -> Visit:
    return Visit(dice.whole(16, 75))
