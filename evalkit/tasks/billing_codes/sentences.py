"""How a note says everything that is not a procedure done: what was not done and why, visit time, and the rest.

As in `phrases`, ``usual`` is what most notes say and ``rare`` what a few do. A slot such as ``{patient.first}`` names
an identifier that is planted there.
"""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.tasks.billing_codes.policy import Polarity


@dataclass(frozen=True, slots=True)
class Bank:
    """Sentences for one purpose."""

    usual: tuple[str, ...]
    rare: tuple[str, ...] = ()


NOT_DONE: dict[Polarity, Bank] = {
    "planned": Bank(
        usual=(
            "{noun} is planned for the next appointment.",
            "Planned: {noun} in two weeks.",
            "{noun} scheduled for next month.",
            "If pain persists, {noun} will be done.",
            "Discussed risks and benefits of {noun}.",
            "{noun} was discussed as the next step.",
            "Front desk scheduled {noun} for the spring.",
            "{noun} will be considered at the follow-up.",
        ),
        rare=("Come back for {noun} if no better.", "May need {noun} down the road."),
    ),
    "declined": Bank(
        usual=(
            "Offered {noun}; the patient declined.",
            "{noun} was declined today.",
            "The patient declined {noun} after a talk about risks.",
            "Recommended {noun}, declined for now.",
            "Patient refused {noun} at this time.",
            "We offered {noun} and it was declined.",
            "{noun} refused, will think it over.",
            "Once more declined {noun}.",
        ),
        rare=("The patient would rather not have {noun}.", "Said no to {noun}."),
    ),
    "deferred": Bank(
        usual=(
            "{noun} deferred until the swelling settles.",
            "Deferred {noun} because of anticoagulation.",
            "We deferred {noun} today.",
            "{noun} postponed, laboratory results pending.",
            "Postponed {noun} for a week.",
            "Because of a fever, {noun} was deferred.",
            "{noun} deferred, blood pressure too high.",
            "Skin irritated, so {noun} was postponed.",
        ),
        rare=("Held off on {noun} for now.", "Not the day for {noun}, too sore."),
    ),
    "historical": Bank(
        usual=(
            "History of {noun} in {year}.",
            "Previously had {noun} with good relief.",
            "Last visit included {noun}.",
            "{noun} was done previously at another clinic.",
            "At the last visit, {noun} gave relief.",
            "Status post {noun} in {year}.",
            "Had {noun} previously, {year}.",
            "Surgical history of {noun}, {year}.",
        ),
        rare=("{noun} years ago gave relief.", "Back in {year}, {noun} was tried elsewhere."),
    ),
}

VISIT_TIME = Bank(
    usual=(
        "Total visit time {minutes} minutes, procedures not counted.",
        "I spent {minutes} minutes on the visit today, reviewing records and counseling.",
        "Visit time: {minutes} minutes for a new concern.",
        "Visit time of {minutes} minutes went to evaluation and counseling.",
        "{minutes} minutes on the visit, more than half in counseling.",
        "My time for the visit was {minutes} minutes.",
        "Evaluation beyond any procedure: visit time {minutes} minutes.",
        "All told, {minutes} minutes on the visit for diagnosis and medication changes.",
    ),
    rare=("Counseling and record review came to {minutes} minutes.", "Sat with the patient for {minutes} minutes."),
)

VISIT_INCLUDED = Bank(
    usual=(
        "Visit time of {minutes} minutes was part of the procedure.",
        "The {minutes} minutes on the visit were part of the procedure.",
        "No separate visit; visit time of {minutes} minutes went to consent and preparation.",
        "Visit time {minutes} minutes, all of it part of the procedure.",
        "Consent and preparation took {minutes} minutes on the visit, no separate visit.",
        "There was no separate visit today, visit time {minutes} minutes.",
        "Visit time, {minutes} minutes, is part of the procedure and not more.",
        "As part of the procedure, {minutes} minutes on the visit for consent.",
    ),
)

