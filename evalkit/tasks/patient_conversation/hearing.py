"""From words to events: what the offline agent makes of what a caller says, in the state that it is in."""

from __future__ import annotations

from evalkit.tasks.patient_conversation import reading
from evalkit.tasks.patient_conversation.dialogue import Dialogue, Knowledge


def hear(known: Knowledge, dialogue: Dialogue, words: str) -> str:
    """The event. Emergency words come before all else, whatever the state."""
    words = reading.without_fillers(words)
    lowered = words.lower().replace("’", "'")
    dialogue.heard_rows = ()
    urgent = known.emergency.search(lowered)
    if urgent:
        dialogue.heard_rows = (f"Emergency/{urgent[0]}",)
        return "emergency"
    if known.voicemail.search(lowered):
        return "voicemail"
    intent, sureness = known.model.judge(words)
    sure = sureness >= known.sure
    if sure and known.intents[intent].cells["kind"] == "revoked":
        return "revoked"
    if known.someone_else.search(lowered):
        if dialogue.patient:
            return "someone_else"
        dialogue.relation = "other"
    _note(known, dialogue, words, lowered)
    if dialogue.state == "verify":
        return _identifiers(known, dialogue, words)
    if dialogue.state == "pick":
        return _choice(dialogue, words)
    if dialogue.state == "detail" and not (sure and _lacks(known, dialogue)):
        return _kind(known, dialogue, dialogue.intent)
    if dialogue.state == "close" and reading.agrees(words) is False:
        return "no"
    if not sure:
        return "unclear"
    return _kind(known, dialogue, intent)


def _lacks(known: Knowledge, dialogue: Dialogue) -> bool:
    """Is what was asked for still unknown? Then the caller may want something else."""
    needs = known.intents[dialogue.intent].cells["needs"] or ()
    return any(name not in dialogue.facts for name in needs if name != "drug")


def _kind(known: Knowledge, dialogue: Dialogue, intent: str) -> str:
    row = known.intents[intent]
    dialogue.intent = intent
    dialogue.heard_rows = (row.row_id,)
    return str(row.cells["kind"])


def _note(known: Knowledge, dialogue: Dialogue, words: str, lowered: str) -> None:
    """Keep what is said of specialty, topic, day and time: a caller seldom waits to be asked."""
    dialogue.facts["words"] = f"{dialogue.facts.get('words', '')} {lowered}"
    for name, table in (("specialty", known.specialties), ("topic", known.topics)):
        found = next((value for value, cues in table.items() if cues.search(lowered)), None)
        if found is not None:
            dialogue.facts[name] = found
    if dialogue.state == "verify":
        return  # a date is a birthday there
    day = reading.read_day(words, near=dialogue.today) if dialogue.today else None
    if day is not None and day >= dialogue.today:
        dialogue.facts["day"] = day
    part, time = reading.read_part(words), reading.read_time(words)
    if part:
        dialogue.facts["part"] = part
    if time:
        dialogue.facts["time"] = time


def _identifiers(known: Knowledge, dialogue: Dialogue, words: str) -> str:
    """Read what was asked for. A name may stand alone then, and digits are those of a number."""
    understood = False
    for name in dialogue.asking:
        value = _read(name, words, alone=len(dialogue.asking) == 1)
        if value:
            dialogue.given[name] = value
            understood = True
    missing = [name for name in (*known.always, *dialogue.asking) if name not in dialogue.given]
    if not understood:
        return "unclear"
    return "missing" if missing else "given"


def _read(name: str, words: str, *, alone: bool) -> str | None:
    if name == "name":
        return reading.read_name(words, bare=True)
    if name == "date_of_birth":
        return reading.read_date(words)
    digits = reading.read_digits(words)
    if name == "phone":
        return digits[-10:] if len(digits) >= 10 else None
    return f"MRN{digits}" if alone and digits else None


def _choice(dialogue: Dialogue, words: str) -> str:
    """Yes, no, or one of the offered times by its day and hour."""
    day, time = reading.read_day(words, near=dialogue.today), reading.read_time(words)
    for at, one in enumerate(dialogue.offers):
        if time and day and one["start"] == f"{day} {time}":
            dialogue.offers = dialogue.offers[at:]
            return "yes"
    answer = reading.agrees(words)
    if day:
        dialogue.offers = []  # another day is wanted: seek anew
    elif answer is True:
        return "yes"
    return "no" if answer is False or day else "unclear"
