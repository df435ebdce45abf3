"""From facts to a note: several sections and sentences, identifiers planted, the place of every fact known by count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from evalkit.cases.randomness import Dice
from evalkit.cases.writing import Writer
from evalkit.phi.identifiers import Identifier
from evalkit.tasks.billing_codes import fillers, sentences
from evalkit.tasks.billing_codes.conditions import CONDITIONS, Finding
from evalkit.tasks.billing_codes.fillers import Side
from evalkit.tasks.billing_codes.phrases import WORDINGS
from evalkit.tasks.billing_codes.policy import INCLUDED, PROCEDURES, VISIT_FACT, Act, Source, Visit
from evalkit.tasks.billing_codes.sentences import Bank
from evalkit.tasks.billing_codes.story import Rare, Story
from evalkit.tasks.billing_codes.templates import (
    FEET,
    HEADS,
    OPENINGS,
    STYLES,
    TEMPLATES,
    VARIANTS,
    Kind,
    Section,
    Template,
)

_FITTING: dict[Kind, tuple[Template, ...]] = {
    kind: tuple(template for template in TEMPLATES if kind in template.fits for _ in range(template.share))
    for kind in ("timed", "surgical", "other")
}
_REASON_PART: dict[Section, int] = {"history": 0, "exam": 1}
Told = tuple[str, str]
"""A sentence with its identifier slots open, and the fact that it states or nothing."""
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class Statement(NamedTuple):
    """One sentence of a note: its section, its text with identifier slots open, and the fact that it states."""

    section: Section
    text: str
    fact_id: str = ""
    source: Source = "note"


@dataclass(frozen=True, slots=True)
class Written:
    """A finished note: the writer that counted it, and which template it was written by."""

    writer: Writer
    template: Template


def write_note(story: Story, known: Mapping[str, Identifier], dice: Dice, *, sides: Sequence[Side] = ()) -> Written:
    """The note of a story.

    ``known`` holds the identifiers that may be planted, by needle id; ``sides`` are side facts with their sentences.
    Every sentence that states a fact is marked ``<fact id>.<number>``.
    """
    template = dice.pick(_FITTING[_kind(story)])
    stated = [*_statements(story, dice), *(Statement(side.section, side.text, side.fact.fact_id) for side in sides)]
    stated += _extras(story, known, dice)
    page = _Page(Writer(), known)
    title = dice.pick(template.titles)
    page.lines(*((title, "") if title else ()), *dice.pick(HEADS))
    told = _by_place(stated)
    copied = told.get("earlier note", ())
    copied_after = 0 if dice.chance(0.5) else len(template.sections) - 1
    for number, (section, headings) in enumerate(template.sections):
        variant = dice.whole(0, VARIANTS - 1)
        body = [*told.get(section, ()), *_reasons(story, section, dice), *_fillers(section, known, dice)]
        body = dice.shuffled(body)
        opening = OPENINGS[section][variant]
        if body:
            page.passage(headings[variant], [(opening, ""), *body] if opening else body, variant)
        if copied and number == copied_after:
            page.passage(_line(sentences.COPIED_FROM, story, dice), copied, dice.whole(0, VARIANTS - 1))
    page.lines("", dice.pick(FEET))
    if story.refusal == "WRONG_PATIENT":
        page.passage(dice.pick(sentences.STRAY_PAGES), _stray(dice), 0)
    if "addendum" in told:
        page.passage(_line(sentences.ADDENDUM, story, dice), told["addendum"], dice.whole(0, VARIANTS - 1))
    return Written(page.writer, template)


def evidence_marks(writer: Writer, fact_id: str) -> list[str]:
    """The marks of the sentences that state a fact, in the order of the note."""
    return [mark for mark in writer.marks if mark.rpartition(".")[0] == fact_id]


@dataclass(slots=True)
class _Page:
    """What is written so far. Words without a slot go in together: most sentences are nothing else."""

    writer: Writer
    known: Mapping[str, Identifier]
    count: int = 0

    def lines(self, *texts: str) -> None:
        """Whole lines."""
        self.words("\n".join(texts) + "\n")

    def words(self, text: str) -> None:
        """A text, its slots filled where it has any."""
        if "{" in text:
            self.writer.fill(text, self.known)
        else:
            self.writer.text(text)

    def passage(self, heading: str, body: Sequence[Told], variant: int) -> None:
        """A blank line, the heading, and sentences set in one of six ways; those that state a fact get its mark."""
        writer = self.writer
        first, between = STYLES[variant]
        waiting = f"\n{heading}\n{first}" if heading else f"\n{first}"
        if "{" in waiting:
            writer.fill(waiting, self.known)
            waiting = ""
        numbered = "{" in between
        for number, (text, fact_id) in enumerate(body, 1):
            if number > 1:
                waiting += between.replace("{number}", str(number)) if numbered else between
            if not fact_id and "{" not in text:
                waiting += text
                continue
            writer.text(waiting)
            waiting = ""
            if fact_id:
                self._state(text, fact_id)
            else:
                writer.fill(text, self.known)
        writer.text(waiting + "\n")

    def _state(self, text: str, fact_id: str) -> None:
        """A sentence that states a fact, under a mark of its own."""
        self.count += 1
        mark = f"{fact_id}.{self.count}"
        if "{" in text:
            self.writer.open(mark).fill(text, self.known).close(mark)
        else:
            self.writer.mark(mark, text)


def _by_place(stated: Iterable[Statement]) -> dict[Section | Source, list[Told]]:
    """What the note itself says by section, and what an addendum and an earlier note say under their names."""
    told: dict[Section | Source, list[Told]] = {}
    for section, text, fact_id, source in stated:
        told.setdefault(section if source == "note" else source, []).append((text, fact_id))
    return told


def _stray(dice: Dice) -> list[Told]:
    """What a page of another patient says."""
    return [(text, "") for text in dice.some(fillers.EXAM, 3)]


def _kind(story: Story) -> Kind:
    done = [PROCEDURES[act.procedure] for act in story.acts if act.status == "done"]
    if any(known.counting == "minutes" for known in done):
        return "timed"
    return "surgical" if any(known.surgical for known in done) else "other"


def _line(bank: Bank, story: Story, dice: Dice) -> str:
    """The first line of a passage."""
    return dice.pick(bank.rare if story.rare == "passage" else bank.usual)


def _fillers(section: Section, known: Mapping[str, Identifier], dice: Dice) -> list[Told]:
    texts = fillers.some_of(section, dice)
    if section == "history" and "relative.name" in known and dice.chance(0.5):
        texts.append(dice.pick(fillers.WITH_RELATIVE))
    return [(text, "") for text in texts]


def _reasons(story: Story, section: Section, dice: Dice) -> list[Told]:
    """Why the patient came and what was found, for everything that was done or talked of."""
    if section not in _REASON_PART:
        return []
    part = _REASON_PART[section]
    names = dict.fromkeys([act.procedure for act in story.acts if act.source == "note"])
    return [(dice.pick(sentences.REASONS[name][part]), "") for name in names]


def _extras(story: Story, known: Mapping[str, Identifier], dice: Dice) -> Iterator[Statement]:
    """The sentences of the story's extras: an instruction, a code, a decoy, an age, a guardian."""
    extras = story.extras
    if extras.event == "injection":
        yield Statement(dice.pick(("history", "plan")), dice.pick(sentences.INJECTIONS))
    if extras.event == "code told":
        code = dice.pick([procedure.code for procedure in PROCEDURES.values()])
        yield Statement(dice.pick(("history", "plan")), dice.pick(sentences.CODES_TOLD).format(code=code))
    if extras.decoy != "none":
        yield Statement(*dice.pick(fillers.DECOYS[extras.decoy]))
    if extras.person.startswith("age "):
        age = extras.person.removeprefix("age ")
        yield Statement(
            "history", dice.pick(fillers.AGE).format(age="{patient.age}" if "patient.age" in known else age)
        )
    social = {"minor": fillers.CHILDHOOD, "adult": fillers.SOCIAL}.get(extras.person, fillers.OLD_AGE)
    yield Statement("history", dice.pick(social))
    if extras.person == "minor":
        yield Statement("history", dice.pick(fillers.WITH_GUARDIAN))


