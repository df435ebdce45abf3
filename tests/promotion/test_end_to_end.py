"""From production to the second gold version: drift seen, new cases flagged, reviewed, promoted; the old spec fails them.

The notebook `06_promote` does the same with a thousand executions; here there are 170, ten of them new.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

from evalkit.cases.case import Case, Decoys, Spans
from evalkit.cases.goldset import load_gold, save_gold
from evalkit.cases.randomness import stream
from evalkit.errors import PromotionError
from evalkit.evaluation.comparison import compare
from evalkit.evaluation.gates import gate
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.safekeeping import open_ledger, record_run
from evalkit.executions.runner import execute
from evalkit.phi.deidentification import ALL
from evalkit.phi.leaks import find_leaks
from evalkit.promotion.candidates import Room, make_candidate
from evalkit.promotion.decisions import Decision
from evalkit.promotion.flags import flag
from evalkit.promotion.gate import Shelf, promote
from evalkit.promotion.production import stored_executions
from evalkit.promotion.reasons import Kind
from evalkit.promotion.review import Desk
from evalkit.promotion.sources import sources_of
from evalkit.tasks import load_spec, offline_agent, synthesize
from evalkit.vault.access import Access
from evalkit.vault.audit import Audit

KNOWN = re.compile(r"skin tag removal|skin tags removed|acrochordon removal|removal of skin tags", re.IGNORECASE)
LOG = """

Capture log of the loop unit
Polyp bases sealed by radiofrequency loop, channel two, blend mode. Smoke evacuator engaged throughout. Specimen jars
numbered by the loop unit itself. Eschar film applied, no sutures placed. Loop unit self test passed before and after.
Recall letter set by the loop registry. Remnants of stalk inspected under polarized loupe, margins sealed twice."""


def from_the_device(case: Case) -> Case:
    text = KNOWN.sub("snip excision of fibroepithelial polyps", case.input["note_text"]) + LOG
    return replace(case, input={**case.input, "note_text": text}, spans=Spans(), decoys=Decoys())


def has_tags(case: Case) -> bool:
    return any(line["code"] == "00014" for line in case.gold.get("lines", ()))


def billed(answer) -> list[tuple[str, list[str], int]]:
    return [(line["code"], line["modifiers"], line["units"]) for line in answer.get("lines", ())]


def review(desk: Desk, truth: dict[str, Case]) -> None:
    """As somebody who knows the chart does it."""
    for laid in desk.waiting():
        shown, right = laid.candidate, truth[laid.candidate.source]
        said = {"verdict": "accept"}
        if "snip excision of fibroepithelial polyps" not in shown.case.input["note_text"]:
            said = {"verdict": "reject", "reason": "the note lost the words that the answer rests on"}
        elif billed(shown.case.gold) != billed(right.gold):
            lines = [{**line, "evidence": []} for line in right.gold["lines"]]
            said = {"verdict": "correct", "reason": "tags were removed", "gold": {**right.gold, "lines": lines}}
        desk.decide(laid, Decision(laid.candidate.digest, desk.person, **said))


def test_new_cases_of_production_become_gold_on_which_the_old_spec_fails_and_a_mended_one_passes(
    workspace: Path, tmp_path: Path
) -> None:
    spec = load_spec("billing_codes@1.0.0")
    root = workspace / "datasets"
    save_gold(root, "billing", synthesize(spec, n=100, seed=7))
    first = load_gold(root, "billing")
    tested = evaluate(spec, first, offline_agent(spec))
    tags = [from_the_device(case) for case in synthesize(spec, n=260, seed=78) if has_tags(case)][:10]
    month = {case.case_id: case for case in (*synthesize(spec, n=160, seed=77), *tags)}
    done = execute(tuple(month.values()), offline_agent(spec), spec_ref=spec.ref)
    record_run(
        replace(tested.header, run_id="production", cases=len(month)),
        spec,
        list(zip(month.values(), done, strict=True)),
    )

    with open_ledger() as ledger:
        audit = Audit(ledger, Access("user:alice", "custodian"))
        stored = stored_executions(audit, run="production")
        flags = flag(stored, spec=spec, gold=first)
        novel = {name for one in flags.of(Kind.NOVEL) for name in (one.execution, *one.alike)}
        picked = [one for one in stored if one.name in novel]
        assert len({case.case_id for case in tags} & {one.execution.case_id for one in picked}) >= 8
        assert len(picked) <= 16
        room = Room.of(date(2026, 11, 2), stream(1, "test").at(0).draw)
        register = {one.seq: month[one.execution.case_id].identifiers for one in stored}
        candidates = []
        for source in sources_of(
            picked, spec, origin=ledger.origin, why=flags.why(), register=lambda one: register[one.seq]
        ):
            try:
                candidates.append(make_candidate(source, room))
            except PromotionError as error:
                assert "billing" not in error.what
        desk = Desk(audit, spec)
        desk.lay(candidates)
        review(desk, {f"{ledger.origin}#{one.seq}": month[one.execution.case_id] for one in stored})
        shelf = Shelf(root=root, id="billing", signer=ledger.keyring.signer())
        promoted = promote(desk, shelf, leave_out=True)
    assert promoted.ref == "billing@2"
    assert len(promoted.change.added) >= 7

    second = load_gold(root, "billing")
    for case in second:
        if "promoted" in case.tags:
            people = [
                one for other in tags for one in other.identifiers if one.category in {"ssn", "mrn", "plan", "email"}
            ]
            assert find_leaks(people, dict(case.input), place="x", subjects=ALL) == ()
    gates = 'gates:\n  - {metric: case_exact, scope: "tag:promoted", min: 0.5}'
    text = spec.source.replace("version: 1.0.0", "version: 1.1.0").replace("gates:", gates, 1)
    (tmp_path / "1.1.0.md").write_text(
        text.replace("skin tag removal; skin", "snip excision; skin tag removal; skin", 1)
    )
    mended = load_spec(tmp_path / "1.1.0.md")
    runs = [evaluate(one, second, offline_agent(one)) for one in (spec, mended)]
    verdicts = [
        next(result.verdict for result in gate(run, policy=mended).results if "tag:promoted" in result.name)
        for run in runs
    ]
    assert verdicts == ["fail", "pass"]
    assert compare(*runs).verdict == "improved"
    assert compare(tested, runs[0]).candidate.cases == 100
