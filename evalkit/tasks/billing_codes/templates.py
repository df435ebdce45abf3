"""The documents that notes are written as: thirteen templates, each with six ways to write every section.

A template says which sections a document has, in what order, and what it calls them; a section's variant is its
heading, how its sentences are set, and the words that open it. Heads hold the identifiers, feet the signature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Section = Literal["history", "exam", "assessment", "procedure", "plan"]
Kind = Literal["timed", "surgical", "other"]
"""What the day was like: with timed procedures, with surgical ones, with neither."""

VARIANTS = 6
ANY: frozenset[Kind] = frozenset({"timed", "surgical", "other"})


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of document."""

    template_id: str
    doc_type: str
    fits: frozenset[Kind]
    titles: tuple[str, ...]
    """First line, one for each variant; empty for none."""
    sections: tuple[tuple[Section, tuple[str, ...]], ...]
    """Sections in order, each with a heading for each variant."""
    share: int = 1
    """How often it is taken, where it fits, for each time another is: few days are of its kind."""


def _template(
    name: str, doc_type: str, titles: str, /, *sections: str, fits: frozenset[Kind] = ANY, share: int = 1
) -> Template:
    """``titles`` and headings are separated by bars; a section is ``name: heading|heading|...``."""
    parts = [section.split(": ", 1) for section in sections]
    return Template(
        name,
        doc_type,
        fits,
        tuple(titles.split("|")),
        tuple((part[0], tuple(part[1].split("|"))) for part in parts),  # type: ignore[misc]
        share,
    )


