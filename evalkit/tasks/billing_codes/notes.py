"""From facts to a note: several sections and sentences, identifiers planted, the place of every fact known by count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from evalkit.cases.randomness import Dice
from evalkit.cases.writing import Writer
from evalkit.phi.identifiers import Identifier
from evalkit.tasks.billing_codes import sentences
from evalkit.tasks.billing_codes.facts import Rare, Story
from evalkit.tasks.billing_codes.phrases import SPOTS, WORDINGS, Wording
from evalkit.tasks.billing_codes.policy import INCLUDED, PROCEDURES, VISIT_FACT, Act, Visit
from evalkit.tasks.billing_codes.sentences import Bank

_SLOT = re.compile(r"\{([a-z0-9_.]+)\}")
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a note: its section, its text with identifier slots open, and the fact that it states."""

    section: str
    text: str
    fact_id: str = ""


def write_note(story: Story, known: Mapping[str, Identifier], dice: Dice) -> Writer:
    """The note of a story.

    ``known`` holds the identifiers that may be planted, by needle id. Every sentence that states a fact is marked
    ``<fact id>.<number>``.
    """
    stated = [*_statements(story, dice)]
    writer = Writer()
    for line in dice.pick(sentences.HEADERS):
        _write(writer, line, known)
        writer.line()
    count = 0
    for section, heading in dice.pick(sentences.LAYOUTS):
        own = [sentence for sentence in stated if sentence.section == section]
        body = dice.shuffled([*own, *_reasons(story, section, dice), *_fillers(section, known, dice)])
        writer.line().text(heading + ("\n" if heading else ""))
        gap = dice.pick(sentences.STYLES)
        writer.text("- " if "-" in gap else "")
        for number, sentence in enumerate(body):
            count += 1
            writer.text(gap if number else "")
            _state(writer, sentence, known, count)
        writer.line()
    _write(writer.line(), dice.pick(sentences.SIGNATURES), known)
    writer.line()
    return writer


def evidence_marks(writer: Writer, fact_id: str) -> list[str]:
    """The marks of the sentences that state a fact, in the order of the note."""
    return [mark for mark in writer.marks if mark.rpartition(".")[0] == fact_id]


def _state(writer: Writer, sentence: Sentence, known: Mapping[str, Identifier], count: int) -> None:
    mark = f"{sentence.fact_id}.{count}"
    if sentence.fact_id:
        writer.open(mark)
    _write(writer, sentence.text, known)
    if sentence.fact_id:
        writer.close(mark)


def _write(writer: Writer, text: str, known: Mapping[str, Identifier]) -> None:
    """Append text, planting what its slots name; a date of birth or service is written as people write it."""
    pieces = _SLOT.split(text)
    for number, piece in enumerate(pieces):
        if number % 2:
            identifier = known[piece]
            writer.plant(identifier, _as_written(identifier))
        elif piece:
            writer.text(piece)


def _as_written(identifier: Identifier) -> str | None:
    if identifier.category != "date":
        return None
    year, month, day = identifier.value.split("-")
    return f"{month}/{day}/{year}"


def _fillers(section: str, known: Mapping[str, Identifier], dice: Dice) -> list[Sentence]:
    banks = {
        "history": (sentences.HISTORY, 4),
        "exam": (sentences.EXAM, 4),
        "procedure": (sentences.AFTERWARDS, 3),
        "plan": (sentences.PLAN, 5),
    }
    bank, most = banks[section]
    texts = dice.some(bank, dice.whole(2, most))
    if section == "history" and "relative.name" in known and dice.chance(0.5):
        texts.append(dice.pick(sentences.WITH_RELATIVE))
    return [Sentence(section, text) for text in texts]


def _reasons(story: Story, section: str, dice: Dice) -> Iterator[Sentence]:
    """Why the patient came and what was found, for everything that was done or talked of."""
    part = {"history": 0, "exam": 1}.get(section)
    if part is None:
        return
    for name in dict.fromkeys(act.procedure for act in story.acts):
        yield Sentence(section, dice.pick(sentences.REASONS[name][part]))


def _statements(story: Story, dice: Dice) -> Iterator[Sentence]:
    rarely = _worded_rarely(story)
    for act in story.acts:
        rare = story.rare if act.fact_id == rarely else "none"
        if act.polarity == "done":
            yield from _done(act, rare, dice)
        else:
            yield _not_done(act, rare == "not done", dice)
    if story.visit is not None:
        yield _visit_sentence(story.visit, rarely == VISIT_FACT, dice)


def _worded_rarely(story: Story) -> str:
    """The fact that the story wants in rare words; empty for none."""
    candidates: dict[Rare, list[str]] = {
        "none": [],
        "procedure": [act.fact_id for act in story.acts if act.polarity == "done"],
        "side": [act.fact_id for act in story.acts if act.polarity == "done" and act.side],
        "visit": [VISIT_FACT],
        "not done": [act.fact_id for act in story.acts if act.polarity != "done"],
        "separate site": [act.fact_id for act in story.acts if act.separate_site],
    }
    return next(iter(candidates[story.rare]), "")


def _visit_sentence(visit: Visit, rare: bool, dice: Dice) -> Sentence:
    bank = sentences.VISIT_TIME if visit.separate_work else sentences.VISIT_INCLUDED
    text = dice.pick(bank.rare if rare else bank.usual).format(minutes=visit.minutes)
    return Sentence(dice.pick(("plan", "plan", "history")), _capitalized(text), VISIT_FACT)


def _not_done(act: Act, rare: bool, dice: Dice) -> Sentence:
    wording = WORDINGS[act.procedure]
    bank: Bank = sentences.NOT_DONE[act.polarity]
    noun = _fill(dice.pick(wording.nouns), act, wording, dice)
    text = dice.pick(bank.rare if rare else bank.usual).format(noun=noun, year=dice.whole(2015, 2023))
    section = "history" if act.polarity == "historical" else dice.pick(("plan", "plan", "procedure"))
    return Sentence(section, _capitalized(text), act.fact_id)


def _done(act: Act, rare: Rare, dice: Dice) -> Iterator[Sentence]:
    """One sentence, or two that say a part each: the left and the right, one lesion and two more, 10 minutes and 13."""
    wording = WORDINGS[act.procedure]
    phrases = wording.rare if rare == "procedure" else wording.usual
    site = dice.pick(wording.sites) if wording.sites else ("", "")
    for part in _parts(act, dice):
        text = _fill(dice.pick(phrases), part, replace(wording, sites=(site,)), dice, short=rare == "side")
        yield Sentence("procedure", _capitalized(text[:-1] + _apart(act, rare, dice) + "."), act.fact_id)


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


def _fill(template: str, act: Act, wording: Wording, dice: Dice, *, short: bool = False) -> str:
    """A template with its slots filled from the act; ``short`` writes L and R. Every template takes the same draws."""
    one, both = dice.pick(wording.sites) if wording.sites else ("", "")
    spelled: str = "bilateral" if act.side == "both" else act.side or ""
    side = spelled[:1].upper() if short else spelled
    thing = wording.thing[act.count > 1]
    number = _NUMBERS[act.count] if act.count <= 10 and dice.chance(0.6) else str(act.count)
    return template.format(
        side=side,
        site=one,
        place=f"both {both}" if act.side == "both" else f"the {side} {one}",
        things=f"{number} {thing}",
        minutes=act.minutes,
        spot=dice.pick(SPOTS),
    )


def _capitalized(text: str) -> str:
    return text[0].upper() + text[1:]
