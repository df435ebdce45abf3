"""Bundles from cases: what the caller sends, without the answer, and the same bytes each time."""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import Any

from evalkit.cases.case import Case
from evalkit.cases.fhir import format_fhir
from evalkit.cases.fhirbundles import bundle_of
from evalkit.cases.fhirshapes import find_flaws
from evalkit.tasks import load_spec, synthesize
from evalkit.tasks.prior_authorization.scenarios import make_case


def resources(case: Case) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle_of(case)["entry"]]


def test_a_case_gives_the_same_bytes_and_no_flaw_each_time() -> None:
    case = make_case(7, 3)
    assert format_fhir(bundle_of(case)) == format_fhir(bundle_of(make_case(7, 3)))
    assert find_flaws(bundle_of(case)) == ()


def test_every_reference_leads_to_an_entry() -> None:
    for index in range(20):
        bundle = bundle_of(make_case(7, index))
        urls = {entry["fullUrl"] for entry in bundle["entry"]}
        assert len(urls) == len(bundle["entry"])
        text = json.dumps(bundle)
        used = {part.split('"')[0] for part in text.split('"reference": "')[1:]}
        assert used <= urls


def test_every_text_is_there_to_the_letter() -> None:
    case = make_case(7, 5)
    texts = [
        base64.b64decode(one["content"][0]["attachment"]["data"]).decode()
        for one in resources(case)
        if one["resourceType"] == "DocumentReference"
    ]
    assert texts == [note["text"] for note in case.input["chart_notes"]]


def test_the_answer_stays_out() -> None:
    for index in range(30):
        case = make_case(7, index)
        text = format_fhir(bundle_of(case)).decode()
        assert not any(word in text for word in ("refer_to_clinician", "not_met", "edge:", '"gold"'))


def test_a_request_for_authorization_is_a_claim_and_another_is_none() -> None:
    kinds = Counter(one["resourceType"] for one in resources(make_case(7, 0)))
    assert kinds["Claim"] == 1
    billing = synthesize(load_spec("billing_codes"), n=20, seed=7)
    for case in billing:
        made = Counter(one["resourceType"] for one in resources(case))
        assert (made["Claim"], made["Patient"]) == (0, 1)
        assert made["DocumentReference"] >= 1
        assert find_flaws(bundle_of(case)) == ()


def test_a_case_without_anything_is_still_fhir() -> None:
    assert find_flaws(bundle_of(Case("x/y z", "any", {}, {}, {}))) == ()


def test_numbers_truths_and_lists_keep_their_types() -> None:
    case = Case("c", "any", {"n": 3, "x": 0.5, "yes": True, "codes": ["A"], "none": None, "day": "2025-01-02"}, {}, {})
    form = next(one for one in resources(case) if one["resourceType"] == "QuestionnaireResponse")
    assert {item["linkId"]: item["answer"][0] for item in form["item"]} == {
        "n": {"valueInteger": 3}, "x": {"valueDecimal": 0.5}, "yes": {"valueBoolean": True},
        "codes[]": {"valueString": "A"}, "day": {"valueDate": "2025-01-02"},
    }  # fmt: skip
    assert find_flaws(bundle_of(case)) == ()
