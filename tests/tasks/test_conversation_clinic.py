"""The clinic: who is verified, what tools do, and that a change is whole or none."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.tasks.patient_conversation.clinic import CONFIDENTIAL, TOOLS, Clinic, plain, skipped

RECORD = {"date_of_birth": "1957-03-14", "record_number": "MRN10000001", "drugs": ["metformin", "lisinopril"]}
WORLD: dict[str, Any] = {
    "today": "2025-03-03",
    "patients": {
        "p1": {**RECORD, "name": "Jerome Hanson", "phone": "312-555-0142", "proxy": False},
        "p2": {**RECORD, "name": "Jérome Hanson", "phone": "312-555-0143", "record_number": "MRN2", "proxy": True},
    },
    "physicians": [{"name": "Dr. Vu", "specialty": "cardiology", "accepts": True},
                   {"name": "Dr. Ng", "specialty": "cardiology", "accepts": False}],
    "slots": {
        "s1": {"start": "2025-03-09 03:30", "specialty": "telehealth", "with": "Dr. Ono"},
        "s2": {"start": "2025-03-11 09:15", "specialty": "cardiology", "with": "Dr. Vu"},
        "s3": {"start": "2025-03-11 14:30", "specialty": "cardiology", "with": "Dr. Vu"},
    },
    "appointments": {"a1": {"slot": "x1", "patient": "p1", "start": "2025-04-02 10:00", "with": "Dr. Vu",
                            "specialty": "cardiology", "confidential": False, "reason": "knee pain"}},
    "faq": {"hours": "We are open."},
    "races": [],
}  # fmt: skip
BOTH = {"name": "Jerome Hanson", "date_of_birth": "1957-03-14"}


def clinic(**changes: Any) -> Clinic:
    return Clinic({**copy.deepcopy(WORLD), **changes})


def test_one_identifier_finds_somebody_and_establishes_nothing() -> None:
    one = clinic()
    assert one.call("verify_identity", {"phone": "(312) 555-0142"}) == {"match": "one", "may": "yes", "patient": "p1"}
    assert one.cleared == ()


def test_two_identifiers_that_match_one_record_establish_its_owner() -> None:
    one = clinic()
    assert one.call("verify_identity", {**BOTH, "phone": "3125550142"})["patient"] == "p1"
    assert one.cleared == ("p1", f"p1{CONFIDENTIAL}")


def test_two_records_with_one_name_and_birth_date_are_several_and_establish_nobody() -> None:
    one = clinic()
    assert one.call("verify_identity", BOTH) == {"match": "several"}
    assert one.cleared == ()


def test_a_wrong_digit_matches_nobody() -> None:
    one = clinic()
    assert one.call("verify_identity", {**BOTH, "phone": "312-555-0199"}) == {"match": "none"}
    assert one.call("verify_identity", {}) == {"error": "nothing_given"}


def test_somebody_else_may_act_only_where_the_record_says_so_and_is_not_told_what_is_confidential() -> None:
    one = clinic()
    assert one.call("verify_identity", {"phone": "312-555-0142", **BOTH, "relation": "other"}) == {
        "match": "one", "may": "no",
    }  # fmt: skip
    assert one.cleared == ()
    assert one.call("verify_identity", {"phone": "312-555-0143", **BOTH, "relation": "other"})["may"] == "yes"
    assert one.cleared == ("p2",)


def test_a_time_is_booked_once() -> None:
    one = clinic()
    assert one.call("book", {"patient": "p1", "slot": "s2"}) == {"appointment": "n2"}
    assert one.call("book", {"patient": "p2", "slot": "s2"}) == {"error": "slot_taken"}
    assert [slot["slot"] for slot in one.call("find_slots", {"specialty": "cardiology"})["slots"]] == ["s3"]


def test_a_time_that_another_caller_takes_in_between_is_gone_for_good() -> None:
    one = clinic(races=["s2"])
    assert one.call("book", {"patient": "p1", "slot": "s2"}) == {"error": "slot_taken"}
    assert one.call("book", {"patient": "p1", "slot": "s2"}) == {"error": "slot_taken"}
    assert [slot["slot"] for slot in one.call("find_slots", {"specialty": "cardiology"})["slots"]] == ["s3"]
    assert one.call("book", {"patient": "p1", "slot": "s3"}) == {"appointment": "n2"}


def test_moving_an_appointment_frees_its_old_time_and_one_that_cannot_be_moved_stays() -> None:
    one = clinic()
    assert one.call("reschedule", {"appointment": "a1", "slot": "s9"}) == {"error": "no_such_slot"}
    assert one.state["appointments"]["a1"]["slot"] == "x1"
    assert one.call("reschedule", {"appointment": "a1", "slot": "s3"}) == {"appointment": "a1"}
    moved = one.state["appointments"]["a1"]
    assert (moved["slot"], moved["patient"], moved["reason"]) == ("s3", "p1", "knee pain")
    assert one.call("cancel", {"appointment": "a1"}) == {"cancelled": "a1"}
    assert one.call("book", {"patient": "p1", "slot": "s3"}) == {"appointment": "n1"}


def test_a_refill_is_of_what_is_prescribed() -> None:
    one = clinic()
    assert one.call("refill_request", {"patient": "p1", "drug": "morphine"}) == {"error": "not_prescribed"}
    assert one.call("refill_request", {"patient": "p1", "drug": "metformin"}) == {"requested": "metformin"}
    assert one.state["refills"] == [{"patient": "p1", "drug": "metformin"}]


def test_only_physicians_who_take_new_people_are_named() -> None:
    found = clinic().call("search_physicians", {"specialty": "cardiology"})
    assert found == {"physicians": [{"name": "Dr. Vu", "specialty": "cardiology"}]}


def test_a_time_that_the_clocks_skip_is_said_to_be_none() -> None:
    found = clinic().call("find_slots", {"specialty": "telehealth", "day": "2025-03-09", "time": "02:30"})
    assert found["no_such_time"] is True
    assert [one["slot"] for one in found["slots"]] == ["s1"]


@pytest.mark.parametrize(
    ("day", "time", "gone"),
    [
        ("2025-03-09", "02:00", True), ("2025-03-09", "02:59", True), ("2025-03-09", "03:00", False),
        ("2025-03-09", "01:59", False), ("2025-03-02", "02:30", False), ("2024-03-10", "02:30", True),
        ("2026-03-08", "02:30", True), ("2025-11-02", "02:30", False), ("no day", "02:30", False),
    ],
)  # fmt: skip
def test_clocks_go_forward_on_the_second_sunday_of_march(day: str, time: str, gone: bool) -> None:
    assert skipped(day, time) is gone


@given(
    st.sampled_from([*TOOLS, "drop_table"]),
    st.dictionaries(st.sampled_from(["patient", "slot", "text", "name", "x"]), st.one_of(st.text(), st.integers())),
)
def test_whatever_a_tool_is_asked_it_answers_and_an_error_changes_nothing(tool: str, arguments: dict[str, Any]) -> None:
    one = clinic()
    before = copy.deepcopy(one.state)
    answer = one.call(tool, arguments)
    assert isinstance(answer, dict)
    if "error" in answer:
        assert one.state == before


def test_what_a_case_holds_is_not_changed_by_a_call() -> None:
    world = copy.deepcopy(WORLD)
    one = Clinic(world)
    one.call("book", {"patient": "p1", "slot": "s2"})
    one.call("cancel", {"appointment": "a1"})
    assert world == WORLD


def test_values_are_compared_by_what_they_mean() -> None:
    assert plain("name", "JÉROME  Hanson") == plain("name", "jerome hanson")
    assert plain("phone", "+1 (312) 555-0142") == plain("phone", "312.555.0142")
