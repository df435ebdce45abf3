"""Drift in MLflow: one parent a reference, one child a window, curves over windows, and no value of anybody's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from evalkit.cli import run as run_command
from evalkit.errors import TrackingError
from evalkit.report.papers import render_drift
from evalkit.stats.drift import Drift, compare_profiles
from evalkit.stats.profile import Profile, profile_columns
from evalkit.tracking.drift import track_drift


def window(seed: int, like: Profile | None = None, shift: float = 0.0) -> Profile:
    rng = np.random.default_rng(seed)
    table = {"confidence": rng.beta(8 - 3 * shift, 2, 300), "status": rng.choice(["ok", "refused"], 300).tolist()}
    return profile_columns(table, like=like, about={"spec": "billing_codes@1.0.0"})


@pytest.fixture(scope="module")
def reference() -> Profile:
    return window(0)


def track(records: SimpleNamespace, reference: Profile, held: Profile, uri: str, run_id: str = "r-1") -> Any:
    found = compare_profiles(reference, held)
    run = replace(records.run.header, run_id=run_id)
    page = render_drift(found, reference=reference, window=held)
    return track_drift(found, reference, held, run=run, page=page, uri=uri)


def test_windows_lie_below_their_reference_and_draw_its_curves(
    records: SimpleNamespace, reference: Profile, uri: str, client: Any
) -> None:
    quiet, moved = window(1, reference), window(2, reference, shift=1.0)
    first = track(records, reference, quiet, uri)
    second = track(records, reference, moved, uri, run_id="r-2")
    assert first.parent_id == second.parent_id
    child = client.get_run(second.run_id)
    assert child.data.tags["evalkit.verdict"] == "drifted"
    assert child.data.tags["mlflow.parentRunId"] == second.parent_id
    assert child.data.tags["evalkit.window_run"] == "r-2"
    assert child.data.metrics["distance/confidence"] > 0.15
    assert child.data.metrics["drifted"] == 1
    curve = client.get_metric_history(second.parent_id, "distance/confidence")
    assert [point.step for point in sorted(curve, key=lambda point: point.step)] == [0, 1]
    files = {file.path for file in client.list_artifacts(second.run_id)}
    assert files == {"baseline.json", "current.json", "columns.json", "drift.html"}


def test_tracking_twice_changes_nothing(records: SimpleNamespace, reference: Profile, uri: str, client: Any) -> None:
    held = window(3, reference)
    first, again = (track(records, reference, held, uri) for _ in range(2))
    assert first == again
    assert len(client.get_metric_history(first.parent_id, "rows")) == 1


def test_profiles_in_mlflow_hold_counts_and_can_be_compared_again(
    records: SimpleNamespace, reference: Profile, uri: str, client: Any
) -> None:
    held = window(4, reference, shift=1.0)
    tracked = track(records, reference, held, uri)
    baseline, current = (
        Profile.from_json(client_text(client, tracked.run_id, name)) for name in ("baseline.json", "current.json")
    )
    assert compare_profiles(baseline, current).verdict == "drifted"
    table = json.loads(client_text(client, tracked.run_id, "columns.json"))
    assert table["columns"][:3] == ["column", "kind", "verdict"]
    assert len(table["data"]) == 2


def client_text(client: Any, run_id: str, name: str) -> str:
    return Path(client.download_artifacts(run_id, name)).read_text(encoding="utf-8")


def test_a_column_with_the_form_of_an_identifier_is_refused(
    records: SimpleNamespace, reference: Profile, uri: str
) -> None:
    found = compare_profiles(reference, window(5, reference))
    named = replace(found.columns[0], column="ssn 123-45-6789")
    odd = Drift((named, *found.columns[1:]), found.n_reference, found.n_window, found.sees, found.vigilance)
    page = render_drift(found, reference=reference, window=reference)
    with pytest.raises(TrackingError) as refused:
        track_drift(odd, reference, reference, run=records.run.header, page=page, uri=uri)
    assert "123-45-6789" not in str(refused.value)


def test_a_page_that_is_none_and_a_store_that_is_away_are_refused(records: SimpleNamespace, reference: Profile) -> None:
    found = compare_profiles(reference, window(6, reference))
    with pytest.raises(TrackingError, match="not a page"):
        track_drift(found, reference, reference, run=records.run.header, page="<script>", uri="sqlite:///nowhere.db")


def test_the_command_line_logs_what_it_measures(
    uri: str, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVALKIT_HOME", str(tmp_path / ".evalkit"))
    assert run_command(["evaluate", "billing_codes@1.0.0", "--synthesize", "30"]) == 0
    assert run_command(["drift", "profile", "billing_codes@1.0.0", "-o", "reference.json"]) == 0
    measure = ["drift", "measure", "reference.json", "billing_codes@1.0.0", "--track", "--uri", uri]
    assert run_command([*measure, "--json"]) == 3  # thirty rows show nothing
    assert "MLflow run" in capsys.readouterr().err
    experiment = client.get_experiment_by_name("billing_codes")
    kinds = {found.data.tags["evalkit.kind"] for found in client.search_runs([experiment.experiment_id])}
    assert kinds == {"drift", "drift history"}
