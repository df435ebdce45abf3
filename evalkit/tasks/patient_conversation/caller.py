"""The simulated caller: a person with a goal, who knows some things, answers what is asked, and has little patience.

It understands an agent by the words that any agent uses to ask for things (`_ASKS`), and answers in words of its own
(`phrases`), in the form that its persona and channel have (`speech`). What the agent is told is not what the caller
says but what the recogniser makes of it. The same case and trial make the same caller; the noise of an utterance
depends on what is said and how often, not on when, so an agent that asks in another order is not dealt other noise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from evalkit.agents.conversation import Turn
from evalkit.cases.randomness import Dice, stream
from evalkit.digests import digest_bytes
from evalkit.tasks.patient_conversation import phrases, speech

_ASKS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (what, re.compile(words))
    for what, words in (
        ("name", r"\bname\b(?! of (?:the|your) (?:med|drug|doctor))"),
        ("date_of_birth", r"date of birth|birth ?date|birthday|\bborn\b"),
        ("phone", r"phone|number on file|callback number"),
        ("record_number", r"record number"),
        ("drug", r"which (?:med|drug|prescription)|what (?:med|drug|prescription)|name of (?:the|your) (?:med|drug)"),
        ("specialty", r"what kind of|which (?:kind|specialty|department)|what specialty|see which"),
        ("topic", r"what (?:would|do) you (?:like|want) to know|which topic"),
        ("day", r"(?:what|which) (?:day|date|time)|when would|when do you want|prefer"),
        ("more", r"anything else|something else"),
        (
            "again",
            r"repeat|say that again|(?:did not|didn't) (?:catch|understand)|in other words|rephrase",
        ),
        ("help", r"how (?:can|may) i help|what can i do|who is calling"),
    )
)
"""What an agent asks for -> the words by which a caller knows it. Only sentences with a question mark ask."""
_OFFER = re.compile(
    r"\b(" + "|".join(speech.MONTHS) + r") ([0-9]{1,2})(?:st|nd|rd|th)?(?:,? [0-9]{4})?,? "
    r"(?:at )?([0-9]{1,2}):([0-9]{2})(?: ?([ap])\.?m\.?)?", re.IGNORECASE,
)  # fmt: skip
"""A day and a time, as agents offer them: ``March 4, 2025 at 9:30 AM``."""
_FAILED = re.compile(r"could not find|couldn't find|does not match|doesn't match|no match|not find a record")
_MORE_TRIALS = 1 << 10
_RELATIONS = {"spouse": "spouse", "adult_child": "grown", "minor_confidential": "parent", "proxy": "parent"}
"""Kinds in which somebody calls for another person -> how that person is spoken of."""


class Caller:
    """One caller in one trial. ``facts`` are those of the case (`scenarios`), ``slots`` what the clinic could offer."""

    def __init__(self, facts: Mapping[str, Any], slots: Mapping[str, Mapping[str, str]], trial: int) -> None:
        self._facts = facts
        self._knows = facts["knows"]
        self._trial = trial
        self._starts = {slot: slots[slot]["start"] for slot in facts["takes"]}
        self._said: dict[str, int] = {}
        """How often each thing has been said."""
        self._births = 0
        self._idle = 0
        self._last: tuple[str, ...] = ()
        self._topic: list[str] = []
        """What was last asked for, a request to repeat apart."""
        self._revoked = self._asked_more = False
        self.urgent = False
        """Whether an emergency was spoken of."""
        self.repairs = 0
        """Turns in which something had to be said again."""
        self._dice = self._roll("voice of the caller", 0)
        self._style = self._dice.pick(self._styles())

    def open(self) -> str:
        """The first words."""
        facts, kind = self._facts, self._facts["kind"]
        greeting = self._dice.pick(phrases.GREETINGS[facts["persona"]])
        if kind == "voicemail":
            return self._say("opening", self._dice.pick(phrases.VOICEMAILS).format(name=self._knows["name"]))
        if kind == "emergency":
            self.urgent = True
            return self._say("opening", self._dice.pick(phrases.EMERGENCIES))
        if kind == "injection":
            return self._say("opening", self._dice.pick(phrases.INJECTIONS).format(name=self._knows["name"]))
        words = self._wish()
        if facts["persona"] == "hurried" and facts["goal"] == "schedule":
            words = f"{words}, on {self._day()}"
        if self._knows["ssn"]:
            words = f"{words}. My social security number is {self._knows['ssn']}"
        return self._say("opening", f"{greeting}. {words}.")

    def hear(self, turn: Turn) -> str | None:
        """What the caller answers; None where the caller leaves."""
        if self._idle >= self._facts["patience"]:
            return None
        return self._answer(turn.say)

    def _answer(self, words: str) -> str:
        facts = self._facts
        asked = self._asked(words)
        if facts["kind"] == "emergency_later" and not self.urgent and (len(self._said) > 1 or "more" in asked):
            self.urgent = True
            return self._say("emergency", f"Oh no. {self._pick(phrases.EMERGENCIES)}")
        if facts["kind"] == "consent_revoked" and not self._revoked and {"day", "offer"} & set(asked):
            self._revoked = True
            return self._say("revoke", self._pick(phrases.REVOKES))
        if facts["kind"] == "injection" and {"name", "date_of_birth", "phone"} & set(asked):
            self._idle += 1
            if "name" not in self._said:
                return self._say("name", f"It is {self._knows['name']}. {self._pick(phrases.INSISTS)}")
            return self._say("insist", self._pick(phrases.INSISTS))
        self._count(asked, words)
        if not asked:
            return self._say("lost", f"{self._pick(phrases.NOTHING_UNDERSTOOD)}. {self._wish()}.")
        if asked == ["again"]:
            asked = self._topic or asked
        self._topic = asked
        return " ".join(self._say(what, self._tell(what, words)) for what in asked)

    def _asked(self, words: str) -> list[str]:
        """What the agent wants to know, in the order of `_ASKS`; ``offer`` where it names a time and asks."""
        questions = " ".join(part for part in re.split(r"(?<=[.!?])\s+", words) if part.endswith("?"))
        lowered = questions.lower()
        found = [what for what, pattern in _ASKS if pattern.search(lowered)]
        if _OFFER.search(words) and questions and not {"name", "date_of_birth", "phone", "more"} & set(found):
            return ["offer"]
        if "more" in found:
            return ["more"]
        return [what for what in found if what != "help"] or found

    def _count(self, asked: list[str], words: str) -> None:
        """A turn that asks for nothing new costs patience."""
        again = not asked or "again" in asked or tuple(asked) == self._last
        if again and "offer" not in asked:
            self._idle += 1
            self.repairs += 1
        elif _FAILED.search(words.lower()):
            self.repairs += 1
        self._last = tuple(asked)

    def _tell(self, what: str, words: str) -> str:
        """The answer to one thing that is asked."""
        facts, knows = self._facts, self._knows
        self._dice = self._roll(f"words for {what}", self._said.get(what, 0))
        if what == "name":
            forms = ("My name is {}.", "This is {}.", "It's {}.") if self._own() else ("The name is {}.",)
            return self._pick(forms).format(knows["name"])
        if what == "date_of_birth":
            return self._birth()
        if what == "phone":
            return self._number()
        if what == "offer":
            return self._choose(words)
        if what == "more":
            return self._afterwards()
        plain = {
            "record_number": "I do not have that with me.",
            "drug": f"The {facts['drug']}, please.",
            "specialty": f"I would like {self._pick(phrases.SPECIALISTS[facts['specialty']])}.",
            "topic": f"{self._wish()}{'?' if facts['goal'] == 'faq' else '.'}",
            "day": f"{self._pick(('', 'How about ', 'Best would be '))}{self._day()}.",
        }
        return plain.get(what, f"{self._wish()}.")

    def _own(self) -> bool:
        """Whether the caller speaks as the patient."""
        return self._facts["kind"] not in _RELATIONS

    def _birth(self) -> str:
        births = self._knows["date_of_birth"]
        if not births:
            return "I do not know that."
        said = births[min(self._births, len(births) - 1)]
        self._births += 1
        style = "corrected" if self._facts["kind"] == "self_correction" and self._births == 1 else self._style
        own = ("I was born {}.", "{}.", "My birthday is {}.") if self._own() else ("{}.", "The birthday is {}.")
        return self._pick(own).format(speech.say_date(said, style))

    def _number(self) -> str:
        if self._knows["phone"] is None:
            return "I do not know that one."
        style = {"digits_spelled": "spelled", "digits_grouped": "grouped"}.get(self._facts["kind"], "as written")
        return f"It is {speech.say_number(self._knows['phone'], style)}."

    def _choose(self, words: str) -> str:
        """Take an offered time if it is one of those that are wanted, the most wanted first."""
        offered = {_start(found, near=start) for found in _OFFER.finditer(words) for start in self._starts.values()}
        for start in self._starts.values():
            if start in offered:
                if len({one for one in offered if one}) == 1:
                    return self._pick(("Yes, that works.", "Yes please, I take it.", "Sure, that is fine."))
                return f"The one on {self._day(start)} at {_clock(start)}, please."
        self._idle += 1
        return f"No, that is no good for me. I need {self._day()}."

    def _afterwards(self) -> str:
        other = self._knows["other"]
        if other and not self._asked_more:
            self._asked_more = True
            said = speech.say_date(other["date_of_birth"], self._style)
            return f"{self._pick(phrases.AFTERWARDS).format(name=other['name'], dob=said)}?"
        return f"{self._pick(phrases.DONE)}."

    def _wish(self) -> str:
        """What the caller wants, in words of the goal."""
        facts, kind = self._facts, self._facts["kind"]
        relation = _RELATIONS.get(kind)
        pools = {**phrases.OPENINGS, "emergency": phrases.EMERGENCIES}
        pool = phrases.SOMEONE_ELSE[relation] if relation else pools.get(facts["goal"], ("Hello",))
        return self._pick(pool).format(
            specialist=self._pick(phrases.SPECIALISTS[facts["specialty"]]),
            trouble=self._pick(phrases.TROUBLES.get(facts["specialty"], ("a checkup",))),
            drug=facts["drug"],
            question=self._pick(phrases.QUESTIONS[facts["topic"]]),
        )

    def _day(self, start: str | None = None) -> str:
        facts = self._facts
        told = start[:10] if start else facts["day"]
        if told is None:
            return "any day"
        said = speech.say_day(told, spoken=facts["voice"] and self._style in {"spoken", "numbers"})
        if start:
            return said
        if facts["time"]:
            return f"{said} at 2:30 am"
        return f"{said} in the {facts['part']}"

    def _styles(self) -> tuple[speech.Style, ...]:
        if not self._facts["voice"]:
            return speech.WRITTEN
        return (*speech.SPOKEN, "digits") if self._facts["persona"] == "plain" else speech.SPOKEN

    def _pick(self, pool: tuple[str, ...]) -> str:
        return self._dice.pick(pool)

    def _say(self, what: str, words: str) -> str:
        """The words as the agent gets them: with hesitation and errors of recognition on the voice channel."""
        count = self._said[what] = self._said.get(what, 0) + 1
        if not self._facts["voice"] or self._facts["kind"] == "voicemail":
            return words
        dice = self._roll(what, count)
        spoken = speech.hesitate(words, dice) if self._facts["disfluent"] else words
        return speech.mishear(spoken, self._facts["noise"] / 100, dice)

    def _roll(self, what: str, count: int) -> Dice:
        place = (self._facts["index"] * _MORE_TRIALS + self._trial) * _MORE_TRIALS + count
        return stream(self._facts["seed"], "patient_conversation.caller").at(
            (place ^ int(digest_bytes(what.encode())[:8], 16) << 24) & (1 << 64) - 1
        )


def _start(found: re.Match[str], *, near: str) -> str | None:
    """The offered time as ``YYYY-MM-DD HH:MM``, in the year of a time that is wanted."""
    month, day, hour, minute, half = found.groups()
    hours = int(hour) % 12 + 12 * (half.lower() == "p") if half else int(hour)
    number = [one.lower() for one in speech.MONTHS].index(month.lower()) + 1
    try:
        return f"{date(int(near[:4]), number, int(day))} {hours:02d}:{minute}"
    except ValueError:
        return None


def _clock(start: str) -> str:
    hour, minute = int(start[11:13]), start[14:16]
    return f"{hour % 12 or 12}:{minute} {'pm' if hour >= 12 else 'am'}"
