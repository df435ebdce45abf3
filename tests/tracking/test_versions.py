from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from evalkit.tracking import track


def history_of(client: Any) -> Any:
    (found,) = histories(client)
    return found


def histories(client: Any) -> list[Any]:
    experiment = client.get_experiment_by_name("billing_codes")
    return list(client.search_runs([experiment.experiment_id], "tags.`evalkit.kind` = 'versions'"))


def curve(client: Any, metric: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in client.get_metric_history(history_of(client).info.run_id, metric)]


def rows_of(client: Any, folder: Path) -> list[list[Any]]:
    path = client.download_artifacts(history_of(client).info.run_id, "versions.json", str(folder))
    return list(json.loads(Path(path).read_text())["data"])


def test_every_evaluation_of_the_same_cases_is_a_step(
    records: SimpleNamespace, uri: str, client: Any, tmp_path: Path
) -> None:
    track(records.baseline, uri=uri)
    track(records.run, uri=uri)
    track(records.make_run("2.1.0", "r-later", right=38), uri=uri)
    assert curve(client, "head/line_exact") == [(0, 0.9), (1, 0.75), (2, 0.95)]
    assert [point[0] for point in curve(client, "head/line_exact.lo")] == [0, 1, 2]
    shown = [(row[0], row[1], row[3]) for row in rows_of(client, tmp_path)]
    assert shown == [
        (0, "billing_codes@1.0.0", 0.9), (1, "billing_codes@2.0.0", 0.75), (2, "billing_codes@2.1.0", 0.95)
    ]  # fmt: skip


def test_a_comparison_puts_its_baseline_first(records: SimpleNamespace, uri: str, client: Any, tmp_path: Path) -> None:
    track(records.run, comparison=records.comparison, baseline=records.baseline, gate=records.gate, uri=uri)
    assert curve(client, "head/line_exact") == [(0, 0.9), (1, 0.75)]
    assert [row[2] for row in rows_of(client, tmp_path)] == ["pass", "fail"]


def test_tracking_again_adds_no_step(records: SimpleNamespace, uri: str, client: Any) -> None:
    for _ in range(2):
        track(records.baseline, uri=uri)
        track(records.run, uri=uri)
    assert curve(client, "head/line_exact") == [(0, 0.9), (1, 0.75)]


def test_other_cases_are_another_history(records: SimpleNamespace, uri: str, client: Any) -> None:
    track(records.run, uri=uri)
    other = replace(records.baseline.header, dataset_digest="ea" * 32)
    track(records.with_changes(records.baseline, header=other), uri=uri)
    assert len(histories(client)) == 2


def test_the_history_of_a_metric_without_a_figure_has_no_point(records: SimpleNamespace, uri: str, client: Any) -> None:
    track(records.run, uri=uri)
    assert curve(client, "needs_review") == []
