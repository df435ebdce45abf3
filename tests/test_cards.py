"""Cards in notebooks: escaped, static, the same bytes for the same content."""

from __future__ import annotations

import importlib
from pathlib import Path

import evalkit
from evalkit.cards import Grid, card


def test_everything_in_a_card_is_escaped() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    html = card(hostile, lead=hostile, grids=[Grid([hostile], [[hostile]], caption=hostile)])
    assert "<img" not in html
    assert html.count("&lt;img") == 5


def test_a_card_loads_nothing_and_runs_nothing() -> None:
    html = card("Run", grids=[Grid(["metric", "value#"], [["line_exact", "97.0 %"]])])
    assert "http" not in html
    assert "<script" not in html


def test_figures_are_set_flush_right_and_the_mark_is_not_shown() -> None:
    html = card("Run", grids=[Grid(["value#"], [[1]])])
    assert '<th scope="col" class="n">value</th>' in html
    assert '<td class="n">1</td>' in html


def test_a_grid_without_rows_is_left_out() -> None:
    assert "<table>" not in card("Run", grids=[Grid(["a"], [])])


def test_the_same_content_gives_the_same_bytes() -> None:
    assert card("a", lead="b") == card("a", lead="b")


def test_every_noun_has_a_card_and_a_plain_text_without_values() -> None:
    from evalkit.agents.agent import Reply
    from evalkit.boundary.finding import CheckResult
    from evalkit.executions.execution import Execution
    from evalkit.stats.columns import binary
    from evalkit.stats.intervals import estimate
    from evalkit.tasks import load_spec, synthesize

    spec = load_spec("billing_codes@1.0.0")
    gold = synthesize(spec, n=3, seed=7)
    done = Execution(gold[0].case_id, 0, Reply("ok", output={"lines": []}))
    result = CheckResult("consent", "t", "c", "current", 1, 0, 0, ())
    nouns = [spec, gold, gold[0], done, result, estimate(binary([1, 0], [0, 1]), metric="m")]
    for noun in nouns:
        shown = noun._repr_html_() + repr(noun) + str(noun)
        assert "ek-t" in shown
        for known in gold[0].identifiers:
            assert known.value not in shown
    assert "<script" not in "".join(noun._repr_html_() for noun in nouns)


def nouns() -> list[type]:
    """Every class of the package that has a card."""
    found = []
    for place in sorted((Path(evalkit.__file__).parent).rglob("*.py")):
        if "_repr_html_" not in place.read_text(encoding="utf-8"):
            continue
        name = ".".join(("evalkit", *place.relative_to(Path(evalkit.__file__).parent).with_suffix("").parts))
        module = importlib.import_module(name)
        found += [kind for kind in vars(module).values() if isinstance(kind, type) and "_repr_html_" in vars(kind)
                  and kind.__module__ == name]  # fmt: skip
    return found


def test_every_noun_with_a_card_has_a_plain_text_that_names_no_address() -> None:
    kinds = nouns()
    assert {"Spec", "Case", "GoldSet", "Execution", "CheckResult", "Run", "Estimate", "Comparison", "GateReport", "Drift",
            "Calibration", "History", "Ratings", "CaseBrowser", "Shelf", "Changes"} <= {kind.__name__ for kind in kinds}  # fmt: skip
    assert [
        kind.__name__ for kind in kinds if kind.__repr__ is object.__repr__ and kind.__str__ is object.__str__
    ] == []
