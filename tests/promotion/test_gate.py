"""The gate: a signed version with everything in it, or nothing at all."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.cases.case import GoldSet
from evalkit.cases.goldset import gold_versions, load_gold, read_manifest, save_gold
from evalkit.digests import digest_bytes
from evalkit.errors import AccessRefused, CaseError, PromotionError
from evalkit.evaluation.comparison import compare
from evalkit.evaluation.pipeline import evaluate
from evalkit.phi.deidentification import ALL
from evalkit.phi.leaks import find_leaks
from evalkit.promotion.decisions import Decision
from evalkit.promotion.gate import promote, reopen
from evalkit.tasks import load_spec, offline_agent
from tests.promotion.conftest import desk_of


def say(desk, laid, verdict="accept", **more):
    given = {"reason": "" if verdict == "accept" else "because"} | more
    return desk.decide(laid, Decision(laid.candidate.digest, desk.person, verdict, **given))


def accept(desk, candidates):
    desk.lay(candidates)
    for laid in desk.waiting():
        say(desk, laid)


def everything(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_what_is_accepted_becomes_version_one_and_the_manifest_says_how(desk, shelf, candidates):
    accept(desk, candidates[:6])
    done = promote(desk, shelf)
    assert (done.ref, len(done.change.added), done.change.kept) == ("billing@1", 6, 0)
    gold = load_gold(shelf.root, "billing")
    assert gold.digest == done.digest
    assert {case.case_id for case in gold} == {one.case.case_id for one in candidates[:6]}
    manifest = read_manifest(shelf.root, "billing", 1)
    assert (manifest.format, manifest.data_class, manifest.author, manifest.at) == (
        2, "deidentified", "user:alice", "2026-11-24T10:00:00Z",
    )  # fmt: skip
    first = manifest.origins[0]
    assert (first.kind, first.source, first.reviewers, first.verdict) == (
        "added", candidates[0].source, ("user:alice",), "accept",
    )  # fmt: skip
    assert first.values == len(candidates[0].known)
    assert dict(first.replaced) == dict(candidates[0].replaced)


def test_the_next_version_adds_to_the_one_before_and_names_it(desk, shelf, candidates):
    accept(desk, candidates[:3])
    promote(desk, shelf)
    accept(desk, candidates[3:5])
    done = promote(desk, shelf)
    assert (done.ref, str(done.change)) == ("billing@2", "2 added, 3 as before")
    before = (shelf.root / "gold/billing/1/manifest.json").read_bytes()
    assert read_manifest(shelf.root, "billing", 2).parent == digest_bytes(before)
    with pytest.raises(PromotionError, match="no reviewed candidate is waiting"):
        promote(desk, shelf)


def test_a_promoted_set_may_follow_a_synthetic_one(desk, shelf, candidates, patients):
    save_gold(shelf.root, "billing", GoldSet("made up", patients.cases[10:]))
    accept(desk, candidates[:2])
    assert str(promote(desk, shelf).change) == "2 added, 10 as before"


def test_no_value_of_the_people_is_in_any_file_that_is_left(desk, shelf, ledger, candidates, ran, workspace):
    accept(desk, candidates)
    promote(desk, shelf, leave_out=True)
    ledger.close()
    left = [path for path in workspace.parent.parent.rglob("*") if path.is_file()]
    assert any(path.name == "cases.jsonl" for path in left)
    assert any(path.name.startswith("ledger.db") for path in left)
    data = b"".join(path.read_bytes() for path in left)
    for case, _ in ran:
        for one in case.identifiers:
            if one.category in {"name", "ssn", "mrn", "phone", "email", "plan"} and one.subject == "patient":
                assert one.value.encode() not in data, one.needle_id
    gold = load_gold(shelf.root, "billing")
    for case, _ in ran[:4]:
        for stored in gold.cases[:4]:
            assert find_leaks([one for one in case.identifiers if one.category == "ssn"], dict(stored.input), place="x",
                              subjects=ALL) == ()  # fmt: skip


def test_a_leak_in_the_case_stops_everything_and_nothing_is_written(desk, shelf, candidates, ran):
    leaky = candidates[1]
    name = next(one.value for one in leaky.known if one.needle_id == "patient.name")
    text = f"{leaky.case.input['note_text']}\nCopy: {name[::-1]}"
    accept(
        desk, [candidates[0], replace(leaky, case=replace(leaky.case, input={**leaky.case.input, "note_text": text}))]
    )
    with pytest.raises(PromotionError, match=r"1 of the reviewed candidates do not pass \(1 x leak\)") as refused:
        promote(desk, shelf)
    assert name not in str(refused.value)
    assert gold_versions(shelf.root, "billing") == ()
    done = promote(desk, shelf, leave_out=True)
    assert [one.rule for one in done.left_out] == ["leak"]
    assert [case.case_id for case in load_gold(shelf.root, "billing")] == [candidates[0].case.case_id]


def test_a_near_copy_of_a_case_that_is_there_is_refused(desk, shelf, candidates):
    accept(desk, candidates[:2])
    promote(desk, shelf)
    one = candidates[0]
    twin = replace(one, source="evalkit/log/test#999", case=replace(one.case, case_id="billing_codes-p-twin"))
    accept(desk, [twin])
    with pytest.raises(PromotionError, match=f"near copy of {one.case.case_id}"):
        promote(desk, shelf)


def test_two_copies_in_one_promotion_are_one_too_many(desk, shelf, candidates):
    one = candidates[0]
    accept(
        desk, [one, replace(one, source="evalkit/log/test#999", case=replace(one.case, case_id="billing_codes-p-twin"))]
    )
    done = promote(desk, shelf, leave_out=True)
    assert (len(done.change.added), [left.rule for left in done.left_out]) == (1, ["copy"])


def test_a_case_that_a_spec_quotes_is_refused(desk, shelf, spec, candidates):
    from evalkit.tasks import read_spec

    one = next(c for c in candidates if c.status == "ok")
    accept(desk, [one])
    quoted = " ".join(one.case.input["note_text"].replace("#", "").split())
    told = read_spec(spec.source.replace("# Purpose\n", f"# Purpose\n\n{quoted}\n"), path="draft.md")
    with pytest.raises(PromotionError, match="1 x example.*its text"):
        promote(desk, replace(shelf, specs=(told,)))
    assert promote(desk, shelf).ref == "billing@1"


def test_an_unmarked_identifier_and_evidence_outside_the_text_are_refused(desk, shelf, candidates):
    one, other = [c for c in candidates if c.case.gold.get("lines")][:2]
    text = one.case.input["note_text"] + "\nCall 212-555-0187."
    line = {
        "code": "00010",
        "modifiers": [],
        "units": 1,
        "evidence": [{"field": "note_text", "start": 5, "end": 99_999}],
    }
    bad = [
        replace(one, case=replace(one.case, input={**one.case.input, "note_text": text})),
        replace(other, case=replace(other.case, gold={"lines": [line]})),
    ]
    accept(desk, bad)
    with pytest.raises(PromotionError, match="no candidate passes"):
        promote(desk, shelf, leave_out=True)
    with pytest.raises(PromotionError, match="1 x answer, 1 x identifiers"):
        promote(desk, shelf)


def test_the_answer_of_an_agent_that_failed_cannot_be_accepted_and_can_be_corrected(desk, shelf, candidates):
    failed = [replace(one, status="error", case=replace(one.case, gold={}, refusal=None)) for one in candidates[1:3]]
    desk.lay(failed)
    first, second = desk.waiting()
    say(desk, first)
    say(desk, second, "correct", gold={"lines": [], "diagnoses": []})
    done = promote(desk, shelf, leave_out=True)
    assert [one.why for one in done.left_out] == ["the agent failed: there is no answer to accept"]
    assert load_gold(shelf.root, "billing")[0].gold == {"lines": [], "diagnoses": []}


def test_rejected_and_undecided_ones_stay_out(desk, shelf, candidates):
    desk.lay(candidates[:3])
    one, two, _ = desk.waiting()
    say(desk, one)
    say(desk, two, "reject")
    assert promote(desk, shelf).change.added == (candidates[0].case.case_id,)


def test_a_correction_makes_a_new_version_under_a_new_id_and_a_rejection_withdraws(desk, shelf, candidates):
    accept(desk, candidates[:4])
    first = promote(desk, shelf)
    fixed, gone, fine = first.change.added[:3]
    assert reopen(desk, shelf, [fixed, gone, fine], why="somebody doubts it") == 3
    one, two, three = desk.waiting()
    say(desk, one, "correct", refusal="NOTE_UNSIGNED")
    say(desk, two, "reject")
    say(desk, three)
    done = promote(desk, shelf)
    assert done.change.corrected == ((fixed, f"{fixed}~2"),)
    assert done.change.withdrawn == (gone,)
    assert str(done.change) == "1 corrected, 1 withdrawn, 2 as before"
    after = {case.case_id: case for case in load_gold(shelf.root, "billing")}
    assert after[f"{fixed}~2"].refusal == "NOTE_UNSIGNED"
    assert set(after) == {f"{fixed}~2", *first.change.added[2:]}
    assert {case.case_id for case in load_gold(shelf.root, "billing", 1)} == set(first.change.added)
    reopen(desk, shelf, [f"{fixed}~2"], why="again")
    say(desk, desk.waiting()[0], "correct", refusal="CONSENT_MISSING")
    assert promote(desk, shelf).change.corrected == ((f"{fixed}~2", f"{fixed}~3"),)


def test_a_case_that_is_not_there_cannot_be_reopened(desk, shelf, candidates):
    for _ in range(2):
        with pytest.raises(PromotionError, match="no such case"):
            reopen(desk, shelf, ["billing_codes-p-000000000000"], why="x")
        accept(desk, candidates[:1])
        if not shelf.versions():
            promote(desk, shelf)


def test_runs_on_old_and_new_version_are_compared_on_the_cases_that_both_have(
    desk, shelf, candidates, spec, monkeypatch, workspace
):
    monkeypatch.chdir(shelf.root.parent)
    accept(desk, candidates[:8])
    first = promote(desk, shelf)
    old = evaluate(spec, load_gold(shelf.root, "billing"), offline_agent(spec))
    accept(desk, candidates[8:])
    reopen(desk, shelf, first.change.added[:1], why="x")
    say(desk, desk.waiting()[-1], "correct", refusal="CONSENT_MISSING")
    promote(desk, shelf, leave_out=True)
    edited = load_spec("billing_codes@2.0.0")
    new = evaluate(edited, load_gold(shelf.root, "billing"), offline_agent(edited))
    found = compare(old, new)
    assert (found.baseline.dataset_name, found.baseline.cases) == ("billing@1+2", 7)
    assert "compared on 7 cases that billing@1 and billing@2 both have, unchanged" in found.warnings
    assert found.baseline.dataset_digest == found.candidate.dataset_digest
    back = compare(new, old)
    assert back.candidate.cases == 7


def test_a_promotion_is_on_record_before_the_version_appears_and_says_where_it_failed(desk, shelf, ledger, candidates):
    accept(desk, candidates[:2])
    shelf.root.mkdir()
    (shelf.root / "gold").write_text("a file in the way")
    with pytest.raises(CaseError, match="cannot be made"):
        promote(desk, shelf)
    assert [one.outcome for one in ledger.records("action = 'promote'")][-1:] == ["error"]
    (shelf.root / "gold").unlink()
    promote(desk, shelf)
    last = list(ledger.records("action = 'promote'"))[-1]
    assert (last.outcome, last.target, last.actor) == ("ok", "gold:billing@1", "user:alice")
    assert ledger.payload(last.seq).decode().split("\n")[0] == load_gold(shelf.root, "billing").digest


def test_who_has_no_grant_promotes_nothing(desk, shelf, ledger, spec, candidates):
    accept(desk, candidates[:1])
    for role in ("reviewer", "auditor", "operator"):
        with pytest.raises(AccessRefused):
            promote(desk_of(ledger, spec, "mallory", role), shelf)
    assert promote(desk_of(ledger, spec, "carl", "curator"), shelf).ref == "billing@1"


def test_the_datasheet_says_what_changed_and_what_it_is_not(desk, shelf, candidates):
    accept(desk, candidates[:3])
    promote(desk, shelf)
    sheet = (shelf.root / "gold/billing/1/datasheet.md").read_text()
    assert "# billing@1: 3 cases" in sheet
    assert "No expert determination" in sheet
    assert candidates[0].source in sheet
    assert f"{sum(len(one.known) for one in candidates[:3])} known values were searched for" in sheet


def test_of_two_promoters_at_once_one_promotes_all_and_the_other_has_nothing_left(
    workspace, shelf, spec, ledger, candidates
):
    alice, bob = desk_of(ledger, spec, "alice"), desk_of(ledger, spec, "bob")
    accept(alice, candidates[:6])

    def go(desk):
        try:
            return promote(desk, shelf).ref
        except PromotionError as error:
            return error.what

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(go, [alice, bob]))
    assert said == ["billing@1", "no reviewed candidate is waiting"]
    assert len(load_gold(shelf.root, "billing")) == 6


KILLED = """
import sys
from pathlib import Path
from evalkit.promotion.gate import Shelf, promote
from evalkit.promotion.review import Desk
from evalkit.tasks import load_spec
from evalkit.vault.access import Access
from evalkit.vault.audit import Audit
with open_ledger() as ledger:
    desk = Desk(Audit(ledger, Access("user:alice", "custodian")), load_spec("billing_codes@1.0.0"))
    shelf = Shelf(root=Path(sys.argv[1]), id="billing", signer=ledger.keyring.signer())
    print("ready", flush=True)
    promote(desk, shelf, leave_out=True)
