"""Pages in a real browser: quiet, reachable by keyboard and ear, readable on a phone, in the dark and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from evalkit.evaluation.annex import Annex
from evalkit.evaluation.history import make_history
from evalkit.report.casebrowser import browse
from evalkit.report.html import render_html
from evalkit.report.papers import render_calibration, render_drift
from tests.report.browser import Page, find_chromium, launch

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="there is no Chromium here (apt-get install chromium)")
RULES = (Path(__file__).parent / "rules.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with launch(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module")
def pages(
    records: SimpleNamespace, papers: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Every kind of page with all of its chapters, as files."""
    annex = Annex(
        calibration=papers.calibration, drift=papers.drift, profiles=(papers.reference, papers.window),
        history=make_history([records.run, records.run]),
    )  # fmt: skip
    texts = {
        "report": render_html(records.leaky, comparison=records.comparison, gate=records.gate, annex=annex),
        "alone": render_html(records.run),
        "drift": render_drift(
            papers.drift, reference=papers.reference, window=papers.window, earlier=[papers.quiet]
        ),
        "calibration": render_calibration(papers.calibration),
    }  # fmt: skip
    folder = tmp_path_factory.mktemp("pages")
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["report", "alone", "drift", "calibration"])
def test_a_page_is_quiet_and_breaks_no_rule_of_accessibility(
    tab: Page, pages: dict[str, Path], name: str, dark: bool
) -> None:
    tab.open(pages[name], dark=dark)
    assert tab.complaints() == []
    assert tab.requests() == []
    assert tab.run(RULES) == []


@pytest.mark.parametrize("name", ["report", "alone", "drift", "calibration"])
def test_a_page_fits_a_phone_without_scrolling_sideways(tab: Page, pages: dict[str, Path], name: str) -> None:
    tab.open(pages[name], width=390)
    assert tab.run("document.scrollingElement.scrollWidth") == 390
    assert tab.run(RULES) == []


