from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from evalkit.errors import TrackingError
from evalkit.evaluation.scoretable import tabulate
from evalkit.metrics.scoring import Scores
from evalkit.tracking import track
from evalkit.tracking.sink import default_uri

PAGE = '<!DOCTYPE html>\n<html lang="en"><title>report</title></html>\n'
CANARY = "Quillon Zyxwerth"


def runs_of(client: Any, experiment: str = "billing_codes") -> list[Any]:
    """Runs and comparisons; the history of the versions is left out."""
    found = client.get_experiment_by_name(experiment)
    return [run for run in client.search_runs([found.experiment_id]) if run.data.tags["evalkit.kind"] != "versions"]


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_run_is_found_with_its_scores_digests_and_table(records: SimpleNamespace, uri: str, client: Any) -> None:
    tracked = track(records.run, gate=records.gate, report_html=PAGE, uri=uri)
    stored = client.get_run(tracked.run_id)
    assert stored.info.run_name == "billing_codes@2.0.0 on 40 cases"
    assert stored.info.status == "FINISHED"
    assert stored.data.metrics["line_exact"] == 0.75
    assert stored.data.params["spec"] == "billing_codes@2.0.0"
    assert stored.data.tags["evalkit.run_id"] == "r-cand"
    assert {entry.path for entry in client.list_artifacts(tracked.run_id)} == {
        "cases.json",
        "slices.json",
        "report.html",
    }
    assert tracked.parent_id is None


def test_the_dataset_input_carries_our_digest_and_no_row(records: SimpleNamespace, uri: str, client: Any) -> None:
    tracked = track(records.run, uri=uri)
    (used,) = client.get_run(tracked.run_id).inputs.dataset_inputs
    assert used.dataset.name == "billing_codes synthetic seed 7"
    assert used.dataset.digest == ("da" * 32)[:36]
    assert json.loads(used.dataset.source) == {"sha256": "da" * 32}
    assert json.loads(used.dataset.profile) == {"cases": 40}


def test_the_specs_text_is_found_from_the_run(records: SimpleNamespace, uri: str, client: Any) -> None:
    tracked = track(records.run, uri=uri)
    address = client.get_run(tracked.run_id).data.tags["evalkit.prompt"]
    prompt = client.load_prompt(address)
    assert prompt.template == records.run.spec.source
    assert prompt.tags["content_sha"] == records.run.spec.content_sha
    assert client.get_prompt_version_by_alias("billing_codes", "version-2-0-0").version == prompt.version


def test_a_spec_too_long_for_a_prompt_becomes_an_artifact(records: SimpleNamespace, uri: str, client: Any) -> None:
    spec = records.make_spec("3.0.0", "# Long\n" + "x" * 100_000)
    run = records.with_changes(records.run, spec=spec)
    tracked = track(run, uri=uri)
    assert "spec.md" in {entry.path for entry in client.list_artifacts(tracked.run_id)}
    assert client.get_prompt("billing_codes") is None


def test_a_comparison_is_the_parent_of_both_runs(records: SimpleNamespace, uri: str, client: Any) -> None:
    tracked = track(records.run, comparison=records.comparison, baseline=records.baseline, report_html=PAGE, uri=uri)
    parent = client.get_run(tracked.parent_id)
    children = [run for run in runs_of(client) if run.data.tags.get("mlflow.parentRunId") == tracked.parent_id]
    assert {child.data.tags["evalkit.spec"] for child in children} == {"billing_codes@1.0.0", "billing_codes@2.0.0"}
    assert {child.data.metrics["line_exact"] for child in children} == {0.9, 0.75}
    assert parent.data.metrics["line_exact.effect"] == -0.15
    assert parent.data.tags["evalkit.verdict"] == "regressed"
    assert {entry.path for entry in client.list_artifacts(tracked.parent_id)} == {
        "changes.json",
        "differences.json",
        "report.html",
    }


def test_a_baseline_given_by_header_gets_its_scores_when_it_is_tracked(
    records: SimpleNamespace, uri: str, client: Any
) -> None:
    tracked = track(records.run, comparison=records.comparison, uri=uri)
    later = track(records.baseline, uri=uri)
    stored = client.get_run(later.run_id)
    assert stored.data.metrics["line_exact"] == 0.9
    assert stored.data.tags["mlflow.parentRunId"] == tracked.parent_id
    assert len(runs_of(client)) == 3


