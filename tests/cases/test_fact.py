from __future__ import annotations

from evalkit.cases.fact import Fact


def test_a_fact_is_plain_json_without_what_it_does_not_have():
    fact = Fact("f-1", "lab", "a1c", value=7.5, unit="%", date="2025-03-01", source_document="doc-2")
    assert fact.plain() == {
        "fact_id": "f-1", "type": "lab", "name": "a1c", "value": 7.5, "unit": "%", "polarity": "affirmed",
        "date": "2025-03-01", "source_document": "doc-2",
    }  # fmt: skip


def test_a_value_that_is_false_or_nothing_much_is_kept():
    assert Fact("f", "consent", "given", value=False).plain()["value"] is False
    assert Fact("f", "time", "minutes", value=0).plain()["value"] == 0


def test_no_repr_shows_a_value():
    assert repr(Fact("f-1", "diagnosis", "asthma", value="secret", polarity="family")) == "Fact(f-1, diagnosis, family)"
