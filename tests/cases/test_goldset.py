from __future__ import annotations

import errno
import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.case import Case, Decoys, GoldSet, Spans
from evalkit.cases.goldset import (
    CASES,
    MANIFEST,
    Card,
    case_from_json,
    case_to_json,
    cases_to_jsonl,
    gold_versions,
    load_gold,
    read_cases,
    read_manifest,
    save_gold,
)
from evalkit.cases.patients import make_patient
from evalkit.cases.writing import Writer
from evalkit.errors import CaseError


def make_case(index, **changes):
    patient = make_patient(3, index)
    writer = Writer().text("Seen: ").plant(patient.identifier("patient.name")).line(".")
    text, spans = writer.build("note_text")
    case = Case(
        case_id=f"demo-3-{index:012d}",
        family="demo",
        input={"note_text": text, "units": index, "share": 0.5, "parts": ["a", None, True]},
        flags={"note_signed": True},
        gold={"lines": [{"code": "00010", "units": 1}]},
        identifiers=(patient.identifier("patient.name"),),
        spans=spans,
        facts=({"type": "visit", "minutes": 20},),
        tags=("edge",),
        cluster=patient.pseudonym,
        provenance={"generator": "demo/1"},
    )
    return replace(case, **changes)


@pytest.fixture
def gold():
    return GoldSet("demo synthetic seed 3", tuple(make_case(index) for index in range(4)))


def test_a_saved_set_is_read_back_equal(tmp_path, gold):
    assert save_gold(tmp_path, "demo", gold) == 1
    back = load_gold(tmp_path, "demo")
    assert (back.name, back.digest, len(back)) == ("demo@1", gold.digest, 4)
    assert back[2].input["note_text"] == gold[2].input["note_text"]
    assert back.cases == gold.cases


def test_the_manifest_says_what_who_why_and_what_came_before(tmp_path, gold):
    save_gold(tmp_path, "demo", gold, card=Card("A. Analyst", "first", "2026-01-02T03:04:05Z"))
    save_gold(tmp_path, "demo", GoldSet("more", (*gold.cases, make_case(9))))
    first, second = read_manifest(tmp_path, "demo", 1), read_manifest(tmp_path, "demo", 2)
    assert (first.author, first.note, first.at, first.parent) == ("A. Analyst", "first", "2026-01-02T03:04:05Z", None)
    assert (first.cases, first.name, first.data_class) == (4, "demo synthetic seed 3", "synthetic")
    assert first.dataset_digest == gold.digest
    assert second.parent is not None


def test_versions_are_only_ever_added(tmp_path, gold):
    save_gold(tmp_path, "demo", gold)
    before = (tmp_path / "gold/demo/1" / CASES).read_bytes()
    assert save_gold(tmp_path, "demo", GoldSet("x", gold.cases[:1])) == 2
    assert (tmp_path / "gold/demo/1" / CASES).read_bytes() == before
    assert gold_versions(tmp_path, "demo") == (1, 2)
    assert len(load_gold(tmp_path, "demo")) == 1
    assert len(load_gold(tmp_path, "demo", 1)) == 4


def test_versions_are_ordered_as_numbers(tmp_path, gold):
    for _ in range(11):
        save_gold(tmp_path, "demo", gold)
    assert gold_versions(tmp_path, "demo")[-1] == 11


def test_nothing_half_written_is_left_beside(tmp_path, gold):
    save_gold(tmp_path, "demo", gold)
    assert sorted(entry.name for entry in (tmp_path / "gold/demo").iterdir()) == ["1"]
    assert sorted(entry.name for entry in (tmp_path / "gold/demo/1").iterdir()) == [CASES, MANIFEST]


def test_a_version_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path, gold):
    folder = tmp_path / "gold" / "demo"
    folder.mkdir(parents=True)
    (folder / "1").write_text("a file in the way")
    assert gold_versions(tmp_path, "demo") == ()
    with pytest.raises(CaseError, match="could not be written"):
        save_gold(tmp_path, "demo", gold)
    assert [entry.name for entry in folder.iterdir()] == ["1"]


def test_savers_at_the_same_time_get_different_versions_or_an_error(tmp_path, gold):
    def save(number):
        try:
            return save_gold(tmp_path, "demo", GoldSet(f"set {number}", gold.cases))
        except CaseError:
            return None

    with ThreadPoolExecutor(8) as pool:
        saved = [version for version in pool.map(save, range(24)) if version is not None]
    assert sorted(saved) == list(gold_versions(tmp_path, "demo")) == list(range(1, len(saved) + 1))
    assert all(load_gold(tmp_path, "demo", version).digest == gold.digest for version in saved)


