"""The whole walk with agents that leak wherever they can: no byte of what is shown or tracked holds what they leak."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.agents.faulty import faulty
from evalkit.cases.case import GoldSet
from evalkit.evaluation.comparison import compare
from evalkit.evaluation.gates import gate
from evalkit.evaluation.pipeline import evaluate
from evalkit.report.html import render_html
from evalkit.report.junit import render_junit
from evalkit.report.markdown import render_markdown
from evalkit.report.text import plain_comparison, plain_run
from evalkit.spec.schema import Spec
from evalkit.tasks import load_spec, offline_agent, synthesize
from evalkit.tracking import track

SHORTEST = 6
"""Characters below which a value may stand in honest text by chance."""


@pytest.fixture(scope="module")
def spec(root: Path) -> Spec:
    return load_spec(root / "specs" / "billing_codes" / "1.0.0.md")


@pytest.fixture(scope="module")
def gold(spec: Spec) -> GoldSet:
    return synthesize(spec, n=40, seed=11)


def canaries(gold: GoldSet) -> set[bytes]:
    values = {known.value for case in gold for known in case.identifiers}
    values |= {value[:40] for case in gold for value in case.input.values() if isinstance(value, str)}
    return {value.encode() for value in values if len(value) >= SHORTEST and not value.isalpha()}


def echo(case, execution):
    """A metric that gives back what it should not."""
    return next(known.value for known in case.identifiers)[:20]


def hits(needles: set[bytes], *haystacks: bytes) -> int:
    return sum(needle in haystack for needle in needles for haystack in haystacks)


@pytest.mark.parametrize("fault", ["leak_output", "leak_undeclared", "leak_error", "leak_log"])
def test_nothing_that_an_agent_leaks_is_shown_or_tracked(
    spec: Spec, gold: GoldSet, fault: str, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALKIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EVALKIT_KEYRING", str(tmp_path / "keyring.json"))
    honest = evaluate(spec, gold, offline_agent(spec), metrics=[echo])
    leaky = evaluate(spec, gold, faulty(offline_agent(spec), fault, rate=0.5), metrics=[echo])
    comparison, verdict = compare(honest, leaky), gate(leaky, honest)

    page = render_html(leaky, comparison=comparison, gate=verdict, baseline=honest)
    told = [
        page, render_markdown(leaky, comparison=comparison, gate=verdict), render_junit(leaky, gate=verdict),
        plain_run(leaky), plain_comparison(comparison), leaky._repr_html_(), comparison._repr_html_(), verdict._repr_html_(),
    ]  # fmt: skip
    track(leaky, comparison=comparison, gate=verdict, baseline=honest, report_html=page, uri=uri)
    stored = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.name != "keyring.json"]

    needles = canaries(gold)
    assert len(needles) > 200
    assert leaky.findings
    assert hits(needles, *(text.encode() for text in told)) == 0
    assert hits(needles, *stored) == 0


def test_the_search_would_see_a_canary(gold: GoldSet) -> None:
    needles = canaries(gold)
    assert hits(needles, b"...", b"<td>" + next(iter(needles)) + b"</td>") == 1
