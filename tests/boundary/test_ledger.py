"""Rules over audit records."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from evalkit.agents.routing import Deployment, Hop, Limits, Operations
from evalkit.boundary import ledger
from evalkit.boundary.finding import CheckResult
from evalkit.boundary.records import Record
from evalkit.boundary.standing import Standing, check_standing
from evalkit.spec.schema import Spec

T = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOP = Hop(name="primary", role="model", provider="acme", model="m", url="https://a.example/", region="us")


def record(seq: int = 0, **parts: Any) -> Record:
    """A good record of an execution, changed."""
    known: dict[str, Any] = {
        "seq": seq, "at": T + timedelta(minutes=seq), "action": "execute", "actor": "user:a", "role": "coder",
        "token_id": "t1", "token": "valid", "token_issued": T, "token_last_used": T + timedelta(minutes=seq),
        "request_id": f"r{seq}", "subject": "p1", "fields": ("note_text",), "spec": "s@1", "model": "m@1", "tools": (),
        "purpose": "HPAYMT", "second_factor": True,
    }  # fmt: skip
    return Record(**{**known, **parts})


def ask(spec: Spec, check_id: str, *records: Record, **standing: Any) -> CheckResult:
    rule = next(rule for rule in ledger.RULES if rule.check_id == check_id)
    (result,) = check_standing(
        Standing(spec, standing.pop("today", date(2026, 6, 1)), records=records, **standing), [rule]
    )
    return result


def whats(result: CheckResult) -> list[str]:
    return [found.what for found in result.findings]


def test_good_records_pass_every_rule_that_they_are_about(spec: Spec) -> None:
    deployment = Deployment(route=(HOP,), operations=Operations(grants={"coder": ("execute",)}))
    standing = Standing(spec, date(2026, 6, 1), deployment, (record(0), record(1)), ("r0", "r1"))
    seen = {one.check_id: one.words for one in check_standing(standing, ledger.RULES)}
    assert {name for name, words in seen.items() if words == "pass"} == {
        "one_record", "audit_answers", "record_order", "actors", "grants", "authentication", "logoff", "exceptions", "shredding",
    }  # fmt: skip
    assert set(seen.values()) == {"pass", "nothing to check"}


def test_without_records_nothing_is_proven(spec: Spec) -> None:
    standing = Standing(spec, date(2026, 6, 1))
    assert {one.words for one in check_standing(standing, ledger.RULES)} == {"not observed"}


@pytest.mark.parametrize(("records", "what"), [
    (("r0",), []), ((), ["0 records for 1 call"]), (("r0", "r0"), ["2 records for 1 call"]),
    (("r0", "r9"), ["records that no call made"]),
])  # fmt: skip
def test_every_call_has_exactly_one_record(spec: Spec, records: tuple[str, ...], what: list[str]) -> None:
    made = [record(n, request_id=name, outcome="failed") for n, name in enumerate(records)]
    assert whats(ask(spec, "one_record", *made, calls=("r0",))) == what


@pytest.mark.parametrize(("check_id", "parts", "what"), [
    ("audit_answers", {"model": ""}, "does not say model"),
    ("audit_answers", {"fields": ()}, "does not say fields"),
    ("audit_answers", {"tools": None}, "does not say tools"),
    ("audit_answers", {"actor": ""}, "does not say who"),
    ("audit_answers", {"spec": ""}, "does not say spec"),
    ("actors", {"actor": "admin"}, "an actor that names nobody in particular"),
    ("authentication", {"token": "none"}, "done without a valid token"),
    ("authentication", {"token": "expired"}, "done without a valid token"),
    ("authentication", {"token": "other_audience"}, "done without a valid token"),
    ("logoff", {"token_issued": T - timedelta(hours=12, seconds=1)}, "a token older than a session"),
    ("logoff", {"token_last_used": T - timedelta(minutes=15, seconds=1)}, "a token that was idle too long"),
    ("exceptions", {"purpose": "treatment of the patient"}, "a purpose that is no code"),
    ("exceptions", {"purpose": ""}, "a purpose that is no code"),
    ("second_factor", {"action": "export", "second_factor": False}, "done with one factor alone"),
])  # fmt: skip
def test_a_record_that_breaks_one_rule_is_found(spec: Spec, check_id: str, parts: dict[str, Any], what: str) -> None:
    assert whats(ask(spec, check_id, record(0, **parts))) == [what]


@pytest.mark.parametrize(("check_id", "parts"), [
    ("audit_answers", {"model": "", "fields": (), "outcome": "denied"}),
    ("authentication", {"token": "forged", "outcome": "denied"}),
    ("logoff", {"token_issued": T - timedelta(hours=12), "token_last_used": T - timedelta(minutes=15)}),
    ("logoff", {"token_issued": T - timedelta(days=9), "outcome": "denied"}),
    ("exceptions", {"purpose": "x", "outcome": "denied"}),
    ("second_factor", {"action": "export", "second_factor": False, "outcome": "denied"}),
])  # fmt: skip
def test_what_was_denied_or_lies_on_the_line_is_no_breach(spec: Spec, check_id: str, parts: dict[str, Any]) -> None:
    assert whats(ask(spec, check_id, record(0, **parts))) == []


@pytest.mark.parametrize(("check_id", "parts"), [
    ("logoff", {"token_issued": None}), ("authentication", {"token": ""}),
    ("second_factor", {"action": "export", "second_factor": None}),
])  # fmt: skip
def test_what_a_record_does_not_say_is_not_observed(spec: Spec, check_id: str, parts: dict[str, Any]) -> None:
    alone = ask(spec, check_id, record(0, **parts))
    assert (alone.verdict, alone.not_observed, alone.findings) == ("not_observed", 1, ())
    denied = ask(spec, check_id, record(0, outcome="denied", **parts))
    assert (denied.verdict, denied.passed) == ("pass", 1)
    action = {"action": parts["action"]} if "action" in parts else {}
    beside = ask(spec, check_id, record(0, **parts), record(1, **action))
    assert (beside.passed, beside.not_observed) == (1, 1)
    assert alone.evidence != denied.evidence


@pytest.mark.parametrize(("hours", "incident", "told"), [
    (0, "i", True), (24, "i", True), (24.001, "i", False), (-1, "i", False), (1, "other", False), (None, "i", False),
])  # fmt: skip
def test_a_contingency_is_told_of_within_a_day(spec: Spec, hours: float | None, incident: str, told: bool) -> None:
    records = [record(0, at=T, action="contingency", incident="i")]
    if hours is not None:
        records.append(record(1, at=T + timedelta(hours=hours), action="notice", incident=incident))
    result = ask(spec, "contingency_notice", *records, today=date(2026, 6, 3))
    if hours is None:
        assert ask(spec, "contingency_notice", *records, today=date(2026, 6, 2)).verdict == "not_observed"
    assert whats(result) == ([] if told else ["a contingency that was not told of within 24 hours"])
    assert result.basis == "proposed"
    named = ask(spec, "breach_content", *records)
    assert named.words == ("fail" if incident == "other" else "nothing to check"), "it is no notice of a breach"


def test_a_token_that_two_actors_have_shown_is_found_at_both(spec: Spec) -> None:
    result = ask(spec, "actors", record(0), record(1, actor="user:b"), record(2, actor="user:c", token_id="t2"))
    assert [found.case_id for found in result.findings] == ["record 0", "record 1"]


@pytest.mark.parametrize(("seqs", "minutes", "problems"), [
    ((0, 1, 2), (0, 1, 1), 0), ((0, 2), (0, 1), 1), ((0, 0), (0, 0), 1), ((5, 6), (1, 0), 1), ((1, 0), (1, 0), 2),
])  # fmt: skip
def test_records_are_numbered_without_gaps_and_in_time(
    spec: Spec, seqs: tuple[int, ...], minutes: tuple[int, ...], problems: int
) -> None:
    records = [record(seq, at=T + timedelta(minutes=minute)) for seq, minute in zip(seqs, minutes, strict=True)]
    assert len(ask(spec, "record_order", *records).findings) == problems


@pytest.mark.parametrize("role", ["coder", "clerk", "nobody", ""])
@pytest.mark.parametrize("action", ["execute", "read", "export", "promote", "shred"])
def test_every_pair_of_role_and_action_beyond_the_table_is_found(spec: Spec, role: str, action: Any) -> None:
    grants = {"coder": ("execute", "read"), "clerk": ("read",)}
    deployment = Deployment(route=(HOP,), operations=Operations(grants=grants))
    for outcome in ("done", "failed", "denied"):
        made = record(0, role=role, action=action, outcome=outcome)
        found = ask(spec, "grants", made, deployment=deployment)
        assert bool(found.findings) == (action not in grants.get(role, ()) and outcome != "denied")


@pytest.mark.parametrize(("parts", "problems"), [
    ({}, []), ({"reason": ""}, ["emergency access without a reason"]),
    ({"second_actor": ""}, ["emergency access by one person alone"]),
    ({"second_actor": "user:a"}, ["emergency access by one person alone"]),
    ({"expires": None}, ["emergency access without an end within the hour"]),
    ({"expires": T + timedelta(minutes=61)}, ["emergency access without an end within the hour"]),
])  # fmt: skip
def test_emergency_access_is_accounted_for(spec: Spec, parts: dict[str, Any], problems: list[str]) -> None:
    good = {"reason": "outage", "second_actor": "user:b", "expires": T + timedelta(minutes=60)}
    opened = record(0, action="break_glass", **{**good, **parts})
    alarm = record(1, action="alarm", actor="svc:pager")
    assert whats(ask(spec, "emergency", opened, alarm)) == problems
    assert "emergency access without an alarm" in whats(ask(spec, "emergency", opened))
    late = record(9, action="alarm", actor="svc:pager")
    assert "emergency access without an alarm" in whats(ask(spec, "emergency", opened, late))


SIX_YEARS_ON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("created", "retired", "at", "kept"), [
    (datetime(2020, 6, 1, 12, tzinfo=UTC), datetime(2020, 6, 1, 12, tzinfo=UTC), SIX_YEARS_ON, True),
    (datetime(2020, 6, 1, 12, tzinfo=UTC), datetime(2020, 6, 1, 12, tzinfo=UTC), SIX_YEARS_ON - timedelta(seconds=1), False),
    (datetime(2010, 1, 1, tzinfo=UTC), datetime(2020, 6, 1, 12, tzinfo=UTC), SIX_YEARS_ON - timedelta(seconds=1), False),
    (datetime(2020, 2, 29, tzinfo=UTC), datetime(2020, 2, 29, tzinfo=UTC), datetime(2026, 2, 28, 23, tzinfo=UTC), False),
    (datetime(2020, 2, 29, tzinfo=UTC), datetime(2020, 2, 29, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC), True),
    (datetime(2010, 1, 1, tzinfo=UTC), None, SIX_YEARS_ON, False),
    (None, datetime(2010, 1, 1, tzinfo=UTC), SIX_YEARS_ON, False),
])  # fmt: skip
def test_records_are_kept_six_years_from_the_later_day(
    spec: Spec, created: datetime | None, retired: datetime | None, at: datetime, kept: bool
) -> None:
    purged = record(0, action="purge", created=created, retired=retired, at=at)
    assert (ask(spec, "retention", purged).findings == ()) == kept
    denied = record(0, action="purge", created=created, retired=retired, at=at, outcome="denied")
    assert ask(spec, "retention", denied).findings == ()


def test_what_is_held_is_neither_purged_nor_shredded_and_two_people_lift_a_hold(spec: Spec) -> None:
    held = record(0, action="hold")
    for action in ("purge", "shred"):
        assert whats(ask(spec, "legal_hold", held, record(1, action=action))) == ["taken away under a legal hold"]
        assert whats(ask(spec, "legal_hold", held, record(1, action=action, subject="p2"))) == []
        assert whats(ask(spec, "legal_hold", held, record(1, action=action, outcome="denied"))) == []
        lifted = record(1, action="lift_hold", second_actor="user:b")
        assert whats(ask(spec, "legal_hold", held, lifted, record(2, action=action))) == []
    alone = record(1, action="lift_hold")
    assert whats(ask(spec, "legal_hold", held, alone)) == ["a hold lifted by one person alone"]


@pytest.mark.parametrize(("days", "late"), [(0, False), (10, False), (11, True), (61, True)])
def test_a_breach_is_notified_within_the_agreed_days(spec: Spec, days: int, late: bool) -> None:
    incident = record(0, action="incident", incident="i1", discovered=T)
    notice = record(1, action="notice", incident="i1", at=T + timedelta(days=days))
    deployment = Deployment(route=(HOP,), limits=Limits(breach_notice_days=10))
    assert bool(ask(spec, "breach_notice", incident, notice, deployment=deployment).findings) == late
    assert bool(ask(spec, "breach_notice", incident, notice).findings) == (days > 60), (
        "without a contract the law's days"
    )


def test_a_breach_without_a_notice_is_late_when_the_days_are_over(spec: Spec) -> None:
    incident = record(0, action="incident", incident="i1", discovered=datetime(2028, 1, 1, 23, 59, tzinfo=UTC))
    assert whats(ask(spec, "breach_notice", incident, today=date(2028, 3, 1))) == []
    assert whats(ask(spec, "breach_notice", incident, today=date(2028, 3, 2))) == [
        "no notice, and the days for it are over"
    ], "2028 has a 29 February"
    blank = record(0, action="incident", incident="i1")
    assert whats(ask(spec, "breach_notice", blank)) == ["an incident without the day of its discovery"]


@pytest.mark.parametrize(("named", "what"), [
    (("p1", "p2"), []), (("p1",), ["somebody who was affected is not named"]),
    (("p1", "p2", "p3"), ["somebody is named who was not affected"]),
])  # fmt: skip
def test_a_notice_names_exactly_those_who_were_affected(spec: Spec, named: tuple[str, ...], what: list[str]) -> None:
    window = (T, T + timedelta(minutes=10))
    records = (
        record(1, action="read", actor="user:x", subject="p1"), record(2, action="decrypt", actor="user:x", subject="p2"),
        record(3, action="read", actor="user:x", subject="p3", outcome="denied"),
        record(20, action="read", actor="user:x", subject="p4"),
        record(30, action="incident", actor="svc:watch", incident="i1", discovered=T, window=window),
        record(31, action="notice", incident="i1", subjects=named),
    )  # fmt: skip
    assert whats(ask(spec, "breach_content", *records)) == what
    assert whats(ask(spec, "breach_content", record(31, action="notice", incident="i9"))) == [
        "a notice of no incident with a window of time"
    ]


def test_what_was_shredded_is_never_shown_again(spec: Spec) -> None:
    shredded = record(5, action="shred")
    assert whats(ask(spec, "shredding", record(4, action="read"), shredded)) == []
    assert whats(ask(spec, "shredding", shredded, record(6, action="read"))) == ["shown after it was shredded"]
    assert whats(ask(spec, "shredding", shredded, record(6, action="decrypt", outcome="failed"))) == []
    assert whats(ask(spec, "shredding", shredded, record(6, action="read", subject="p2"))) == []


def test_every_rule_is_named_once_and_cites_its_law() -> None:
    ids = [rule.check_id for rule in ledger.RULES]
    assert len(set(ids)) == len(ids)
    for rule in ledger.RULES:
        assert "CFR" in rule.citation or "90 FR" in rule.citation
        assert rule.check.__doc__
        assert rule.basis == ("proposed" if "90 FR" in rule.citation else "current")
