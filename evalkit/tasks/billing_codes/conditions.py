"""The conditions that patients of this family have, with their ICD-10-CM codes, and which of them are coded.

ICD-10-CM is public (NCHS, CMS). Outpatient coding lists what is known to be so today: a condition that is suspected,
ruled out, past, or a relative's is not listed (Official Guidelines, section IV.H).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from evalkit.tasks.billing_codes.policy import Side

Certainty = Literal["present", "ruled out", "suspected", "past", "family"]
"""``present`` is coded; the others are told and not coded."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: what notes call it, and its codes by side (key None where no side matters)."""

    codes: Mapping[Side | None, tuple[str, ...]]
    usual: tuple[str, ...]
    """Names; ``{side}`` is left, right or bilateral."""
    rare: tuple[str, ...]
    """Names that a spec may not know."""

    def code(self, side: Side | None) -> tuple[str, ...]:
        """The codes for a side; a condition without sides has one whatever the side."""
        return self.codes[side if side in self.codes else None]


def _one(code: str, usual: str, rare: str) -> Condition:
    return Condition({None: (code,)}, tuple(usual.split("|")), tuple(rare.split("|")))


def _sided(codes: str, usual: str, rare: str) -> Condition:
    """``codes``: right, left, both; where no code means both sides, a plus joins two."""
    right, left, both = (tuple(part.split("+")) for part in codes.split())
    return Condition({"right": right, "left": left, "both": both}, tuple(usual.split("|")), tuple(rare.split("|")))


CONDITIONS: dict[str, Condition] = {
    "uncertain lesion": _one(
        "D48.5",
        "skin neoplasm of uncertain behavior|neoplasm of uncertain behavior of the skin",
        "skin lesion that cannot be named yet|indeterminate skin growth",
    ),
    "skin tags": _one("L91.8", "acrochordons|hypertrophic skin tags", "fibroepithelial polyps|soft fibromas"),
    "keratosis": _one("L57.0", "actinic keratosis|solar keratosis", "sun damage with rough scale|precancerous scaling"),
    "abscess": _one("L02.91", "cutaneous abscess|skin abscess", "furuncle that came to a head|pus pocket in the skin"),
    "scalp cut": _one("S01.01XA", "scalp laceration|laceration of the scalp", "split scalp|gash over the crown"),
    "hand cut": _sided(
        "S61.411A S61.412A S61.411A+S61.412A", "{side} hand laceration", "{side} palm cut by glass|{side} hand gash"
    ),
    "forearm cut": _sided(
        "S51.811A S51.812A S51.811A+S51.812A",
        "{side} forearm laceration",
        "{side} forearm gash|{side} forearm cut open",
    ),
    "hearing loss": _one("H91.93", "bilateral hearing loss|hearing loss in both ears", "poor hearing on either side"),
    "borderline pressure": _one(
        "H40.013",
        "glaucoma suspect|open angle with borderline findings",
        "watching for glaucoma|borderline disc cupping",
    ),
    "knee": _sided("M17.11 M17.12 M17.0", "{side} knee osteoarthritis", "{side} knee wear|{side} gonarthrosis"),
    "shoulder": _sided(
        "M19.011 M19.012 M19.011+M19.012",
        "{side} shoulder osteoarthritis",
        "{side} glenohumeral wear|{side} omarthrosis",
    ),
    "hip": _sided("M16.11 M16.12 M16.0", "{side} hip osteoarthritis", "{side} hip wear|{side} coxarthrosis"),
    "wrist": _sided(
        "G56.01 G56.02 G56.03", "{side} carpal tunnel syndrome", "{side} median nerve squeeze|{side} median entrapment"
    ),
    "heel": _one("M72.2", "plantar fasciitis|plantar fascial fibromatosis", "runner's heel|inflamed plantar band"),
    "ear": _sided("H61.21 H61.22 H61.23", "{side} cerumen impaction", "{side} wax plug|{side} ceruminosis"),
    "weakness": _one(
        "M62.81", "generalized muscle weakness|muscle weakness", "deconditioning|loss of power throughout"
    ),
    "stiffness": _one("M25.60", "joint stiffness", "stiff joints in the morning|reduced play of the joint"),
    "unsteadiness": _one("R26.81", "unsteadiness on feet|unsteady on feet", "wobbly when walking|poor balance"),
    "asthma": _one(
        "J45.901", "asthma exacerbation|asthma with exacerbation", "flare of reactive airways|asthma attack"
    ),
    "allergy": _one("J30.2", "seasonal allergic rhinitis", "hay fever|pollen allergy"),
    "muscle pain": _one("M79.18", "myofascial pain|myalgia", "muscular trigger zones|knotted muscles"),
    "nails": _one("B35.1", "onychomycosis|tinea unguium", "fungal nails|nail fungus"),
    "pressure": _one("I10", "essential hypertension|hypertension", "high blood pressure|raised pressure"),
    "sugar": _one("E11.9", "type 2 diabetes", "adult-onset sugar disease|T2DM"),
    "sleep": _one("G47.00", "insomnia", "poor sleep|lying awake at night"),
    "cough": _one("R05.9", "unexplained cough|cough without cause", "tickle in the chest|hacking"),
}

INDICATIONS: dict[str, tuple[str, ...]] = {
    "skin biopsy": ("uncertain lesion",),
    "skin tag removal": ("skin tags",),
    "lesion destruction": ("keratosis",),
    "abscess drainage": ("abscess",),
    "wound repair": ("scalp cut", "hand cut", "forearm cut"),
    "hearing screen": ("hearing loss",),
    "eye pressure": ("borderline pressure",),
    "large joint injection": ("knee", "shoulder", "hip"),
    "wrist tunnel injection": ("wrist",),
    "heel injection": ("heel",),
    "ear wax removal": ("ear",),
    "therapeutic exercise": ("weakness",),
    "manual therapy": ("stiffness",),
    "gait training": ("unsteadiness",),
    "nebulizer treatment": ("asthma",),
    "allergy tests": ("allergy",),
    "muscle knot injection": ("muscle pain",),
    "nail debridement": ("nails",),
}
"""Procedure -> what it is done for. Several: the place says which."""
VISIT_REASONS = ("pressure", "sugar", "sleep", "cough")
CHILDS_REASONS = ("sleep", "cough")
"""What a visit of its own is about."""
DISTRACTORS = ("gout", "cellulitis", "septic arthritis", "basal cell carcinoma", "nerve root compression", "pneumonia",
               "a fracture", "deep vein thrombosis", "shingles", "rheumatoid arthritis")  # fmt: skip
"""Conditions that are told of as suspected, ruled out, past or a relative's, and never coded here."""


class Finding(NamedTuple):
    """A fact: a condition of the patient, or one that is told of and is not."""

    fact_id: str
    condition: str
    certainty: Certainty = "present"
    side: Side | None = None


def code_conditions(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The ICD-10-CM codes that are listed: of what is present, each once, in the order of the facts."""
    present = (finding for finding in findings if finding.certainty == "present")
    codes = (code for finding in present for code in CONDITIONS[finding.condition].code(finding.side))
    return tuple(dict.fromkeys(codes))