SEPARATE_SITE = Bank(
    usual=(
        ", at a separate site",
        ", a separate site from the other work",
        ", different site from the other procedure",
        " (separate site)",
        ", done at a different site",
        "; separate site, own preparation",
        ", separate site documented",
        " (different site, separate draping)",
    ),
    rare=(", elsewhere on the body", ", well away from the other field"),
)

SAME_SITE = ("", "", ", in the same session", ", right after the other procedure")

HISTORY = (
    "{patient.name} is seen in follow-up.",
    "{patient.first} has read about the options beforehand.",
    "Symptoms began three months ago without injury.",
    "No fever, no weight loss.",
    "Came with a relative who helps at home.",
    "Takes ibuprofen as needed.",
    "No known drug allergies.",
    "No blood thinners.",
    "Right handed.",
    "Sleeps on the left side.",
    "No change in medication since spring.",
    "Lives at {patient.street}.",
)
REASONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "skin biopsy": (
        ("{patient.first} noticed a spot that bleeds at times.", "A mole has changed color over the summer."),
        ("Pearly papule with fine vessels.", "Irregular pigment, 6 mm across."),
    ),
    "skin tag removal": (
        ("Small growths catch on clothing.", "{patient.first} is bothered by growths that rub."),
        ("Soft pedunculated papules.", "Several flesh-colored papules, some inflamed."),
    ),
    "lesion destruction": (
        ("Rough patches after years of farm work.", "{patient.first} feels scaly patches that come back."),
        ("Gritty scale on red base.", "Several rough papules noted."),
    ),
    "abscess drainage": (
        ("Painful swelling for four days.", "Warm compresses have not helped."),
        ("Fluctuant, red and tender.", "Tender swelling of 2 cm with a point."),
    ),
    "wound repair": (
        ("{patient.first} slipped with a kitchen knife this morning.", "Cut by a sheet of metal at work."),
        ("Clean edges, no foreign body.", "Sensation and pulses beyond the cut intact."),
    ),
    "hearing screen": (
        ("Turns up the television.", "{patient.first} asks people to repeat themselves."),
        ("Drums gray and mobile.", "Whisper at arm length missed once."),
    ),
    "eye pressure": (
        ("A brother has glaucoma.", "{patient.first} sees halos at night."),
        ("Pupils equal, no redness of the eyes.", "Visual fields full to confrontation."),
    ),
    "large joint injection": (
        ("{patient.first} reports joint pain for six weeks.", "Stairs make it worse."),
        ("Tender over the joint line.", "Range of motion limited by pain."),
    ),
    "wrist tunnel injection": (
        ("Wakes at night shaking out the hands.", "{patient.first} types all day and feels tingling."),
        ("Tapping over the crease is positive.", "Thenar bulk preserved."),
    ),
    "heel injection": (
        ("First steps in the morning hurt most.", "{patient.first} runs four times a week."),
        ("Tender at the inner heel.", "Ankle flexion limited with the knee straight."),
    ),
    "ear wax removal": (
        ("Muffled hearing after swimming.", "{patient.first} feels a plugged ear."),
        ("Canal not clear, drum not seen at first.", "No drainage from the ear."),
    ),
    "therapeutic exercise": (
        ("Second week after a fall.", "{patient.first} wants to go back to gardening."),
        ("Hip strength 4 of 5.", "Single leg stance for 10 seconds."),
    ),
    "manual therapy": (
        ("Stiff in the morning.", "{patient.first} reports less stiffness than last week."),
        ("Segmental motion reduced.", "Tone of the paraspinals raised."),
    ),
    "gait training": (
        ("Uses a cane outdoors.", "{patient.first} is afraid to fall on stairs."),
        ("Shortened step on one side.", "Turns in five steps."),
    ),
    "nebulizer treatment": (
        ("Cough and tight chest since Monday.", "{patient.first} used the inhaler four times today."),
        ("Lungs with scattered wheeze.", "Speaks in full sentences, saturation 94 percent."),
    ),
    "allergy tests": (
        ("Sneezes every spring.", "{patient.first} gets hives after meals out."),
        ("Pale, swollen nasal lining.", "Skin of the back clear."),
    ),
    "muscle knot injection": (
        ("Neck and shoulder ache after driving.", "{patient.first} points to one sore spot."),
        ("Taut band with a jump sign.", "Pressure brings back the pain."),
    ),
    "nail debridement": (
        ("Shoes press on thick nails.", "{patient.first} cannot reach the feet safely."),
        ("Nails thick, yellow and crumbling.", "Foot pulses present on both sides."),
    ),
}
"""Procedure -> (why the patient came, what was found)."""
WITH_RELATIVE = (
    "Accompanied by {relative.name}.",
    "{relative.name} drove and can be reached at {relative.phone}.",
    "Emergency contact is {relative.name}, {relative.phone}.",
)
EXAM = (
    "Well appearing, no distress.",
    "Blood pressure 128/76, pulse 72.",
    "Skin warm and dry.",
    "Gait steady.",
    "No swollen nodes.",
    "Heart sounds regular.",
    "Mood and speech normal.",
    "Weight unchanged.",
)
AFTERWARDS = (
    "Tolerated well, no complications.",
    "Consent was on file before starting.",
    "Time out observed.",
    "Blood loss minimal.",
    "Aftercare sheet handed out.",
    "Dressing dry and clean.",
)
PLAN = (
    "Return in six weeks.",
    "Call with fever, spreading redness or new weakness.",
    "Continue ibuprofen with food.",
    "Keep a symptom diary.",
    "Results go to {patient.phone}.",
    "Portal message to {patient.email} once results are in.",
    "Sun protection advised.",
    "Home program twice a day.",
    "Ice for 20 minutes as needed.",
    "Stay active within comfort.",
)