TEMPLATES: tuple[Template, ...] = (
    _template(
        "soap", "soap", "Progress note|PROGRESS NOTE|Clinic note|Office visit|SOAP note|Visit note",
        "history: Subjective|S|SUBJECTIVE|Subjective (patient)|S - what the patient says|Subj",
        "exam: Objective|O|OBJECTIVE|Objective (exam)|O - what was found|Obj",
        "assessment: Assessment|A|ASSESSMENT|Assessment today|A - what it is|Assess",
        "procedure: Procedure|Procedures|PROCEDURE|Procedure (same day)|P1 - done today|Proc",
        "plan: Plan|P|PLAN|Plan (next)|P2 - what follows|Pl",
    ),
    _template(
        "procedure", "op_note", "PROCEDURE NOTE|Procedure note|Office procedure record|Minor procedure note|Treatment "
        "room record|PROCEDURE RECORD",
        "assessment: Indication|INDICATION|Why|Diagnosis|Indication for procedure|Reason",
        "procedure: Description|DESCRIPTION OF PROCEDURE|What was done|Details|Steps|Performed today",
        "exam: Findings|FINDINGS|Seen before starting|Local findings|On inspection|Status",
        "history: Background|BACKGROUND|Short history|Before today|History|Context",
        "plan: Aftercare|AFTERCARE|Next steps|Instructions|Disposition|After",
        fits=frozenset({"surgical", "other"}),
    ),
    _template(
        "operative", "op_note", "Operative report (office)|OFFICE OPERATIVE REPORT|Brief operative note|"
        "Operative summary|Surgical note, local anesthesia|Op note",
        "assessment: Preoperative diagnosis|PREOPERATIVE DIAGNOSIS|Pre-op diagnosis|Diagnosis before|Pre-op dx|Dx",
        "history: Indications|INDICATIONS|Indications and history|Reason for surgery|History|Case history",
        "exam: Operative findings|FINDINGS|Intraoperative findings|What was seen|Exam|Local status",
        "procedure: Procedure in detail|PROCEDURE IN DETAIL|Operation|Technique|Operation performed|Steps taken",
        "plan: Disposition|DISPOSITION|Postoperative plan|Post-op|Recovery and plan|After surgery",
        fits=frozenset({"surgical"}),
    ),
    _template(
        "treatment", "soap", "Daily treatment note|DAILY NOTE|Therapy session|Treatment encounter|Rehabilitation note|"
        "Therapist's daily record",
        "history: Patient report|SUBJECTIVE|Reported today|Since last session|Patient says|Status report",
        "assessment: Treatment diagnosis|TREATMENT DX|Treated for|Working diagnosis|Problem|Functional problem",
        "exam: Measures|OBJECTIVE|Tests and measures|Status today|Function|Measured",
        "procedure: Interventions|INTERVENTIONS|Skilled treatment|Treatment given|Units of care|Session content",
        "plan: Plan of care|PLAN OF CARE|Next session|Progression|Goals and plan|Onward",
        fits=frozenset({"timed"}), share=3,
    ),
    _template(
        "therapy_letter", "soap", "Progress report to the referring office|Therapy summary|PROGRESS REPORT|Report of "
        "treatment|Attendance report|Rehab letter",
        "assessment: Referred for|REFERRAL DIAGNOSIS|Reason for referral|Diagnosis|Referred with|Problem",
        "procedure: Treatment on this date|TREATMENT|What was done on the day|Contents|Given|Care provided",
        "history: Course|COURSE|Course so far|How it went|Development|In between",
        "exam: Current function|FUNCTION|Current status|Function now|As measured|Findings",
        "plan: Recommendation|RECOMMENDATION|We recommend|Suggestion|Outlook|From here",
        fits=frozenset({"timed"}), share=3,
    ),
    _template(
        "urgent", "soap", "Urgent care record|URGENT CARE|Walk-in visit|Same-day clinic|Unscheduled visit|Acute visit",
        "history: Chief complaint and history|CC/HPI|Complaint|What happened|Presents with|Reason",
        "exam: Physical exam|PE|Exam|Vital signs and exam|On exam|Checked",
        "procedure: Treatment in clinic|TREATMENT|Done in the room|In-clinic treatment|Care given|Procedures",
        "assessment: Clinical impression|IMPRESSION|Impression|Final impression|Diagnosis|Dx",
        "plan: Discharge instructions|DISCHARGE|Going home|Follow-up|Advice|Discharge plan",
    ),
    _template(
        "letter", "letter", "Dear colleague,|Thank you for referring this patient.|Re: your referral|"
        "Consultation letter|To the referring physician|Letter to the family doctor",
        "history: The story|History as told|As you know|Background of the referral|What brought the patient|To recall",
        "exam: What I found|On examination|My findings|Examination here|Seen here|Findings in our office",
        "assessment: My opinion|Opinion|In my view|Conclusion|I think of|Summary of the problem",
        "procedure: What we did|Treatment here|Carried out here|In our office|On the same day|Done with consent",
        "plan: My suggestions|Suggestions|What I suggest|Next|Please note|Further course",
    ),
    _template(
        "admission", "hp", "History and physical|HISTORY AND PHYSICAL|H&P|New problem visit|Full visit|Intake visit",
        "history: History of present illness|HPI|Present illness|History|Story|Interval history",
        "exam: Physical examination|PHYSICAL|Exam by system|Examination|Systems|Physical findings",
        "assessment: Assessment|ASSESSMENT|Problem list for today|Problems|Diagnoses|Active problems",
        "plan: Plan by problem|PLAN|Plan|Orders and plan|What comes next|Management",
        "procedure: Procedures this visit|PROCEDURES|Procedure performed|In-office procedures|Interventions|Section 5",
    ),
    _template(
        "record", "flowsheet", "Encounter record|ENCOUNTER|Encounter summary (exported)|Visit export|Encounter data|"
        "EHR extract",
        "procedure: ## Procedures|[procedures]|Procedures:|== Procedures ==|Field: procedures|# PROC",
        "assessment: ## Diagnoses|[diagnoses]|Diagnoses:|== Diagnoses ==|Field: diagnoses|# DX",
        "history: ## Narrative|[narrative]|Narrative:|== Narrative ==|Field: narrative|# HX",
        "exam: ## Observations|[observations]|Observations:|== Observations ==|Field: observations|# OBS",
        "plan: ## Plan|[plan]|Plan:|== Plan ==|Field: plan|# PLAN",
    ),
    _template(
        "dictation", "transcript", "|Dictation|Dictated note|Voice note|Typed from dictation|DICTATED",
        "history: |History follows|To begin|First the history|The patient|About the patient",
        "exam: |Exam follows|Looking at the patient|Then the exam|On looking|About the exam",
        "assessment: |Impression follows|To sum up|So|All in all|About the diagnosis",
        "procedure: |Procedure follows|What I did|Then the procedure|In the room|About the procedure",
        "plan: |Plan follows|To finish|Then the plan|Afterwards|About what comes next",
    ),
    _template(
        "nurse", "flowsheet", "Treatment record, co-signed|NURSE TREATMENT RECORD|Clinic sheet|Procedure sheet|"
        "Injection and treatment log|Treatment sheet",
        "assessment: For|DIAGNOSIS|Ordered for|Order diagnosis|Treated|Problem on the order",
        "exam: Before|BEFORE TREATMENT|Checked before|Condition before|Baseline|Pre-check",
        "procedure: Treatment|TREATMENT GIVEN|Carried out|Log|Given today|During",
        "plan: After|AFTER TREATMENT|Handed over|Patient told|Home care|Leaving",
        "history: Remarks|REMARKS|Told to the nurse|Side notes|Notes|Comments",
    ),
    _template(
        "consult", "consult", "Consultation|CONSULTATION|Specialist visit|Second opinion|Consult note|Specialty clinic",
        "assessment: Question and answer|QUESTION|Question asked|Diagnosis in brief|Short answer|Opinion first",
        "history: Relevant history|HISTORY|History relevant to the question|What led here|Past course|From the chart",
        "exam: Focused exam|EXAM|Targeted exam|Exam of the region|Region examined|Signs",
        "procedure: Same-day procedure|SAME-DAY PROCEDURE|Carried out today|Procedure done here|Intervention|Service",
        "plan: Recommendations|RECOMMENDATIONS|Advice|Recommended|For the referrer|Steps",
    ),
    _template(
        "brief", "soap", "Brief note|SHORT NOTE|Quick note|Note to chart|Chart entry|Entry of today",
        "procedure: Did|DONE|Today did|Performed|Done|Acts",
        "assessment: Has|DX|Problem|For|Because of|Dx today",
        "exam: Saw|SEEN|Found|Exam|Looked|Signs",
        "history: Told|HX|Said|Hx|Heard|From patient",
        "plan: Will|NEXT|Then|To do|Follow|Next up",
    ),
)  # fmt: skip

