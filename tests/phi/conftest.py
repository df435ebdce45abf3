"""Identifiers for the leak tests, all from never-real ranges."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from evalkit.cases.patients import REFERENCE_DATE, make_patient
from evalkit.phi import surrogates
from evalkit.phi.disguises import Persona
from evalkit.phi.identifiers import Identifier


@pytest.fixture
def one_date():
    """Makes the identifiers of a case that holds one date of birth."""

    def make(day):
        return (Identifier("patient.dob", "date", day.isoformat()),)

    return make


def _make_persona(seed, index):
    patient, other = make_patient(seed, index), make_patient(seed + 1000, index)
    draw = int.from_bytes(hashlib.sha256(f"{seed}/{index}".encode()).digest()[:8], "big")
    return Persona(
        first=patient.first, middle=patient.middle, last=patient.last, relative=other.first, dob=patient.dob,
        seen=REFERENCE_DATE - timedelta(days=draw % 900), age=90 + draw % 12, street=patient.street,
        zip_code=patient.zip_code, phone=patient.phone, email=patient.email, ssn=patient.ssn, mrn=patient.mrn,
        member_id=patient.member_id, mbi=surrogates.mbi(draw), vin=surrogates.vin(draw), ip=surrogates.ipv4(draw),
    )  # fmt: skip


@pytest.fixture(scope="session")
def make_persona():
    """Persona ``index`` of a seed: everything that the disguises need."""
    return _make_persona
