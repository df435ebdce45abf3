"""Where spec and family meet: loading by reference, making cases, the offline agent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalkit.agents.agent import agent_id
from evalkit.errors import AgentError, CaseError, RegistryError, SpecError
from evalkit.spec.registry import Registry
from evalkit.tasks import FAMILIES, load_spec, offline_agent, read_spec, shipped_root, synthesize
from evalkit.tasks.family import Family

AT = "2026-10-01T08:00:00Z"


@pytest.fixture(scope="module")
def document(root: Path) -> str:
    return (root / "specs" / "billing_codes" / "1.0.0.md").read_text(encoding="utf-8")


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def extra_family() -> Iterator[Family]:
    """A family without made-up cases and without an offline agent, beside the others for one test."""
    billing = FAMILIES["billing_codes"]
    family = Family("imported_only", billing.tables, billing.metrics, "line_exact")
    FAMILIES["imported_only"] = family
    yield family
    del FAMILIES["imported_only"]


def publish(root: Path, document: str, *versions: str) -> Registry:
    """Versions of a spec of one's own, `our_billing`."""
    registry = Registry(root / "specs")
    for version in versions:
        text = renamed(document).replace("version: 1.0.0", f"version: {version}", 1)
        registry.publish(read_spec(text, path=version), author="tests", reason="for a test", at=AT)
    return registry


def renamed(document: str) -> str:
    return document.replace("id: billing_codes", "id: our_billing", 1)


def test_families_are_a_visible_table() -> None:
    assert {"billing_codes", "note_summary"} <= set(FAMILIES)
    assert all(family.name == name for name, family in FAMILIES.items())


@pytest.mark.parametrize("name", ["billing_codes", "note_summary"])
def test_a_family_is_whole(name: str) -> None:
    family = FAMILIES[name]
    assert family.head_metric in family.metrics
    assert family.lower_is_better <= set(family.metrics)
    assert family.head_metric not in family.lower_is_better
    assert family.tables
    assert family.baselines
    assert len({table.heading for table in family.tables}) == len(family.tables)


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
def test_a_version_loads_by_reference(version: str) -> None:
    spec = load_spec(f"billing_codes@{version}")
    assert (spec.id, spec.version, spec.ref) == ("billing_codes", version, f"billing_codes@{version}")


def test_a_version_loads_from_any_folder(own: Path) -> None:
    assert list(own.iterdir()) == []
    assert load_spec("billing_codes@1.0.0").version == "1.0.0"


def test_a_bare_name_without_production_is_the_highest_version(own: Path, document: str) -> None:
    publish(own, document, "1.2.0", "1.9.0", "1.10.0")
    assert load_spec("our_billing").version == "1.10.0"


def test_a_bare_name_is_the_production_version(own: Path, document: str) -> None:
    registry = publish(own, document, "1.0.0", "1.1.0")
    registry.promote("our_billing", "1.0.0", author="tests", reason="for a test", at=AT, override="tests")
    assert load_spec("our_billing").version == "1.0.0"
    assert load_spec("our_billing@production").version == "1.0.0"
    assert load_spec("our_billing@1.1.0").version == "1.1.0"


def test_the_registry_here_comes_before_the_shipped_one(own: Path, document: str) -> None:
    registry = Registry(own / "specs")
    text = document.replace("title: Billing codes", "title: Our own billing codes", 1)
    registry.publish(read_spec(text, path="own"), author="tests", reason="for a test", at=AT)
    assert load_spec("billing_codes@1.0.0").title.startswith("Our own")
    assert load_spec("billing_codes@2.0.0").title.startswith("Billing codes")


def test_a_file_loads_as_it_is_whether_registered_or_not(own: Path, document: str) -> None:
    path = own / "draft.md"
    path.write_text(document.replace("version: 1.0.0", "version: 7.0.0", 1), encoding="utf-8")
    assert load_spec(path).version == load_spec("draft.md").version == "7.0.0"


