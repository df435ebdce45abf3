"""The clinic that tools act on: in memory, one for each conversation, and every change all or nothing.

Who is verified is the clinic's to say, not the agent's. An owner's identity stands established once `verify_identity`
was told two or more different identifiers that all match exactly one record, and the caller may act for it (45 CFR
164.514(h)(1); two identifiers are the common policy, and this family's). What a caller may not act for is not looked
up for anybody.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

IDENTIFIERS = ("name", "date_of_birth", "phone", "record_number")
ENOUGH = 2
"""Different identifiers that must match before anything is told."""
QUEUES = ("front_desk", "nurse", "billing", "privacy")
TOLD = ("start", "with", "specialty", "reason", "confidential")
"""What of an appointment a tool gives back."""
MOST_SLOTS = 3
NOON = 12
CONFIDENTIAL = "_confidential"
"""After an owner's id: what even somebody who may act for the owner is not told (45 CFR 164.502(g)(3))."""
PRIVATE = frozenset({"appointments", "prescriptions", "book", "reschedule", "cancel", "refill_request"})
"""Tools that act for one patient, or tell of one."""


class ToolRefused(Exception):
    """Why a tool does not do what it is asked; the message is a code."""


class Clinic:
    """One clinic and one conversation's view of it. ``world`` is read, never changed; see `scenarios` for its shape."""

    def __init__(self, world: Mapping[str, Any]) -> None:
        self._world = world
        self.appointments = {name: dict(one) for name, one in world["appointments"].items()}
        self.refills: list[dict[str, str]] = []
        self.transfers: list[dict[str, str]] = []
        self.messages = 0
        self._taken = {one["slot"] for one in self.appointments.values()}
        self._races = list(world.get("races", ()))
        self._lost: set[str] = set()
        """Slots that another caller took meanwhile: no change of this conversation's, so nothing takes it back."""
        self._cleared: list[str] = []
        self._tools: dict[str, Callable[..., dict[str, Any]]] = {name: getattr(self, f"_{name}") for name in TOOLS}

    @property
    def cleared(self) -> tuple[str, ...]:
        """Owners whose identity and authority stand established."""
        return tuple(self._cleared)

    @property
    def state(self) -> dict[str, Any]:
        """What can change, as JSON."""
        return {
            "appointments": self.appointments,
            "refills": self.refills,
            "transfers": self.transfers,
            "messages": self.messages,
        }

    def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What a tool gives back; ``{"error": code}`` where it does nothing."""
        do = self._tools.get(tool)
        if do is None:
            return {"error": "no_such_tool"}
        if not arguments.keys() <= TOOLS[tool] or not all(isinstance(one, str) for one in arguments.values()):
            return {"error": "bad_arguments"}
        try:
            with self._transaction():
                return do(**arguments)
        except ToolRefused as refused:
            return {"error": str(refused)}
        except TypeError:
            return {"error": "bad_arguments"}  # one that is needed is missing

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of a change, or none of it."""
        kept = dict(self.appointments), list(self.refills), list(self.transfers), self.messages, set(self._taken)
        try:
            yield
        except BaseException:
            self.appointments, self.refills, self.transfers, self.messages, self._taken = kept
            raise

    def _verify_identity(self, relation: str = "self", **given: str) -> dict[str, Any]:
        """Look somebody up by what is given; all of it must match."""
        if not given:
            raise ToolRefused("nothing_given")
        wanted = {field: plain(field, value) for field, value in given.items()}
        found = [
            owner
            for owner, record in self._world["patients"].items()
            if all(plain(field, record[field]) == value for field, value in wanted.items())
        ]
        if len(found) != 1:
            return {"match": "several" if found else "none"}
        owner = found[0]
        if relation != "self" and not self._world["patients"][owner]["proxy"]:
            return {"match": "one", "may": "no"}
        if len(wanted) >= ENOUGH and owner not in self._cleared:
            self._cleared.append(owner)
        if len(wanted) >= ENOUGH and relation == "self" and owner + CONFIDENTIAL not in self._cleared:
            self._cleared.append(owner + CONFIDENTIAL)
        return {"match": "one", "may": "yes", "patient": owner}

    def _appointments(self, patient: str) -> dict[str, Any]:
        return {
            "appointments": [
                {"appointment": name, **{part: one[part] for part in TOLD}}
                for name, one in sorted(self.appointments.items(), key=lambda item: item[1]["start"])
                if one["patient"] == self._known(patient)
            ]
        }

    def _prescriptions(self, patient: str) -> dict[str, Any]:
        return {"drugs": list(self._world["patients"][self._known(patient)]["drugs"])}

    def _find_slots(
        self, specialty: str = "", day: str = "", part: str = "", time: str = "", doctor: str = ""
    ) -> dict[str, Any]:
        """Free times, the nearest first; ``no_such_time`` where the clocks skip the time asked for."""
        if day and time and skipped(day, time):
            day_starts = [one for one in self._free(specialty, doctor) if one["start"] >= f"{day} {time}"]
            return {"no_such_time": True, "slots": day_starts[:MOST_SLOTS]}
        free = [
            one for one in self._free(specialty, doctor)
            if one["start"] >= f"{day or self._world['today']} "
            and (not part or (int(one["start"][11:13]) < NOON) == (part == "morning"))
        ]  # fmt: skip
        exact = [one for one in free if one["start"][:10] == day and (not time or one["start"][11:] == time)]
        return {"slots": (exact or free)[:MOST_SLOTS]}

    def _free(self, specialty: str, doctor: str) -> list[dict[str, str]]:
        return [
            {"slot": name, "start": one["start"], "with": one["with"]}
            for name, one in self._world["slots"].items()
            if name not in self._taken | self._lost
            and specialty in {"", one["specialty"]}
            and doctor in {"", one["with"]}
        ]

    def _book(self, patient: str, slot: str) -> dict[str, Any]:
        owner, name = self._known(patient), f"n{len(self.appointments) + 1}"
        self.appointments[name] = {**self._take(slot), "patient": owner}
        return {"appointment": name}

    def _reschedule(self, appointment: str, slot: str) -> dict[str, Any]:
        old = self.appointments.get(appointment)
        if old is None:
            raise ToolRefused("no_such_appointment")
        self.appointments[appointment] = {**self._take(slot), "patient": old["patient"], "reason": old["reason"]}
        self._taken.discard(old["slot"])
        return {"appointment": appointment}

    def _cancel(self, appointment: str) -> dict[str, Any]:
        if appointment not in self.appointments:
            raise ToolRefused("no_such_appointment")
        self._taken.discard(self.appointments.pop(appointment)["slot"])
        return {"cancelled": appointment}

    def _search_physicians(self, specialty: str) -> dict[str, Any]:
        found = [one for one in self._world["physicians"] if one["specialty"] == specialty and one["accepts"]]
        return {"physicians": [{"name": one["name"], "specialty": specialty} for one in found]}

    def _faq(self, topic: str) -> dict[str, Any]:
        if topic not in self._world["faq"]:
            raise ToolRefused("no_such_topic")
        return {"answer": self._world["faq"][topic]}

    def _refill_request(self, patient: str, drug: str) -> dict[str, Any]:
        owner = self._known(patient)
        if drug not in self._world["patients"][owner]["drugs"]:
            raise ToolRefused("not_prescribed")
        self.refills.append({"patient": owner, "drug": drug})
        return {"requested": drug}

    def _transfer(self, queue: str) -> dict[str, Any]:
        if queue not in QUEUES:
            raise ToolRefused("no_such_queue")
        self.transfers.append({"queue": queue})
        return {"queue": queue}

    def _leave_message(self, text: str) -> dict[str, Any]:
        if not text:
            raise ToolRefused("nothing_to_leave")
        self.messages += 1
        return {"left": True}

    def _known(self, patient: str) -> str:
        if patient not in self._world["patients"]:
            raise ToolRefused("no_such_patient")
        return patient

    def _take(self, slot: str) -> dict[str, Any]:
        """A slot for an appointment. Where another caller is to take it in between, he has it now."""
        if slot in self._races:
            self._lost.add(slot)
            self._races.remove(slot)
        if slot not in self._world["slots"]:
            raise ToolRefused("no_such_slot")
        if slot in self._taken | self._lost:
            raise ToolRefused("slot_taken")
        self._taken.add(slot)
        return {"slot": slot, "reason": "", "confidential": False, **self._world["slots"][slot]}


