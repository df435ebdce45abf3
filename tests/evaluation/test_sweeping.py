"""Sweeping: whom the ledger cannot open, no file of the workspace opens either; everybody else's stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import evalkit as ek
from evalkit.evaluation.recordings import load_recording, save_recording
from evalkit.evaluation.runs import load_run, read_executions
from evalkit.evaluation.safekeeping import open_ledger
from evalkit.evaluation.sweeping import Swept, sweep
from evalkit.evaluation.workspace import open_workspace
from evalkit.vault import retention
from evalkit.vault.store import Store
from evalkit.vault.verification import verify


def test_a_shredded_person_is_unreadable_in_every_file_of_the_workspace(workspace: Path) -> None:
    spec = ek.load_spec("billing_codes@2.0.0")
    cases = ek.synthesize(spec, n=30, seed=7)
    run = ek.evaluate(spec, cases, ek.offline_agent(spec), trials=2)
    save_recording("elsewhere", [one for one in read_executions(run) if one.trial == 0])
    assert run.path is not None
    before = {(one.case_id, one.trial) for one in read_executions(run)}
    recorded = open_workspace().recorded / "elsewhere.db"
    os.utime(recorded, (1, 1))
    sizes = {path: path.read_bytes() for path in (run.path, recorded)}
    with open_ledger() as ledger:
        assert sweep(ledger) == Swept(0, 0)
        someone = next(one for one in ledger.records("action = 'execute' AND outcome = 'ok'"))
        theirs = {
            (found.target.split("/")[1], int(found.target.split("/")[2]))
            for found in ledger.records("action = 'execute' AND subject = ?", (someone.subject,))
        }
        open_files = [path.open("rb") for path in sizes]
        retention.shred(ledger, someone.subject, basis="court_order", last_in_effect=lambda _: None, actor="user:ana")
        cases_of = {case for case, _ in theirs}
        assert sweep(ledger) == Swept(2, len(theirs) + len(cases_of))
        assert sweep(ledger) == Swept(0, 0)
        keyring = ledger.keyring
        for old in open_files:  # the files as they were: nothing but zeros
            assert set(old.read()) == {0}
            old.close()
    again = load_run(run.header.run_id)
    assert {(one.case_id, one.trial) for one in read_executions(again)} == before - theirs
    assert again.summary() == run.summary()
    load_recording("elsewhere")
    with Store.open(recorded, keyring=keyring) as store:
        assert not {case for case, _ in store.ids()} & cases_of
    for path in sizes:
        assert path.stat().st_mode & 0o777 == 0o600
        assert sorted(found.name for found in path.parent.iterdir() if found.is_file()) == [path.name]
    assert verify(open_workspace().ledger, verifiers=keyring.trusted(), keyring=keyring).ok


def test_a_purged_execution_goes_from_its_run_and_not_from_a_later_one(workspace: Path) -> None:
    spec = ek.load_spec("billing_codes@2.0.0")
    cases = ek.synthesize(spec, n=3, seed=7)
    old, new = (ek.evaluate(spec, cases, ek.offline_agent(spec)) for _ in range(2))
    with open_ledger() as ledger:
        gone = [one.seq for one in ledger.records("action = 'execute' AND target LIKE ?", (f"{old.header.run_id}/%",))]
        with ledger.turn() as turn:
            turn.run("DELETE FROM payloads WHERE seq BETWEEN ? AND ?", (gone[0], gone[-1]))
        assert sweep(ledger) == Swept(1, len(gone))
    assert list(read_executions(old)) == []
    assert len(list(read_executions(new))) == len(gone)


def test_what_is_being_written_is_named_and_swept_the_next_time(workspace: Path) -> None:
    from evalkit.errors import JournalError

    spec = ek.load_spec("billing_codes@2.0.0")
    run = ek.evaluate(spec, ek.synthesize(spec, n=3, seed=7), ek.offline_agent(spec))
    assert run.path is not None
    with open_ledger() as ledger:
        (one, *_) = ledger.records("action = 'execute'")
        retention.shred(ledger, one.subject, basis="court_order", last_in_effect=lambda _: None, actor="user:ana")
        with Store.open(run.path, keyring=ledger.keyring, writable=True) as busy:
            busy.attach("x", b"")
            with pytest.raises(JournalError):
                sweep(ledger)
        assert sweep(ledger).files == 1