def test_a_registered_file_that_was_changed_does_not_load(own: Path, document: str) -> None:
    publish(own, document, "1.0.0")
    path = own / "specs" / "our_billing" / "1.0.0.md"
    path.write_text(path.read_text(encoding="utf-8").replace("- declined\n", ""), encoding="utf-8")
    with pytest.raises(RegistryError, match="changed"):
        load_spec("our_billing@1.0.0")


def test_an_unknown_version_is_an_error_that_lists_those_there_are() -> None:
    with pytest.raises(SpecError, match=r"no such version.*1\.0\.0, 2\.0\.0"):
        load_spec("billing_codes@9.9.9")


@pytest.mark.parametrize("ref", ["billing", "", "@1.0.0", "../billing_codes", "billing_codes/1.0.0"])
def test_an_unknown_name_is_an_error_with_a_next_step(ref: str) -> None:
    with pytest.raises(SpecError, match="no spec of this name") as caught:
        load_spec(ref)
    assert caught.value.next_step


def test_a_file_that_is_not_there_is_an_error_and_no_traceback(own: Path) -> None:
    with pytest.raises(SpecError, match=r"missing\.md: the file cannot be read"):
        load_spec("missing.md")


def test_a_document_that_no_agent_could_execute_does_not_load(document: str) -> None:
    with pytest.raises(SpecError, match=r"draft\.md:\d+: an add-on"):
        read_spec(document.replace("| extra:00017 |", "| extra:00013 |"), path="draft.md")


def test_synthetic_cases_carry_their_family_and_seed_in_the_name() -> None:
    gold = synthesize(load_spec("billing_codes@1.0.0"), n=3, seed=7)
    assert gold.name == "billing_codes synthetic seed 7"
    assert [case.case_id for case in gold] == [f"billing_codes-7-{index:012d}" for index in range(3)]


def test_more_cases_begin_with_the_fewer() -> None:
    spec = load_spec("billing_codes@1.0.0")
    few, many = (synthesize(spec, n=n, seed=5) for n in (3, 6))
    assert [case.digest for case in few] == [case.digest for case in many][:3]


def test_no_cases_is_no_set_of_cases() -> None:
    with pytest.raises(CaseError, match="at least one"):
        synthesize(load_spec("billing_codes@1.0.0"), n=0, seed=7)


def test_a_family_of_imported_cases_says_so(document: str, extra_family: Family) -> None:
    spec = read_spec(document.replace("family: billing_codes", f"family: {extra_family.name}", 1), path="draft.md")
    with pytest.raises(CaseError, match="import"):
        synthesize(spec, n=1, seed=7)
    with pytest.raises(AgentError, match="no offline agent"):
        offline_agent(spec)


def test_the_offline_agent_is_guarded_and_names_its_model() -> None:
    spec = load_spec("billing_codes@1.0.0")
    agent = offline_agent(spec)
    assert agent_id(agent) == "rules/offline@1"
    assert agent.spec is spec  # type: ignore[attr-defined]


def test_the_shipped_folder_holds_specs_and_datasets() -> None:
    assert (shipped_root() / "specs" / "registry.jsonl").is_file()
    assert (shipped_root() / "datasets").is_dir()


def test_importing_the_families_loads_no_heavy_library() -> None:
    heavy = ["mlflow", "pandas", "numpy", "scipy", "sklearn", "matplotlib", "faker", "cryptography", "yaml"]
    script = f"import sys, evalkit.tasks; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_gate_on_a_metric_that_the_family_lacks_is_refused_with_its_line() -> None:
    text = load_spec("billing_codes@1.0.0").source.replace("metric: over_coded", "metric: over_codded")
    line = next(number for number, row in enumerate(text.split("\n"), 1) if "over_codded" in row)
    with pytest.raises(SpecError, match=f"draft.md:{line}: billing_codes has no metric over_codded"):
        read_spec(text, path="draft.md")