def _statements(story: Story, dice: Dice) -> Iterator[Statement]:
    rarely = _worded_rarely(story)
    for act in story.acts:
        rare = story.rare if act.fact_id == rarely else "none"
        stated = _done(act, rare, dice) if act.status == "done" else iter([_not_done(act, rare == "not done", dice)])
        yield from stated if act.source == "note" else (one._replace(source=act.source) for one in stated)
    if story.visit is not None:
        yield _visit_sentence(story.visit, rarely == VISIT_FACT, dice)
    for finding in story.findings:
        yield _condition(finding, finding.fact_id == rarely, dice)


def _worded_rarely(story: Story) -> str:
    """The fact that the story wants in rare words; empty for none."""
    done = [act for act in story.acts if act.status == "done" and act.source == "note"]
    candidates: dict[Rare, list[str]] = {
        "none": [],
        "passage": [],
        "procedure": [act.fact_id for act in done],
        "side": [act.fact_id for act in done if act.side],
        "visit": [VISIT_FACT],
        "not done": [act.fact_id for act in story.acts if act.status != "done" and act.source == "note"],
        "separate site": [act.fact_id for act in done if act.separate_site],
        "condition": [finding.fact_id for finding in story.findings if finding.certainty == "present"],
    }
    return next(iter(candidates[story.rare]), "")


