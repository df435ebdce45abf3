"""What the offline agent lists as diagnoses, sentence by sentence, on rows made for the purpose."""

from __future__ import annotations

import pytest

from evalkit.spec.document import parse_spec
from evalkit.tasks import FAMILIES, load_spec
from evalkit.tasks.billing_codes.diagnosing import DiagnosisRules
from evalkit.tasks.reading import read_sentences

HEADING = "# Diagnoses\n"
ROWS = """
| code   | what we call it | cues (any)               | side       |
|--------|-----------------|--------------------------|------------|
| M17.11 | knee, right     | knee osteoarthritis; gon | right      |
| M17.12 | knee, left      | knee osteoarthritis      | left       |
| M17.0  | knees           | knee osteoarthritis      | both       |
| G56.01 | one wrist       | carpal tunnel            | left; right|
| I10    | pressure        | hypertension             | -          |

# Do not code
- ruled out
- family history

"""


def rules(rows: str = ROWS) -> DiagnosisRules:
    """The rules of the shipped spec with other rows of these two headings."""
    source = load_spec("billing_codes@1.0.0").source
    before, _, after = source.partition(HEADING)
    kept = [part for part in after.split("\n# ")[1:] if not part.startswith("Do not code")]
    document = before + (HEADING + rows if rows else "") + "".join(f"\n# {part}" for part in kept)
    schemas = {name: family.tables for name, family in FAMILIES.items()}
    return DiagnosisRules(parse_spec(document, path="x.md", schemas=schemas))


@pytest.fixture(scope="module")
def known() -> DiagnosisRules:
    return rules()


@pytest.mark.parametrize(
    ("note", "codes"),
    [
        ("Left knee osteoarthritis.", ["M17.12"]),
        ("Right knee osteoarthritis.", ["M17.11"]),
        ("Knee osteoarthritis, left and right.", ["M17.0"]),
        ("Bilateral knee osteoarthritis.", ["M17.0"]),
        ("Knee osteoarthritis.", []),
        ("Left carpal tunnel.", ["G56.01"]),
        ("Both carpal tunnels.", []),
        ("Hypertension.", ["I10"]),
        ("Hypertension with the cuff on the left arm.", ["I10"]),
        ("Hypertension was ruled out.", []),
        ("Hypertension was ruled out. Hypertension after all.", ["I10"]),
        ("Family history of hypertension, left carpal tunnel.", []),
        ("Prehypertension.", []),
        ("Hypertension and left knee osteoarthritis.", ["M17.12", "I10"]),
        ("Hypertension. Left knee osteoarthritis. Hypertension.", ["I10", "M17.12"]),
        ("Right gon and right knee osteoarthritis.", ["M17.11"]),
        ("", []),
    ],
)
def test_a_code_is_listed_where_its_cue_and_its_side_are_in_one_live_sentence(
    known: DiagnosisRules, note: str, codes: list[str]
) -> None:
    found, rows = known.list_codes(read_sentences(note))
    assert found == codes
    assert len(rows) == len(codes)
    assert all(code in row for code, row in zip(found, rows, strict=True))


def test_a_sentence_is_explained_by_a_cue_even_where_no_side_fits(known: DiagnosisRules) -> None:
    said = {text: known.explain(next(read_sentences(text))) for text in ("Knee osteoarthritis.", "Gout of the toe.")}
    assert said == {"Knee osteoarthritis.": True, "Gout of the toe.": False}


def test_a_spec_without_the_headings_knows_none_and_explains_nothing() -> None:
    none = rules("")
    assert not none.known
    assert none.list_codes(read_sentences("Hypertension.")) == ([], [])
    assert not none.explain(next(read_sentences("Hypertension.")))


def test_without_words_that_silence_everything_that_is_named_is_listed() -> None:
    rows = ROWS.partition("# Do not code")[0]
    assert rules(rows).list_codes(read_sentences("Hypertension was ruled out."))[0] == ["I10"]
