"""The documents of a chart: twelve templates, at least six variants of every part, and sentences that decide nothing.

A template says what kind of document it is and which sections it has. How a section is headed, how its sentences are
set and what else stands in it is drawn for each document. Slots are those of `evalkit.cases.writing.Writer.fill`;
``{note.date}`` is the day of the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Section = Literal["history", "treatment", "medicines", "exam", "results", "vitals", "assessment", "plan"]


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of document."""

    type: str
    titles: tuple[str, ...]
    sections: tuple[Section, ...]


TEMPLATES: tuple[Template, ...] = (
    Template(
        "progress note",
        ("PROGRESS NOTE", "Progress note", "Office visit", "CLINIC NOTE", "Follow-up visit", "Visit note"),
        ("history", "treatment", "medicines", "vitals", "exam", "results", "assessment", "plan"),
    ),
    Template(
        "history and physical",
        ("HISTORY AND PHYSICAL", "H&P", "New patient visit", "Intake visit", "FIRST VISIT", "Initial evaluation"),
        ("history", "medicines", "treatment", "exam", "vitals", "results", "plan"),
    ),
    Template(
        "physical therapy evaluation",
        ("PHYSICAL THERAPY EVALUATION", "Therapy evaluation", "Rehab intake", "PT evaluation", "Therapist's first note",
         "Evaluation by the therapist"),
        ("history", "treatment", "exam", "plan"),
    ),
    Template(
        "physical therapy discharge",
        ("PHYSICAL THERAPY DISCHARGE", "Discharge summary, therapy", "Rehab discharge", "End of care", "PT discharge",
         "Summary of therapy"),
        ("treatment", "exam", "assessment", "plan"),
    ),
    Template(
        "imaging report",
        ("IMAGING REPORT", "Radiology report", "DIAGNOSTIC IMAGING", "Report of imaging", "X-ray department",
         "Radiology"),
        ("history", "results", "assessment"),
    ),
    Template(
        "emergency visit",
        ("EMERGENCY DEPARTMENT NOTE", "ED visit", "Emergency visit", "Acute care note", "ED PROVIDER NOTE",
         "Emergency room record"),
        ("history", "vitals", "exam", "results", "medicines", "assessment", "plan"),
    ),
    Template(
        "telephone note",
        ("TELEPHONE ENCOUNTER", "Phone note", "Call note", "Telephone call", "Patient called", "Phone message"),
        ("history", "treatment", "medicines", "plan"),
    ),
    Template(
        "consultation",
        ("CONSULTATION", "Specialist consultation", "Consult note", "Second opinion", "CONSULT", "Specialty visit"),
        ("history", "treatment", "medicines", "exam", "results", "assessment"),
    ),
    Template(
        "nursing note",
        ("NURSING NOTE", "Nurse visit", "RN note", "Nurse triage", "Nursing assessment", "Triage"),
        ("history", "vitals", "medicines", "plan"),
    ),
    Template(
        "referral letter",
        ("REFERRAL LETTER", "Letter of referral", "Referral", "Dear colleague", "Letter to the specialist",
         "Request for opinion"),
        ("history", "treatment", "medicines", "results", "exam", "plan"),
    ),
    Template(
        "flowsheet",
        ("FLOWSHEET", "Vital signs", "Observations", "Vital signs record", "Monitoring sheet", "Recorded values"),
        ("vitals", "exam", "results"),
    ),
    Template(
        "home health note",
        ("HOME HEALTH VISIT", "Home visit", "Home care note", "Visit at home", "HOME CARE", "Home health"),
        ("history", "vitals", "treatment", "medicines", "exam", "plan"),
    ),
)  # fmt: skip

HEADINGS: Mapping[Section, tuple[str, ...]] = {
    "history": ("HISTORY", "History:", "HPI", "Subjective", "S:", "What happened", "Background"),
    "treatment": ("TREATMENT SO FAR", "Treatment:", "Care to date", "Course", "Previous care", "What has been tried"),
    "medicines": ("MEDICATIONS", "Medicines:", "Drugs", "Medication history", "Rx", "Pain medicine"),
    "exam": ("EXAM", "Examination:", "Objective", "O:", "Physical exam", "On examination"),
    "results": ("RESULTS", "Imaging:", "Studies", "Data", "Imaging and tests", "Reports"),
    "vitals": ("VITALS", "Vital signs:", "Observations", "Measured", "Obs", "Monitoring"),
    "assessment": ("ASSESSMENT", "Impression:", "A:", "Summary", "Conclusion", "Opinion"),
    "plan": ("PLAN", "Plan:", "P:", "Next steps", "To do", "Going forward"),
}
HEADERS: tuple[tuple[str, ...], ...] = (
    ("Patient: {patient.name}", "DOB: {patient.dob:us}   Chart: {patient.mrn}", "Date: {note.date:us}"),
    ("{patient.name} ({patient.mrn})", "born {patient.dob:long}", "seen {note.date:long}"),
    ("Date of service {note.date:us}", "Name {patient.name}", "Record {patient.mrn}"),
    ("Re: {patient.name}, {patient.dob:us}", "Our number {patient.mrn}, {note.date:day}"),
    ("{note.date:us} | {patient.mrn} | {patient.name}",),
    ("Chart no. {patient.mrn}", "{patient.last}, {patient.first}", "Phone {patient.phone}", "{note.date:short}"),
    ("Chart of {patient.name}", "Plan member {patient.member_id}", "{patient.mrn}", "Entry of {note.date:long}"),
)
SIGNATURES: tuple[str, ...] = (
    "Signed: {provider.name}",
    "{provider.name}, electronically signed",
    "Dictated by {provider.name}, {note.date:us}",
    "/s/ {provider.name}",
    "Reviewed and signed, {provider.name}",
    "Author: {provider.name}",
    "{provider.name}",
)
STYLES: tuple[str, ...] = (" ", "\n", "\n- ", "\n* ", " ", "\n  ")
"""What stands between the sentences of a section."""
COPIED: tuple[str, ...] = (
    "Copied from the note of {old.date:us}:",
    "Carried forward from {old.date:us}:",
    "Copied from {old.date:long}, not updated:",
    "[carried forward, entry of {old.date:us}]",
    "Copied from an earlier entry ({old.date:short}):",
    "Carried forward without change:",
)
"""What stands before words that were taken over from an older note."""

