"""The panel of a notebook: static for the eye, live for the hand."""

from __future__ import annotations

import sys

import pytest

from evalkit.errors import PromotionError
from evalkit.phi.deidentification import ALL
from evalkit.phi.leaks import find_leaks
from evalkit.promotion.panel import Panel


def parts(widget):
    """The box in pieces: view, reason, answer, buttons by name, what was said."""
    view, reason, answer, row, said = widget.children
    return view, reason, answer, {button.description: button for button in row.children}, said


def test_the_card_is_the_same_bytes_for_the_same_candidate_and_shows_no_person(desk, candidates, ran):
    desk.lay(candidates)
    panel, again = Panel(desk), Panel(desk)
    for case, _ in ran:
        html = panel._repr_html_()
        assert html == again._repr_html_()
        assert find_leaks(case.identifiers, html, place="x", subjects=ALL) == ()
        panel.skip()
        again.skip()


def test_evidence_is_marked_in_the_card(desk, candidates):
    desk.lay([one for one in candidates if one.case.gold.get("lines")][:1])
    html = Panel(desk)._repr_html_()
    assert html.count('<mark class="e">') > 1
    assert "evidence of the answer" in html


def test_buttons_do_what_they_say(desk, candidates):
    desk.lay([one for one in candidates if one.status == "ok"][:4])
    panel = Panel(desk)
    view, reason, answer, buttons, said = parts(panel.widget())
    first = view.value
    buttons["accept"].click()
    assert said.value == "recorded: accepted"
    assert view.value != first
    buttons["reject"].click()
    assert "needs its reason" in said.value
    reason.value = "cut short"
    buttons["reject"].click()
    assert said.value == "recorded: rejected"
    assert reason.value == ""
    answer.value, reason.value = "refuse NOTE_UNSIGNED", "nobody signed"
    buttons["correct"].click()
    assert said.value == "recorded: corrected"
    buttons["skip"].click()
    buttons["accept"].click()
    assert panel.laid is None
    assert all(button.disabled for button in buttons.values())
    assert sorted(one.outcome.standing for one in desk.look()) == ["accepted", "accepted", "corrected", "rejected"]
    assert "Nothing waits. 4 decided." in view.value


def test_the_answer_is_written_in_for_correcting(desk, candidates):
    desk.lay([one for one in candidates if one.case.gold.get("lines")][:1])
    _, reason, answer, buttons, said = parts(Panel(desk).widget())
    answer.value = answer.value.replace('"units": 1', '"units": 2')
    reason.value = "two units"
    buttons["correct"].click()
    assert said.value == "recorded: corrected"


def test_an_empty_panel_says_so(desk):
    panel = Panel(desk)
    assert str(panel) == "nothing waits"
    assert repr(panel) == "Panel(user:alice, 0 waiting, 0 decided)"
    with pytest.raises(PromotionError, match="nothing waits"):
        panel.accept()


def test_nothing_of_widgets_is_imported_before_a_live_panel_is_asked_for():
    import subprocess

    script = "import sys, evalkit.promotion.panel; sys.exit('ipywidgets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
