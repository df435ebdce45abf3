"""`evalkit audit` and `evalkit records`: answers, reasons, exit codes, and one clear line for everything else."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

import evalkit as ek
from evalkit.cli import run
from evalkit.evaluation.safekeeping import open_ledger


@pytest.fixture
def recorded(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one small run on record."""
    monkeypatch.delenv("EVALKIT_TOKEN", raising=False)
    spec = ek.load_spec("billing_codes@2.0.0")
    ek.evaluate(spec, ek.synthesize(spec, n=4, seed=7), ek.offline_agent(spec))
    return workspace


def ask(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    capsys.readouterr()
    got = run(words)
    seen = capsys.readouterr()
    assert got == code, seen
    assert "Traceback" not in seen.err
    return seen.out if code in {0, 1} else seen.err


def first_execution(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: list[dict[str, object]] = json.loads(ask(capsys, "audit", "search", "--action", "execute", "--json"))
    return next(one for one in found if one["phi"])


def test_a_sound_ledger_is_verified_with_its_witness(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "as signed, every payload opened; the witness has seen" in ask(capsys, "audit", "verify")
    summary = json.loads(ask(capsys, "audit", "verify", "--json", "--no-open"))
    assert summary["ok"]
    assert summary["witnessed"] == summary["records"]
    assert not summary["opened"]


def test_a_tampered_ledger_is_exit_code_1_and_says_why(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    connection = sqlite3.connect(recorded / "ledger.db")
    (trigger,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'records_update'").fetchone()
    connection.executescript(
        f"DROP TRIGGER records_update; UPDATE records SET actor = 'user:eve' WHERE seq = 3; {trigger};"
    )
    connection.close()
    assert "record_changed at record 3" in ask(capsys, "audit", "verify", code=1)
    (found,) = json.loads(ask(capsys, "audit", "verify", "--json", code=1))["findings"]
    assert found == {"reason": "record_changed", "seq": 3, "count": 1}


def test_an_auditor_verifies_a_copy_with_the_key_and_the_witness_alone(
    recorded: Path,
    own_keyring: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = ask(capsys, "audit", "key").strip()
    copy = tmp_path / "copy.db"
    copy.write_bytes((recorded / "ledger.db").read_bytes())
    with open_ledger(writable=False) as ledger:
        assert ledger.witness is not None
        witness = str(ledger.witness.path)  # type: ignore[attr-defined]
    monkeypatch.setenv("EVALKIT_KEYRING", str(tmp_path / "nowhere" / "keyring.json"))
    out = ask(capsys, "audit", "verify", "--ledger", str(copy), "--key", key, "--witness", witness)
    assert "as signed; the witness has seen" in out
    other = key.replace("+A", "+B", 1)
    assert "no Ed25519 verifier key" in ask(capsys, "audit", "verify", "--ledger", str(copy), "--key", other, code=2)
    assert "no keyring here" in ask(capsys, "audit", "verify", "--ledger", str(copy), code=2)


def test_a_proof_and_an_export_are_verified_elsewhere_and_a_changed_one_is_not(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = ask(capsys, "audit", "key").strip()
    proof = tmp_path / "5.tlog-proof"
    proof.write_text(ask(capsys, "audit", "prove", "5"))
    assert ask(capsys, "audit", "verify", "--proof", str(proof), "--key", key).startswith(
        "1 records are as evalkit/log/"
    )
    out = tmp_path / "out.jsonl"
    assert "records with their proofs" in ask(capsys, "audit", "export", "-o", str(out), "--action", "execute")
    assert json.loads(ask(capsys, "audit", "verify", "--proof", str(out), "--json"))["ok"]
    for odd in (
        out.read_text().replace("user:", "user:x", 1), out.read_text()[:-9], "{}\n", "", "{" * 100_000, "nonsense",
        proof.read_text().replace("index 5", "index 4"),
    ):  # fmt: skip
        changed = tmp_path / "changed"
        changed.write_text(odd)
        text = ask(capsys, "audit", "verify", "--proof", str(changed), "--key", key, code=1)
        assert text.startswith("not proved: ")
        assert len(text) < 400
    assert not json.loads(ask(capsys, "audit", "verify", "--proof", str(changed), "--json", code=1))["ok"]
    assert "no such file" in ask(capsys, "audit", "verify", "--proof", str(tmp_path / "no"), "--key", key, code=2)
    changed.write_bytes(b"\xff\xfe")
    assert "cannot be read as text" in ask(capsys, "audit", "verify", "--proof", str(changed), "--key", key, code=2)


def test_one_record_is_shown_with_who_asked_since(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seq = str(first_execution(capsys)["seq"])
    ask(capsys, "audit", "prove", seq)
    text = ask(capsys, "audit", "show", seq)
    for part in ("spec and version        billing_codes@2.0.0", "PHI in the prompt       free_text", "export by user:"):
        assert part in text
    account = json.loads(ask(capsys, "audit", "show", seq, "--json"))
    assert account["record"]["seq"] == int(seq)
    assert [one["action"] for one in account["since"]] == ["export"]
    assert "no record of that number" in ask(capsys, "audit", "show", "99999", code=2)


def test_a_search_is_answered_in_lines_and_dates_are_utc_days(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "execute  ok" in ask(
        capsys, "audit", "search", "--spec", "billing_codes", "--outcome", "ok", "--since", "2026-01-01"
    )
    assert ask(capsys, "audit", "search", "--until", "2020-01-01") == "0 records\n"
    assert "Invalid value" in ask(capsys, "audit", "search", "--since", "yesterday", code=2)


def test_a_workspace_without_a_ledger_says_how_to_get_one(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("search",), ("show", "1"), ("prove", "1")):
        assert "nothing is on record here yet" in ask(capsys, "audit", *words, code=2)
    assert "no such file" in ask(capsys, "audit", "verify", code=2)
    assert not workspace.exists()


def test_a_hold_takes_two_people_and_shredding_waits_for_it(
    recorded: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    who = str(first_execution(capsys)["subject"])
    ask(capsys, "records", "hold", who, "--name", "case-1")
    assert ask(capsys, "records", "holds") == f"{who}  case-1\n"
    assert "legal hold" in ask(capsys, "records", "shred", who, "--basis", "court_order", code=2)
    assert "a second person" in ask(capsys, "records", "lift", who, "--name", "case-1")
    token = ask(capsys, "records", "token", "user:second", "--role", "privacy_officer", "--deed", "lift").strip()
    monkeypatch.setenv("EVALKIT_TOKEN", token)
    assert "has ended" in ask(capsys, "records", "lift", who, "--name", "case-1")
    assert "no grant to shred" in ask(capsys, "records", "shred", who, "--basis", "court_order", code=2)
    monkeypatch.delenv("EVALKIT_TOKEN")
    assert "no hold stands" in ask(capsys, "records", "holds")
    assert "6 years are not over" in ask(capsys, "records", "shred", who, "--basis", "retention_over", code=2)
    assert "is shredded" in ask(capsys, "records", "shred", who, "--basis", "court_order")
    assert "as signed, every payload opened" in ask(capsys, "audit", "verify")
    assert "purged 0 payloads" in ask(capsys, "records", "purge")


def test_a_token_is_held_to_what_it_is_for_and_a_bad_one_is_on_record(
    recorded: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = ask(capsys, "records", "token", "svc:board", "--role", "auditor", "--deed", "search").strip()
    assert "the roles are" in ask(capsys, "records", "token", "svc:board", "--role", "boss", "--deed", "search", code=2)
    monkeypatch.setenv("EVALKIT_TOKEN", token)
    ask(capsys, "audit", "search")
    assert "no grant to prove" in ask(capsys, "audit", "prove", "3", code=2)
    monkeypatch.delenv("EVALKIT_TOKEN")
    assert ask(capsys, "records", "revoke", token.split("_")[1]) == "revoked\n"
    monkeypatch.setenv("EVALKIT_TOKEN", token)
    refused = ask(capsys, "audit", "search", code=2)
    assert "the token is not good" in refused
    assert token not in refused
    monkeypatch.delenv("EVALKIT_TOKEN")
    found = json.loads(ask(capsys, "audit", "search", "--action", "refuse", "--json"))
    assert [one["target"] for one in found] == ["prove:seq:3", "token"]


def test_keys_rotate_and_everything_still_opens(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALKIT_KEYRING", str(tmp_path / "own" / "keyring.json"))
    spec = ek.load_spec("billing_codes@2.0.0")
    ek.evaluate(spec, ek.synthesize(spec, n=2, seed=7), ek.offline_agent(spec))
    before = ask(capsys, "audit", "key").splitlines()
    assert "wrapped" in ask(capsys, "records", "rotate")
    assert "a new key signs" in ask(capsys, "records", "rotate", "--signer")
    after = ask(capsys, "audit", "key").splitlines()
    assert after[1:] == before
    assert "every payload opened" in ask(capsys, "audit", "verify")


def test_the_access_table_is_printed_changed_and_held(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = json.loads(ask(capsys, "records", "access"))
    file = tmp_path / "access.json"
    file.write_text(json.dumps([row for row in table if row["role"] == "auditor"]))
    assert "nobody may change" in ask(capsys, "records", "access", str(file), code=2)
    file.write_text(json.dumps([{**row, "deeds": [d for d in row["deeds"] if d != "export"]} for row in table]))
    assert "on record" in ask(capsys, "records", "access", str(file))
    assert "no grant to export" in ask(capsys, "audit", "export", "-o", str(tmp_path / "x"), code=2)
    file.write_text("[")
    assert "not one JSON document" in ask(capsys, "records", "access", str(file), code=2)


def test_silence_is_signed(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(capsys, "records", "quiet").startswith("signed as record ")
    assert ask(capsys, "audit", "search", "--action", "silence").endswith("1 records\n")