def test_cases_with_phi_are_never_written_in_clear(tmp_path, gold):
    real = GoldSet("x", (gold[0], replace(gold[1], data_class="phi")))
    with pytest.raises(CaseError, match="never written in clear") as caught:
        save_gold(tmp_path, "demo", real)
    assert not list(tmp_path.rglob("*.jsonl"))
    assert gold[1].identifiers[0].value not in str(caught.value)


def test_one_deidentified_case_makes_the_set_deidentified(tmp_path, gold):
    save_gold(tmp_path, "demo", GoldSet("x", (gold[0], replace(gold[1], data_class="deidentified"))))
    assert read_manifest(tmp_path, "demo", 1).data_class == "deidentified"


@pytest.mark.parametrize(
    "id", ["", "..", "../x", "a/b", "/etc", "A", "a b", ".hidden", "a..b", "a\x00", "a\n", "x" * 101, "é"]
)
def test_an_id_that_is_no_plain_name_is_refused(id, tmp_path, gold):
    for ask in (
        lambda: save_gold(tmp_path, id, gold),
        lambda: load_gold(tmp_path, id),
        lambda: gold_versions(tmp_path, id),
    ):
        with pytest.raises(CaseError, match="id is made of"):
            ask()


@pytest.mark.parametrize("id", ["demo", "aci-bench-test1", "billing_codes", "v1.2"])
def test_a_plain_id_is_taken(id, tmp_path, gold):
    assert save_gold(tmp_path, id, gold) == 1


def test_a_set_without_cases_or_with_a_case_twice_is_refused(tmp_path, gold):
    with pytest.raises(CaseError, match="without cases"):
        save_gold(tmp_path, "demo", GoldSet("x", ()))
    with pytest.raises(CaseError, match="stands twice"):
        save_gold(tmp_path, "demo", GoldSet("x", (gold[0], gold[0])))


def test_an_unknown_set_or_version_is_an_error_that_names_the_newest(tmp_path, gold):
    with pytest.raises(CaseError, match="no such gold set"):
        load_gold(tmp_path, "demo")
    save_gold(tmp_path, "demo", gold)
    with pytest.raises(CaseError, match="newest is 1"):
        load_gold(tmp_path, "demo", 2)


def test_a_changed_case_is_seen(tmp_path, gold):
    save_gold(tmp_path, "demo", gold)
    path = tmp_path / "gold/demo/1" / CASES
    path.write_bytes(path.read_bytes().replace(b'"units":1', b'"units":2', 1))
    with pytest.raises(CaseError, match="not the one that was saved"):
        load_gold(tmp_path, "demo")


def test_a_changed_case_with_a_forged_file_digest_is_seen(tmp_path, gold):
    from evalkit.digests import digest_bytes

    save_gold(tmp_path, "demo", gold)
    path, manifest = tmp_path / "gold/demo/1" / CASES, tmp_path / "gold/demo/1" / MANIFEST
    path.write_bytes(path.read_bytes().replace(b'"units":1', b'"units":2', 1))
    fields = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(fields | {"file_sha256": digest_bytes(path.read_bytes())}))
    with pytest.raises(CaseError, match="not those of the manifest"):
        load_gold(tmp_path, "demo")


def test_a_changed_history_is_seen(tmp_path, gold):
    save_gold(tmp_path, "demo", gold, card=Card(author="first author"))
    save_gold(tmp_path, "demo", gold)
    manifest = tmp_path / "gold/demo/1" / MANIFEST
    manifest.write_text(manifest.read_text().replace("first author", "other author"))
    with pytest.raises(CaseError, match="version before was changed"):
        load_gold(tmp_path, "demo")


@pytest.mark.parametrize(
    "change",
    [
        {"surprise": 1},
        {"cases": "4"},
        {"version": 7},
        {"id": "other"},
        {"data_class": "phi"},
        {"format": 2},
        {"cases": 3},
    ],
)
def test_a_manifest_that_does_not_read_or_fit_is_an_error(change, tmp_path, gold):
    save_gold(tmp_path, "demo", gold)
    manifest = tmp_path / "gold/demo/1" / MANIFEST
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))
    with pytest.raises(CaseError, match="demo@1"):
        load_gold(tmp_path, "demo")


@pytest.mark.parametrize("name", [CASES, MANIFEST])
def test_a_missing_file_is_an_error_with_its_place(name, tmp_path, gold):
    save_gold(tmp_path, "demo", gold)
    (tmp_path / "gold/demo/1" / name).unlink()
    with pytest.raises(CaseError, match=f"demo@1/{name}"):
        load_gold(tmp_path, "demo")


def test_json_lines_are_read_back_and_blank_lines_passed_over(gold):
    lines = cases_to_jsonl(gold).splitlines()
    assert read_cases([lines[0], b"", "  ", lines[1].decode()]) == gold.cases[:2]


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=6),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
        max_size=4,
    ),
    st.binary(max_size=20),
)
def test_any_case_survives_json(fields, body):
    case = make_case(1, input=fields, body=body, spans=Spans(), refusal="NOTE_UNSIGNED")
    back = case_from_json(case_to_json(case))
    assert back == case
    assert back.digest == case.digest


