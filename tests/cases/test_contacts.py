from __future__ import annotations

from evalkit.cases.contacts import contacts
from evalkit.phi import surrogates
from evalkit.phi.identifiers import valid_npi


def test_contacts_are_the_same_again_and_others_for_another_case():
    assert contacts(7, 3) == contacts(7, 3)
    assert contacts(7, 3) != contacts(7, 4)


def test_a_subject_says_whose_an_identifier_is():
    subjects = {one.needle_id.split(".")[0]: one.subject for one in contacts(7, 0)}
    assert subjects == {name: name for name in ("provider", "organisation", "employer", "household")}


def test_no_number_can_belong_to_anybody():
    for index in range(300):
        for one in contacts(7, index):
            assert not surrogates.has_never_real_range(one.category) or surrogates.never_real(one.category, one.value)
        npi = next(one.value for one in contacts(7, index) if one.needle_id == "provider.npi")
        assert valid_npi(npi)


def test_ids_are_their_own():
    ids = [one.needle_id for one in contacts(7, 0)]
    assert len(set(ids)) == len(ids) == 10
