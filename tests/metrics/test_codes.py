"""Code lists: matched as multisets, counted apart, and never at the mercy of a malformed answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.metrics import codes
from evalkit.metrics.codes import (
    Lines,
    code_of,
    code_tally,
    evidence_precision,
    evidence_recall,
    exact_match,
    example_f1,
    line_f1,
    line_of,
    lines_of,
    match_lines,
    modifiers_given_code,
    modifiers_of,
    over_coding,
    under_coding,
    units_given_code,
    units_of,
)
from evalkit.metrics.scoring import Ratio
from evalkit.spec.fields import Fields


def line(code: str, *modifiers: str, units: int = 1, evidence: tuple[tuple[int, int], ...] = ()) -> dict[str, Any]:
    spans = [{"field": "note_text", "start": start, "end": end} for start, end in evidence]
    return {"code": code, "modifiers": list(modifiers), "units": units, "evidence": spans}


ONE, TWO, THREE = line("00011"), line("00012", "RT"), line("00013", units=3)

lines = st.lists(
    st.builds(
        lambda code, modifiers, units: line(code, *modifiers, units=units),
        st.sampled_from(["00011", "00012", "00013"]),
        st.lists(st.sampled_from(["25", "59", "RT"]), max_size=2),
        st.integers(1, 3),
    ),
    max_size=6,
)
json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
malformed = st.dictionaries(st.sampled_from(["code", "modifiers", "units", "evidence", "x"]), json_values, max_size=5)


def test_equal_lines_match_exactly_in_any_order() -> None:
    assert exact_match([ONE, TWO], [TWO, ONE])
    assert line_f1([ONE, TWO], [TWO, ONE]) == Ratio(4, 4)


def test_the_order_of_modifiers_does_not_matter() -> None:
    assert exact_match([line("00011", "25", "RT")], [line("00011", "RT", "25")])


def test_no_modifiers_and_an_absent_list_are_the_same() -> None:
    assert modifiers_of({"modifiers": []}) == modifiers_of({}) == modifiers_of({"modifiers": None})


@pytest.mark.parametrize("other", [line("00011", "25"), line("00011", units=2), line("00014")])
def test_another_code_modifier_or_unit_is_another_line(other: dict[str, Any]) -> None:
    assert not exact_match([ONE], [other])
    assert line_f1([ONE], [other]) == Ratio(0, 2)


def test_a_line_billed_twice_matches_once() -> None:
    assert line_f1([ONE], [ONE, ONE]) == Ratio(2, 3)
    assert over_coding([ONE], [ONE, ONE]) == Ratio(1, 2)
    assert under_coding([ONE, ONE], [ONE]) == Ratio(1, 2)


def test_codes_can_be_matched_alone() -> None:
    assert line_f1([line("00011", "25")], [ONE], code_of) == Ratio(2, 2)
    assert line_f1([line("00011", "25")], [ONE]) == Ratio(0, 2)


def test_micro_macro_and_example_f1_are_three_figures() -> None:
    """Two cases: a perfect one of one line, an empty answer to one of three lines."""
    full, empty = line_f1([ONE], [ONE]), line_f1([ONE, TWO, THREE], [])
    assert (full.numerator + empty.numerator) / (full.denominator + empty.denominator) == 2 / 5
    assert (example_f1([ONE], [ONE]) + example_f1([ONE, TWO, THREE], [])) / 2 == 1 / 2


def test_nothing_due_and_nothing_given_is_right() -> None:
    assert example_f1([], []) == 1.0
    assert exact_match([], [])
    assert line_f1([], []) == Ratio(0, 0)


def test_over_and_under_coding_are_counted_apart() -> None:
    assert over_coding([ONE], [ONE, TWO, THREE]) == Ratio(2, 3)
    assert under_coding([ONE], [ONE, TWO, THREE]) == Ratio(0, 1)
    assert over_coding([ONE, TWO], []) == Ratio(0, 0)
    assert under_coding([ONE, TWO], []) == Ratio(2, 2)


def test_a_tally_counts_each_code() -> None:
    tally = code_tally([ONE, ONE, TWO], [ONE, THREE])
    assert tally.counts == {"00011": (1, 0, 1), "00012": (0, 0, 1), "00013": (0, 1, 0)}


def test_what_is_no_code_is_tallied_under_a_question_mark() -> None:
    """The label of a tally is shown to people, so no piece of a note may pass as one."""
    given_ = [{"code": "Patient is a pleasant gentleman"}, {"code": None}, {"code": 11}, {}]
    assert code_tally([ONE], given_).counts == {"00011": (0, 0, 1), "?": (0, 4, 0)}


def test_modifiers_are_judged_where_the_code_is_right() -> None:
    gold = [line("00011", "25"), line("00012", "RT"), line("00013")]
    assert modifiers_given_code(gold, [line("00011"), line("00012", "RT"), line("00099")]) == Ratio(1, 2)


def test_units_are_judged_where_the_code_is_right() -> None:
    assert units_given_code([line("00011", units=2), TWO], [line("00011", units=3), TWO, THREE]) == Ratio(1, 2)


def test_repeated_codes_are_paired_to_agree() -> None:
    gold = [line("00011", "RT"), line("00011", "LT")]
    assert modifiers_given_code(gold, gold[::-1]) == Ratio(2, 2)
    assert modifiers_given_code(gold, [gold[0], gold[0]]) == Ratio(1, 2)


def test_no_code_right_leaves_modifiers_and_units_without_a_denominator() -> None:
    assert modifiers_given_code([ONE], [TWO]) == units_given_code([ONE], [TWO]) == Ratio(0, 0)


def test_true_is_not_one_unit_and_one_point_zero_is() -> None:
    assert units_of({"units": True}) != units_of({"units": 1})
    assert units_of({"units": 1.0}) == units_of({"units": 1})
    assert units_of({}) != units_of({"units": 1})


def test_evidence_is_counted_in_characters() -> None:
    gold = [line("00011", evidence=((10, 20),))]
    given_ = [line("00011", evidence=((15, 30),))]
    assert evidence_precision(gold, given_) == Ratio(5, 15)
    assert evidence_recall(gold, given_) == Ratio(5, 10)


def test_citing_twice_or_in_pieces_changes_nothing() -> None:
    gold = [line("00011", evidence=((10, 20),))]
    pieces = [line("00011", evidence=((10, 14), (14, 20))), line("00012", evidence=((10, 20),))]
    assert evidence_precision(gold, pieces) == evidence_recall(gold, pieces) == Ratio(10, 10)


def test_evidence_in_another_field_is_no_evidence() -> None:
    gold = [line("00011", evidence=((0, 5),))]
    other = [{"evidence": [{"field": "history", "start": 0, "end": 5}]}]
    assert evidence_precision(gold, other) == Ratio(0, 5)


@pytest.mark.parametrize(
    "span",
    [
        None, 7, [], {}, {"field": "note_text", "start": 0}, {"field": "note_text", "start": 5, "end": 5},
        {"field": "note_text", "start": -3, "end": 5}, {"field": "note_text", "start": 0.0, "end": 5.0},
        {"field": "note_text", "start": True, "end": 5}, {"field": 1, "start": 0, "end": 5},
        {"field": "note_text", "start": 0, "end": 10**12},
    ],
)  # fmt: skip
def test_a_malformed_span_cites_nothing(span: Any) -> None:
    assert evidence_precision([line("00011", evidence=((0, 9),))], [{"evidence": [span]}]) == Ratio(0, 0)


def test_lines_of_an_output_are_its_objects() -> None:
    assert lines_of({"lines": [ONE]}) == (ONE,)
    assert lines_of(Fields({"lines": [ONE]}))[0]["code"] == "00011"
    assert lines_of({"codes": [ONE]}, field="codes") == (ONE,)


@pytest.mark.parametrize("output", [None, {}, {"lines": None}, {"lines": "00011"}, {"lines": {"code": "00011"}}])
def test_no_list_is_no_lines(output: Any) -> None:
    assert lines_of(output) == ()


def test_an_entry_that_is_no_object_is_a_wrong_line() -> None:
    assert line_f1([ONE], lines_of({"lines": [ONE, "00012", None]})) == Ratio(2, 4)


def test_views_and_plain_objects_match() -> None:
    viewed = Fields({"lines": [line("00011", "25", evidence=((1, 4),))]}).lines
    plain = [line("00011", "25", evidence=((1, 4),))]
    assert exact_match(plain, viewed)
    assert evidence_recall(plain, viewed) == Ratio(3, 3)


@given(lines, lines)
def test_counts_add_up_and_swap(gold: Lines, given_: Lines) -> None:
    match = match_lines(gold, given_)
    assert match.hits.total() + match.over.total() == len(given_)
    assert match.hits.total() + match.under.total() == len(gold)
    assert match_lines(given_, gold).over == match.under
    assert 0 <= example_f1(gold, given_) <= 1
    assert exact_match(gold, given_) == (example_f1(gold, given_) == 1.0)


@given(lines, lines, st.randoms(use_true_random=False))
def test_no_order_matters(gold: Lines, given_: Lines, random: Any) -> None:
    shuffled = list(given_)
    random.shuffle(shuffled)
    for measure in (line_f1, code_tally, modifiers_given_code, units_given_code, over_coding):
        assert measure(gold, shuffled) == measure(gold, given_)


@given(st.lists(malformed, max_size=4))
def test_no_answer_however_malformed_makes_a_measure_raise(given_: Lines) -> None:
    gold = [line("00011", "25", evidence=((0, 4),)), TWO]
    for measure in (line_f1, modifiers_given_code, units_given_code, evidence_precision, evidence_recall, over_coding):
        counts = measure(gold, given_)
        assert 0 <= counts.numerator <= counts.denominator
    assert all(len(label) <= 10 for label in code_tally(gold, given_).counts)
    assert isinstance(hash(tuple(line_of(entry) for entry in given_)), int)


def cited(*spans: tuple[int, int]) -> codes.Lines:
    return [{"code": "1", "evidence": [{"field": "note", "start": start, "end": end} for start, end in spans]}]


def test_whole_spans_match_where_they_share_half_of_their_union() -> None:
    assert codes.span_f1(cited((0, 10)), cited((0, 10))) == Ratio(2, 2)
    assert codes.span_f1(cited((0, 10)), cited((5, 10))) == Ratio(2, 2)
    assert codes.span_f1(cited((0, 10)), cited((6, 10))) == Ratio(0, 2)
    assert codes.span_f1(cited((0, 10)), cited((6, 10)), overlap=0.4) == Ratio(2, 2)


def test_a_span_is_matched_once_and_the_closest_first() -> None:
    assert codes.span_f1(cited((0, 10)), cited((0, 10), (0, 9))) == Ratio(2, 3)
    assert codes.span_f1(cited((0, 10), (0, 9)), cited((0, 9))) == Ratio(2, 3)
    assert codes.span_f1(cited((0, 10), (20, 30)), cited((0, 9), (21, 30))) == Ratio(4, 4)


def test_spans_of_two_fields_never_match_and_malformed_ones_are_none() -> None:
    other = [{"code": "1", "evidence": [{"field": "letter", "start": 0, "end": 10}]}]
    assert codes.span_f1(cited((0, 10)), other) == Ratio(0, 2)
    assert codes.span_f1(cited((0, 10)), [{"evidence": [{"start": 0}, 7, None]}, {"evidence": "x"}]) == Ratio(0, 1)
    assert codes.span_f1([], []) == Ratio(0, 0)


def test_units_off_are_counted_where_the_code_is_right() -> None:
    gold = [{"code": "a", "units": 3}, {"code": "b", "units": 1}]
    assert codes.units_off(gold, [{"code": "a", "units": 5}, {"code": "c", "units": 9}]) == Ratio(2, 5)
    assert codes.units_off(gold, [{"code": "a", "units": 1}, {"code": "a", "units": 2}]) == Ratio(0, 3)
    assert codes.units_off(gold, [{"code": "a", "units": "three"}, {"code": "b", "units": True}]) == Ratio(4, 4)
    assert codes.units_off(gold, []) == Ratio(0, 0)