def _spoiled(**changes):
    return json.dumps(json.loads(case_to_json(make_case(1))) | changes)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (_spoiled(surprise=1), "surprise: unexpected"),
        (_spoiled(family=5), "family: string_type"),
        (_spoiled(flags={"note_signed": "yes"}), "flags.note_signed: bool_type"),
        (_spoiled(flags={"Makayla Núñez": 1}), "flags.<key>: bool_type"),
        (_spoiled(**{"Makayla Núñez": 1}), "<key>: unexpected"),
        (
            _spoiled(identifiers=[{"needle_id": "a", "category": "nome", "value": "Makayla"}]),
            "identifiers.0.category: literal_error",
        ),
        (_spoiled(data_class="secret Makayla"), "data_class: literal_error"),
        ("{", "line: json_invalid"),
        ("[]", "line: "),
        ('{"case_id": "Makayla"}', "family: missing"),
    ],
)
def test_a_case_that_does_not_read_names_the_field_and_no_value(text, place):
    with pytest.raises(CaseError) as caught:
        read_cases(["", text], where="cases.jsonl")
    assert "cases.jsonl:2" in str(caught.value)
    assert place in str(caught.value)
    assert "Makayla" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("value", ["NaN", "Infinity", '"\\ud800"'])
def test_what_is_no_json_value_is_refused(value):
    text = _spoiled().replace('"units": 1', f'"units": {value}', 1)
    with pytest.raises(CaseError, match=r"cases\.jsonl:1"):
        read_cases([text], where="cases.jsonl")


@pytest.mark.parametrize(
    ("spans", "what"),
    [
        (Spans(("note_text",), (0,), (9999,), ("patient.name",)), "outside"),
        (Spans(("note_text",), (5,), (5,), ("patient.name",)), "outside"),
        (Spans(("note_text",), (-1,), (5,), ("patient.name",)), "outside"),
        (Spans(("note_text",), (0,), (5,), ("patient.ssn",)), "does not have"),
        (Spans(("note_text",), (0, 1), (5,), ("patient.name",)), "differ in length"),
    ],
)
def test_spans_that_cannot_be_are_refused_on_both_ways(spans, what, tmp_path):
    case = make_case(1, spans=spans)
    with pytest.raises(CaseError, match=what):
        save_gold(tmp_path, "demo", GoldSet("x", (case,)))
    with pytest.raises(CaseError, match=what):
        case_from_json(case_to_json(case))


def with_decoys(decoys: Decoys) -> bytes:
    return case_to_json(replace(make_case(1), decoys=decoys))


@pytest.mark.parametrize(
    "decoys",
    [Decoys(("note_text",), (0,), (99_999,), ("code",)), Decoys(("absent",), (0,), (1,), ("code",)),
     Decoys(("note_text",), (5,), (5,), ("code",)), Decoys(("note_text",), (0,), (1,), ())],
)  # fmt: skip
def test_a_decoy_outside_its_text_is_refused(decoys):
    with pytest.raises(CaseError, match="decoys"):
        case_from_json(with_decoys(decoys))


@pytest.mark.parametrize(
    ("field", "end", "what"),
    [("notes[0].text", 5, None), ("notes[0].text", 99, "outside"), ("notes[3].text", 5, "does not have")],
)
def test_a_span_in_a_list_of_notes_is_held_against_its_text(field, end, what):
    changed = make_case(
        1, input={"notes": [{"text": "first note"}]}, spans=Spans((field,), (0,), (end,), ("patient.name",))
    )
    text = case_to_json(changed)
    if what is None:
        assert case_from_json(text).digest == changed.digest
    else:
        with pytest.raises(CaseError, match=what):
            case_from_json(text)


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_whichever_write_fails_the_old_version_stays_or_the_new_one_is_whole(call, tmp_path, gold, monkeypatch):
    save_gold(tmp_path, "demo", gold)
    real = getattr(os, call)
    for number in range(8):
        calls = iter(range(100))

        def fail(*given, calls=calls, number=number, **named):
            if next(calls) == number:
                raise OSError(errno.ENOSPC, "no space")
            return real(*given, **named)

        with monkeypatch.context() as patched:
            patched.setattr(os, call, fail)
            with suppress(CaseError):
                save_gold(tmp_path, "demo", GoldSet("more", gold.cases[:2]))
        for version in gold_versions(tmp_path, "demo"):
            assert len(load_gold(tmp_path, "demo", version)) == (4 if version == 1 else 2)
        assert [path.name for path in (tmp_path / "gold/demo").iterdir() if path.name.startswith(".")] == []
