"""From a file to a spec: what loads, what each mistake says and where, and what moves which digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import SpecError
from evalkit.spec.document import parse_spec
from evalkit.spec.schema import Spec, TableSchema

Load = Callable[..., Spec]
Change = Callable[..., str]


def test_the_head_becomes_typed_parts(spec: Spec) -> None:
    assert (spec.ref, spec.family, spec.effective, spec.supersedes) == (
        "wound_care@1.2.0", "dressings", date(2026, 7, 1), "1.1.0",
    )  # fmt: skip
    assert spec.input["note_text"].max_chars == 5000
    assert spec.minimum_necessary.allow["age_years"] == "skin thins with age"
    assert spec.refuse[0].when == "not flags.consent"
    assert spec.gates[1].versus == "production"
    assert spec.code_table is None


def test_fields_keep_the_order_of_the_file(spec: Spec) -> None:
    assert list(spec.input)[:3] == ["note_text", "visit_date", "patient_dob"]
    assert list(spec.output) == ["lines", "summary", "confidence"]


def test_tables_hold_typed_cells_in_the_order_of_the_file(spec: Spec) -> None:
    table = spec.tables["Dressings"]
    assert table.columns == ("dressing", "cues (any)", "layers", "goes with")
    assert table.column("layers") == (2, 3, 1)
    assert table.column("goes with") == (None, "foam", None)
    assert table.column("cues (any)")[0] == ("foam", "foam pad")


def test_an_escaped_pipe_is_part_of_its_cell(spec: Spec) -> None:
    assert spec.tables["Dressings"].rows[2].cells["cues (any)"] == ("film | clear film",)


def test_a_setting_is_read_without_its_comment(spec: Spec) -> None:
    assert spec.tables["Counting"].setting("rule") == "each"


def test_a_bullet_may_hold_several_items_and_a_numbered_line_is_one(spec: Spec) -> None:
    assert spec.tables["Leave out"].column("item") == ("planned", "declined", "last visit")
    assert spec.tables["Order"].column("item") == ("foam before gauze, always", "otherwise as written")


def test_every_executable_row_has_an_id(spec: Spec) -> None:
    assert list(spec.rows()) == [
        "Dressings/foam", "Dressings/gauze", "Dressings/film", "Counting/rule",
        "Leave out/planned", "Leave out/declined", "Leave out/last visit",
        "Order/foam before gauze, always", "Order/otherwise as written",
    ]  # fmt: skip


def test_a_key_of_two_columns_is_joined(load: Load, text: str) -> None:
    grown = text + "\n# Pairs\n| one | other |\n|---|---|\n| a | b |\n| a | c |\n"
    assert [row.row_id for row in load(grown).tables["Pairs"].rows] == ["Pairs/a+b", "Pairs/a+c"]


def test_every_row_knows_its_line(spec: Spec, text: str) -> None:
    lines = text.split("\n")
    for table in spec.tables.values():
        for row in table.rows:
            assert row.row_id.split("/")[1].split(" ")[0] in lines[row.line - 1]


def test_prose_is_kept_apart_and_as_it_stands(spec: Spec) -> None:
    assert set(spec.prose) == {"Purpose", "Change log"}
    assert spec.prose["Purpose"].endswith("with *emphasis*.")


def test_columns_may_stand_in_any_order(load: Load, change: Change, spec: Spec) -> None:
    flipped = change(
        "| dressing | cues (any)          | layers | goes with |", "| layers | cues (any) | dressing | goes with |",
        "| foam     | foam; foam pad      | 2      |", "| 2 | foam; foam pad | foam |",
        "| gauze    | gauze               | 3      |", "| 3 | gauze | gauze |",
        "| film     | film \\| clear film | 1      |", "| 1 | film \\| clear film | film |",
    )  # fmt: skip
    assert load(flipped).behaviour_sha == spec.behaviour_sha


def test_a_table_that_is_not_required_may_be_absent(spec: Spec) -> None:
    assert "Pairs" not in spec.tables


def test_an_item_with_a_reference_resolves_what_it_mentions() -> None:
    """``mentions`` picks the part of a compound cell that must stand elsewhere."""
    from evalkit.spec.markdown import split_sections
    from evalkit.spec.schema import Column
    from evalkit.spec.tables import read_tables

    schema = TableSchema(
        "Codes", "table", (
            Column("code"),
            Column("units", refers_to="Codes.code", mentions=lambda units: units.split(":")[1:]),
        ),
    )  # fmt: skip
    body = "# Codes\n| code | units |\n|---|---|\n| 00012 | one |\n| 00013 | extra:{} |"
    good = split_sections(body.format("00012"), first=1, path="x")
    assert len(read_tables(good, [schema], path="x")[0]["Codes"].rows) == 2
    with pytest.raises(SpecError, match="x:5: 'units' mentions what does not stand under 'Codes' in 'code'"):
        read_tables(split_sections(body.format("00099"), first=1, path="x"), [schema], path="x")


# ---------------------------------------------------------------------------------------------- mistakes and lines

MISTAKES = [
    # (old, new, a text on the line that the message must name, words of the message)
    ("---\nspec", "spec", "spec: evalkit", "does not start with a head"),
    ("spec: evalkit/1", "spec: evalkit/2", "evalkit/2", "spec is not one of the known words"),
    ("version: 1.2.0", "version: 1.10", "version: 1.10", "version is read as a number.*quotes"),
    ("version: 1.2.0", "version: 01.2.0", "version: 01", "version has the wrong form"),
    ("version: 1.2.0", "version: 1.2.0-rc1", "-rc1", "three numbers"),
    ("id: wound_care", "id: Wound-Care", "Wound-Care", "id has the wrong form"),
    ("id: wound_care", "id: ../../etc", "../../etc", "id has the wrong form"),
    ("id: wound_care\n", "", "spec: evalkit/1", "id is missing"),
    ("title:", "titel:", "titel:", "titel is not a key of a spec.*did you mean title"),
    ("owner: wound-care@example.org", "owner: 12:30:45", "12:30:45", "YAML readers disagree.*quotes"),
    ("owner: wound-care@example.org", "owner: null", "owner: null", "owner is read as null"),
    ("owner: wound-care@example.org", "owner: true", "owner: true", "owner is read as a boolean"),
    ("status: candidate", "status: live", "status: live", "'draft', 'candidate', 'production' or 'retired'"),
    ("effective: 2026-07-01", "effective: 2026-02-30", "2026-02-30", "effective is not a date"),
    ("effective: 2026-07-01", "effective: 1 July", "1 July", "effective is not a date"),
    ("supersedes: 1.1.0", "supersedes: 1.2.0", "supersedes: 1.2.0", "supersedes an earlier one"),
    ("supersedes: 1.1.0", "supersedes: 1.10.0", "supersedes: 1.10.0", "supersedes an earlier one"),
    ("data_class: phi", "data_class: secret", "secret", "data_class is not one of"),
    ("purpose_of_use: TREAT", "purpose_of_use: treatment", "treatment", "purpose_of_use has the wrong form"),
    ("family: dressings", "family: dressing", "family: dressing", "did you mean dressings"),
    ("family: dressings", "family: dressings\ncode_table: ../codes.csv", "../codes", "leaves the folder"),
    ("family: dressings", "family: dressings\ncode_table: /etc/passwd", "/etc/", "leaves the folder"),
    ("family: dressings", "family: dressings\nfamily: dressings", "-", "the key of line 6 stands here again"),
    ("type: string,", "type: text,", "type: text", "input.note_text.type is not one of"),
    ("required: true,", "required: yes,", "required: yes", "YAML readers disagree"),
    ("required: true,", "required: 1,", "required: 1,", "required is not true or false"),
    ("required: true,", "requird: true,", "requird", "requird is not a key.*did you mean required"),
    ("max_chars: 5000", "max_chars: 0", "max_chars: 0", "above 0"),
    ("max_chars: 5000", "max_chars: '5000'", "'5000'", "not a whole number"),
    ("phi: [free_text]", "phi: [dates]", "phi: [dates]", "'dates' is not a category.*write date"),
    ("phi: [mrn]", "phi: [mrm]", "[mrm]", "write mrn"),
    ("phi: [mrn]", "phi: mrn", "phi: mrn", "phi is not a list"),
    ("  note_text:  ", "  Note-Text:  ", "Note-Text", "not a field name"),
    ("  note_text:  ", "  __proto__:  ", "__proto__", "not a field name"),
    ("values: [clinic, home]", "values: [clinic, NO]", "NO]", "YAML readers disagree.*quotes"),
    ("values: [clinic, home]", "values: [clinic, clinic]", "clinic, clinic", "a value stands twice"),
    (", values: [clinic, home]", "", "type: enum", "'type: enum' and 'values:' go together"),
    (", derive: age_years", "", "patient_dob:", "go together"),
    ("derive: age_years", "derive: age_weeks", "age_weeks", "derive is not one of"),
    ("patient_dob:     {type: date", "patient_dob:     {type: string", "patient_dob:", "derived from a date"),
    ("{type: integer}", "{type: integer, max_chars: 3}", "photos:", "max_chars is for text"),
    ("type: 'list[string]'", "type: list[string]", "list[string]", "not YAML.*quotes"),
    ("    note_text: the", "    note_texts: the", "note_texts:", "note_texts is no input field.*did you mean note_text"),
    ("    age_years: skin thins with age\n", "", "patient_dob:", "age_years is not allowed"),
    ("    codes: the diagnosis\n", "", "codes:  ", "input.codes is sent, and codes is not allowed"),
    ("    codes: the diagnosis", "    codes: ''", "codes: ''", "codes has no reason"),
    ("    codes: the diagnosis", "    patient_mrn: why", "patient_mrn: why", "validate_only and never reaches"),
    ("    codes: the diagnosis", "    codes: 7", "codes: 7", "read as a number"),
    ("forbid: [patient_name", "forbid: [setting", "forbid:", "setting is forbidden and an input at once"),
    ("forbid: [patient_name", "forbid: [patient_mrn", "forbid:", "patient_mrn is forbidden and an input"),
    ("forbid: [patient_name", "forbid: ['Patient Name'", "forbid:", "a forbidden name is not a field name"),
    ("chart_window_days: 90", "chart_window_days: 0.5", "chart_window_days", "not a whole number"),
    ("code: CONSENT_MISSING", "code: consent", "code: consent", "refuse.0..code has the wrong form"),
    ("code: MRN_INVALID", "code: CONSENT_MISSING", "valid.mrn", "CONSENT_MISSING stands here again"),
    ("not flags.consent", "not flag.consent", "flag.consent", "CONSENT_MISSING: column 5"),
    ("not flags.consent", "__import__('os')", "__import__", "CONSENT_MISSING: column 1"),
    ("input.visit_date > today", "input.visit_day > today", "visit_day", "'visit_day' is not an input field.*visit_date"),
    ("valid.mrn(", "valid.mnr(", "valid.mnr", "'mnr' is not a validator.*did you mean mrn"),
    ("any_forbidden(input)", "input.setting in table('Dresses').dressing", "Dresses", "'Dresses' is not a table here"),
    ("any_forbidden(input)", "input.setting in table('Dressings').size", "'Dressings'", "has no column 'size'"),
    ("field: codes", "field: code", "field: code", "code is no input field"),
    ("item: {dressing: string", "item: {dressing: text", "dressing: text", "has an unknown type.*list.span"),
    ("item: {dressing: string", "item: {Dressing: string", "Dressing: string", "an entry is not a field name"),
    ("summary: {type: string", "summary: {type: list", "summary:", "'type: list' and 'item:' go together"),
    ("min: 0, max: 1", "min: 1, max: 0", "confidence:", "min is above max"),
    ("summary: {type: string", "summary: {type: string, min: 3", "summary:", "min and max are for numbers"),
    ("threshold: 0.8", "threshold: 80", "threshold: 80", "at most 1"),
    ("threshold: 0.8", "treshold: 0.8", "treshold", "did you mean threshold"),
    ("band: 0.05", "band: .05", "band:", "YAML readers disagree"),
    ("policy: baa_only", "policy: any", "policy: any", "'baa_only' or 'offline_only'"),
    ("allow: [rules/offline]", "allow: []", "models:", "no model is allowed"),
    ("allow: [rules/offline]", "allow: [gpt]", "models:", "provider/name"),
    ("metric: line_exact, min: 0.9", "metric: line_exact", "{metric: line_exact}", "no bound"),
    ("min: 0.9}", "min: 0.9, max: 0.1}", "max: 0.1", "min is above max"),
    ("min: 0.9}", "min: 0.9, equals: 1}", "equals: 1}", "equals leaves no room"),
    (", versus: production", "", "max_drop", "something to drop from"),
    ("min: 0.9}", "min: 0.9, versus: production}", "min: 0.9, versus", "belongs to max_drop"),
    ("scope: 'tag:home'", "scope: home", "scope: home", "the scope is not known"),
    ("{metric: phi_leak_count, equals: 0, scope: 'tag:home'}", "{metric: line_exact, min: 0.8}", "min: 0.8", "gated twice"),
    ("# Dressings", "# Dressing", "# Dressing", "heading 'Dressing' is not known.*did you mean 'Dressings'"),
    ("# Dressings", "# dressings", "# dressings", "did you mean 'Dressings'"),
    ("# Purpose", "# Porpoise", "# Porpoise", "did you mean 'Purpose'"),
    ("# Order", "# Zebra crossing", "# Zebra", "known: Dressings, Counting"),
    ("# Order", "# Leave out", "1.2.0 a cue", None),
    ("# Order", "## Order", "## Order", "not one '#'"),
    ("# Order", "Order\n=====", "Order", "not one '#'"),
    ("# Order\n", "# Order\n> # Purpose\n", "> # Purpose", "not one '#'"),
    ("# Purpose", "stray words\n\n# Purpose", "stray words", "text before the first heading"),
    ("| layers |", "| layer |", "| layer |", "'Dressings' has no column 'layer'.*did you mean 'layers'"),
    ("| goes with |", "| layers |", "| layers | layers", "column 'layers' stands here twice"),
    ("| 2      | -         |", "| 2      |", "| foam     |", "the row has 3 cells and the table 4 columns"),
    ("| 2      | -         |", "| 2 | - | x |", "| foam     |", "the row has 5 cells and the table 4 columns"),
    ("| 2      | -", "| two | -", "| two |", "'layers': a digit from 1 to 9"),
    ("| 2      | -", "| - | -", "| - | -", "'layers' cannot be '-'"),
    ("| 2      | -", "| | -", "| | -", "an empty cell in 'layers'.*write '-'"),
    ("| 3      | foam      |", "| 3 | form |", "| form |", "'goes with' mentions what does not stand under 'Dressings'"),
    ("| gauze    |", "| foam     |", "| 3 ", "the row 'Dressings/foam' stands here again .first at line"),
    ("| gauze               |", "| **gauze** |", "**gauze**", "formatting where plain text is executed"),
    ("| gauze               |", "| [gauze](http://x.example) |", "[gauze]", "formatting where plain text"),
    ("| gauze               |", "| `gauze` |", "`gauze`", "formatting where plain text"),
    ("# Counting", "A stray line.\n\n# Counting", "A stray line.", "no part of its table"),
    ("# Counting", "| dressing |\n|---|\n| x |\n\n# Counting", "| dressing |\n", "no part of its table"),
    ("# Counting\n", "# Counting\n- a list\n", "- a list", "no part of its settings"),
    ("rule: each", "rule each", "rule each", "not 'key: value'"),
    ("rule: each", "rulle: each", "rulle", "no setting 'rulle'.*did you mean 'rule'"),
    ("rule: each", "limit: 3", "# Counting", "lacks the setting 'rule'"),
    ("rule: each", "rule: every", "rule: every", "'rule': rule is each or all"),
    ("- last visit", "- last visit, planned", "- last visit", "'Leave out/planned' stands here again"),
    ("- last visit", "- last visit,", "- last visit", "an empty cell"),
    ("- last visit", "- last visit\n  - nested", "  - nested", "a list inside the list"),
    ("- last visit", "- last visit\n\n      code", "      code", "something other than text in the list"),
    ("- planned, declined\n- last visit\n", "", "# Leave out", "nothing stands under 'Leave out'"),
    ("- planned, declined\n- last visit", "planned", "planned\n", "no part of its list"),
    ("-->", "", "rule: each", "a comment without an end"),
    ("# Change log", "[x]: http://a.example\n\n# Change log", "[x]:", None),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "words"), MISTAKES, ids=[f"{m[1][:40]!r}" for m in MISTAKES])
def test_a_mistake_names_its_line(load: Load, change: Change, old: str, new: str, at: str, words: str | None) -> None:
    edited = change(old, new)
    with pytest.raises(SpecError, match=words) as caught:
        load(edited, path="x.md")
    file, _, line = (caught.value.where or "").rpartition(":")
    assert file == "x.md"
    assert caught.value.next_step
    if words is not None and at != "-":
        assert edited[: edited.index(at)].count("\n") + 1 == int(line)


def test_a_list_of_allowed_names_is_refused_with_a_hint_to_give_reasons(load: Load, text: str) -> None:
    start, end = text.index("  allow:\n"), text.index("  forbid:")
    with pytest.raises(SpecError, match="without reasons.*'field: reason'") as caught:
        load(text[:start] + "  allow: [note_text, visit_date]\n" + text[end:], path="x.md")
    assert caught.value.where == f"x.md:{text[:start].count(chr(10)) + 1}"


def test_the_first_mistake_is_told_with_a_count_of_the_others(load: Load, change: Change) -> None:
    with pytest.raises(SpecError, match=r"title is read as a number.*\(and 1 more\)"):
        load(change("title: Dressings for a wound care visit", "title: 7", "data_class: phi", "data_class: x"))


def test_a_missing_heading_is_named(load: Load, text: str) -> None:
    start, end = text.index("# Leave out"), text.index("# Order")
    with pytest.raises(SpecError, match="the heading 'Leave out' is missing.*with its list"):
        load(text[:start] + text[end:])


def test_a_row_after_a_comment_line_is_not_lost(load: Load, change: Change) -> None:
    """A comment between rows ends the Markdown table; the rows behind it must not vanish."""
    with pytest.raises(SpecError, match="no part of its table"):
        load(change("| gauze ", "<!-- a remark -->\n| gauze "))


def test_pydantic_never_speaks_for_itself(load: Load, change: Change) -> None:
    for old, new in (("threshold: 0.8", "threshold: high"), ("{type: integer}", "7"), ("id: wound_care", "id: [1]")):
        with pytest.raises(SpecError) as caught:
            load(change(old, new))
        assert "pydantic" not in str(caught.value)
        assert "Input should" not in str(caught.value)
        assert caught.value.__cause__ is None


# ------------------------------------------------------------------------------------------------------- digests


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Read one note", "Read a note"),
        ("change_note: A cue", "change_note: One cue"),
        ("version: 1.2.0", "version: 1.2.1"),
        ("the wound is described here", "the wound stands here"),
        ("<!-- each", "<!-- Each"),
        ("# a comment in the head", "# another"),
        ("| foam     | foam; foam pad      |", "| foam | foam;foam pad |"),
        ("min: 0.9}", "min: 0.5}"),
        ("status: candidate", "status: draft"),
    ],
)
def test_prose_comments_and_layout_move_the_content_and_not_the_behaviour(
    load: Load, change: Change, spec: Spec, old: str, new: str
) -> None:
    edited = load(change(old, new))
    assert edited.content_sha != spec.content_sha
    assert edited.behaviour_sha == spec.behaviour_sha


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("foam; foam pad", "foam"),
        ("rule: each", "rule: all"),
        ("- last visit", "- next visit"),
        (
            "1. foam before gauze, always\n2. otherwise as written",
            "1. otherwise as written\n2. foam before gauze, always",
        ),
        ("max_chars: 5000", "max_chars: 5001"),
        ("not flags.consent", "not flags.agreed"),
        ("threshold: 0.8", "threshold: 0.7"),
        ("allow: [rules/offline]", "allow: [rules/offline, acme/large]"),
        ("chart_window_days: 90", "chart_window_days: 365"),
        ("required: false}\n  confidence", "required: true}\n  confidence"),
        ("ssn, employer]", "ssn, employer, photo]"),
    ],
)
def test_contract_and_tables_move_both_digests(load: Load, change: Change, spec: Spec, old: str, new: str) -> None:
    edited = load(change(old, new))
    assert edited.content_sha != spec.content_sha
    assert edited.behaviour_sha != spec.behaviour_sha


def test_windows_line_ends_and_trailing_blanks_are_the_same_document(load: Load, text: str, spec: Spec) -> None:
    again = load(text.replace("\n", "  \r\n").replace("---  \r\n", "---\r\n") + "\n\n")
    assert again.content_sha == spec.content_sha


def test_a_default_that_is_written_out_is_the_same_behaviour(load: Load, change: Change, spec: Spec) -> None:
    assert load(change("phi: [free_text], max", "phi: [free_text], use: send, max")).behaviour_sha == spec.behaviour_sha


def test_equal_texts_make_equal_specs(load: Load, spec: Spec) -> None:
    again = load()
    assert again == spec
    assert hash(again) == hash(spec)
    assert len({again, spec}) == 1


def test_a_cell_of_a_kind_without_a_plain_form_is_a_mistake_of_the_family(text: str) -> None:
    from evalkit.spec.identity import plain

    with pytest.raises(TypeError, match="object has no plain form"):
        plain(object())


# ---------------------------------------------------------------------------------------------- hostile documents


@pytest.mark.parametrize(
    "head",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
        "a: &a [*a]",
        "a: !!python/object/apply:os.system [echo]",
        "a: !custom x",
        "<<: {id: x}",
        "a: {<<: {b: c}}",
        "[" * 10_000,
        "a: " + "{a: " * 10_000,
        "- " * 5_000,
        "%YAML 1.1\n--- \nid: x",
        "id: x\n...\n--- \nid: y",
        "\tid: x",
        "id: \tx",
        "? [a, b]\n: c",
        "? {a: b}\n: c",
        'id: "\\u200b"',
        'id: "\\0"',
        'id: "a\\u202eb"',
        "id: 'x",
        "id: @x",
        "",
        "x",
        "- x",
        "null",
        "\n".join(f"k{i}: {{a: [1, 2]}}" for i in range(3000)),
        "id: " + "1" * 3_000,
    ],
    ids=lambda head: repr(head[:24]),
)
def test_a_hostile_head_is_refused_with_a_line(load: Load, head: str) -> None:
    with pytest.raises(SpecError) as caught:
        load(f"---\n{head}\n---\n# Purpose\nx\n", path="x.md")
    assert str(caught.value.where).startswith("x.md:")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xef\xbb\xbf---\n",
        "---\n".encode("utf-16"),
        b"---\n\xff\n---\n",
        b"---\n\x00\n---\n",
        b"---",
        b"---\n---\n",
    ],
)
def test_hostile_bytes_are_refused(load: Load, text: bytes) -> None:
    with pytest.raises(SpecError):
        load(text)


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=300))
def test_any_text_loads_or_is_refused_and_nothing_else(text: str) -> None:
    with pytest.raises(SpecError):
        parse_spec(text, path="x", schemas={})


@settings(deadline=None, max_examples=150)
@given(body=st.text(alphabet="abc|-#:;>*_`[](){}<!&%\"'\\ \n\t019\u00e9", max_size=200))
def test_any_body_loads_or_is_refused_and_nothing_else(
    schemas: Mapping[str, Sequence[TableSchema]], text: str, body: str
) -> None:
    head = text[: text.index("# Purpose")]
    with pytest.raises(SpecError):
        parse_spec(head + body, path="x", schemas=schemas)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_any_edit_of_the_document_loads_or_is_refused_and_nothing_else(
    schemas: Mapping[str, Sequence[TableSchema]], text: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 40))
    put = data.draw(st.text(alphabet="abc|-#:;>*_`[](){}<!&%\"'\\ \n\t019\u00e9\u200b", max_size=20))
    edited = text[:at] + put + text[at + cut :]
    try:
        spec = parse_spec(edited, path="x", schemas=schemas)
    except SpecError as error:
        assert error.where is not None
    else:
        assert parse_spec(spec.source, path="x", schemas=schemas) == spec


def test_a_thousand_rows_load(load: Load, change: Change) -> None:
    rows = "\n".join(f"| kind {number} | cue {number} | 1 | foam |" for number in range(1000))
    grown = load(change("| gauze ", f"{rows}\n| gauze "))
    assert len(grown.tables["Dressings"].rows) == 1003