def test_the_rules_find_what_is_broken(tab: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text(
        "<html><head><meta name=viewport content='width=device-width'></head><body><h1>a</h1><h3>b</h3>"
        "<svg></svg><img src=data:,x><input><p style='color:#bbb'>faint</p><table><tr><th>x</th></tr></table>"
        "<a href='#nowhere'></a></body></html>",
        encoding="utf-8",
    )
    tab.open(broken)
    found = {fault.split(":")[0].split()[0] for fault in tab.run(RULES)}
    assert found >= {"html-has-lang", "document-title", "one-main", "heading-order", "svg-img-alt", "image-alt", "label",
                     "color-contrast", "table-caption", "th-scope", "link-target", "name"}  # fmt: skip


def test_a_text_on_a_page_cannot_act_under_its_policy(tab: Page, pages: dict[str, Path], tmp_path: Path) -> None:
    page = tmp_path / "planted.html"
    text = pages["alone"].read_text(encoding="utf-8")
    page.write_text(text.replace("</main>", "<script>window.planted = 1</script></main>"), encoding="utf-8")
    tab.open(page)
    assert tab.run("typeof window.planted") == "undefined"
    assert any("Content Security Policy" in complaint for complaint in tab.complaints())


@pytest.fixture(scope="module")
def cases(records: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case browser of 300 cases, by figures alone."""
    page = tmp_path_factory.mktemp("cases") / "cases.html"
    page.write_text(browse(records.run).page(), encoding="utf-8")
    return page


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
def test_the_case_browser_is_quiet_and_breaks_no_rule_of_accessibility(
    tab: Page, cases: Path, width: int, dark: bool
) -> None:
    tab.open(cases, width=width, dark=dark)
    assert tab.complaints() == []
    assert tab.requests() == []
    assert tab.run(RULES) == []
    assert tab.run("document.scrollingElement.scrollWidth") == width


ROWS = "document.querySelectorAll('#cases tbody tr').length"
SAID = "document.getElementById('shown').textContent"
CHOOSE = "{0}.value = '{1}', {0}.dispatchEvent(new Event('input'))"


def test_the_case_browser_sorts_filters_and_draws_a_hundred_rows_at_a_time(tab: Page, cases: Path) -> None:
    tab.open(cases)
    assert (tab.run(ROWS), tab.run(SAID)) == (100, "100 of 300 shown")
    tab.run("document.getElementById('more').click()")
    assert tab.run(SAID) == "200 of 300 shown"
    tab.run("document.querySelectorAll('#cases .sort')[0].focus()")
    for way, first in (("ascending", "000000000000"), ("descending", "000000000299")):
        tab.press("Enter", "Enter", 13, text="\r")
        assert tab.run("document.querySelector('#cases th').getAttribute('aria-sort')") == way
        assert tab.run("document.querySelector('#cases tbody th').textContent").endswith(first)
    tab.run(CHOOSE.format("state", "wrong"))
    assert tab.run(SAID) == "33 of 33 shown, 300 in all"
    tab.run(CHOOSE.format("tag", "modifiers"))
    tab.run("document.getElementById('words').focus()")
    tab.call("Input.insertText", text="WRONG 0004")
    assert (tab.run(ROWS), tab.run(SAID)) == (0, "0 of 0 shown, 300 in all")


def test_the_card_of_a_case_browser_is_shut_into_its_frame(tab: Page, records: SimpleNamespace, tmp_path: Path) -> None:
    page = tmp_path / "notebook.html"
    page.write_text(f"<!DOCTYPE html><title>n</title>{browse(records.run)._repr_html_()}", encoding="utf-8")
    tab.open(page)
    assert tab.complaints() == []
    assert tab.requests() == []
    assert tab.run("document.querySelector('iframe').contentDocument") is None


FIRST = "document.querySelector('#cases table tbody tr th').textContent"


def test_a_table_is_sorted_and_filtered_by_keyboard_alone(tab: Page, pages: dict[str, Path]) -> None:
    tab.open(pages["alone"])
    assert tab.run("document.querySelectorAll('#cases .sort').length") >= 2
    tab.run("document.querySelector('#cases .sort').focus()")
    first = tab.run(FIRST)
    for way in ("ascending", "descending"):
        tab.press("Enter", "Enter", 13, text="\r")
        assert tab.run("document.querySelector('#cases th').getAttribute('aria-sort')") == way
    assert tab.run(FIRST) != first
    tab.run("document.querySelector('#cases .filter input').focus()")
    tab.call("Input.insertText", text="000000000004")
    assert tab.run("[...document.querySelectorAll('#cases tbody tr')].filter((row) => !row.hidden).length") == 1
    assert tab.run("document.querySelector('#cases [role=status]').textContent").startswith("1 of ")


SEEN = "[...document.querySelectorAll('#cases tbody tr')].filter((row) => row.getClientRects().length).length"


def test_a_long_table_is_folded_on_a_screen_until_asked_for_and_whole_on_paper(
    tab: Page, pages: dict[str, Path]
) -> None:
    tab.open(pages["alone"])
    whole = tab.run("document.querySelectorAll('#cases tbody tr').length")
    assert (whole, tab.run(SEEN)) == (33, 20)
    tab.run("document.querySelector('#cases .sort').click()")
    assert tab.run(SEEN) == 20
    tab.run("document.querySelector('#cases .filter input').focus()")
    tab.call("Input.insertText", text="billing")
    assert tab.run(SEEN) == whole
    tab.open(pages["alone"])
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert tab.run(SEEN) == whole
    tab.call("Emulation.setEmulatedMedia", media="")
    assert tab.run(SEEN) == 20
    tab.run("document.querySelector('#cases .more').click()")
    assert tab.run(SEEN) == whole


def test_the_focus_walks_down_the_page_and_is_seen(tab: Page, pages: dict[str, Path]) -> None:
    tab.open(pages["report"])
    places, seen = [], []
    for _ in range(40):
        tab.press("Tab", "Tab", 9)
        places.append(tab.run("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
        seen.append(tab.run("getComputedStyle(document.activeElement).outlineStyle !== 'none'"))
    assert places == sorted(places)
    assert len(set(places)) == 40
    assert all(seen)


def test_a_page_prints(tab: Page, pages: dict[str, Path]) -> None:
    tab.open(pages["report"])
    paper = tab.paper()
    assert paper.startswith(b"%PDF-")
    assert 2 <= paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") <= 40