HEADERS = (
    ("Patient: {patient.name}", "MRN: {patient.mrn}", "DOB: {patient.dob}", "Date of service: {visit.date}"),
    ("{patient.name} ({patient.mrn})", "Born {patient.dob}, seen {visit.date}", "Phone {patient.phone}"),
    (
        "PROCEDURE NOTE {visit.date}",
        "Name {patient.name}  DOB {patient.dob}",
        "Record {patient.mrn}",
        "{patient.street}",
    ),
    (
        "Seen: {visit.date}",
        "Re: {patient.name}, born {patient.dob}",
        "Plan member {patient.member_id}",
        "{patient.mrn}",
    ),
    ("Date {visit.date} / Patient {patient.name} / {patient.mrn}", "{patient.street}, {patient.city} {patient.zip}"),
)
SIGNATURES = (
    "Electronically signed by {provider.name}",
    "Signed: {provider.name}",
    "{provider.name}, attending",
    "Dictated and read by {provider.name}",
)

Section = str
LAYOUTS: tuple[tuple[tuple[Section, str], ...], ...] = (
    (("history", "Subjective"), ("exam", "Objective"), ("procedure", "Procedure"), ("plan", "Assessment and plan")),
    (("history", "HISTORY"), ("exam", "EXAM"), ("procedure", "PROCEDURES TODAY"), ("plan", "PLAN")),
    (("procedure", "What was done"), ("history", "Background"), ("exam", "Findings"), ("plan", "Next steps")),
    (("history", ""), ("exam", ""), ("procedure", ""), ("plan", "")),
    (("history", "Reason for visit"), ("procedure", "Treatment"), ("exam", "Examination"), ("plan", "Follow-up")),
    (("exam", "Findings"), ("history", "Interval history"), ("plan", "Plan"), ("procedure", "Procedure note")),
    (("plan", "Impression and plan"), ("history", "HPI"), ("exam", "PE"), ("procedure", "Procedure details")),
)
"""Section order and headings; an empty heading leaves a paragraph break only."""
STYLES = (" ", " ", "\n", "\n- ")
"""What stands between two sentences of a section."""
