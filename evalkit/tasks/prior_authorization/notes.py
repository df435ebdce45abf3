"""From facts to a chart: documents of several kinds, identifiers planted, the place of every fact known by count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from evalkit.cases.fact import Fact
from evalkit.cases.randomness import Dice
from evalkit.cases.writing import Writer
from evalkit.phi.identifiers import Identifier
from evalkit.tasks.prior_authorization import templates
from evalkit.tasks.prior_authorization.facts import Story
from evalkit.tasks.prior_authorization.phrases import BANKS, INJECTIONS
from evalkit.tasks.prior_authorization.templates import PLACES, TEMPLATES, Section, Template

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_SPANISH_NUMBERS = (
    "cero", "una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce",
)  # fmt: skip
_LUMBAR = ("low back", "lumbar spine", "lower back")
_SIDES_IN_SPANISH = {"left": "izquierda", "right": "derecha"}
_STEPS = (1, 7, 11, 13)
"""Coprime to the length of every bank of fillers, so that no sentence comes twice."""
STRANGER = "other"
"""Whose page it is, where it is not the patient's."""


@dataclass(frozen=True, slots=True, repr=False)
class Statement:
    """One sentence that states a fact, or an instruction to software that states none."""

    section: Section
    text: str
    fact_id: str = ""

    def __repr__(self) -> str:
        return f"Statement({self.section}, {self.fact_id})"


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """One document as written; the writer's marks are the ids of the facts that it tells."""

    type: str
    writer: Writer

    def __repr__(self) -> str:
        return f"Document({self.type})"


def write_chart(story: Story, known: Mapping[str, Identifier], dice: Dice, *, injected: bool) -> list[Document]:
    """The documents of a story, oldest first.

    ``known`` holds the patient's identifiers and, for document i, ``note<i>.date``. With ``injected`` one document
    holds an instruction to software.
    """
    told = {fact.fact_id: sentence(fact, dice, rare=fact.fact_id == story.rare, spanish=_is_spanish(fact, story))
            for fact in story.facts}  # fmt: skip
    victim = dice.whole(1, max(len(story.pages), 1)) if injected else 0
    chart = []
    for number, page in enumerate(story.pages, start=1):
        own = [fact for fact in story.facts if fact.source_document == f"note-{number}"]
        template = dice.pick(_holding(frozenset(fact.name for fact in own)))
        said = [Statement(_place(fact.name, template), told[fact.fact_id], fact.fact_id) for fact in own]
        if number == victim:
            said.append(Statement(dice.pick(template.sections), dice.pick(INJECTIONS)))
        copied = [told[fact.fact_id] for fact in story.facts if fact.source_document == page.copied]
        scribe = _Scribe(Writer(), known, f"note{number}", dice)
        scribe.write(template, said, copied, spanish=page.spanish)
        chart.append(Document(template.type, scribe.writer))
    return chart


def write_stranger(known: Mapping[str, Identifier], number: int, dice: Dice) -> Document:
    """A page of somebody else that lies in the chart by mistake; ``known`` holds ``other.*``."""
    template = dice.pick(TEMPLATES)
    scribe = _Scribe(Writer(), known, f"note{number}", dice, whose=STRANGER)
    scribe.write(template, [], [], spanish=False)
    return Document(template.type, scribe.writer)


def sentence(fact: Fact, dice: Dice, *, rare: bool = False, spanish: bool = False) -> str:
    """How the fact is put: from the rare or the Spanish bank where asked for and there is one."""
    bank = BANKS[fact.name, fact.polarity]
    phrases = (spanish and bank.spanish) or (rare and bank.rare) or bank.usual
    words = {"dur": _duration(fact, dice, spanish=spanish), "region": _region(fact, dice, spanish=spanish)}
    text = dice.pick(phrases).format(**words, pct=fact.value)
    return text[0].upper() + text[1:]


def _is_spanish(fact: Fact, story: Story) -> bool:
    page = int((fact.source_document or "").removeprefix("note-"))
    return story.pages[page - 1].spanish


@lru_cache(maxsize=4096)
def _holding(names: frozenset[str]) -> tuple[Template, ...]:
    """The templates that have a section for each of these facts."""
    return tuple(one for one in TEMPLATES if all(set(PLACES[name]) & set(one.sections) for name in names))


@lru_cache(maxsize=1024)
def _place(name: str, template: Template) -> Section:
    return next(section for section in PLACES[name] if section in template.sections)