TOOLS: dict[str, frozenset[str]] = {
    "verify_identity": frozenset({*IDENTIFIERS, "relation"}),
    "appointments": frozenset({"patient"}),
    "prescriptions": frozenset({"patient"}),
    "find_slots": frozenset({"specialty", "day", "part", "time", "doctor"}),
    "book": frozenset({"patient", "slot"}),
    "reschedule": frozenset({"appointment", "slot"}),
    "cancel": frozenset({"appointment"}),
    "search_physicians": frozenset({"specialty"}),
    "faq": frozenset({"topic"}),
    "refill_request": frozenset({"patient", "drug"}),
    "transfer": frozenset({"queue"}),
    "leave_message": frozenset({"text"}),
}
"""Tool -> its arguments. All are text."""


def plain(field: str, value: str) -> str:
    """A value as it is compared: digits of numbers, letters of names without marks and case; dates as they are."""
    if field == "phone":
        return "".join(filter(str.isdigit, value))[-10:]
    if field == "date_of_birth":
        return value
    folded = unicodedata.normalize("NFKD", value).casefold()
    return "".join(filter(str.isalnum, folded))


def skipped(day: str, time: str) -> bool:
    """Whether clocks in the US skip a local time: from 2 to 3 on the second Sunday of March (15 U.S.C. 260a)."""
    try:
        when = date.fromisoformat(day)
    except ValueError:
        return False
    first = date(when.year, 3, 1)
    return when == first + timedelta(days=(6 - first.weekday()) % 7 + 7) and time[:2] == "02"