"""


def test_a_promoter_who_is_killed_leaves_the_old_version_or_the_new_one(desk, shelf, ledger, spec, candidates):
    accept(desk, candidates[:2])
    promote(desk, shelf)
    accept(desk, candidates[2:])
    old = load_gold(shelf.root, "billing").digest
    for wait in (0.0, 0.06, 0.15):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(shelf.root)], stdout=subprocess.PIPE, text=True
        ) as process:
            process.stdout.readline()
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
        versions = gold_versions(shelf.root, "billing")
        gold = load_gold(shelf.root, "billing")
        assert (versions, gold.digest == old) in {((1,), True), ((1, 2), False)}
        if versions == (1, 2):
            break
    else:
        promote(desk, shelf, leave_out=True)
    assert len(load_gold(shelf.root, "billing")) > 2
    names = {path.name for path in (shelf.root / "gold/billing").iterdir()}
    assert {name for name in names if not name.startswith(".")} == {"1", "2"}


def test_an_edited_file_of_a_version_refuses_to_load_with_one_line(desk, shelf, candidates):
    accept(desk, candidates[:3])
    promote(desk, shelf)
    folder = shelf.root / "gold/billing/1"
    for name, whole in everything(folder).items():
        for changed in (whole[:-1], whole.replace(b"a", b"b", 1), whole + b" ", b""):
            (folder / name).write_bytes(changed)
            with pytest.raises(CaseError, match="billing@1") as refused:
                load_gold(shelf.root, "billing")
            assert "\n" not in str(refused.value)
        (folder / name).unlink()
        with pytest.raises(CaseError, match="billing@1"):
            load_gold(shelf.root, "billing")
        (folder / name).write_bytes(whole)
    assert len(load_gold(shelf.root, "billing")) == 3


def test_origins_cannot_be_moved_to_another_manifest(desk, shelf, candidates):
    accept(desk, candidates[:1])
    promote(desk, shelf)
    folder = shelf.root / "gold/billing/1"
    body = json.loads((folder / "manifest.json").read_text())
    for change in ({"signer": None}, {"format": 1}, {"format": 1, "signer": None}):
        (folder / "manifest.json").write_text(json.dumps(body | change))
        with pytest.raises(CaseError, match="names its key|not the one that was signed"):
            load_gold(shelf.root, "billing")


def test_another_keyring_trusts_the_fingerprint_or_refuses(desk, shelf, candidates, tmp_path, monkeypatch):
    from evalkit.cases.signing import fingerprint

    accept(desk, candidates[:1])
    promote(desk, shelf)
    mark = fingerprint(shelf.signer.public)
    monkeypatch.setenv("EVALKIT_KEYRING", str(tmp_path / "elsewhere" / "keyring.json"))
    with pytest.raises(CaseError, match=f"not trusted here .fingerprint {mark}"):
        load_gold(shelf.root, "billing")
    monkeypatch.setenv("EVALKIT_TRUST", f" {mark} ")
    assert len(load_gold(shelf.root, "billing")) == 1
    assert not (tmp_path / "elsewhere").exists()
