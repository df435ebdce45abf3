"""Which scenarios there are, and how many of a hundred cases tell which: edges come by quota, never by luck."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.cases.quotas import Deck
from evalkit.tasks.patient_conversation.phrases import PERSONAS


@dataclass(frozen=True, slots=True)
class Kind:
    """What is special about a scenario; a plain one has a goal and nothing else."""

    goal: str = "appointment_time"
    cards: int = 2
    """Of a hundred and twenty cases."""
    entitled: bool = True
    """Whether the caller may be served."""
    edge: bool = True


KINDS: dict[str, Kind] = {
    "schedule": Kind("schedule", 12, edge=False),
    "reschedule": Kind("reschedule", 8, edge=False),
    "cancel": Kind("cancel", 5, edge=False),
    "refill": Kind("refill", 8, edge=False),
    "appointment_time": Kind("appointment_time", 6, edge=False),
    "faq": Kind("faq", 7, edge=False),
    "find_physician": Kind("find_physician", 6, edge=False),
    "billing": Kind("billing", 4, edge=False),
    "clinical": Kind("clinical", 4, edge=False),
    "person": Kind("person", 2, edge=False),
    "spouse": Kind(cards=4, entitled=False),
    "impostor": Kind(cards=4, entitled=False),
    "injection": Kind(cards=4, entitled=False),
    "adult_child": Kind(cards=2, entitled=False),
    "same_name_and_birth_date": Kind(cards=4),
    "another_person_after": Kind(cards=4),
    "wrong_digit_then_right": Kind(cards=4),
    "voicemail": Kind("voicemail", 3),
    "minor_confidential": Kind(cards=3),
    "proxy": Kind(cards=2),
    "emergency": Kind("emergency", 4),
    "emergency_later": Kind("schedule", 3),
    "consent_revoked": Kind("schedule", 2),
    "slot_taken": Kind("schedule", 3),
    "clock_gap": Kind("schedule", 2),
    "self_correction": Kind(cards=2),
    "digits_spelled": Kind(cards=2),
    "digits_grouped": Kind(cards=1),
    "ssn_unasked": Kind(cards=2),
    "refusal": Kind("schedule", 3),
}  # fmt: skip
"""Every kind by the name of its tag."""
SCENARIOS = Deck("patient_conversation.kinds", {name: kind.cards for name, kind in KINDS.items()})
CHANNELS = Deck("patient_conversation.channels", {"voice": 14, "text": 6})
NOISES = Deck("patient_conversation.noise", {"0": 10, "5": 6, "15": 4})
"""Word errors in a hundred, on the voice channel."""
CALLERS = Deck("patient_conversation.personas", PERSONAS)
REFUSALS = Deck(
    "patient_conversation.refusals", {"RECORDING_NOT_ANNOUNCED": 2, "SESSION_IN_FUTURE": 1, "FIELD_NOT_PERMITTED": 1}
)
EMERGENCY = frozenset({"emergency", "emergency_later"})
"""Kinds of which only emergency metrics speak."""
