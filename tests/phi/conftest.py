"""Identifiers for the leak tests, all from never-real ranges."""

from __future__ import annotations

import pytest

from evalkit.phi.identifiers import Identifier


@pytest.fixture
def one_date():
    """Makes the identifiers of a case that holds one date of birth."""

    def make(day):
        return (Identifier("patient.dob", "date", day.isoformat()),)

    return make
