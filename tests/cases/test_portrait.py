"""The portrait of a case: everything known is marked where it stands, escaped, and never for PHI."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from evalkit.cases.case import Case
from evalkit.cases.portrait import portray
from evalkit.errors import CaseError
from evalkit.tasks.billing_codes.scenarios import make_case


@pytest.fixture(scope="module")
def case() -> Case:
    return next(one for one in (make_case(7, index) for index in range(200)) if "decoy:eponym" in one.tags)


def html(case: Case) -> str:
    return portray(case)._repr_html_()


def marked(page: str, kind: str) -> str:
    found = re.findall(r'<mark class="([^"]*)">(.*?)</mark>', page.partition("<pre>")[2], re.DOTALL)
    return "".join(unescape(text) for names, text in found if kind in names.split())


def test_the_text_is_there_word_for_word(case: Case) -> None:
    pre = re.search(r"<pre>(.*?)</pre>", html(case), re.DOTALL)
    assert pre is not None
    assert unescape(re.sub(r"</?mark[^>]*>", "", pre[1])) == case.input["note_text"]


def test_identifiers_are_marked_by_whose_they_are(case: Case) -> None:
    values = {known.subject: known.value for known in case.identifiers}
    assert values["provider"] in marked(html(case), "v")
    assert next(known.value for known in case.identifiers if known.needle_id == "patient.mrn") in marked(
        html(case), "p"
    )


def test_decoys_and_evidence_are_marked(case: Case) -> None:
    note = case.input["note_text"]
    assert marked(html(case), "d") == "".join(
        note[start:end] for start, end in sorted(zip(case.decoys.start, case.decoys.end, strict=True))
    )
    spans = sorted((s["start"], s["end"]) for line in case.gold["lines"] for s in line["evidence"])
    assert marked(html(case), "e") == "".join(note[start:end] for start, end in sorted(set(spans)))


def test_every_fact_and_line_stands_beside_it(case: Case) -> None:
    page = html(case)
    assert all(fact["name"] in page for fact in case.facts)
    assert all(line["code"] in page for line in case.gold["lines"])


def test_markup_in_a_text_stays_text(case: Case) -> None:
    hostile = replace(case, input={**case.input, "note_text": case.input["note_text"] + "<script>x</script>"})
    assert "<script>" not in html(hostile)


def test_the_same_case_gives_the_same_bytes_and_the_text_form_no_value(case: Case) -> None:
    assert html(case) == html(make_case(7, int(case.provenance["index"])))
    assert not [known.needle_id for known in case.identifiers if known.value in repr(portray(case))]


def test_a_case_with_phi_or_without_the_text_is_not_drawn(case: Case) -> None:
    with pytest.raises(CaseError, match="PHI"):
        portray(replace(case, data_class="phi"))
    with pytest.raises(CaseError, match="no such text"):
        portray(case, "letter")
