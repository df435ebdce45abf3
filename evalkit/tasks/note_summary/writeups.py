"""The note that a careful clinician writes of a visit: every fact once, under the heading it belongs to."""

from __future__ import annotations

from typing import Final, get_args

from evalkit.cases.randomness import Dice
from evalkit.tasks.note_summary.headings import Section
from evalkit.tasks.note_summary.phrases import HEADINGS, WRITTEN
from evalkit.tasks.note_summary.talks import bank_of
from evalkit.tasks.note_summary.visits import Visit
from evalkit.tasks.note_summary.wording import part_of, written

SECTIONS: Final[tuple[Section, ...]] = get_args(Section)


def write_note(visit: Visit, dice: Dice) -> str:
    """The reference note: sections in their usual order, sentences in capitals and full stops."""
    parts = []
    about = part_of(visit.told[0].statement.name)
    for section in SECTIONS:
        lines = []
        for told in visit.told:
            if told.fact.section == section:
                template = dice.pick(WRITTEN[bank_of(told)])
                line = template.format(**written(told.statement, dice, part=about))
                lines.append(line[0].upper() + " ".join(line[1:].split()))
        if lines:
            parts.append("\n".join([dice.pick(HEADINGS[section]), " ".join(lines)]))
    return "\n\n".join(parts) + "\n"
