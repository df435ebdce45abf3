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


SECRET = "Quillon Zyxwerth"


def test_a_reply_and_a_request_show_kinds_and_no_value_or_name_of_a_field() -> None:
    from evalkit.agents.agent import Refusal, Reply, Request

    reply = Reply("needs_review", {SECRET: SECRET, "lines": [], "n": 1}, confidence=0.5, trace=("Codes/1",))
    request = Request("r-1", "billing_codes@1.0.0", {"note_text": SECRET, SECRET: 2}, {"consent": True, "minor": False})
    refused = Reply("refused", refusal=Refusal("CONSENT_MISSING"))
    assert "Reply: needs_review, confidence 0.50" in reply._repr_html_()
    assert "rests on 1 row of the spec" in reply._repr_html_()
    assert "Reply: refused, CONSENT_MISSING" in refused._repr_html_()
    assert "flags that hold: consent;" in request._repr_html_()
    for noun in (reply, request):
        assert SECRET not in noun._repr_html_() + repr(noun) + str(noun)
    assert "<td>list</td>" in reply._repr_html_()


def test_a_finding_shows_where_and_what_and_never_a_value() -> None:
    from evalkit.boundary.finding import Finding

    html = Finding("leak_output", "case-7", 2, "an identifier stands in the output", "output.note", "patient.name",
                   "name", "base64")._repr_html_()  # fmt: skip
    for word in ("leak_output", "case-7, trial 2", "output.note", "patient.name", "base64"):
        assert word in html
    assert "<table>" not in Finding("consent", "case-7", 0, "answered without consent")._repr_html_()


def test_scores_show_how_many_were_judged_and_how_many_failed() -> None:
    from evalkit.metrics.scoring import Scores

    scores = Scores(
        case_ids=("a", "b"), trials=(0, 0), clusters=("a", "b"), tags=((), ()),
        values={"exact": (True, None), "label": (None, None)}, errors={"label": {1: "ValueError"}},
    )  # fmt: skip
    assert repr(scores) == "Scores(2 metrics, 2 executions, 1 errors)"
    assert '<td>exact</td><td class="n">1</td><td class="n">0</td>' in scores._repr_html_()
