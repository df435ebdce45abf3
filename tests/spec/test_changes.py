"""The difference of two versions: found by meaning, graded by what it takes away, and safe to show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import SpecError
from evalkit.spec.changes import Change, Changes, diff_specs
from evalkit.spec.difference import lines_changed, shown
from evalkit.spec.schema import Spec

Load = Callable[..., Spec]
Edit = Callable[..., str]


@pytest.fixture
def diff(load: Load, change: Edit, spec: Spec) -> Callable[..., Changes]:
    """From the document to the document with edits."""

    def compare(*pairs: str) -> Changes:
        return diff_specs(spec, load(change(*pairs)))

    return compare


def only(changes: Changes) -> Change:
    assert len(changes.entries) == 1, str(changes)
    return changes.entries[0]


def test_a_version_has_no_changes_from_itself(spec: Spec) -> None:
    changes = diff_specs(spec, spec)
    assert changes.entries == ()
    assert changes.row_ids == {}
    assert (changes.bump, changes.severity) == ("patch", "note")
    assert str(changes) == "wound_care@1.2.0 -> wound_care@1.2.0: nothing changed"


# ----------------------------------------------------------------------------------------------------------- rows


@pytest.mark.parametrize(
    ("old", "new", "kind", "row_id", "what"),
    [
        ("| 2      | -", "| 4      | -", "cell changed", "Dressings/foam", "layers: 2 -> 4"),
        ("| 3      | foam ", "| 3      | - ", "cell changed", "Dressings/gauze", "goes with: foam -> -"),
        ("foam; foam pad", "foam; foam sheet", "cell changed", "Dressings/foam", "cues (any): -foam pad +foam sheet"),
        ("foam; foam pad", "foam pad; foam", "cell changed", "Dressings/foam", "foam; foam pad -> foam pad; foam"),
        ("rule: each", "rule: all", "cell changed", "Counting/rule", "value: each -> all"),
        ("rule: each", "rule: each\nlimit: 3\n", "row added", "Counting/limit", "row added"),
        ("- planned, declined", "- planned", "row removed", "Leave out/declined", "row removed"),
        ("- last visit", "- last visit, deferred", "row added", "Leave out/deferred", "row added"),
    ],
)
def test_a_row_is_told_by_its_key(
    diff: Callable[..., Changes], old: str, new: str, kind: str, row_id: str, what: str
) -> None:
    changes = diff(old, new)
    entry = only(changes)
    assert (entry.kind, entry.place, entry.row_id, entry.severity) == (kind, row_id, row_id, "loud")
    assert what in entry.what
    assert changes.row_ids == {row_id: entry.what}
    assert changes.bump == "minor"


def test_a_row_that_moves_is_no_row_that_changed(diff: Callable[..., Changes]) -> None:
    entry = only(
        diff(
            "1. foam before gauze, always\n2. otherwise as written",
            "1. otherwise as written\n2. foam before gauze, always",
        )
    )
    assert (entry.kind, entry.place, entry.row_id) == ("rows reordered", "Order", None)


def test_a_table_that_comes_or_goes_is_all_its_rows(load: Load, change: Edit, text: str, spec: Spec) -> None:
    grown = load(text + "\n# Pairs\n| one | other |\n|---|---|\n| a | b |\n")
    assert diff_specs(spec, grown).row_ids == {"Pairs/a+b": "row added"}
    assert diff_specs(grown, spec).row_ids == {"Pairs/a+b": "row removed"}


# ------------------------------------------------------------------------------------------------------- contract


CONTRACT = [
    # (old, new, place, kind, severity, words, bump)
    ("max_chars: 5000", "max_chars: 6000", "input/note_text", "input widened", "loud", "PHI alarm: max_chars: 5000 -> 6000", "major"),
    (", max_chars: 5000", "", "input/note_text", "input widened", "loud", "PHI alarm: max_chars: 5000 -> -", "major"),
    ("max_chars: 5000", "max_chars: 4000", "input/note_text", "input narrowed", "loud", "5000 -> 4000", "major"),
    ("{type: string, required: true, phi: [free_text]", "{type: string, required: false, phi: [free_text]",
     "input/note_text", "input widened", "loud", "PHI alarm: required -> optional", "major"),
    ("{type: integer}", "{type: integer, required: true}", "input/photos", "input narrowed", "loud", "optional -> required", "major"),
    ("{type: integer}", "{type: number}", "input/photos", "input changed", "loud", "type: integer -> number", "major"),
    ("phi: [free_text], max", "phi: [free_text, photo], max", "input/note_text", "input widened", "loud", "phi: free_text -> free_text; photo", "major"),
    ("phi: [free_text, date]", "phi: [free_text]", "input/chart_notes", "label removed", "loud", "phi:", "major"),
    ("[clinic, home]", "[clinic, home, ward]", "input/setting", "input widened", "loud", "clinic; home -> clinic; home; ward", "major"),
    ("[clinic, home]", "[clinic]", "input/setting", "input narrowed", "loud", "values:", "major"),
    ("age_years: skin", "year: skin", "minimum_necessary/allow/year", "input widened", "loud", "now reaches the model", "major"),
    (", employer]", "]", "minimum_necessary/forbid/employer", "safeguard removed", "blocking", "no longer forbidden", "major"),
    (", employer]", ", employer, email]", "minimum_necessary/forbid/email", "safeguard added", "loud", "now forbidden", "major"),
    ("chart_window_days: 90", "chart_window_days: 365", "minimum_necessary/chart_window_days", "input widened", "loud", "90 -> 365 days", "major"),
    ("  chart_window_days: 90\n", "", "minimum_necessary/chart_window_days", "input widened", "loud", "90 -> - days", "major"),
    ("chart_window_days: 90", "chart_window_days: 30", "minimum_necessary/chart_window_days", "input narrowed", "loud", "90 -> 30", "major"),
    ("codes: the diagnosis", "codes: diagnoses of today", "minimum_necessary/allow/codes", "reason changed", "note", "diagnoses of today", "patch"),
    ('  - {code: CONSENT_MISSING, when: "not flags.consent"}\n', "", "refuse/CONSENT_MISSING", "refusal removed", "blocking", "no longer refused: not flags.consent", "major"),
    ("input.visit_date > today", "input.visit_date >= today", "refuse/VISIT_IN_FUTURE", "refusal changed", "loud", ">= today", "major"),
    (", field: codes", "", "refuse/CODE_UNKNOWN", "refusal changed", "loud", "names another field: codes -> -", "major"),
    ('refuse:\n', 'refuse:\n  - {code: NEW_RULE, when: "flags.x"}\n', "refuse/NEW_RULE", "refusal added", "loud", "now refused: flags.x", "major"),
    ("  summary: {type: string, required: false}\n", "", "output/summary", "output narrowed", "loud", "field removed", "major"),
    ("  summary:", "  letter: {type: string}\n  summary:", "output/letter", "output widened", "loud", "new field", "major"),
    ("min: 0, max: 1}\nreview", "min: 0, max: 100}\nreview", "output/confidence", "output changed", "loud", "max: 1.0 -> 100.0", "major"),
    ("threshold: 0.8", "threshold: 0.7", "review/threshold", "review lowered", "loud", "0.8 -> 0.7: fewer answers go to a person", "minor"),
    ("threshold: 0.8", "threshold: 0.9", "review/threshold", "review raised", "loud", "more answers", "minor"),
    ("band: 0.05", "band: 0.1", "review/band", "review changed", "loud", "0.05 -> 0.1", "minor"),
    ("[rules/offline]", "[rules/offline, acme/large]", "models/allow", "model policy widened", "loud", "PHI alarm: acme/large", "minor"),
    ("policy: baa_only", "policy: offline_only", "models/policy", "model policy changed", "loud", "baa_only -> offline_only", "minor"),
    ("data_class: phi", "data_class: synthetic", "data_class", "head changed", "loud", "phi -> synthetic", "major"),
    ("purpose_of_use: TREAT", "purpose_of_use: HPAYMT", "purpose_of_use", "head changed", "loud", "TREAT -> HPAYMT", "major"),
    ("164.506(c) treatment", "164.508 authorization", "legal_basis", "head changed", "loud", "164.508", "patch"),
    ("owner: wound-care@", "owner: skin@", "owner", "head changed", "note", "skin@", "patch"),
    ("Read one note", "Read two notes", "Purpose", "prose changed", "note", "1 lines added, 1 removed", "patch"),
    ("min: 0.9}", "min: 0.8}", "gates/line_exact min", "gate loosened", "blocking", "0.9 -> 0.8", "minor"),
    ("min: 0.9}", "min: 0.95}", "gates/line_exact min", "gate tightened", "note", "0.9 -> 0.95", "minor"),
    ("max_drop: 0.02", "max_drop: 0.05", "gates/line_exact max_drop versus production", "gate loosened", "blocking", "0.02 -> 0.05", "minor"),
    ("max_drop: 0.02", "max_drop: 0.01", "gates/line_exact max_drop versus production", "gate tightened", "note", "0.02 -> 0.01", "minor"),
    ("versus: production}", "versus: production, alpha: 0.01}", "gates/line_exact max_drop versus production", "gate loosened", "blocking", "alpha 0.05 -> 0.01", "minor"),
    ("versus: production}", "versus: production, test: exact}", "gates/line_exact max_drop versus production", "gate loosened", "blocking", "test midp -> exact", "minor"),
    ("min: 0.9}", "min: 0.9, bound: one_sided}", "gates/line_exact min", "gate loosened", "blocking", "bound two_sided -> one_sided", "minor"),
    ("equals: 0,", "equals: 1,", "gates/phi_leak_count [tag:home] equals", "gate loosened", "blocking", "0.0 -> 1.0", "minor"),
    ("  - {metric: line_exact, min: 0.9}\n", "", "gates/line_exact min", "gate loosened", "blocking", "gate removed (was 0.9)", "minor"),
    ("min: 0.9}", "min: 0.9, max: 0.99}", "gates/line_exact max", "gate tightened", "note", "gate added (0.99)", "minor"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "place", "kind", "severity", "words", "bump"),
    CONTRACT,
    ids=[f"{c[3]}: {c[1][:24]!r}" for c in CONTRACT],
)
def test_a_change_of_the_contract_is_told_and_graded(
    load: Load,
    change: Edit,
    spec: Spec,
    old: str,
    new: str,
    place: str,
    kind: str,
    severity: str,
    words: str,
    bump: str,
) -> None:
    pairs = [old, new]
    if "year: skin" in new:
        pairs += ["derive: age_years", "derive: year"]
    changes = diff_specs(spec, load(change(*pairs)))
    entry = next(entry for entry in changes.entries if entry.place == place)
    assert (entry.kind, entry.severity) == (kind, severity)
    assert words in entry.what
    assert changes.bump == bump
    assert entry.row_id is None
    if "year: skin" not in new:
        only(changes)


def test_a_new_field_alarms_where_it_comes_in_and_where_it_reaches_the_model(diff: Callable[..., Changes]) -> None:
    changes = diff(
        "  photos:   ", "  letter: {type: string, phi: [free_text]}\n  photos:   ", "    photos: says", "    letter: why\n    photos: says"
    )  # fmt: skip
    assert [(entry.place, entry.kind) for entry in changes.entries] == [
        ("input/letter", "input widened"),
        ("minimum_necessary/allow/letter", "input widened"),
    ]
    assert all("PHI alarm" in entry.what for entry in changes.entries)
    assert "free_text" in changes.entries[0].what


def test_a_field_that_is_sent_instead_of_checked_is_wider(diff: Callable[..., Changes]) -> None:
    changes = diff(
        ", phi: [mrn], use: validate_only", ", phi: [mrn]", "    codes: the", "    patient_mrn: why\n    codes: the"
    )
    assert ("input/patient_mrn", "input widened") in [(entry.place, entry.kind) for entry in changes.entries]


def test_the_other_way_round_is_narrower(load: Load, change: Edit, spec: Spec) -> None:
    wider = load(change("{type: integer}", "{type: integer}\n  letter: {type: string, use: validate_only}"))
    assert only(diff_specs(wider, spec)).kind == "input narrowed"


def test_another_order_of_refusals_is_loud(diff: Callable[..., Changes]) -> None:
    first, second = (
        '  - {code: CONSENT_MISSING, when: "not flags.consent"}\n',
        '  - {code: MRN_INVALID, when: "not valid.mrn(input.patient_mrn)"}\n',
    )
    entry = only(diff(first + second, second + first))
    assert (entry.kind, entry.severity) == ("refusals reordered", "loud")


def test_offline_models_given_up_need_a_second_person(load: Load, change: Edit, spec: Spec) -> None:
    offline = load(change("policy: baa_only", "policy: offline_only"))
    assert only(diff_specs(offline, spec)).severity == "blocking"


# -------------------------------------------------------------------------------------------------------- showing


def test_the_gravest_comes_first_and_the_text_counts(diff: Callable[..., Changes]) -> None:
    changes = diff("Read one note", "Read a note", "rule: each", "rule: all", "min: 0.9}", "min: 0.1}")
    assert [entry.severity for entry in changes.entries] == ["blocking", "loud", "note"]
    assert changes.severity == "blocking"
    lines = str(changes).split("\n")
    assert lines[0] == "wound_care@1.2.0 -> wound_care@1.2.0: 1 blocking, 1 loud, 1 note; needs a new minor version"
    assert lines[1].split() == ["blocking", "gates/line_exact", "min", "0.9", "->", "0.1"]


def test_nothing_of_a_document_reaches_a_page_unescaped(load: Load, change: Edit, spec: Spec) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    edited = load(change("owner: wound-care@example.org", f"owner: '{nasty}'", "foam; foam pad", f"foam; \\{nasty}"))
    page = diff_specs(spec, edited)._repr_html_()
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_two_specs_are_not_compared(load: Load, change: Edit, spec: Spec) -> None:
    with pytest.raises(SpecError, match="two different specs"):
        diff_specs(spec, load(change("id: wound_care", "id: foot_care")))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (True, "true"),
        (0.5, "0.5"),
        ((), "-"),
        (("a", "b"), "a; b"),
        (("global", ("000", "010")), "global; 000, 010"),
        (frozenset({"b", "a"}), "a; b"),
        ({"a": 1}, "a 1"),
        ("x" * 200, "x" * 117 + "..."),
    ],
)
def test_a_value_is_shown_as_in_the_file(value: object, text: str) -> None:
    assert shown(value) == text


def test_lines_are_counted_even_if_they_look_like_a_diff() -> None:
    assert lines_changed("--- a\nb", "+++ c\nb\nd") == "2 lines added, 1 removed"
    assert lines_changed("", "a") == "1 lines added, 1 removed"


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_diff_is_silent_exactly_when_the_behaviour_gates_and_words_are_the_same(
    load: Load, spec: Spec, text: str, data: st.DataObject
) -> None:
    """No edit that loads goes untold, and a change of behaviour is never a mere note."""
    at = data.draw(st.integers(0, len(text) - 2))
    put = data.draw(st.sampled_from(["", "0", "a", "x", "9", " ", "-", "; y"]))
    try:
        edited = load(text[:at] + put + text[at + 1 :])
    except SpecError:
        return
    if edited.id != spec.id or edited.version != spec.version:
        return
    changes = diff_specs(spec, edited)
    if edited.behaviour_sha != spec.behaviour_sha:
        assert changes.severity in {"loud", "blocking"}
        assert changes.bump in {"major", "minor"}
    elif changes.bump == "patch":
        assert changes.row_ids == {}
    assert diff_specs(edited, edited).entries == ()


def test_changes_do_not_depend_on_where_a_file_lies(spec: Spec) -> None:
    assert diff_specs(spec, replace(spec, path="elsewhere.md")).entries == ()


def test_a_stricter_way_to_judge_a_bound_is_a_note(load: Load, change: Edit) -> None:
    old = load(change("min: 0.9}", "min: 0.9, bound: one_sided}"))
    new = load(change("min: 0.9}", "min: 0.9, bound: two_sided}"))
    assert only(diff_specs(old, new)).severity == "note"


def test_the_level_of_a_one_sided_bound_is_part_of_the_policy(load: Load, change: Edit) -> None:
    old = load(change("min: 0.9}", "min: 0.9, bound: one_sided}"))
    new = load(change("min: 0.9}", "min: 0.9, bound: one_sided, alpha: 0.1}"))
    assert only(diff_specs(old, new)).severity == "blocking"
    assert "alpha 0.05 -> 0.1" in only(diff_specs(old, new)).what