def test_a_candidate_keeps_its_verdict_and_its_comparison_when_it_becomes_the_next_baseline(
    records: SimpleNamespace, uri: str, client: Any
) -> None:
    first = track(records.run, comparison=records.comparison, baseline=records.baseline, gate=records.gate, uri=uri)
    judged = client.get_run(first.run_id).data.tags
    later = records.make_run("2.1.0", "r-later", right=38)
    comparison = replace(records.comparison, baseline=records.run.header, candidate=later.header)
    second = track(later, comparison=comparison, baseline=records.run, uri=uri)
    assert client.get_run(first.run_id).data.tags == judged
    assert judged["mlflow.parentRunId"] == first.parent_id
    assert (judged["evalkit.verdict"], judged["evalkit.gate"]) == ("fail", "fail")
    assert client.get_run(second.run_id).data.tags["mlflow.parentRunId"] == second.parent_id != first.parent_id


def test_tracking_twice_changes_nothing(records: SimpleNamespace, uri: str, client: Any) -> None:
    def once() -> Any:
        tracked = track(records.run, comparison=records.comparison, baseline=records.baseline, uri=uri)
        seen = {run.info.run_id: (run.data.to_dictionary(), run.info.end_time) for run in runs_of(client)}
        return tracked, seen, len(client.get_metric_history(tracked.run_id, "line_exact"))

    assert once() == once()
    assert len(runs_of(client)) == 3
    assert len(client.search_prompt_versions("billing_codes")) == 2


def test_a_run_cut_off_while_it_was_tracked_is_completed(records: SimpleNamespace, uri: str, client: Any) -> None:
    experiment = client.create_experiment("billing_codes")
    half = client.create_run(experiment, tags={"evalkit.run_id": "r-cand"})
    tracked = track(records.run, uri=uri)
    assert tracked.run_id == half.info.run_id
    assert client.get_run(tracked.run_id).info.status == "FINISHED"


def test_more_figures_than_one_batch_takes_are_all_written(records: SimpleNamespace, uri: str, client: Any) -> None:
    run = records.with_changes(records.run)
    first = records.run.estimates[0]
    run.__dict__["estimates"] = tuple(replace(first, scope=f"tag:t{index}") for index in range(400))
    stored = client.get_run(track(run, uri=uri).run_id)
    assert sum(name.startswith("slice/") for name in stored.data.metrics) == 1600


def test_an_incomplete_run_is_marked_as_cut_off(records: SimpleNamespace, uri: str, client: Any) -> None:
    tracked = track(records.with_changes(records.run, incomplete=2), uri=uri)
    assert client.get_run(tracked.run_id).info.status == "KILLED"


def test_nothing_of_this_machine_is_written(records: SimpleNamespace, uri: str, client: Any) -> None:
    tracked = track(records.run, comparison=records.comparison, uri=uri)
    for run in runs_of(client):
        assert run.info.user_id in {"", "unknown", None}
        assert not {"mlflow.user", "mlflow.source.name", "mlflow.source.git.commit"} & run.data.tags.keys()
        assert str(Path.cwd()) not in json.dumps(run.data.to_dictionary())
    assert client.get_run(tracked.run_id).info.start_time == 1767608100000