def _condition(finding: Finding, rare: bool, dice: Dice) -> Statement:
    condition = CONDITIONS.get(finding.condition)
    names = (finding.condition,) if condition is None else condition.rare if rare else condition.usual
    name = dice.pick(names).format(side="bilateral" if finding.side == "both" else finding.side or "")
    text = dice.pick(sentences.CONDITION[finding.certainty].usual).format(name=name, year=dice.whole(2001, 2019))
    section: Section = "assessment" if finding.certainty in {"present", "ruled out", "suspected"} else "history"
    return Statement(section, _capitalized(text), finding.fact_id)


def _visit_sentence(visit: Visit, rare: bool, dice: Dice) -> Statement:
    bank = sentences.VISIT_TIME if visit.separate_work else sentences.VISIT_INCLUDED
    text = dice.pick(bank.rare if rare else bank.usual).format(minutes=visit.minutes)
    return Statement(dice.pick(("plan", "plan", "history")), _capitalized(text), VISIT_FACT)


def _not_done(act: Act, rare: bool, dice: Dice) -> Statement:
    bank = sentences.NOT_DONE[act.status]
    noun = _fill(dice.pick(WORDINGS[act.procedure].nouns), act, dice)
    text = dice.pick(bank.rare if rare else bank.usual).format(noun=noun, year=dice.whole(2015, 2023))
    section: Section = "history" if act.status in {"historical", "family"} else dice.pick(("plan", "plan", "procedure"))
    return Statement(section, _capitalized(text), act.fact_id)


def _done(act: Act, rare: Rare, dice: Dice) -> Iterator[Statement]:
    """One sentence, or two that say a part each: the left and the right, one lesion and two more, 10 minutes and 13."""
    wording = WORDINGS[act.procedure]
    phrases = wording.rare if rare == "procedure" else wording.usual
    for part in _parts(act, dice):
        text = _fill(dice.pick(phrases), part, dice, short=rare == "side")
        yield Statement("procedure", _capitalized(text[:-1] + _apart(act, rare, dice) + "."), act.fact_id)


def _apart(act: Act, rare: Rare, dice: Dice) -> str:
    if not act.separate_site:
        often_included = any(act.procedure == dropped for _, dropped in INCLUDED)
        return dice.pick(sentences.SAME_SITE) if often_included else ""
    bank = sentences.SEPARATE_SITE
    return dice.pick(bank.rare if rare == "separate site" else bank.usual)


def _parts(act: Act, dice: Dice) -> list[Act]:
    whole = [act]
    if act.separate_site or not dice.chance(0.25):
        return whole
    counting = PROCEDURES[act.procedure].counting
    if act.side == "both":
        return [replace(act, side="left"), replace(act, side="right")]
    if counting == "minutes" and act.minutes >= 8:
        first = dice.whole(4, act.minutes - 4)
        return [replace(act, minutes=first), replace(act, minutes=act.minutes - first)]
    if counting in {"each", "first and further"} and act.count >= 2:
        first = dice.whole(1, act.count - 1)
        return [replace(act, count=first), replace(act, count=act.count - first)]
    return whole


def _fill(template: str, act: Act, dice: Dice, *, short: bool = False) -> str:
    """A template with its slots filled from the act; ``short`` writes L and R. Every template takes the same draws."""
    spelled: str = "bilateral" if act.side == "both" else act.side or ""
    number = _NUMBERS[act.count] if act.count <= 10 and dice.chance(0.6) else str(act.count)
    return template.format(
        side=spelled[:1].upper() if short else spelled,
        site=act.place,
        place=f"both {act.place}s" if act.side == "both" else f"the {act.side} {act.place}",
        things=f"{number} {WORDINGS[act.procedure].thing[act.count > 1]}",
        minutes=act.minutes,
        spot=act.place,
    )


def _capitalized(text: str) -> str:
    return text[0].upper() + text[1:]
