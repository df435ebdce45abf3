"""Replay: the same input gives the same answer, another version what it changes; on record, and no value shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import evalkit as ek
from evalkit.agents.agent import Reply, Request
from evalkit.cli import run as cli
from evalkit.errors import AuditError, PromotionError
from evalkit.evaluation.safekeeping import current_actor, open_ledger
from evalkit.promotion.production import stored_executions
from evalkit.promotion.replay import replay_execution
from evalkit.vault import retention
from evalkit.vault.access import Access
from evalkit.vault.audit import Audit, Question

CANARY = "Zqxj-Nakamura"


def custodian(ledger: Any) -> Audit:
    return Audit(ledger, Access(current_actor(), "custodian"))


@pytest.fixture
def recorded(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("EVALKIT_TOKEN", raising=False)
    spec = ek.load_spec("billing_codes@1.0.0")
    ek.evaluate(spec, ek.synthesize(spec, n=40, seed=7), ek.offline_agent(spec))
    return workspace


def first(audit: Audit, outcome: str = "ok") -> int:
    return audit.search(Question(action="execute", outcome=outcome))[0].seq


def test_the_same_input_on_the_spec_that_ran_is_answered_the_same_and_both_deeds_are_on_record(recorded: Path) -> None:
    with open_ledger() as ledger:
        audit = custodian(ledger)
        seq = first(audit)
        done = replay_execution(audit, seq)
        assert done.changes == ()
        assert done.synthetic
        fresh, stored = ledger.get(done.fresh), ledger.get(seq)
        assert (fresh.action, fresh.target) == ("execute", f"replay-{seq}/{stored.target.split('/', 1)[1]}")
        same = ("subject", "spec", "spec_sha", "outcome", "model", "phi", "agent")
        assert [getattr(fresh, name) for name in same] == [getattr(stored, name) for name in same]
        assert [one.action for one in audit.account(seq).since] == ["read"]
        assert "the same answer" in str(done)
        names = [one.name for one in stored_executions(audit, spec=stored.spec)]
        assert names
        assert not any(name.startswith("replay-") for name in names)


def test_another_version_changes_what_it_changes(recorded: Path) -> None:
    newer = ek.load_spec("billing_codes@2.0.0")
    with open_ledger() as ledger:
        audit = custodian(ledger)
        replays = [replay_execution(audit, one.seq, spec=newer)
                   for one in audit.search(Question(action="execute", outcome="ok"))]  # fmt: skip
    changes = [change for one in replays for change in one.changes]
    assert 0 < len([one for one in replays if one.changes]) < len(replays)
    assert {change.how for change in changes} <= {"changed", "added", "removed"}
    assert any(change.place.startswith("output.lines[0].") for change in changes)
    assert all(one.after == newer.ref and one.before == "billing_codes@1.0.0" for one in replays)
    json.dumps([one.summary() for one in replays])
    assert "billing_codes@2.0.0" in replays[0]._repr_html_()


def test_values_of_data_that_is_not_marked_synthetic_are_shown_by_kind_size_and_mark(workspace: Path) -> None:
    from dataclasses import replace

    spec = ek.load_spec("billing_codes@1.0.0")
    cases = [replace(one, data_class="phi") for one in ek.synthesize(spec, n=6, seed=7)]
    ek.evaluate(spec, cases, ek.offline_agent(spec))

    def other(request: Request) -> Reply:
        lines = [{"code": CANARY, CANARY: 1}, {"code": CANARY}]
        return Reply("ok", {"lines": lines, CANARY: CANARY, "needs_review": True}, confidence=0.4, trace=())

    with open_ledger() as ledger:
        audit = custodian(ledger)
        done = replay_execution(audit, first(audit), agent=other)
    assert not done.synthetic
    shown = str(done) + repr(done) + done._repr_html_() + json.dumps(done.summary())
    assert CANARY not in shown
    texts = {change.after for change in done.changes if change.after.startswith("text of")}
    assert len(texts) == 1, "equal values of one replay have equal marks"
    assert any(change.place == "output.?" for change in done.changes)


def test_an_agent_that_fails_is_a_change_and_a_record(recorded: Path) -> None:
    def broken(request: Request) -> Reply:
        raise ValueError(CANARY)

    with open_ledger() as ledger:
        audit = custodian(ledger)
        done = replay_execution(audit, first(audit), agent=broken)
        assert ledger.get(done.fresh).outcome == "error"
    places = {change.place: change for change in done.changes}
    assert (places["status"].before, places["status"].after) == ("ok", "error")
    assert places["failure"].after == "ValueError"
    assert CANARY not in str(done)


def test_each_reason_why_it_cannot_be_replayed_is_one_line(recorded: Path) -> None:
    def someone(request: Request) -> Reply:
        return Reply("ok", {"lines": [], "needs_review": False}, confidence=0.9)

    spec = ek.load_spec("billing_codes@1.0.0")
    run = ek.evaluate(spec, ek.synthesize(spec, n=2, seed=8), someone)
    with open_ledger() as ledger:
        audit = custodian(ledger)
        with pytest.raises(AuditError, match="no record of that number"):
            replay_execution(audit, 10**9)
        with pytest.raises(AuditError, match="of create and no execution"):
            replay_execution(audit, 0)
        others = audit.search(Question(action="execute", target=run.header.run_id))
        with pytest.raises(PromotionError, match=r"agent is not given.*--agent"):
            replay_execution(audit, others[0].seq)
        seq, purged = first(audit), audit.search(Question(action="execute", outcome="ok"))[-1]
        retention.shred(ledger, ledger.get(seq).subject, basis="court_order", last_in_effect=lambda _: None,
                        actor="user:ana")  # fmt: skip
        with pytest.raises(AuditError, match="shredded"):
            replay_execution(audit, seq)
        with ledger.turn() as turn:
            turn.run("DELETE FROM payloads WHERE seq = ?", (purged.seq,))
        with pytest.raises(AuditError, match="purged"):
            replay_execution(audit, purged.seq)


def test_without_the_very_text_of_the_spec_a_version_has_to_be_named(recorded: Path) -> None:
    spec = ek.load_spec("billing_codes@1.0.0")
    text = spec.source.replace("title:", "title: Another", 1)
    (recorded.parent / "mine.md").write_text(text, encoding="utf-8")
    edited = ek.load_spec(recorded.parent / "mine.md")
    run = ek.evaluate(edited, ek.synthesize(edited, n=3, seed=9), ek.offline_agent(edited))
    with open_ledger() as ledger:
        audit = custodian(ledger)
        seq = audit.search(Question(action="execute", target=run.header.run_id, outcome="ok"))[0].seq
        assert replay_execution(audit, seq).changes == ()
        assert run.path is not None
        run.path.unlink()
        with pytest.raises(PromotionError, match=r"text of the spec as it ran.*--spec"):
            replay_execution(audit, seq)
        assert replay_execution(audit, seq, spec=spec).changes == ()


def test_a_role_without_the_grant_replays_nothing(recorded: Path) -> None:
    with open_ledger() as ledger:
        seq = first(custodian(ledger))
        before = len(ledger)
        with pytest.raises(AuditError, match="no grant to execute"):
            replay_execution(Audit(ledger, Access("user:eve", "auditor")), seq)
        assert [one.action for one in ledger.records("seq >= ?", (before,))] == ["refuse"]


def ask(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    capsys.readouterr()
    got = cli(words)
    seen = capsys.readouterr()
    assert got == code, seen
    assert "Traceback" not in seen.err
    return seen.out if code in {0, 1} else seen.err


def test_the_commands_flag_and_replay(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(ask(capsys, "flags", "billing_codes@1.0.0", "--json", "--audit-share", "0.2"))
    assert found["executions"] > 40
    name = found["flags"][-1]["execution"]
    assert "the same answer" in ask(capsys, "replay", name)
    lines = ask(capsys, "flags", "billing_codes@1.0.0", "--most", "2").splitlines()
    assert len(lines) == 4
    assert lines[-1].endswith("prints all")
    ran = json.loads(ask(capsys, "audit", "search", "--action", "execute", "--outcome", "ok", "--json"))
    seq = str(ran[0]["seq"])
    assert "the same answer" in ask(capsys, "replay", seq, "--agent", "rules")
    different = ask(capsys, "replay", seq, "--agent", "faulty:crash", code=1)
    assert "  ~ status: ok -> error" in different
    assert "no execution of that name" in ask(capsys, "replay", "nobody/1/0", code=2)
    assert "none yet" in ask(capsys, "replay", seq, "--agent", "replay:x", code=2)


def test_corrections_come_from_a_file_and_what_is_none_is_refused(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = json.loads(ask(capsys, "audit", "search", "--action", "execute", "--outcome", "ok", "--json"))
    file = recorded.parent / "corrections.json"
    file.write_text(json.dumps({ran[0]["target"]: {"lines": []}}))
    found = json.loads(
        ask(capsys, "flags", "billing_codes@1.0.0", "--corrections", str(file), "--audit-share", "0", "--json")
    )
    assert found["flags"][0]["execution"] == ran[0]["target"]
    assert found["kinds"]["corrected"] == 1
    for text in ("[]", '{"a": 1}', "{", f'"{CANARY}'):
        file.write_text(text)
        said = ask(capsys, "flags", "billing_codes@1.0.0", "--corrections", str(file), code=2)
        assert "corrections" in said
        assert CANARY not in said


def test_another_keyring_is_named_and_none_is_made(
    recorded: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EVALKIT_KEYRING", str(tmp_path / "elsewhere" / "keyring.json"))
    assert "no keyring here" in ask(capsys, "replay", "60", code=2)
    assert not (tmp_path / "elsewhere").exists()
