"""Who else stands in a record: the provider, the clinic, the employer, somebody of the household.

Identifiers of employers and household members are protected like the patient's own (45 CFR 164.514(b)(2)(i)); those of
providers and organisations are not, and their ``subject`` says so.
"""

from __future__ import annotations

from evalkit.cases.randomness import pick, stream
from evalkit.cases.vocabulary import vocabulary
from evalkit.phi import surrogates
from evalkit.phi.identifiers import Identifier

_CLINICS = ("Family Clinic", "Medical Group", "Orthopedics", "Health Center", "Imaging Center", "Community Hospital")
_TRADES = ("Freight", "Machine Works", "Catering", "Landscaping", "Printing", "Logistics", "Dairy", "Builders")


def contacts(seed: int, index: int) -> tuple[Identifier, ...]:
    """The contacts of case ``index`` (from 0), for `evalkit.cases.patients.Known`.

    provider.name .npi .phone .fax; organisation.name .phone; employer.name .phone; household.name .phone
    """
    draws = stream(seed, "contacts").draws(index, 14)
    last, first = vocabulary().last, vocabulary().first("F" if draws[0] & 1 else "M")
    return (
        Identifier("provider.name", "name", f"Dr. {last.pick(draws[1])}", "provider"),
        Identifier("provider.npi", "license", surrogates.npi(draws[2]), "provider"),
        Identifier("provider.phone", "phone", surrogates.phone(draws[3]), "provider"),
        Identifier("provider.fax", "fax", surrogates.fax(draws[4]), "provider"),
        Identifier("organisation.name", "name", f"{last.pick(draws[5])} {pick(draws[6], _CLINICS)}", "organisation"),
        Identifier("organisation.phone", "phone", surrogates.phone(draws[7]), "organisation"),
        Identifier("employer.name", "name", f"{last.pick(draws[8])} {pick(draws[12], _TRADES)}", "employer"),
        Identifier("employer.phone", "phone", surrogates.phone(draws[9]), "employer"),
        Identifier("household.name", "name", f"{first.pick(draws[10])} {last.pick(draws[11])}", "household"),
        Identifier("household.phone", "phone", surrogates.phone(draws[13]), "household"),
    )  # fmt: skip
