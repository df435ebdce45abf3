"""Whether the parts of a head fit one another, and at which line they do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from evalkit.errors import SpecError
from evalkit.spec.coherence import PHI_WORDS, check_head, check_refusals, reaching_names, version_key
from evalkit.spec.frontmatter import Node, parse_head, split_document
from evalkit.spec.header import Header, read_header
from evalkit.spec.schema import Row, Table

Edit = Callable[..., str]


def parts(document: str) -> tuple[Header, Node]:
    root = parse_head(split_document(document, path="a.md")[0], path="a.md")
    return read_header(root, path="a.md"), root


def check(document: str) -> None:
    header, root = parts(document)
    check_head(header, root, path="a.md")


def refused(document: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        check(document)
    return caught.value


def line_of(document: str, words: str) -> str:
    return f"a.md:{next(number for number, row in enumerate(document.split(chr(10)), 1) if words in row)}"


def test_a_head_whose_parts_fit_passes(text: str) -> None:
    check(text)


# --------------------------------------------------------------------------------------------- versions and files


def test_versions_sort_as_people_count() -> None:
    versions = ["0.0.9", "0.1.0", "1.2.0", "1.9.9", "1.10.0", "2.0.0", "10.0.0"]
    as_text = sorted(versions)
    assert as_text != versions
    assert sorted(as_text, key=version_key) == versions


@pytest.mark.parametrize("earlier", ["1.1.99", "0.9.0", "null"])
def test_a_version_may_supersede_an_earlier_one_or_none(change: Edit, earlier: str) -> None:
    check(change("supersedes: 1.1.0", f"supersedes: {earlier}"))


@pytest.mark.parametrize("later", ["1.2.0", "1.10.0", "2.0.0"])
def test_a_version_supersedes_neither_itself_nor_a_later_one(change: Edit, later: str) -> None:
    assert "supersedes an earlier one" in refused(change("supersedes: 1.1.0", f"supersedes: {later}")).what


@pytest.mark.parametrize("table", ["codes.csv", "tables/codes.csv", "a..b.csv"])
def test_a_code_table_lies_beside_its_spec(change: Edit, table: str) -> None:
    check(change("owner:", f"code_table: {table}\nowner:"))


@pytest.mark.parametrize(
    "table", ["/codes.csv", "../codes.csv", "a/../../b.csv", "C:/b.csv", r"\\host\b.csv", r"a\..\b"]
)
def test_a_code_table_that_leaves_the_folder_is_refused(change: Edit, table: str) -> None:
    document = change("owner:", f"code_table: '{table}'\nowner:")
    error = refused(document)
    assert (error.what, error.where) == ("code_table leaves the folder of the spec", line_of(document, "code_table"))


# --------------------------------------------------------------------------------- inputs and minimum necessary


@pytest.mark.parametrize("word", PHI_WORDS)
def test_every_category_of_identifiers_may_be_named(change: Edit, word: str) -> None:
    check(change("phi: [mrn]", f"phi: [{word}]"))


@pytest.mark.parametrize(
    ("word", "step"), [("dob", "write date"), ("zip", "write geo"), ("emial", "write email"), ("qqqq", "known: ")]
)
def test_another_word_for_a_category_is_told_the_right_one(change: Edit, word: str, step: str) -> None:
    error = refused(change("phi: [mrn]", f"phi: [{word}]"))
    assert f"'{word}' is not a category" in error.what
    assert (error.next_step or "").startswith(step)


@pytest.mark.parametrize("type_", ["string", "'list[string]'", "'list[note]'"])
def test_a_limit_of_characters_is_for_text(change: Edit, type_: str) -> None:
    check(change("{type: integer}", f"{{type: {type_}, max_chars: 9}}"))


@pytest.mark.parametrize("type_", ["integer", "number", "boolean", "date"])
def test_what_is_no_text_has_no_limit_of_characters(change: Edit, type_: str) -> None:
    assert "max_chars is for text" in refused(change("{type: integer}", f"{{type: {type_}, max_chars: 9}}")).what


def test_what_reaches_a_model_is_sent_or_derived(text: str) -> None:
    names = reaching_names(parts(text)[0])
    assert names["age_years"] == "patient_dob"
    assert names["note_text"] == "note_text"
    assert {"patient_dob", "patient_mrn"}.isdisjoint(names)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("{type: integer}", "{type: date, use: derive}", "'use: derive' and 'derive:' go together"),
        ("{type: integer}", "{type: date, derive: year}", "'use: derive' and 'derive:' go together"),
        ("{type: integer}", "{type: integer, use: derive, derive: year}", "year is derived from a date"),
        ("{type: integer}", "{type: date, use: derive, derive: age_years}", "another field is called age_years"),
        ("{type: integer}", "{type: integer, values: [a]}", "'type: enum' and 'values:' go together"),
        ("{type: integer}", "{type: enum}", "'type: enum' and 'values:' go together"),
        ("    photos: says", "    photo: says", "photo is no input field and not derived from one"),
        ("    photos: says", "    patient_dob: says", "patient_dob is derive and never reaches a model"),
        ("codes: the diagnosis", "codes: ab", "codes has no reason"),
        ("codes: the diagnosis", "codes: '     '", "codes has no reason"),
        ("    codes: the diagnosis\n", "", "input.codes is sent, and codes is not allowed"),
        ("ssn, employer", "ssn, age_years", "age_years is forbidden and an input at once"),
        ("ssn, employer", "ssn, Employer", "a forbidden name is not a field name"),
    ],
)
def test_inputs_and_what_is_allowed_say_the_same(change: Edit, old: str, new: str, what: str) -> None:
    assert what in refused(change(old, new)).what


def test_a_misspelt_name_is_told_before_the_field_it_leaves_out(change: Edit) -> None:
    document = change("    photos: says", "    photo: says")
    error = refused(document)
    assert error.where == line_of(document, "    photo: says")
    assert error.next_step == "did you mean photos?"


def test_the_first_mistake_by_line_is_told(change: Edit) -> None:
    document = change("min: 0.9}", "min: 0.9, max: 0.1}", "supersedes: 1.1.0", "supersedes: 3.0.0")
    assert refused(document).where == line_of(document, "supersedes")


# ----------------------------------------------------------------------------------- outputs, models and gates


def echoing(change: Edit, *rows: str) -> str:
    """The document with these rows of what may be repeated."""
    lines = "\n".join(f"    - {{{row}}}" for row in rows)
    return change("  chart_window_days: 90", f"  chart_window_days: 90\n  echo:\n{lines}")


@pytest.mark.parametrize("field", ["summary", "lines.dressing"])
def test_a_text_of_the_output_may_repeat_an_identifier_for_a_reason(change: Edit, field: str) -> None:
    check(echoing(change, f"field: {field}, needle: patient.member_id, reason: the payer files it by this"))


@pytest.mark.parametrize(("row", "what", "step"), [
    ("field: sumary, needle: patient.name, reason: a letter", "the field is not one of the output", "did you mean summary?"),
    ("field: note_text, needle: patient.name, reason: a letter", "the field is not one of the output", "known: "),
    ("field: lines, needle: patient.name, reason: a letter", "a field of type list repeats no identifier", "an entry of a list"),
    ("field: confidence, needle: patient.name, reason: a letter", "a field of type number repeats no identifier", "text"),
    ("field: lines.evidence, needle: patient.name, reason: a letter", "a field of type list[span] repeats", "text"),
    ("field: summary, needle: name, reason: a letter", "a needle is written whose.what", "patient.member_id"),
    ("field: summary, needle: Patient.name, reason: a letter", "a needle is written whose.what", "patient.member_id"),
    ("field: summary, needle: '*', reason: a letter", "a needle is written whose.what", "patient.member_id"),
    ("field: summary, needle: patient.ssn, reason: a letter", "the needle is a field that the spec forbids", "drop one"),
    ("field: summary, needle: patient.name, reason: ' '", "there is no reason", "say in one line"),
])  # fmt: skip
def test_what_may_not_be_repeated_is_one_clear_line(change: Edit, row: str, what: str, step: str) -> None:
    document = echoing(change, row)
    error = refused(document)
    assert f"echo[0]: {what}" in error.what
    assert step in (error.next_step or "")
    assert error.where == line_of(document, "needle:")
    assert "\n" not in str(error)


def test_the_same_row_twice_is_refused(change: Edit) -> None:
    row = "field: summary, needle: patient.name, reason: a letter"
    assert "echo[1]: the same field and needle stand here again" in refused(echoing(change, row, row)).what


@pytest.mark.parametrize(("row", "what"), [
    ("field: summary, needle: patient.name", "minimum_necessary.echo[0].reason is missing"),
    ("field: summary, needle: patient.name, reason: x, sink: logs", "minimum_necessary.echo[0].sink is not a key of a spec"),
])  # fmt: skip
def test_a_row_has_field_needle_and_reason_and_nothing_else(change: Edit, row: str, what: str) -> None:
    with pytest.raises(SpecError) as caught:
        parts(echoing(change, row))
    assert what in caught.value.what


@pytest.mark.parametrize("type_", ["string", "date", "'list[span]'", "'met|not_met'", "'a|b|c'"])
def test_an_entry_of_a_list_has_a_type_or_words(change: Edit, type_: str) -> None:
    check(change("dressing: string", f"dressing: {type_}"))


@pytest.mark.parametrize("type_", ["text", "'list[note]'", "'|'", "'a|'", "'A|B'", "'a | b'"])
def test_an_entry_of_another_type_is_refused(change: Edit, type_: str) -> None:
    error = refused(change("dressing: string", f"dressing: {type_}"))
    assert error.what == "output.lines.item.dressing has an unknown type"


@pytest.mark.parametrize("name", ["rules/offline", "acme/large-2.1", "acme/eu/large:2026@x"])
def test_a_model_is_a_provider_and_a_name(change: Edit, name: str) -> None:
    check(change("[rules/offline]", f"['{name}']"))


@pytest.mark.parametrize("name", ["large", "/large", "acme/", "acme large/x", "acme//x"])
def test_anything_else_is_no_model(change: Edit, name: str) -> None:
    assert "provider/name" in refused(change("[rules/offline]", f"['{name}']")).what


@pytest.mark.parametrize(
    "keys", ["min: 0.1, max: 0.9", "min: 0.5, max: 0.5", "equals: 0", "min: 0, scope: 'tag:a.b:c'"]
)
def test_a_gate_with_a_bound_that_can_be_met_passes(change: Edit, keys: str) -> None:
    check(change("{metric: line_exact, min: 0.9}", f"{{metric: line_exact, {keys}}}"))


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ("metric: m", "no bound"),
        ("metric: m, equals: 1, min: 0", "equals leaves no room"),
        ("metric: m, equals: 1, max: 2", "equals leaves no room"),
        ("metric: m, min: 0.9, max: 0.8", "min is above max"),
        ("metric: m, max_drop: 0.1", "a drop needs something to drop from"),
        ("metric: m, min: 0.9, versus: production", "to max_drop"),
        ("metric: m, min: 0.9, test: exact", "test belongs to max_drop"),
        ("metric: m, equals: 1, bound: one_sided", "bound belongs to min and max"),
        ("metric: m, min: 0.9, scope: 'tag:'", "the scope is not known"),
        ("metric: m, min: 0.9, scope: everything", "the scope is not known"),
        ("metric: M, min: 0.9", "a metric is a lower-case name"),
        ("metric: phi_leak_count, equals: 1, scope: 'tag:home'", "equals is gated twice"),
        ("metric: line_exact, max_drop: 0.5, versus: production", "max_drop is gated twice"),
    ],
)
def test_a_gate_that_cannot_be_judged_is_refused(change: Edit, keys: str, what: str) -> None:
    assert what in refused(change("{metric: line_exact, min: 0.9}", f"{{{keys}}}")).what


@pytest.mark.parametrize("keys", ["max_drop: 0.5, versus: 1.0.0", "min: 0.9, scope: 'tag:home'", "max: 0.99"])
def test_one_metric_may_have_several_bounds(change: Edit, keys: str) -> None:
    check(change("gates:\n", f"gates:\n  - {{metric: line_exact, {keys}}}\n"))


# ------------------------------------------------------------------------------------------------------- refusals

TABLES = {"Dressings": Table("Dressings", ("dressing",), (Row("Dressings/foam", {"dressing": "foam"}, 9),), 7)}


def refuse(document: str, tables: Mapping[str, Table] = TABLES) -> None:
    header, root = parts(document)
    check_refusals(header, tables, root, path="a.md")


def test_a_refusal_may_mention_inputs_validators_and_tables(change: Edit) -> None:
    refuse(change("not flags.consent", "input.setting in table('Dressings').dressing or valid.mrn(input.patient_mrn)"))


@pytest.mark.parametrize(
    ("when", "what", "step"),
    [
        ("input.settin == 'home'", "'settin' is not an input field", "did you mean setting?"),
        ("valid.mnr(input.setting)", "'mnr' is not a validator", "did you mean mrn?"),
        ("input.setting in table('Dressing').dressing", "'Dressing' is not a table here", "did you mean Dressings?"),
        ("input.setting in table('Dressings').size", "'Dressings' has no column 'size'", "its columns: dressing"),
        ("input.setting ==", "CONSENT_MISSING: the condition cannot be read", ""),
    ],
)
def test_a_refusal_that_mentions_what_is_not_there_is_refused(change: Edit, when: str, what: str, step: str) -> None:
    document = change("not flags.consent", when)
    with pytest.raises(SpecError) as caught:
        refuse(document)
    assert what in caught.value.what
    assert step in (caught.value.next_step or "")
    assert caught.value.where == line_of(document, "CONSENT_MISSING")


def test_a_code_stands_once(change: Edit) -> None:
    document = change("code: MRN_INVALID", "code: CONSENT_MISSING")
    with pytest.raises(SpecError, match="CONSENT_MISSING stands here again") as caught:
        refuse(document)
    assert caught.value.where == line_of(document, "valid.mrn")


def test_a_refusal_names_an_input_field(change: Edit) -> None:
    with pytest.raises(SpecError, match="CODE_UNKNOWN: age_years is no input field"):
        refuse(change("field: codes", "field: age_years"))
