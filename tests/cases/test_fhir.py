"""FHIR files: read strictly, written digit for digit, refused with one clear line and no value."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

from evalkit.cases import fhir
from evalkit.cases.fhir import format_fhir, parse_fhir, read_fhir
from evalkit.errors import CaseError

PATIENT = '{"resourceType":"Patient","id":"p1","birthDate":"1961-02-28"}'
QUANTITY = '{"resourceType":"Observation","status":"final","code":{"text":"k"},"valueQuantity":{"value":%s}}'


@pytest.mark.parametrize("number", ["1.0", "1.00", "0.10", "100", "1.5E+3", "-0.000001", "98.60"])
def test_decimals_keep_their_digits(number: str) -> None:
    document = parse_fhir(QUANTITY % number, where="x")
    assert format_fhir(document.resource).decode() == QUANTITY % number


def test_what_is_written_is_read_back_the_same() -> None:
    text = '{"resourceType":"Patient","name":[{"text":"Zoë \\u2028 \\"x\\""}],"active":true}'
    once = parse_fhir(text, where="x")
    assert parse_fhir(format_fhir(once.resource), where="x").resource == once.resource


@pytest.mark.parametrize("suffix", [".json", ".json.gz"])
def test_a_file_is_read_packed_or_not(tmp_path: Path, suffix: str) -> None:
    data = PATIENT.encode()
    (tmp_path / f"p{suffix}").write_bytes(gzip.compress(data) if suffix.endswith("gz") else data)
    documents, refusals = read_fhir(tmp_path / f"p{suffix}")
    assert ([document.type for document in documents], refusals) == (["Patient"], ())


def test_ndjson_is_read_line_by_line_and_refused_whole(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text(f"{PATIENT}\n\n{PATIENT}\n")
    (tmp_path / "b.ndjson").write_text(f"{PATIENT}\n{{}}\n")
    documents, refusals = read_fhir(tmp_path)
    assert len(documents) == 2
    assert [refused.where for refused in refusals] == [f"{tmp_path.name}: file 2 of 2 by name, line 2"]


def test_a_folder_s_files_are_named_by_place_for_their_names_may_be_people(tmp_path: Path) -> None:
    (tmp_path / "Jane_Roe_1961.json").write_text("{}")
    _, refusals = read_fhir(tmp_path)
    assert "Roe" not in str(refusals[0])
    assert "file 1 of 1 by name" in str(refusals[0])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "not JSON"),
        ("<Patient/>", "not JSON"),
        ('{"resourceType":"Patient","id":"a","id":"b"}', "a key stands twice"),
        (QUANTITY % "NaN", "not JSON"),
        (QUANTITY % "Infinity", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "a resource is an object"),
        ('{"hook":"order-review"}', "resourceType"),
        ('{"resourceType":"Patient","ssn":"912-34-5678"}', "does not have here"),
        ('{"resourceType":"Bundle","type":"transaction","entry":[{"resource":' + PATIENT + "}]}", "entry[0].request"),
    ],
)
def test_a_refusal_says_what_and_shows_no_value(text: str, what: str) -> None:
    with pytest.raises(CaseError) as refused:
        parse_fhir(text, where="chart.json")
    assert what in str(refused.value)
    assert str(refused.value).startswith("chart.json: ")
    assert refused.value.next_step
    assert "912" not in str(refused.value)
    assert len(str(refused.value)) < 900


def test_bytes_that_are_no_utf8_are_refused() -> None:
    with pytest.raises(CaseError, match="not JSON"):
        parse_fhir(b'{"resourceType":"Patient","id":"\xff"}', where="x")


def test_a_cut_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.json.gz").write_bytes(gzip.compress(PATIENT.encode() * 50)[:-12])
    _, refusals = read_fhir(tmp_path / "cut.json.gz")
    assert "cannot be read (EOFError)" in str(refusals[0])


def test_a_file_that_unpacks_to_more_than_a_chart_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fhir, "MOST_BYTES", 1000)
    (tmp_path / "bomb.json.gz").write_bytes(gzip.compress(b" " * 5000))
    _, refusals = read_fhir(tmp_path / "bomb.json.gz")
    assert "more than" in str(refusals[0])


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_nothing_to_read_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("x")
    with pytest.raises(CaseError):
        read_fhir(tmp_path / name)


def test_a_document_shows_its_type_and_size_only() -> None:
    document = parse_fhir(PATIENT, where="x")
    assert repr(document) == "Document(Patient, 1 resources)"


@pytest.mark.parametrize(("folder", "read", "refused"), [("us_core", 44, 0), ("davinci", 20, 6), ("synthea", 22, 0)])
def test_public_files_import_round_trip_or_are_refused(shared_data: Path, folder: str, read: int, refused: int) -> None:
    documents, refusals = read_fhir(shared_data / folder)
    assert (len(documents), len(refusals)) == (read, refused)
    assert all("this is not FHIR R4: " in str(one) for one in refusals)
    for document in documents:
        back = parse_fhir(format_fhir(document.resource), where="back")
        assert _exact(back.resource) == _exact(document.resource)


def _exact(value: object) -> str:
    """The value with every digit: Decimal('1.0') equals Decimal('1.00'), its text does not."""
    return json.dumps(
        value, sort_keys=True, default=lambda number: str(number) if isinstance(number, Decimal) else None
    )


def bundle(*resources: str, type_: str = "collection") -> str:
    entries = ",".join(f'{{"fullUrl":"urn:x:{number}","resource":{one}}}' for number, one in enumerate(resources))
    return f'{{"resourceType":"Bundle","type":"{type_}","entry":[{entries}]}}'


def test_a_bundle_gives_its_resources_in_order_with_their_urls() -> None:
    document = parse_fhir(bundle(PATIENT, QUANTITY % "1", PATIENT), where="x")
    assert [(url, one["resourceType"]) for url, one in document.entries()] == [
        ("urn:x:0", "Patient"), ("urn:x:1", "Observation"), ("urn:x:2", "Patient"),
    ]  # fmt: skip
    assert document.counts() == {"Patient": 2, "Observation": 1}
    assert repr(document) == "Document(Bundle, 3 resources)"


def test_a_bundle_may_be_empty_and_an_entry_may_hold_no_resource() -> None:
    empty = parse_fhir('{"resourceType":"Bundle","type":"collection"}', where="x")
    assert (list(empty.entries()), empty.is_bundle) == ([], True)
    hollow = bundle(PATIENT, PATIENT).replace(f'"fullUrl":"urn:x:0","resource":{PATIENT}', '"fullUrl":"urn:x:0"')
    assert [url for url, _ in parse_fhir(hollow, where="x").entries()] == ["urn:x:1"]


@pytest.mark.parametrize(("kind", "refused"), [("transaction", True), ("batch", True), ("collection", False)])
def test_only_a_transaction_or_batch_has_to_say_what_is_to_be_done(kind: str, refused: bool) -> None:
    text = bundle(PATIENT, PATIENT, type_=kind)
    if not refused:
        assert parse_fhir(text, where="x").is_bundle
        return
    with pytest.raises(CaseError, match=r"entry\[0\].request: missing.*; Bundle.entry\[1\].request: missing"):
        parse_fhir(text, where="x")


def test_a_full_url_may_stand_twice() -> None:
    twice = bundle(PATIENT, PATIENT).replace("urn:x:1", "urn:x:0")
    assert parse_fhir(twice, where="x").counts() == {"Patient": 2}


@pytest.mark.parametrize(("wrong", "more"), [(5, ""), (6, "and 1 more"), (9, "and 4 more")])
def test_five_flaws_are_shown_and_the_others_counted(wrong: int, more: str) -> None:
    spoilt = '{"resourceType":"Patient","birthDate":"yesterday"}'
    with pytest.raises(CaseError) as refused:
        parse_fhir(bundle(*[spoilt] * wrong), where="x")
    assert str(refused.value).count("birthDate") == 5
    assert more in str(refused.value)
    assert ("more" in str(refused.value)) == bool(more)
    assert "yesterday" not in str(refused.value)


def test_a_folder_is_read_to_its_depth_and_other_files_are_left_alone(tmp_path: Path) -> None:
    deep = tmp_path / "b" / "c"
    deep.mkdir(parents=True)
    (deep / "z.ndjson.gz").write_bytes(gzip.compress(f"{PATIENT}\n{PATIENT}".encode()))
    (tmp_path / "a.json").write_text(bundle(PATIENT))
    for name in ("notes.txt", "x.xml", "json", "y.json.bak", "q.JSONL"):
        (tmp_path / name).write_text("not read")
    documents, refusals = read_fhir(tmp_path)
    assert ([one.type for one in documents], refusals) == (["Bundle", "Patient", "Patient"], ())
    assert documents[0].where == f"{tmp_path.name}: file 1 of 2 by name"
    assert documents[2].where == f"{tmp_path.name}: file 2 of 2 by name, line 2"


def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_being_read(tmp_path: Path) -> None:
    (tmp_path / "a.json.gz").write_text(PATIENT)
    (tmp_path / "b.json").write_text(PATIENT)
    documents, refusals = read_fhir(tmp_path)
    assert len(documents) == 1
    assert "cannot be read (BadGzipFile)" in str(refusals[0])


def test_text_is_written_as_it_is_and_keys_keep_their_order() -> None:
    resource = {"resourceType": "Patient", "b": "Žluť \n", "a": [Decimal("1.50"), True, None, 2]}
    assert format_fhir(resource).decode() == '{"resourceType":"Patient","b":"Žluť \\n","a":[1.50,true,null,2]}'
    with pytest.raises(ValueError, match="JSON"):
        format_fhir({"x": float("nan")})
