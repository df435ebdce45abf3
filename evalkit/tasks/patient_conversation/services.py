"""What the offline agent does: each action of *States* as a function that gives words, and what happened then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from evalkit.agents.conversation import Tools
from evalkit.tasks.patient_conversation.dialogue import Dialogue, Knowledge

Done = tuple[str, str | None]
"""Words to say, and the event that came of it; None where the caller is to speak."""
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip


def in_words(start: str) -> str:
    """A time as it is said: ``March 4, 2025 at 9:30 AM``."""
    day, hour, minute = date.fromisoformat(start[:10]), int(start[11:13]), start[14:16]
    half = "PM" if hour >= 12 else "AM"
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year} at {hour % 12 or 12}:{minute} {half}"


def transfer(queue: str) -> Callable[[Knowledge, Dialogue, Tools], Done]:
    """Hand the caller to a queue; ``intent`` is that of what the caller wants."""

    def hand_over(known: Knowledge, dialogue: Dialogue, tools: Tools) -> Done:
        to = str(known.intents[dialogue.intent].cells["does"]) if queue == "intent" else queue
        tools("transfer", queue=to)
        line = "revoked" if to == "privacy" else "hand_over"
        return known.say(line, queue=to.replace("_", " ")), None

    return hand_over


def _call_911(known: Knowledge, _dialogue: Dialogue, _tools: Tools) -> Done:
    return known.say("emergency"), None


def _leave_message(known: Knowledge, _dialogue: Dialogue, tools: Tools) -> Done:
    words = known.say("voicemail")
    tools("leave_message", text=words)
    return words, None


def _decline(known: Knowledge, _dialogue: Dialogue, _tools: Tools) -> Done:
    return f"{known.say('declined')} {known.say('more')}", None


def _ask(line: str, pick: Callable[[Knowledge, Dialogue], tuple[str, ...]]) -> Callable[..., Done]:
    """Ask for identifiers, and remember which."""

    def ask(known: Knowledge, dialogue: Dialogue, _tools: Tools) -> Done:
        dialogue.asking = pick(known, dialogue)
        return known.say(line, asks=known.asks(dialogue.asking)), None

    return ask


def _missing(known: Knowledge, dialogue: Dialogue) -> tuple[str, ...]:
    missing = tuple(name for name in known.always if name not in dialogue.given)
    return missing or dialogue.asking or known.always


def _another(known: Knowledge, dialogue: Dialogue) -> tuple[str, ...]:
    more = [name for name, cells in known.verify.items() if cells["when"] == "several" and name not in dialogue.given]
    return tuple(more[:1]) or known.always


def _look_up(_known: Knowledge, dialogue: Dialogue, tools: Tools) -> Done:
    found = tools("verify_identity", relation=dialogue.relation, **dialogue.given)
    if found.get("match") == "several":
        return "", "several"
    if found.get("match") != "one":
        dialogue.tries += 1
        dialogue.given.clear()
        return "", "not_found"
    if found.get("may") != "yes":
        return "", "not_allowed"
    dialogue.patient = str(found["patient"])
    return "", "found"


def _ask_again(known: Knowledge, dialogue: Dialogue, _tools: Tools) -> Done:
    dialogue.asking = known.always
    return known.say("verify_again", asks=known.asks(known.always)), None


def _serve(known: Knowledge, dialogue: Dialogue, tools: Tools) -> Done:
    """Do what the intent does, as far as what it needs is known."""
    cells = known.intents[dialogue.intent].cells
    if cells["does"] in {"refill"}:
        _note_drug(dialogue, tools)
    needs = [name for name in cells["needs"] or () if name not in dialogue.facts]
    if needs:
        return "", "need"
    return _SERVICES[cells["does"]](known, dialogue, tools)


def _note_drug(dialogue: Dialogue, tools: Tools) -> None:
    drugs = tools("prescriptions", patient=dialogue.patient).get("drugs", [])
    heard = dialogue.facts.get("words", "")
    drug = next((one for one in drugs if one in heard), None)
    if drug is not None:
        dialogue.facts["drug"] = drug


def _ask_need(known: Knowledge, dialogue: Dialogue, _tools: Tools) -> Done:
    needs = known.intents[dialogue.intent].cells["needs"] or ()
    missing = next((name for name in needs if name not in dialogue.facts), "topic")
    return known.say(f"need_{missing}"), None


def _search_slots(known: Knowledge, dialogue: Dialogue, tools: Tools) -> Done:
    asked = {name: dialogue.facts[name] for name in ("specialty", "day", "part", "time") if dialogue.facts.get(name)}
    found = tools("find_slots", **asked)
    dialogue.offers = list(found.get("slots", ()))
    if not dialogue.offers:
        return "", "nothing_free"
    return (known.say("gap") if found.get("no_such_time") else ""), "offered"


def _offer(known: Knowledge, dialogue: Dialogue, _tools: Tools) -> Done:
    one = dialogue.offers[0]
    return known.say("offer", time=in_words(one["start"]), doctor=one["with"]), None


def _offer_next(known: Knowledge, dialogue: Dialogue, tools: Tools) -> Done:
    """The next of the times; where a day was named meanwhile, a new search."""
    dialogue.offers = dialogue.offers[1:]
    return ("", "offered") if dialogue.offers else _search_slots(known, dialogue, tools)


def _own(dialogue: Dialogue, tools: Tools) -> list[Mapping[str, Any]]:
    """Appointments that the caller may be told of."""
    found = tools("appointments", patient=dialogue.patient).get("appointments", [])
    return [one for one in found if dialogue.relation == "self" or not one["confidential"]]


def _move(known: Knowledge, dialogue: Dialogue, tools: Tools) -> Done:
    own = _own(dialogue, tools)
    if not own:
        return known.say("no_appointment"), "served"
    dialogue.appointment = own[0]["appointment"]
    dialogue.facts["specialty"] = own[0]["specialty"]
    return _search_slots(known, dialogue, tools)


def _book(known: Knowledge, dialogue: Dialogue, tools: Tools) -> Done:
    slot = dialogue.offers[0]
    if dialogue.appointment:
        done = tools("reschedule", appointment=dialogue.appointment, slot=slot["slot"])
    else:
        done = tools("book", patient=dialogue.patient, slot=slot["slot"])
    if done.get("error") == "slot_taken":
        dialogue.offers = dialogue.offers[1:]
        return known.say("taken"), "taken"
    if "error" in done:
        return "", "failed"
    line = "moved" if dialogue.appointment else "booked"
    dialogue.appointment = ""
    return known.say(line, time=in_words(slot["start"])), "served"


def _cancel(known: Knowledge, dialogue: Dialogue, tools: Tools) -> Done:
    own = _own(dialogue, tools)
    if not own:
        return known.say("no_appointment"), "served"
    tools("cancel", appointment=own[0]["appointment"])
    return known.say("cancelled"), "served"


def _tell_appointment(known: Knowledge, dialogue: Dialogue, tools: Tools) -> Done:
    own = _own(dialogue, tools)
    if not own or "date" not in known.disclosable:
        return known.say("no_appointment"), "served"
    return known.say("appointment", time=in_words(own[0]["start"]), doctor=own[0]["with"]), "served"


def _refill(known: Knowledge, dialogue: Dialogue, tools: Tools) -> Done:
    drug = dialogue.facts["drug"]
    done = tools("refill_request", patient=dialogue.patient, drug=drug)
    return ("", "failed") if "error" in done else (known.say("refilled", drug=drug), "served")


def _answer_question(_known: Knowledge, dialogue: Dialogue, tools: Tools) -> Done:
    answer = tools("faq", topic=dialogue.facts.pop("topic")).get("answer")
    return (str(answer), "served") if answer else ("", "failed")


def _find_physician(known: Knowledge, dialogue: Dialogue, tools: Tools) -> Done:
    specialty = dialogue.facts["specialty"]
    found = tools("search_physicians", specialty=specialty).get("physicians", [])
    if not found:
        return known.say("no_physician"), "served"
    return known.say("physician", doctor=found[0]["name"], specialty=specialty), "served"


def _line(line: str) -> Callable[..., Done]:
    def say(known: Knowledge, dialogue: Dialogue, _tools: Tools) -> Done:
        dialogue.repeats += line == "repeat"
        return known.say(line), None

    return say


_SERVICES: dict[str, Callable[[Knowledge, Dialogue, Tools], Done]] = {
    "book": _search_slots, "reschedule": _move, "cancel": _cancel, "refill": _refill, "appointments": _tell_appointment,
    "faq": _answer_question, "physicians": _find_physician,
}  # fmt: skip
ACTIONS: dict[str, Callable[[Knowledge, Dialogue, Tools], Done]] = {
    "call_911": _call_911,
    "leave_message": _leave_message,
    "decline": _decline,
    "ask_identity": _ask("verify", _missing),
    "ask_missing": _ask("verify", _missing),
    "look_up": _look_up,
    "ask_another": _ask("another", _another),
    "ask_again": _ask_again,
    "serve": _serve,
    "ask_need": _ask_need,
    "offer": _offer,
    "book": _book,
    "offer_next": _offer_next,
    "finish": _line("more"),
    "ask_goal": _line("goal"),
    "goodbye": _line("goodbye"),
    "repeat": _line("repeat"),
}
"""Every action by the name that *States* has for it."""
