"""Retention: six calendar years to the second, holds that two people lift, and bytes that are gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import AuditError
from evalkit.vault.entries import Entry
from evalkit.vault.findings import Reason
from evalkit.vault.keys import FileKeyring
from evalkit.vault.ledger import Ledger
from evalkit.vault.retention import hold, holds, keep_until, lift, purge, rewrap, shred
from evalkit.vault.verification import verify

SECOND = timedelta(seconds=1)
CANARY = b"Nakamura-canary"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def never(_spec: str) -> datetime | None:
    """Every spec is still in effect."""
    return None


def long_ago(_spec: str) -> datetime | None:
    return datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path, keys: FileKeyring, clock: Any) -> Iterator[Ledger]:
    with Ledger.create(tmp_path / "ledger.db", keyring=keys, clock=clock) as made:
        yield made


def add(ledger: Ledger, name: str, *, spec: str = "") -> tuple[str, int]:
    """An execution about a person: their pseudonym and its number."""
    with ledger.turn() as turn:
        who = turn.subject(name, actor="user:ana")
        return who, turn.add([Entry("user:ana", "execute", subject=who, spec=spec, payload=CANARY)]).start


@pytest.mark.parametrize(
    ("created", "until"),
    [
        ("2026-03-01T12:00:00+00:00", "2032-03-01T12:00:00+00:00"),
        ("2024-02-29T23:59:59+00:00", "2030-03-01T23:59:59+00:00"),
        ("2026-02-28T00:00:00+00:00", "2032-02-28T00:00:00+00:00"),
        ("2032-01-19T03:14:08+00:00", "2038-01-19T03:14:08+00:00"),
        ("2026-12-31T23:30:00-05:00", "2033-01-01T04:30:00+00:00"),
        ("2026-01-01T00:30:00+09:00", "2031-12-31T15:30:00+00:00"),
    ],
)
def test_six_calendar_years_in_utc(created: str, until: str) -> None:
    assert keep_until(at(created)) == at(until)


def test_the_later_of_creation_and_last_effect_counts() -> None:
    created, effect = at("2026-03-01T00:00:00+00:00"), at("2028-05-05T00:00:00+00:00")
    assert keep_until(created, effect) == at("2034-05-05T00:00:00+00:00")
    assert keep_until(effect, created) == at("2034-05-05T00:00:00+00:00")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(AuditError, match="without a zone"):
        keep_until(datetime(2026, 3, 1))


@given(moment=st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1)), hours=st.integers(-14, 14))
def test_the_same_moment_in_any_zone_is_kept_until_the_same_moment(moment: datetime, hours: int) -> None:
    utc = moment.replace(tzinfo=UTC)
    elsewhere = utc.astimezone(timezone(timedelta(hours=hours)))
    assert keep_until(elsewhere) == keep_until(utc)
    assert keep_until(utc) - utc in {timedelta(days=2191), timedelta(days=2192), timedelta(days=2190)}


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("start", ["2026-03-01T12:00:00", "2024-02-29T23:59:59", "2026-11-01T01:30:00"])
def test_a_purge_waits_to_the_second(ledger: Ledger, clock: Any, zone: str, start: str) -> None:
    clock.now = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone))
    _, seq = add(ledger, "mrn-1")
    over = keep_until(clock.now)
    for moment, purged in ((over - SECOND, 0), (over, 1), (over + SECOND, 0)):
        clock.now = moment.astimezone(ZoneInfo(zone))
        assert purge(ledger, last_in_effect=long_ago, actor="user:ana").records == purged
    with pytest.raises(AuditError, match="purged"):
        ledger.payload(seq)


def test_what_a_spec_in_effect_ran_on_is_never_purged(ledger: Ledger, clock: Any) -> None:
    _, seq = add(ledger, "mrn-1", spec="billing_codes@2.0.0")
    clock.go(days=36_500)
    assert purge(ledger, last_in_effect=never, actor="user:ana").records == 0
    retired = clock.now - timedelta(days=100)
    assert purge(ledger, last_in_effect=lambda _: retired, actor="user:ana").records == 0
    assert ledger.payload(seq) == CANARY
    assert purge(ledger, last_in_effect=long_ago, actor="user:ana").records == 1


def test_a_purge_is_on_record_and_every_proof_still_holds(ledger: Ledger, clock: Any, keys: FileKeyring) -> None:
    seqs = [add(ledger, f"mrn-{n}")[1] for n in range(3)]
    sealed = raw_payloads(ledger)
    clock.go(days=2200)
    fresh = add(ledger, "mrn-9")[1]
    done = purge(ledger, last_in_effect=long_ago, actor="user:ana")
    assert (done.records, done.held, done.scrubbed) == (3, 0, True)
    assert ledger.payload(fresh) == CANARY
    purges = [one.target for one in ledger.records("action = 'purge'")]
    assert purges == [f"seq:{seq}" for seq in seqs]
    assert verify(ledger.path, verifiers=keys.trusted(), keyring=keys).ok
    data = b"".join(entry.read_bytes() for entry in ledger.path.parent.glob("ledger.db*"))
    assert all(sealed[seq] not in data for seq in seqs)


def test_a_purge_without_a_record_is_found(ledger: Ledger, keys: FileKeyring) -> None:
    _, seq = add(ledger, "mrn-1")
    ledger._connection.execute("DELETE FROM payloads WHERE seq = ?", (seq,))
    found = verify(ledger.path, verifiers=keys.trusted())
    assert [(one.reason, one.seq) for one in found.findings] == [(Reason.PAYLOAD_MISSING, seq)]


def test_a_payload_put_back_after_a_purge_is_found(ledger: Ledger, clock: Any, keys: FileKeyring) -> None:
    _, seq = add(ledger, "mrn-1")
    sealed = raw_payloads(ledger)[seq]
    clock.go(days=2200)
    purge(ledger, last_in_effect=long_ago, actor="user:ana")
    ledger._connection.execute("INSERT INTO payloads VALUES (?, ?)", (seq, sealed))
    found = verify(ledger.path, verifiers=keys.trusted())
    assert [(one.reason, one.seq) for one in found.findings] == [(Reason.PAYLOAD_ADDED, seq)]


def test_a_hold_keeps_records_from_purge_and_shredding_until_two_people_lift_it(ledger: Ledger, clock: Any) -> None:
    who, seq = add(ledger, "mrn-1")
    other, _ = add(ledger, "mrn-2")
    hold(ledger, who, name="case-1", actor="user:ana")
    clock.go(days=2200)
    done = purge(ledger, last_in_effect=long_ago, actor="user:ana")
    assert (done.records, done.held) == (1, 1)
    with pytest.raises(AuditError, match="legal hold"):
        shred(ledger, who, basis="court_order", last_in_effect=long_ago, actor="user:ana")
    assert not lift(ledger, who, name="case-1", actor="user:ana")
    assert not lift(ledger, who, name="case-1", actor="user:ana")  # the same person twice is one person
    assert holds(ledger) == ((who, "case-1"),)
    assert lift(ledger, who, name="case-1", actor="user:ben")
    assert holds(ledger) == ()
    with pytest.raises(AuditError, match="no such hold"):
        lift(ledger, who, name="case-1", actor="user:ben")
    assert purge(ledger, last_in_effect=long_ago, actor="user:ana").records == 1
    assert other != who
    with pytest.raises(AuditError):
        ledger.payload(seq)


def test_a_hold_made_again_needs_two_people_again(ledger: Ledger) -> None:
    who, _ = add(ledger, "mrn-1")
    for _ in range(2):
        hold(ledger, who, name="case-1", actor="user:ana")
        assert not lift(ledger, who, name="case-1", actor="user:ana")
    assert lift(ledger, who, name="case-1", actor="user:ben")


def test_a_hold_on_nobody_or_without_a_name_is_refused(ledger: Ledger) -> None:
    who, _ = add(ledger, "mrn-1")
    with pytest.raises(AuditError, match="no such subject"):
        hold(ledger, "p_" + "0" * 24, name="case-1", actor="user:ana")
    with pytest.raises(AuditError, match="no name"):
        hold(ledger, who, name="", actor="user:ana")


def test_a_shredded_person_is_gone_for_good_and_nobody_else_is(ledger: Ledger, keys: FileKeyring) -> None:
    who, seq = add(ledger, "mrn-1")
    other, kept = add(ledger, "mrn-2")
    wrapped = dict(ledger._connection.execute("SELECT subject, wrapped FROM subject_keys"))[who]
    assert shred(ledger, who, basis="state_law", last_in_effect=never, actor="user:ana")
    with pytest.raises(AuditError, match="shredded"):
        ledger.payload(seq)
    assert ledger.payload(kept) == CANARY
    data = b"".join(entry.read_bytes() for entry in ledger.path.parent.glob("ledger.db*"))
    assert wrapped not in data
    assert wrapped[40:] not in data
    assert verify(ledger.path, verifiers=keys.trusted(), keyring=keys).ok
    with ledger.turn() as turn:
        assert turn.subject("mrn-1", actor="user:ana") not in {who, other}  # the old link is forgotten
    (stone,) = ledger.records("action = 'shred'")
    assert (stone.subject, stone.target) == (who, "state_law")


def test_shredding_before_time_needs_a_basis(ledger: Ledger, clock: Any) -> None:
    who, _ = add(ledger, "mrn-1", spec="billing_codes@2.0.0")
    over = keep_until(clock.now)
    clock.now = over - SECOND
    with pytest.raises(AuditError, match="6 years are not over"):
        shred(ledger, who, basis="retention_over", last_in_effect=long_ago, actor="user:ana")
    clock.now = over
    with pytest.raises(AuditError, match="6 years are not over"):
        shred(ledger, who, basis="retention_over", last_in_effect=never, actor="user:ana")
    assert shred(ledger, who, basis="retention_over", last_in_effect=long_ago, actor="user:ana")
    with pytest.raises(AuditError, match="shredded"):
        shred(ledger, who, basis="court_order", last_in_effect=long_ago, actor="user:ana")


def test_a_key_that_comes_back_after_shredding_is_found(ledger: Ledger, keys: FileKeyring) -> None:
    who, _ = add(ledger, "mrn-1")
    row = ledger._connection.execute("SELECT * FROM subject_keys WHERE subject = ?", (who,)).fetchone()
    shred(ledger, who, basis="court_order", last_in_effect=never, actor="user:ana")
    ledger._connection.execute("INSERT INTO subject_keys VALUES (?, ?, ?)", row)
    found = verify(ledger.path, verifiers=keys.trusted())
    assert [one.reason for one in found.findings] == [Reason.KEY_RETURNED]


def test_rotation_touches_no_payload_and_lets_the_old_key_go(tmp_path: Path, clock: Any) -> None:
    keyring = FileKeyring(tmp_path / "keys" / "keyring.json")
    with Ledger.create(tmp_path / "ledger.db", keyring=keyring, clock=clock) as ledger:
        seqs = [add(ledger, f"mrn-{n}")[1] for n in range(4)]
        before = raw_payloads(ledger)
        old = keyring.keys()[0].key_id
        keyring.rotate()
        assert rewrap(ledger, actor="user:ana") == 5
        assert {seq: sealed for seq, sealed in raw_payloads(ledger).items() if seq in before} == before
        keyring.disable(old)
        keyring.destroy(old)
        ledger.subjects.forget()
        assert [ledger.payload(seq) for seq in seqs] == [CANARY] * 4
    assert verify(tmp_path / "ledger.db", verifiers=keyring.trusted(), keyring=keyring).ok


def test_a_purge_while_somebody_reads_says_that_bytes_are_left(ledger: Ledger, clock: Any, keys: FileKeyring) -> None:
    add(ledger, "mrn-1")
    clock.go(days=2200)
    with Ledger.open(ledger.path, keyring=keys) as reader:
        reader._connection.execute("BEGIN")
        reader._connection.execute("SELECT count(*) FROM records").fetchone()
        ledger._connection.execute("PRAGMA busy_timeout = 20")
        assert not purge(ledger, last_in_effect=long_ago, actor="user:ana").scrubbed
        reader._connection.execute("ROLLBACK")
    assert ledger.scrub()


def raw_payloads(ledger: Ledger) -> dict[int, bytes]:
    return dict(ledger._connection.execute("SELECT seq, sealed FROM payloads"))
