"""The case browser: wrong first, by slice, evidence marked, two versions side by side, and sealed where it must be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.cases.case import GoldSet
from evalkit.errors import CaseError
from evalkit.evaluation.pipeline import evaluate
from evalkit.evaluation.run import Run
from evalkit.report.casebrowser import MOST_OPENED, CaseBrowser, _flat, browse
from evalkit.tasks import load_spec, offline_agent, synthesize

Made = tuple[Run, Run, GoldSet]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    home = tmp_path_factory.mktemp("home") / ".evalkit"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("EVALKIT_HOME", str(home))
        gold = synthesize(load_spec("billing_codes@1.0.0"), n=100, seed=7)
        before, after = (
            evaluate(spec, gold, offline_agent(spec))
            for spec in map(load_spec, ("billing_codes@1.0.0", "billing_codes@2.0.0"))
        )
    return before, after, gold


@pytest.fixture
def browser(made: Made, monkeypatch: pytest.MonkeyPatch) -> CaseBrowser:
    before, after, gold = made
    assert after.path is not None
    monkeypatch.setenv("EVALKIT_HOME", str(after.path.parent.parent))
    return browse(after, base=before, cases=gold)


def test_broken_cases_come_first_and_what_was_not_judged_last(browser: CaseBrowser) -> None:
    states = [row.state for row in browser.rows]
    assert states == sorted(states, key=["broke", "wrong", "fixed", "right", "not judged"].index)
    assert {"broke", "right", "not judged"} <= set(states)
    assert len(browser) == 100
    broken = [row for row in browser.rows if row.state == "broke"]
    assert [row.value for row in broken] == sorted(row.value for row in broken)
    assert all(row.value < row.before for row in broken)


def test_a_browser_is_narrowed_and_stays_a_browser(browser: CaseBrowser) -> None:
    wrong = browser.wrong()
    assert 0 < len(wrong) < len(browser)
    assert {row.state for row in wrong.rows} <= {"broke", "wrong"}
    tag = wrong.rows[0].tags[0]
    assert all(tag in row.tags for row in wrong.slice(tag).rows)
    assert all("line_exact" in row.short for row in browser.short_of("line_exact").rows)
    with pytest.raises(CaseError, match="no case here has this tag"):
        browser.slice("nothing")


def test_an_opened_case_shows_both_versions_beside_what_was_expected(browser: CaseBrowser) -> None:
    (first, *_) = browser._open(1)
    wrong = [line for line in first.lines if line[4] == "wrong"]
    assert any("modifiers" in line[0] and line[1] != line[3] for line in wrong)
    assert first.same > 0


def test_the_evidence_of_both_versions_is_marked_in_the_text(browser: CaseBrowser, made: Made) -> None:
    (first, *_) = browser._open(1)
    text = next(case for case in made[2] if case.case_id == first.row.case_id).input["note_text"]
    assert "".join(piece.text for piece in first.pieces) == text
    assert any(piece.cited == "both" and piece.text.strip() for piece in first.pieces)
    assert '<mark class="both">' in browser.page()


def test_contents_of_people_stay_sealed_and_nobody_can_ask_for_more(browser: CaseBrowser, made: Made) -> None:
    before, after, gold = made
    for data_class in ("phi", "deidentified"):
        run = replace(after, header=replace(after.header, data_class=data_class))
        shut = browse(run, base=before, cases=gold)
        cases = GoldSet("held", tuple(replace(case, data_class=data_class) for case in gold))
        mixed = browse(after, base=before, cases=cases)
        for sealed in (shut, mixed):
            shown = sealed.page() + sealed._repr_html_() + repr(sealed)
            assert "Contents stay sealed" in shown
            assert "<details" not in shown
            assert not any(case.input["note_text"][:40] in shown for case in gold if "note_text" in case.input)


def test_without_cases_or_with_a_file_that_is_gone_only_figures_are_shown(made: Made, tmp_path: Path) -> None:
    before, after, gold = made
    assert "Contents are shown where the cases are given" in browse(after, base=before).page()
    gone = replace(after, path=tmp_path / "gone.db")
    assert "<details" not in browse(gone, cases=gold).page()


def test_a_card_lists_the_first_and_says_how_many_more(browser: CaseBrowser) -> None:
    card = browser._repr_html_()
    assert "70 more" in card
    assert card.count("<details") == 10
    assert "<script" not in card
    assert "and 70 more" in repr(browser)


def test_a_page_holds_every_case_and_opens_the_first(browser: CaseBrowser) -> None:
    page = browser.page()
    assert page.count('<th scope="row">billing_codes-7-') == 100
    assert page.count("<details") == MOST_OPENED
    assert page == browser.page()


def test_hostile_text_of_an_agent_does_not_act(browser: CaseBrowser, made: Made) -> None:
    case = next(case for case in made[2] if case.case_id == browser.rows[0].case_id)
    planted = "<img src=x onerror=alert(1)>\u202e"
    hostile = replace(case, input={**case.input, "note_text": case.input["note_text"] + planted},
                      gold={"lines": [{"code": planted}]})  # fmt: skip
    page = replace(browser, cases={case.case_id: hostile}).page()
    assert "<img" not in page
    assert "\u202e" not in page
    assert "&lt;img src=x" in page


def test_a_browser_without_a_baseline_has_no_baseline_column(made: Made) -> None:
    alone = browse(made[1])
    assert "Baseline" not in alone.page()
    assert {row.state for row in alone.rows} <= {"wrong", "right", "not judged"}


@pytest.mark.parametrize(("value", "leaves"), [
    ({"a": [{"b": 1}, {"b": 2}]}, [("a[0].b", "1"), ("a[1].b", "2")]),
    ({"e": {"start": 3, "end": 9}}, [("e", "3 to 9")]),
    ({"m": ["25", "59"], "n": None}, [("m", "25, 59"), ("n", "None")]),
])  # fmt: skip
def test_an_output_is_its_leaves(value: object, leaves: list[tuple[str, str]]) -> None:
    assert list(_flat(value)) == leaves