def test_artifacts_of_a_local_store_stay_beside_it(
    records: SimpleNamespace, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    tracked = track(records.run, uri=uri)
    assert (tmp_path / "mlartifacts" / tracked.run_id / "artifacts" / "cases.json").is_file()
    assert list(elsewhere.iterdir()) == []


def test_without_an_address_the_store_is_in_the_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALKIT_HOME", str(tmp_path / "home"))
    assert default_uri() == f"sqlite:///{tmp_path / 'home' / 'mlflow.db'}"


def test_what_does_not_belong_on_a_server_stops_before_anything_is_written(
    records: SimpleNamespace, uri: str, client: Any
) -> None:
    named = records.with_changes(records.run, table=tabulate(replace(records.run.scores, case_ids=(CANARY,) * 40)))
    with pytest.raises(TrackingError) as refusal:
        track(named, uri=uri)
    assert CANARY not in str(refusal.value)
    assert client.get_experiment_by_name("billing_codes") is None


def test_a_deleted_experiment_is_named_with_a_way_out(records: SimpleNamespace, uri: str, client: Any) -> None:
    client.delete_experiment(client.create_experiment("gone"))
    with pytest.raises(TrackingError, match="gone: the experiment was deleted in MLflow -> restore it"):
        track(records.run, uri=uri, experiment="gone")


def test_a_server_that_is_not_there_is_one_clear_line_without_credentials(records: SimpleNamespace) -> None:
    port = closed_port()
    with pytest.raises(TrackingError) as refusal:
        track(records.run, uri=f"http://jane:secret@127.0.0.1:{port}")
    assert str(refusal.value).startswith(f"http://127.0.0.1:{port}: the tracking store does not answer")
    assert "evalkit track RUN" in str(refusal.value)
    assert "secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_file_that_is_no_database_is_one_clear_line(records: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(TrackingError, match="sqlite store: the tracking store does not answer or refuses"):
        track(records.run, uri=f"sqlite:///{tmp_path / 'mlflow.db'}")


def test_tracking_is_silent_and_leaves_loggers_and_warnings_as_they_were(
    records: SimpleNamespace, uri: str, capfd: pytest.CaptureFixture[str]
) -> None:
    logger, filters = logging.getLogger("mlflow"), list(warnings.filters)
    level = logger.level
    track(records.run, uri=uri)
    assert (logger.level, list(warnings.filters)) == (level, filters)
    assert capfd.readouterr() == ("", "")


def test_telemetry_is_off_unless_the_user_has_decided(records: SimpleNamespace, uri: str) -> None:
    track(records.run, uri=uri)
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"]
    assert os.environ["DO_NOT_TRACK"]


def test_importing_the_room_does_not_import_mlflow() -> None:
    code = "import sys, evalkit.tracking; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_words_that_a_metric_gives_back_never_reach_the_store(
    records: SimpleNamespace, uri: str, tmp_path: Path
) -> None:
    told = Scores(
        case_ids=records.run.scores.case_ids, trials=records.run.scores.trials, clusters=(CANARY,) * 40,
        tags=((CANARY,),) * 40, values={"reason": (CANARY,) * 40}, errors={"reason": {3: CANARY}},
    )  # fmt: skip
    check = replace(
        records.run.checks[0], title=CANARY, error=CANARY, findings=(replace(records.finding, what=CANARY),)
    )
    gate = replace(records.gate, results=(replace(records.gate.results[0], name=CANARY, what=CANARY),))
    comparison = replace(records.comparison, warnings=(CANARY,))
    run = records.with_changes(records.run, table=tabulate(told), checks=(check,))
    track(run, comparison=comparison, gate=gate, uri=uri)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) >= 3
    assert [path for path in written if b"Zyxwerth" in path.read_bytes()] == []


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty database in a PostgreSQL server of its own, on a socket in a folder of its own."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb") or (str(programs[-1]) if programs else None)
    if found is None:
        pytest.skip("no PostgreSQL is installed here (initdb is not found)")
    # A server of that kind does not run as root; its own user exists wherever root installed it.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="evalkit-pg-"))
    port, data = closed_port(), folder / "data"
    options = f"-c listen_addresses=127.0.0.1 -c fsync=off -c unix_socket_directories={folder} -p {port}"
    control = [str(Path(found).with_name("pg_ctl")), "-D", str(data), "-s", "-w"]
    try:
        if user is not None:
            shutil.chown(folder, user)
        initialise = [found, "-D", str(data), "-U", "evalkit", "-A", "trust", "--no-sync"]
        subprocess.run(initialise, check=True, user=user, cwd=folder, capture_output=True)
        start = [*control, "-l", str(folder / "log"), "-o", options, "start"]
        subprocess.run(start, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)
        yield f"postgresql+pg8000://evalkit@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, user=user, cwd=folder, capture_output=True)
        shutil.rmtree(folder)


@contextmanager
def database(kind: str, folder: Path, empty_store: Path) -> Iterator[str]:
    """Where the tracking server keeps its runs."""
    if kind == "postgresql":
        with postgresql() as address:
            yield address
    else:
        (folder / "mlflow.db").write_bytes(empty_store.read_bytes())
        yield f"sqlite:///{folder / 'mlflow.db'}"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A real `mlflow server` on the loopback interface, over a real database."""
    folder = tmp_path_factory.mktemp("server")
    with database(request.param, folder, empty_store) as store:
        port = closed_port()
        command = [
            sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
            "--backend-store-uri", store, "--artifacts-destination", str(folder / "artifacts"),
        ]  # fmt: skip
        environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(480):
                try:
                    urllib.request.urlopen(f"{address}/health", timeout=1).close()
                    break
                except OSError:
                    assert process.poll() is None, (folder / "log").read_text()[-2000:]
                    time.sleep(0.25)
            yield address
        finally:
            os.killpg(process.pid, 15)
            process.wait(timeout=30)


def test_a_real_server_keeps_the_same_as_a_file(records: SimpleNamespace, server: str) -> None:
    first = track(records.run, comparison=records.comparison, baseline=records.baseline, report_html=PAGE, uri=server)
    again = track(records.run, comparison=records.comparison, baseline=records.baseline, report_html=PAGE, uri=server)
    assert first == again
    from mlflow import MlflowClient

    client = MlflowClient(server, registry_uri=server)
    assert len(runs_of(client)) == 3
    assert client.get_run(first.run_id).data.metrics["line_exact"] == 0.75
    assert client.load_prompt(client.get_run(first.run_id).data.tags["evalkit.prompt"]).version == 1
    assert {entry.path for entry in client.list_artifacts(first.parent_id)} == {
        "changes.json",
        "differences.json",
        "report.html",
    }
