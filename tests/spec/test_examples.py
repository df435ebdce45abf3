from __future__ import annotations

import pytest

from evalkit.errors import SpecError
from evalkit.spec.document import parse_spec
from evalkit.spec.examples import read_examples
from tests.spec.conftest import DOCUMENT

HEAD = "| example | given | when | then |\n|---|---|---|---|\n"
DRESSING = "lines: [{dressing: foam, size: small, count: 1, evidence: []}], confidence: 0.9"


def spec_with(rows: str, head: str = HEAD):
    text = DOCUMENT.partition("\n# ")[0] + "\n# Purpose\n\nWounds.\n\n# Examples\n\n" + head + rows + "\n"
    return parse_spec(text, path="wound.md", schemas={}, open_families=True)


def test_a_row_holds_flags_fields_and_what_must_come_out():
    (example,) = read_examples(spec_with(f"| plain | consent: true | photos: 2, setting: home | {DRESSING} |"))
    assert (example.name, dict(example.flags)) == ("plain", {"consent": True})
    assert dict(example.input) == {"photos": 2, "setting": "home"}
    assert example.output["lines"][0]["dressing"] == "foam"
    assert example.refusal is None


def test_a_refusal_is_written_by_its_code_and_text_with_commas_in_quotes():
    (example,) = read_examples(
        spec_with('| no | consent: false | note_text: "red, warm: 3 cm", codes: [a, b] | refuse CONSENT_MISSING |')
    )
    assert (example.refusal, example.output) == ("CONSENT_MISSING", None)
    assert example.input["note_text"] == "red, warm: 3 cm"
    assert example.input["codes"] == ["a", "b"]


def test_what_stands_under_the_heading_without_a_table_is_prose():
    assert read_examples(spec_with("", head="See the manual.")) == ()


def test_a_spec_without_the_heading_has_no_examples():
    text = DOCUMENT.partition("\n# ")[0] + "\n# Purpose\n\nWounds.\n"
    assert read_examples(parse_spec(text, path="w.md", schemas={}, open_families=True)) == ()


def test_examples_move_the_content_digest_and_not_the_behaviour_digest():
    one = spec_with("| a | - | - | refuse CONSENT_MISSING |")
    two = spec_with("| b | - | - | refuse CONSENT_MISSING |")
    assert one.content_sha != two.content_sha
    assert one.behaviour_sha == two.behaviour_sha


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("| a | consent: maybe | - | refuse CONSENT_MISSING |", "the flag 'consent' is no true or false"),
        ("| a | - | photo: 1 | refuse CONSENT_MISSING |", "'photo' is not an input field.*did you mean photos"),
        ("| a | - | - | refuse CONSENT_MISING |", "not a refusal code.*did you mean CONSENT_MISSING"),
        ("| a | - | - | sumary: x |", "'sumary' is not an output field.*did you mean summary"),
        ("| a | - | - | confidence: 2.0 |", "breaks the output schema at confidence"),
        ("| a | - | - | - |", "'then' says nothing"),
        ("| a | - | photos: [1 | refuse CONSENT_MISSING |", "'when' cannot be read"),
        ("| a | - | - | refuse CONSENT_MISSING |\n| a | - | - | refuse MRN_INVALID |", "two examples have one name"),
        ("|  | - | - | refuse CONSENT_MISSING |", "without a name"),
    ],
)  # fmt: skip
def test_a_row_that_does_not_fit_the_contract_names_its_line(row, what):
    with pytest.raises(SpecError, match=what) as caught:
        read_examples(spec_with(row))
    assert str(caught.value).startswith("wound.md:")
    line = int(str(caught.value).split(":")[1])
    assert "| a |" in spec_with(row).source.split("\n")[line - 1] or "|  |" in row


def test_other_columns_are_refused_with_the_ones_that_are_meant():
    with pytest.raises(SpecError, match=r"write \| example \| given \| when \| then \|"):
        read_examples(spec_with("| a | b |", head="| name | result |\n|---|---|\n"))