HEADS: tuple[tuple[str, ...], ...] = (
    ("Patient: {patient.name}", "MRN: {patient.mrn}", "DOB: {patient.dob:us}", "Date of service: {visit.date:us}"),
    ("{patient.name} ({patient.mrn})", "Born {patient.dob:long}, seen {visit.date:us}", "Phone {patient.phone}"),
    ("Date {visit.date}", "Name {patient.name}  DOB {patient.dob:short}", "Record {patient.mrn}", "{patient.street}"),
    (
        "Seen: {visit.date:day}",
        "Re: {patient.name}, born {patient.dob:us}",
        "Plan member {patient.member_id}",
        "{patient.mrn}",
    ),
    (
        "Date {visit.date:long} / Patient {patient.name} / {patient.mrn}",
        "{patient.street}, {patient.city} {patient.zip}",
    ),
    ("{patient.mrn} | {patient.name} | {patient.dob} | {visit.date}",),
    (
        "Name: {patient.last}, {patient.first}",
        "Visit: {visit.date:us}",
        "Birth date: {patient.dob:day}",
        "{patient.mrn}",
    ),
    (
        "Encounter {visit.date:us} with {provider.name}",
        "Patient {patient.name}, {patient.mrn}",
        "Contact {patient.phone}, {patient.email}",
    ),
)
FEET = (
    "Electronically signed by {provider.name}",
    "Signed: {provider.name}, {visit.date:us}",
    "{provider.name}, attending",
    "Dictated and read by {provider.name}",
    "Signed in the chart, {provider.name}",
    "{provider.name} / signed {visit.date:short}",
    "With kind regards, {provider.name}",
    "Author and signer: {provider.name}",
)
STYLES: tuple[tuple[str, str], ...] = (
    ("", " "),
    ("", "\n"),
    ("- ", "\n- "),
    ("* ", "\n* "),
    ("", "  "),
    ("1. ", "\n{number}. "),
)
"""(before the first sentence, between two sentences), one for each variant."""
OPENINGS: dict[Section, tuple[str, ...]] = {
    "history": ("", "Reviewed with the patient.", "As told by the patient.", "", "Chart read before.", "In short."),
    "exam": ("", "Examined in the room.", "Unchanged unless noted.", "", "Looked at today.", "Brief exam."),
    "assessment": ("", "In summary.", "As follows.", "", "By today's findings.", "Named here."),
    "procedure": ("", "Risks and benefits explained.", "Consent signed.", "", "Site marked.", "Allergies asked again."),
    "plan": ("", "Agreed with the patient.", "Understood and agreed.", "", "Questions answered.", "In writing too."),
}
"""What opens a section, one for each variant."""
