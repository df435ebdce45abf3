from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import TrackingError
from evalkit.scripts import TABLES
from evalkit.tracking.admission import admit, admit_number, admit_page, admit_spec_text, key

KINDS = [
    "metric name", "tag", "spec row", "id", "spec reference", "agent id", "dataset name", "version", "word", "time",
    "digest",
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("metric name", "line_exact"),
        ("metric name", "pass@3"),
        ("tag", "timed units"),
        ("tag", "probe:CONSENT"),
        ("spec row", "Bundling/00074+00071"),
        ("spec row", "Do not bill/declined"),
        ("id", "billing_codes-7-000000000004"),
        ("spec reference", "billing_codes@2.0.0"),
        ("agent id", "test_x.<locals>.agent@1a2b3c4d"),
        ("agent id", "endpoint:agents.example@1a2b3c4d"),
        ("agent id", "faulty:leak_output:0.5:0(offline:billing_codes@2.0.0)"),
        ("dataset name", "billing_codes synthetic seed 7"),
        ("dataset name", "aci-bench-test1@1"),
        ("time", "2026-01-05T10:15:00.123456+00:00"),
    ],
)
def test_the_names_of_this_house_are_admitted(kind: str, text: str) -> None:
    assert admit(kind, text, where="here") == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("metric name", "<lambda>"),
        ("metric name", "Jane Roe"),
        ("tag", "a sentence that goes on for long"),
        ("tag", "Jane\nRoe"),
        ("tag", "jane.roe@example.com"),
        ("tag", "call 555-010-0199"),
        ("id", "123-45-6789"),
        ("id", "x" * 200),
        ("word", "Regressed!"),
        ("spec row", "no slash"),
        ("digest", "DA" * 32),
        ("dataset name", "/srv/jane/cases.jsonl"),
        ("time", "yesterday"),
    ],
)
def test_anything_else_is_refused_by_kind_and_place_and_never_shown(kind: str, text: str) -> None:
    with pytest.raises(TrackingError) as refusal:
        admit(kind, text, where="here")
    assert str(refusal.value).startswith("here: ")
    assert kind in str(refusal.value)
    assert text not in str(refusal.value)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_text_at_all_is_refused(kind: str) -> None:
    with pytest.raises(TrackingError):
        admit(kind, 7, where="here")  # type: ignore[arg-type]


@settings(deadline=None, max_examples=200)
@given(kind=st.sampled_from(KINDS), text=st.text(max_size=300))
def test_what_is_admitted_is_short_ascii_on_one_line(kind: str, text: str) -> None:
    try:
        admitted = admit(kind, text, where="here")
    except TrackingError:
        return
    assert admitted == text
    assert len(text) <= 200
    assert text.isascii()
    assert text.isprintable()


def test_a_number_is_admitted_and_nothing_but_a_number() -> None:
    assert admit_number(True, where="here") == 1.0
    assert admit_number(float("nan"), where="here") is None
    with pytest.raises(TrackingError, match="here: what should be a number"):
        admit_number("0.94", where="here")  # type: ignore[arg-type]


def test_the_text_of_a_spec_is_admitted_only_with_its_digest(records: SimpleNamespace) -> None:
    assert admit_spec_text(records.run.spec) == records.run.spec.source
    with pytest.raises(TrackingError, match="another digest"):
        admit_spec_text(replace(records.run.spec, source="Jane Roe"))


@pytest.mark.parametrize(
    "page",
    ["Jane Roe", "<!DOCTYPE html><SCRIPT>alert(1)</SCRIPT>",
     f"<!DOCTYPE html><script>{TABLES}</script><script>alert(1)</script>"],
)  # fmt: skip
def test_only_a_page_with_no_script_but_ours_is_a_report(page: str) -> None:
    with pytest.raises(TrackingError, match="report_html"):
        admit_page(page)


def test_a_key_keeps_what_mlflow_takes() -> None:
    assert key("slice", "timed units") == "slice/timed units"


@settings(deadline=None, max_examples=100)
@given(st.lists(st.text(alphabet="ab:/+_ ", min_size=1, max_size=4), min_size=2, max_size=6, unique=True))
def test_two_names_never_become_one_key(names: list[str]) -> None:
    assert len({key(name) for name in names}) == len(names)