FILLERS: Mapping[Section, tuple[str, ...]] = {
    "history": (
        "{patient.first} comes with a relative.",
        "Symptoms began in the winter.",
        "Symptoms are worse in the evening.",
        "Sleep is disturbed two nights a week.",
        "Walks the dog on good days.",
        "No fever, no weight loss.",
        "Lives at {patient.street}, two flights of stairs.",
        "An aunt had a {~eponym Baker} cyst.",
        "Took {~drug Allegra} for hay fever in spring.",
        "Bad days come about once a week.",
        "Would like to get back to gardening.",
        "Reached at {patient.phone} in the mornings.",
    ),
    "treatment": (
        "Heat helps for an hour.",
        "Walks every day as far as it goes.",
        "Sessions were well attended.",
        "Goals were agreed at the first session.",
        "The exercise sheet is kept on the fridge.",
        "Cold packs were of little use.",
        "Pacing was taught.",
        "Manual techniques gave an hour of ease.",
    ),
    "medicines": (
        "Acetaminophen as needed.",
        "Takes cetirizine in spring.",
        "No change in other medicines.",
        "Uses a pill box.",
        "Vitamin D in winter.",
        "List was checked with {patient.first}.",
        "Tablets are taken with food.",
        "No allergies to antibiotics.",
    ),
    "exam": (
        "Well appearing, no distress.",
        "Gait is slow and even.",
        "Skin warm and dry.",
        "Reflexes equal.",
        "Abdomen soft.",
        "Grade {~score 2/6} murmur, unchanged.",
        "Hears a whisper at arm's length.",
        "Negative {~eponym Babinski} sign.",
        "Mood and speech normal.",
        "Moves with care.",
    ),
    "results": (
        "Accession {~code 555-0147-22}.",
        "Comparison: none available.",
        "Blood count within limits.",
        "Sent from another clinic.",
        "Technique was adequate.",
        "Hemoglobin 13.1 g/dL.",
        "Report filed in the chart.",
        "Creatinine 0.9 mg/dL.",
    ),
    "vitals": (
        "BP {~score 128/76}, pulse 72.",
        "Temperature 98.4 F.",
        "Weight as at the last visit.",
        "Respirations 16.",
        "Pain score {~score 5/10}.",
        "Height not taken today.",
        "Pulse regular.",
        "Seated, after ten minutes of quiet.",
    ),
    "assessment": (
        "Course as expected.",
        "Findings discussed with {patient.first}.",
        "No emergency today.",
        "Symptoms unchanged since the last visit.",
        "Further tests are considered.",
        "Daily life is limited.",
        "Opinion as above.",
        "The picture is the same as in spring.",
    ),
    "plan": (
        "Return in six weeks.",
        "Call {patient.phone} with questions.",
        "Results go to the portal.",
        "Keep a diary of symptoms.",
        "A note for work or school was given.",
        "Copy of this note to the chart.",
        "Questions were answered.",
        "Come back sooner with fever or new numbness.",
    ),
}
WITH_RELATIVE: tuple[str, ...] = (
    "Accompanied by {relative.name}.",
    "{relative.first} helps at home.",
    "{relative.name} can be reached at {relative.phone}.",
)
SPANISH: tuple[str, ...] = (
    "Paciente en buen estado general.",
    "El dolor empeora por la noche.",
    "Camina despacio.",
    "Sin fiebre ni pérdida de peso.",
    "Vive con su familia.",
    "Vuelve a consulta en seis semanas.",
    "Signos vitales estables.",
    "Se explicó el plan y se resolvieron dudas.",
)
"""What else stands in a note in Spanish."""

PLACES: Mapping[str, tuple[Section, ...]] = {
    "therapy": ("treatment", "history", "plan"),
    "unsupervised_care": ("treatment", "history", "plan"),
    "nsaid": ("medicines", "treatment", "history"),
    "nsaid_barred": ("medicines", "history"),
    "xray": ("results", "assessment", "history", "plan"),
    "weakness": ("exam", "history"),
    "cauda_equina": ("exam", "history"),
    "locked_knee": ("exam", "history"),
    "cancer": ("history", "assessment"),
    "oxygen": ("vitals", "exam", "results"),
    "lung_disease": ("history", "assessment", "results"),
}
"""Fact -> the sections in which it may stand, likeliest first."""