@lru_cache(maxsize=8192)
def _owned(template: str, note: str, whose: str) -> str:
    """A template with the slots of its own note, and of the person whose page it is."""
    return template.replace("{note.", f"{{{note}.").replace("{patient.", f"{{{whose}.")


def _duration(fact: Fact, dice: Dice, *, spanish: bool) -> str:
    """Days in words: 42 as 6 weeks, six weeks or 42 days; 41 as 41 days or 5 weeks and 6 days."""
    if fact.unit != "d" or not isinstance(fact.value, int):
        return f"{dice.whole(4, 8)} semanas" if spanish else f"{dice.whole(4, 8)} weeks"
    weeks, rest = divmod(fact.value, 7)
    in_days = dice.chance(0.5)
    in_words = dice.chance(0.4)
    if spanish:
        return f"{_SPANISH_NUMBERS[weeks] if in_words and weeks < len(_SPANISH_NUMBERS) else weeks} semanas"
    if rest:
        return f"{fact.value} days" if in_days else f"{weeks} weeks and {rest} days"
    if in_days and weeks == 6:
        return f"{fact.value} days"
    number = _NUMBERS[weeks] if in_words and weeks < len(_NUMBERS) else str(weeks)
    return f"{number} {'week' if weeks == 1 else 'weeks'}"


def _region(fact: Fact, dice: Dice, *, spanish: bool) -> str:
    drawn = dice.pick(_LUMBAR)
    if fact.code == "lumbar":
        return "la espalda baja" if spanish else drawn
    if spanish:
        return f"la rodilla {_SIDES_IN_SPANISH.get(fact.laterality or '', '')}".strip()
    return f"{fact.laterality} {fact.code}" if fact.laterality else f"{fact.code}"


@dataclass(slots=True)
class _Scribe:
    """Writes one document."""

    writer: Writer
    known: Mapping[str, Identifier]
    note: str
    dice: Dice
    whose: str = "patient"

    def write(self, template: Template, said: Sequence[Statement], copied: Sequence[str], *, spanish: bool) -> None:
        """Title, header, sections, signature."""
        dice = self.dice
        self._line(dice.pick(template.titles))
        for line in dice.pick(templates.HEADERS):
            self._line(line)
        for section in template.sections:
            own = [one for one in said if one.section == section]
            self._section(section, own, spanish=spanish)
        if copied:
            marker = dice.pick(templates.COPIED).replace("{old.", "{note1.")
            self._line("")
            self._line(" ".join((marker, *copied)))
        self._line("")
        self._line(dice.pick(templates.SIGNATURES))

    def _section(self, section: Section, own: Sequence[Statement], *, spanish: bool) -> None:
        """One section: heading, then facts and fillers mixed."""
        dice, writer = self.dice, self.writer
        body = [(one.text, one.fact_id) for one in own]
        body += [(text, "") for text in self._fillers(section, spanish=spanish)]
        waiting = f"\n{dice.pick(templates.HEADINGS[section])}\n"
        gap = dice.pick(templates.STYLES)
        if gap.strip():
            waiting += gap.lstrip("\n")
        for place, (text, fact_id) in enumerate(dice.shuffled(body) if own else body):
            if place:
                waiting += gap
            if not fact_id and "{" not in text:  # words alone go in together: most sentences are nothing else
                waiting += text
                continue
            writer.text(waiting)
            waiting = ""
            if fact_id:
                writer.mark(fact_id, text)
            else:
                self._fill(text)
        writer.text(waiting + "\n")

    def _fillers(self, section: Section, *, spanish: bool) -> list[str]:
        """Sentences that decide nothing, every ``step``-th of the bank from a drawn one on: all different."""
        dice = self.dice
        bank = templates.SPANISH if spanish else templates.FILLERS[section]
        size = len(bank)
        start, step, count = dice.whole(0, size - 1), dice.pick(_STEPS), dice.whole(1, 2 if spanish else 4)
        texts = [bank[place % size] for place in range(start, start + count * step, step)]
        if section == "history" and not spanish and "relative.name" in self.known and dice.chance(0.4):
            texts.append(dice.pick(templates.WITH_RELATIVE))
        return texts

    def _line(self, template: str) -> None:
        self._fill(template + "\n")

    def _fill(self, template: str) -> None:
        if "{" in template:
            self.writer.fill(_owned(template, self.note, self.whose), self.known)
        else:
            self.writer.text(template)
