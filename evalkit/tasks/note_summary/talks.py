"""A visit as it is talked: turns of doctor and patient, each fact told by one exchange whose place is counted.

What is hard about a visit is done here: something said first and put right later, tags that a recogniser swapped, a
guest with troubles of their own, an aside that is not for the note, small talk up to the wanted length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from evalkit.cases.randomness import Dice
from evalkit.cases.writing import Writer
from evalkit.phi.identifiers import Identifier
from evalkit.tasks.note_summary.phrases import TALK, Exchange
from evalkit.tasks.note_summary.statements import Statement
from evalkit.tasks.note_summary.visits import CHRONIC, Told, Visit
from evalkit.tasks.note_summary.wording import part_of, said

FIELD: Final = "dialogue"
_SPEAKERS: Final = {"d": "doctor", "p": "patient", "g": "patient_guest"}
_SWAPPED: Final = {"d": "p", "p": "d", "g": "g"}
_SWAPPED_TURNS: Final = 6
_OF_OTHERS: Final = ("gout", "kidney stones", "anemia", "eye redness", "constipation", "asthma")
"""What a guest has; never a fact of the visit, because the talk says whose it is."""


@dataclass(slots=True)
class _Piece:
    """One exchange to be written, and the fact that it tells, if any."""

    exchange: Exchange
    words: Mapping[str, str] = field(default_factory=dict)
    fact_id: str | None = None


def write_talk(visit: Visit, known: Mapping[str, Identifier], dice: Dice) -> Writer:
    """The dialogue. Every fact that the visit tells is marked by its id; several turns may lie in one mark."""
    pieces = [_Piece(dice.pick(TALK["greeting"]))]
    later: list[tuple[int, _Piece]] = []
    part = part_of(visit.told[0].statement.name)
    for told in visit.told:
        spelled = True if visit.trap == "pressure spoken" and told.statement.name == "blood pressure" else None
        piece = _piece(told, dice, part=part, spelled=spelled)
        if told.first is None:
            pieces.append(piece)
            continue
        pieces.append(_first(told.first, dice, part))
        later.append((len(pieces), piece))
    for after, piece in reversed(later):
        pieces.insert(min(len(pieces), after + dice.whole(2, 6)), piece)
    if visit.trap == "third person":
        own = {told.statement.name for told in visit.told}
        other = Statement("problem", dice.pick([name for name in _OF_OTHERS if name not in own]))
        pieces.insert(dice.whole(2, len(pieces)), _Piece(dice.pick(TALK["third person"]), said(other, dice)))
    if visit.trap == "sensitive aside":
        pieces.insert(dice.whole(2, len(pieces)), _Piece(dice.pick(TALK["aside"])))
    pieces.append(_Piece(dice.pick(TALK["goodbye"])))
    wanted = visit.turns + (30 if visit.trap == "chit-chat" else 0)
    _fill_up(pieces, wanted, dice)
    return _write(pieces, known, dice, swapped=visit.trap == "speakers swapped")


def manner(statement: Statement) -> str:
    """The bank that tells a statement."""
    kind = statement.kind
    if kind == "problem":
        by_polarity = {"negated": "denied", "family": "family"}
        return by_polarity.get(statement.polarity, "complaint")
    if kind == "habit":
        return f"habit {statement.polarity}"
    if kind == "drug":
        return f"drug {statement.status}"
    return {"allergy": "allergy", "order": "order", "follow_up": "follow-up"}.get(kind, "exam")


def _piece(told: Told, dice: Dice, *, part: str, spelled: bool | None) -> _Piece:
    bank = bank_of(told)
    if told.first is not None:
        changed = told.first
        bank = "drug righted" if changed.value != told.statement.value else bank
        bank = "side righted" if changed.side != told.statement.side else bank
        bank = "admitted" if changed.polarity != told.statement.polarity else bank
    return _Piece(dice.pick(TALK[bank]), said(told.statement, dice, part=part, spelled=spelled), told.fact_id)


def bank_of(told: Told) -> str:
    """As `manner`, with what only the part of the note tells: chronic problems, exam or result."""
    bank = manner(told.statement)
    if bank == "complaint" and told.statement.name in CHRONIC:
        return "chronic"
    return "result" if told.fact.section == "objective results" else bank


def _first(statement: Statement, dice: Dice, part: str) -> _Piece:
    """What is said before it is put right: no evidence for anything."""
    bank = manner(statement)
    if statement.kind == "drug":
        bank = "drug wrong" if statement.value else "drug taken"
    return _Piece(dice.pick(TALK[bank]), said(statement, dice, part=part))


def _fill_up(pieces: list[_Piece], wanted: int, dice: Dice) -> None:
    """Small talk between the exchanges until there are turns enough; none before the greeting or after the end."""
    missing = wanted - sum(len(piece.exchange) for piece in pieces)
    left: list[Exchange] = []
    while missing > 0:
        left = left or dice.shuffled(TALK["chat"])
        chat = left.pop()
        pieces.insert(dice.whole(1, len(pieces) - 1), _Piece(chat))
        missing -= len(chat)


def _write(pieces: list[_Piece], known: Mapping[str, Identifier], dice: Dice, *, swapped: bool) -> Writer:
    writer = Writer()
    turns = sum(len(piece.exchange) for piece in pieces)
    first = dice.whole(4, max(4, turns - _SWAPPED_TURNS - 2)) if swapped else turns
    number = 0
    for piece in pieces:
        for place, turn in enumerate(piece.exchange):
            speaker = _SWAPPED[turn[0]] if first <= number < first + _SWAPPED_TURNS else turn[0]
            writer.text(f"{'' if number == 0 else chr(10)}[{_SPEAKERS[speaker]}] ")
            if piece.fact_id is not None and place == 0:
                writer.open(piece.fact_id)
            writer.fill(turn[2:], known, piece.words)
            number += 1
        if piece.fact_id is not None:
            writer.close(piece.fact_id)
    return writer
