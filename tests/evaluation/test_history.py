"""History: versions on the same cases, and losses that add up although no step shows one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from evalkit.evaluation.annex import gather_annex
from evalkit.evaluation.history import gather_history, make_history
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.run import Run
from evalkit.report.html import render_html
from evalkit.tasks import load_spec, offline_agent, synthesize

Build = Callable[..., Run]


def sinking(build: Build, *, steps: int, each: int, **changes: object) -> list[Run]:
    """Runs of which each breaks a few more of 400 cases than the one before."""
    runs = []
    for step in range(steps):
        right = np.arange(400) >= each * step
        runs.append(build({"m": right.tolist()}, about={"spec_version": f"{step}.0.0"}, **changes))
    return runs


def test_small_losses_add_up_though_no_step_regressed(build: Build) -> None:
    history = make_history(sinking(build, steps=12, each=2))
    assert all(step.change is None or step.change.verdict != "regressed" for step in history.steps)
    assert history.sank_at is not None
    assert "losses add up at" in history.sentence()
    assert history.steps[0].change is None


def test_versions_that_stay_raise_no_alarm(build: Build) -> None:
    history = make_history(sinking(build, steps=12, each=0))
    assert history.sank_at is None
    assert history.losses == (0.0,) * 11
    assert "12 versions on these cases" in repr(history)
    assert history.summary()["steps"][1]["change"] == 0.0


def test_a_rise_is_no_loss_and_of_an_error_rate_a_fall_is_none(build: Build) -> None:
    rising = sinking(build, steps=12, each=2)[::-1]
    assert make_history(rising).sank_at is None
    errors = sinking(build, steps=12, each=2, lower_is_better=frozenset({"m"}))
    assert make_history(errors).sank_at is None
    assert make_history(errors[::-1]).sank_at is not None


def test_the_history_of_a_run_is_gathered_from_the_workspace(workspace: Path) -> None:
    assert not workspace.exists()
    first, second = map(load_spec, ("billing_codes@1.0.0", "billing_codes@2.0.0"))
    gold = synthesize(first, n=60, seed=7)
    before = evaluate(first, gold, offline_agent(first))
    assert gather_history(before) is None
    evaluate(first, synthesize(first, n=60, seed=8), offline_agent(first))  # other cases: no part of it
    after = evaluate(second, gold, offline_agent(second))
    history = gather_history(after)
    assert history is not None
    assert [step.run.spec_version for step in history.steps] == ["1.0.0", "2.0.0"]
    annex = gather_annex(after, before)
    assert annex.history is not None
    assert annex.drift is not None
    assert "seconds" not in {one.column for one in annex.drift.columns}
    assert annex.calibration is not None
    page = render_html(after, baseline=before, annex=annex)
    assert "2 versions on these cases" in page
    assert "Near the review threshold" in page
    assert page == render_html(after, baseline=before, annex=gather_annex(after, before))


def test_an_annex_says_why_a_part_is_missing(build: Build, workspace: Path) -> None:
    gone = gather_annex(replace(build({"m": [True] * 30}), path=workspace / "gone.db"))
    assert gone.uncalibrated == "the executions of this run are not at hand"
    spec = load_spec("billing_codes@1.0.0")
    few = evaluate(spec, synthesize(spec, n=10, seed=7), offline_agent(spec))
    annex = gather_annex(few)
    assert annex.calibration is None
    assert "calibration needs 20" in annex.uncalibrated
    page = render_html(few, annex=annex)
    assert "calibration needs 20" in page
    assert "each case was asked once" in page
