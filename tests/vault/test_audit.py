"""The audit: the five questions, answered in one call each; every question and every refusal on record."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import AccessRefused, AuditError
from evalkit.vault import retention
from evalkit.vault.access import DEFAULT, Access, Grant, Policy
from evalkit.vault.audit import Audit, Question, policy_of, set_policy
from evalkit.vault.entries import Entry, microseconds
from evalkit.vault.keys import FileKeyring
from evalkit.vault.ledger import Ledger
from evalkit.vault.proofs import check_proof, prove

CANARY = b"Nakamura-canary"
CUSTODIAN = Access("user:ana", "custodian")


@pytest.fixture
def ledger(tmp_path: Path, keys: FileKeyring, clock: Any) -> Iterator[Ledger]:
    """Six executions of two specs about two people, an hour apart."""
    with Ledger.create(tmp_path / "ledger.db", keyring=keys, clock=clock) as made:
        with made.turn() as turn:
            people = [turn.subject(f"mrn-{n}", actor="svc:x") for n in range(2)]
        for n in range(6):
            clock.go(hours=1)
            made.append([
                Entry(
                    "user:ben", "execute", "refused" if n == 5 else "ok", subject=people[n % 2],
                    spec=f"billing_codes@{1 + n % 2}.0.0", spec_sha="ab" * 32, model="claude/x", agent="rules",
                    phi=("date", "free_text") if n % 2 else ("free_text",), tools=("lookup",) if n == 3 else (),
                    target=f"run-{n // 3}/case-{n}/0", ended=microseconds(clock.now) - 500_000, ms=1500, payload=CANARY,
                )
            ])  # fmt: skip
        yield made


@pytest.fixture
def audit(ledger: Ledger) -> Audit:
    return Audit(ledger, CUSTODIAN)


def seqs(found: Any) -> list[int]:
    return [one.seq for one in found]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (Question(action="execute"), [3, 4, 5, 6, 7, 8]),
        (Question(actor="user:ben"), [3, 4, 5, 6, 7, 8]),
        (Question(actor="user:be"), []),
        (Question(spec="billing_codes"), [3, 4, 5, 6, 7, 8]),
        (Question(spec="billing_codes@2.0.0"), [4, 6, 8]),
        (Question(spec="billing"), []),
        (Question(phi="date"), [4, 6, 8]),
        (Question(phi="free_text", spec="billing_codes@1.0.0"), [3, 5, 7]),
        (Question(phi="text"), []),
        (Question(tool="lookup"), [6]),
        (Question(tool="look"), []),
        (Question(outcome="refused"), [8]),
        (Question(model="claude/x", agent="rules"), [3, 4, 5, 6, 7, 8]),
        (Question(target="run-1"), [6, 7, 8]),
        (Question(target="run-1/case-4"), [7]),
        (Question(target="run"), []),
        (Question(actor="' OR 1=1 --"), []),
    ],
)
def test_a_question_is_answered_by_the_records_that_are_meant(
    audit: Audit, question: Question, answer: list[int]
) -> None:
    assert seqs(audit.search(question)) == answer


def test_a_question_in_time_takes_the_first_moment_and_not_the_last(audit: Audit, clock: Any) -> None:
    third = clock.now - timedelta(hours=3)
    assert seqs(audit.search(Question(action="execute", since=third))) == [5, 6, 7, 8]
    assert seqs(audit.search(Question(action="execute", until=third))) == [3, 4]


def test_one_record_answers_the_five_questions(audit: Audit, clock: Any) -> None:
    audit.read(6)
    clock.go(hours=1)
    Audit(audit.ledger, Access("svc:board", "auditor")).prove(6)
    account = audit.account(6)
    answers = dict(account.rows())
    assert answers["who"] == "user:ben"
    assert answers["PHI in the prompt"] == "date, free_text"
    assert answers["spec and version"] == "billing_codes@2.0.0"
    assert answers["model"] == "claude/x"
    assert answers["tools called"] == "lookup"
    assert (account.record.ended - account.record.began) == timedelta(milliseconds=1500)  # type: ignore[operator]
    assert [(one.action, one.actor) for one in account.since] == [("read", "user:ana"), ("export", "svc:board")]
    text, page = str(account), account._repr_html_()
    assert "read by user:ana" in text
    assert "svc:board" in page
    assert "canary" not in text + page + json.dumps(account.summary())
    assert repr(account) == "Account(record 6, 2 later)"


def test_a_search_a_reading_and_a_refusal_are_each_one_record(audit: Audit) -> None:
    before = len(audit.ledger)
    audit.search(Question(actor="user:ben", phi="date"))
    audit.read(4)
    stranger = Audit(audit.ledger, Access("user:eve", "auditor"))
    with pytest.raises(AccessRefused):
        stranger.read(4)
    records = list(audit.ledger.records("seq >= ?", (before,)))
    assert [(one.action, one.actor, one.outcome, one.target) for one in records] == [
        ("search", "user:ana", "ok", "actor,phi"),
        ("read", "user:ana", "ok", "seq:4"),
        ("refuse", "user:eve", "refused", "read:seq:4"),
    ]
    assert records[1].phi == ("date", "free_text")


def test_a_reading_is_on_record_even_where_the_payload_does_not_open(audit: Audit) -> None:
    retention.shred(
        audit.ledger, audit.ledger.get(4).subject, basis="court_order", last_in_effect=lambda _: None, actor="user:ana"
    )
    with pytest.raises(AuditError):
        audit.read(4)
    assert [one.action for one in audit.ledger.records()][-1] == "read"
    account = audit.account(4)
    assert dict(account.rows())["payload"] == "gone"
    assert [one.action for one in account.since] == ["shred", "read"]


@pytest.mark.parametrize("role", [*DEFAULT.roles, "stranger"])
def test_every_role_can_do_what_its_row_says_and_nothing_else(ledger: Ledger, tmp_path: Path, role: str) -> None:
    audit = Audit(ledger, Access("user:x", role))
    deeds = {
        "search": lambda: audit.search(),
        "read": lambda: audit.read(3),
        "prove": lambda: audit.prove(3),
        "export": lambda: audit.export(tmp_path / f"{role}.jsonl"),
        **{
            deed: (lambda deed=deed: audit.require(deed))
            for deed in ("hold", "lift", "purge", "shred", "rotate", "grant", "execute")
        },
    }
    for deed, do in deeds.items():
        granted = DEFAULT.allows(role, deed, ("free_text",) if deed == "read" else ())
        before = len(ledger)
        if granted:
            do()
        else:
            with pytest.raises(AccessRefused):
                do()
        last = list(ledger.records())[-1]
        assert len(ledger) == before + (not granted or deed in {"search", "read", "prove", "export"})
        assert granted or (last.action, last.target.split(":")[0]) == ("refuse", deed)


def test_bounds_to_a_spec_hide_the_others(ledger: Ledger) -> None:
    audit = Audit(ledger, Access("svc:x", "custodian", specs=frozenset({"billing_codes@2.0.0"})))
    assert seqs(audit.search(Question(action="execute"))) == [4, 6, 8]
    for refused in (audit.read, audit.account, audit.prove):
        with pytest.raises(AccessRefused):
            refused(3)


def test_an_export_holds_proofs_and_no_payload_and_is_on_record_for_each_of_its_records(
    audit: Audit, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    assert audit.export(out, Question(spec="billing_codes@2.0.0")) == 3
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    for line, seq in zip(lines, (4, 6, 8), strict=True):
        proved = check_proof(line["proof"], audit.ledger.verifiers())
        assert proved.record == audit.ledger.get(seq)
        assert line["record"] == proved.record.summary()
    assert CANARY not in out.read_bytes()
    assert [one.action for one in audit.account(6).since] == ["export"]
    assert [one.action for one in audit.account(5).since] == []
    with pytest.raises(AuditError, match="a file here already"):
        audit.export(out)
    with pytest.raises(AuditError, match="cannot be written"):
        audit.export(tmp_path / "no" / "where.jsonl")


def test_the_newest_access_table_on_record_holds(audit: Audit, keys: FileKeyring, clock: Any) -> None:
    table = Policy(
        (
            Grant("reader", frozenset({"read"}), frozenset({"free_text"}), "reads"),
            Grant("custodian", frozenset({"grant"}), frozenset(), "grants"),
        )
    )
    set_policy(audit, table)
    assert policy_of(audit.ledger) == table
    fresh = Audit(audit.ledger, Access("user:x", "reader"))
    assert fresh.read(3) == CANARY
    with pytest.raises(AccessRefused):
        fresh.read(4)
    with pytest.raises(AccessRefused):
        audit.search()
    with pytest.raises(AuditError, match="nobody may change"):
        set_policy(audit, Policy((Grant("reader", frozenset({"read"}), frozenset(), "reads"),)))
    with pytest.raises(AccessRefused):
        set_policy(Audit(audit.ledger, Access("user:x", "reader")), DEFAULT)


def test_a_proof_proves_its_record_and_nothing_else(audit: Audit, keys: FileKeyring, tmp_path: Path) -> None:
    text = prove(audit.ledger, 4)
    keys_of = audit.ledger.verifiers()
    assert check_proof(text, keys_of).record == audit.ledger.get(4)
    assert str(check_proof(text, keys_of)).startswith("record 4 is among the 9 records of evalkit/log/")
    lines = text.split("\n")
    other = prove(audit.ledger, 5).split("\n")
    broken = [
        "", "x", text[:-5], text.replace("index 4", "index 5"), text.replace("index 4", "index 04"),
        text.replace("v1", "v2"), "\n".join([*lines[:1], other[1], *lines[2:]]), "\n".join([*lines[:3], *lines[4:]]),
        text.replace("extra ", "extra !"), text.replace("\n\n", "\n" * 3, 1), text + "x" * 70_000,
        text.replace("\n9\n", "\n10\n"),
    ]  # fmt: skip
    for one in broken:
        with pytest.raises(AuditError) as caught:
            check_proof(one, keys_of)
        assert caught.value.__cause__ is None
    with (
        Ledger.create(tmp_path / "other.db", keyring=keys) as another,
        pytest.raises(AuditError, match="not signed by this key"),
    ):
        check_proof(text, another.verifiers())
