from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi.aliases import Aliases
from evalkit.phi.deidentification import Deidentified, IdentifiersRemain, Terms, deidentify
from evalkit.phi.detection import detect
from evalkit.phi.disguises import DISGUISES
from evalkit.phi.identifiers import Identifier
from evalkit.phi.leaks import find_leaks
from evalkit.phi.surrogates import never_real

TODAY = date(2026, 1, 1)
KNOWN = (
    Identifier("patient.name", "name", "Makayla Villanueva"),
    Identifier("patient.dob", "date", "1957-03-09"),
    Identifier("patient.ssn", "ssn", "900-11-4321"),
    Identifier("patient.phone", "phone", "212-555-0142"),
    Identifier("patient.zip", "geo", "02169"),
    Identifier("patient.street", "geo", "4127 Ocasio Hollow"),
    Identifier("patient.email", "email", "makayla.villanueva77@example.org"),
    Identifier("relative.name", "name", "Teodoro Villanueva", "relative"),
    Identifier("provider.name", "name", "Dr. Quintanilla", "provider"),
)
IN_PLAIN_SIGHT = {"L01", "L02", "L03", "L04", "L05", "L07", "L08", "L09", "L10", "L12", "L17", "L18", "L19", "L20", "L23",
                  "L24", "L26", "L28", "L42", "L43", "L44", "L45", "L47", "L48", "L49", "L50", "L51", "L52", "L53", "L54",
                  "L55", "L56", "L57", "L58", "L59", "L60", "L61"}  # fmt: skip


def _aliases(seed=1):
    draws = random.Random(seed)
    return Aliases(lambda: draws.getrandbits(64))


def _plain(value, known=KNOWN, **terms):
    done = deidentify(value, known, person="p", aliases=_aliases(), terms=Terms(today=TODAY, **terms))
    assert find_leaks(known, done.value, place="o") == ()
    return done.value


@pytest.mark.parametrize("disguise", DISGUISES, ids=[disguise.form_id for disguise in DISGUISES])
def test_what_stands_in_plain_sight_is_replaced_and_what_is_hidden_is_refused(disguise, make_persona):
    for at in range(3):
        person = make_persona(9, at)
        try:
            done = deidentify(
                disguise.leak(person), person.identifiers, person="p", aliases=_aliases(), terms=Terms(today=TODAY)
            )
        except IdentifiersRemain as refusal:
            assert disguise.form_id not in IN_PLAIN_SIGHT
            assert not any(known.value in str(refusal) for known in person.identifiers)
        else:
            assert find_leaks(person.identifiers, done.value, place="o") == ()


TEXTS = st.lists(
    st.sampled_from([known.value for known in KNOWN])
    | st.sampled_from(["Villanueva", "MAKAYLA", "Villanueva, Makayla", "900114321", "3/9/1957", "March 9, 1957", "aged 93",
                       "(212) 555-0142", "SSN ending in 4321", " ", "\n", ". ", "and ", "seen on "])
    | st.text(max_size=6),
    max_size=10,
).map("".join)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(TEXTS)
def test_no_record_comes_out_with_a_tagged_value(text):
    try:
        done = deidentify({"note": text, "n": 1}, KNOWN, person="p", aliases=_aliases(), terms=Terms(today=TODAY))
    except IdentifiersRemain:
        return
    assert find_leaks(KNOWN, done.value, place="o") == ()


def test_the_same_value_gets_the_same_alias_in_every_spelling_and_record():
    aliases = _aliases()
    texts = [
        "Makayla Villanueva came.",
        "VILLANUEVA, MAKAYLA was seen; Ms. Villanueva left",
        "ssn 900114321",
        "SSN 900-11-4321",
    ]
    one, two, three, four = (
        deidentify(text, KNOWN, person="p", aliases=aliases, terms=Terms(today=TODAY)).value for text in texts
    )
    first, last = one.split()[:2]
    assert two == f"{last}, {first} was seen; Ms. {last} left"
    assert three.split()[1] == four.split()[1]
    assert never_real("ssn", three.split()[1])


def test_another_person_gets_another_alias_and_no_alias_comes_from_the_value():
    aliases = _aliases()
    ssns = {
        deidentify("900-11-4321", KNOWN, person=person, aliases=aliases, terms=Terms(today=TODAY)).value
        for person in "abc"
    }
    assert len(ssns) == 3
    assert deidentify("900-11-4321", KNOWN, person="a", aliases=_aliases(2), terms=Terms(today=TODAY)).value not in ssns


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("seen 2024-02-11 and in March 2023", "seen 2024 and in 2023"),
        ("born 3/9/1957", "born 1957"),
        ("seen on May 5, stable", "seen on [DATE], stable"),
        ("a 93-year-old, aged ninety-four, of 89 years", "a 90+-year-old, aged 90+, of 89 years"),
        ("lives in Quincy, MA 02169", "lives in Quincy, MA 021"),
        ("strength 5/5, BP 142/77, since 2019", "strength 5/5, BP 142/77, since 2019"),
    ],
)
def test_dates_ages_and_zips_are_reduced_by_the_letter(text, left):
    assert _plain(text) == left


def test_a_restricted_zip_becomes_three_zeros():
    assert _plain("zip 05901", (Identifier("patient.zip", "geo", "05901"),)) == "zip 000"


def test_dates_can_become_days_from_an_index_day():
    assert (
        _plain("seen 2024-02-11, again 02/23/2024", dates="days", index_day=date(2024, 2, 11))
        == "seen day +0, again day +12"
    )
    known = (*KNOWN, Identifier("patient.seen", "date", "2024-02-11"))
    assert _plain("again on 2024-02-23", known, dates="days") == "again on day +12"


def test_the_years_of_somebody_over_89_go_too():
    known = (Identifier("patient.dob", "date", "1931-05-02"),)
    text = "born 1931-05-02, on Medicare since 1996 at 65; stroke in 2011; seen 2025"
    assert _plain(text, known) == "born [DATE], on Medicare since [YEAR] at 65; stroke in [YEAR]; seen 2025"
    assert _plain("stroke in 2011", (Identifier("patient.age", "date", "91"),)) == "stroke in [YEAR]"


def test_relatives_and_tagged_providers_are_replaced_too():
    shown = _plain("Teodoro was present; seen by Dr. Quintanilla")
    assert not {"Teodoro", "Quintanilla"} & set(shown.replace(".", " ").split())


def test_what_hides_in_an_encoding_a_key_or_several_fields_is_refused():
    for value in ({"Villanueva": 1}, {"a": "900-11", "b": "4321"}, "TWFrYXlsYSBWaWxsYW51ZXZh"):
        with pytest.raises(IdentifiersRemain, match="tagged identifiers remain"):
            _plain(value)


@dataclass(frozen=True)
class Span:
    start: int
    end: int
    category: str


def test_what_a_detector_finds_is_replaced_where_nothing_is_known_of_it():
    def detect(text):
        at = text.find("Zebulon")
        return [Span(at, at + 7, "name")] if at >= 0 else []

    shown = _plain("Zebulon and Makayla", detect=detect)
    assert not {"Zebulon", "Makayla"} & set(shown.split())


def test_our_own_detector_hides_what_nobody_tagged():
    shown = _plain("Katherine Lopez (ssn 536-42-7719), Quincy, MA 02169, and Makayla", detect=detect)
    assert not {"Katherine", "Lopez", "Quincy"} & set(re.findall(r"\w+", shown))
    assert "536-42-7719" not in shown


def test_a_result_shows_counts_only():
    done = deidentify("Makayla Villanueva", KNOWN, person="p", aliases=_aliases(), terms=Terms(today=TODAY))
    assert isinstance(done, Deidentified)
    assert repr(done) == "Deidentified(1 replaced)"
    assert done.replaced == {"name": 1}


def test_numbers_and_structure_stay_what_they_are():
    value = {"a": [1, 2.5, None, True, "x"], "b": {"c": 900114321}}
    shown = _plain(value)
    assert shown["a"] == [1, 2.5, None, True, "x"]
    assert shown["b"]["c"] != 900114321


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("21 March 2024", "day +39"),
        ("21 March 1924", "day -36486"),
        ("on 2024-02-10", "on day -1"),
        ("on 03/04/2024", "on [DATE]"),
        ("on 13/04/2024", "on day +62"),
        ("in March 2024", "in [DATE]"),
        ("on May 5", "on [DATE]"),
        ("on 13/04/24", "on day +62"),
    ],
)
def test_only_a_date_with_one_reading_becomes_a_day(text, left):
    assert _plain(text, (), dates="days", index_day=date(2024, 2, 11)) == left


def test_without_an_index_day_no_date_becomes_a_number():
    assert _plain("on 2024-02-10", (), dates="days") == "on [DATE]"
    assert _plain("on 2024-02-10", (Identifier("patient.dob", "date", "1957-03-09"),), dates="days") == "on [DATE]"


@pytest.mark.parametrize(("text", "left"), [("13/04/25", "2025"), ("13/04/26", "2026"), ("13/04/27", "1927"),
                                            ("21 March 1924", "1924"), ("march 1953", "1953")])  # fmt: skip
def test_a_short_year_is_the_last_one_that_has_been(text, left):
    assert _plain(text, ()) == left


@pytest.mark.parametrize(
    ("born", "old"), [("1936-01-01", True), ("1936-01-02", False), ("1935-12-31", True), ("1937-01-01", False)]
)
def test_somebody_is_over_89_from_the_ninetieth_birthday(born, old):
    known = (Identifier("patient.dob", "date", born),)
    assert (_plain("stroke in 2011", known) == "stroke in [YEAR]") is old


@pytest.mark.parametrize(("age", "old"), [("89", False), ("90", True), ("129", True), ("130", False)])
def test_a_tagged_age_over_89_hides_the_years(age, old):
    known = (Identifier("patient.age", "date", age),)
    assert (_plain("stroke in 2011", known) == "stroke in [YEAR]") is old


def test_the_order_of_identifiers_and_keys_changes_nothing_that_is_replaced():
    value = {"a": "Makayla Villanueva, ssn 900-11-4321", "b": ["zip 02169", "Teodoro"]}
    one = deidentify(value, KNOWN, person="p", aliases=_aliases(), terms=Terms(today=TODAY))
    two = deidentify(
        dict(reversed(value.items())), KNOWN[::-1], person="p", aliases=_aliases(), terms=Terms(today=TODAY)
    )
    assert one.replaced == two.replaced == {"name": 2, "ssn": 1, "geo": 1}


def test_the_same_draws_give_the_same_record():
    value = ["Makayla Villanueva", "212-555-0142", {"k": "seen by Dr. Quintanilla on 2024-02-11"}]
    assert _plain(value) == _plain(value)


def test_a_record_without_identifiers_comes_out_as_it_was():
    value = {"a": ["knee pain", 3, 2.5, None, False], "b": {"c": ""}}
    done = deidentify(value, (), person="p", aliases=_aliases(), terms=Terms(today=TODAY))
    assert done.value == value
    assert done.replaced == {}
    assert repr(done) == "Deidentified(0 replaced)"


def test_a_refusal_counts_by_category_and_says_where_and_what_next():
    known = (Identifier("patient.ssn", "ssn", "900-11-4321"),)
    with pytest.raises(IdentifiersRemain) as caught:
        _plain({"a": "900-11", "b": "4321"}, known)
    assert str(caught.value).startswith("deidentified.a .. deidentified.b: tagged identifiers remain")
    assert "1 x ssn (joined:" in str(caught.value)
    assert str(caught.value).endswith("-> leave the field out, or correct the value that hides them, and try again")
    assert [leak.needle_id for leak in caught.value.leaks] == ["patient.ssn"]


def test_overlapping_findings_of_a_detector_are_written_once_each_and_known_values_win():
    def detect(text):
        return [Span(0, 10, "name"), Span(5, len(text), "name")]

    shown = _plain("Zebulon xx Makayla", detect=detect)
    assert not {"Zebulon", "Makayla", "xx"} & set(shown.split())


@pytest.mark.parametrize(
    ("category", "shown", "left"),
    [
        ("date", "Tuesday", "[DATE]"),
        ("geo", "02169", "021"),
        ("geo", "02169-0001", "021"),
        ("geo", "05901", "000"),
        ("geo", "MA 02169", "[PLACE]"),
        ("geo", "0216", "[PLACE]"),
        ("geo", "Quincy", "[PLACE]"),
    ],
)
def test_what_a_detector_finds_is_reduced_by_the_letter(category, shown, left):
    assert _plain(shown, (), detect=lambda text: [Span(0, len(text), category)]) == left


def test_every_replacement_says_where_it_stood_and_where_its_stand_in_stands():
    known = (Identifier("patient.name", "name", "Orla Quimby"), Identifier("visit", "date", "2025-03-04"))
    value = {"note": "Orla Quimby came 2025-03-04. Orla left.", "lines": [{"text": "for Orla Quimby"}]}
    done = deidentify(value, known, person="p", aliases=Aliases(), terms=Terms(today=date(2026, 1, 1)))
    texts = {"note": value["note"], "lines[0].text": value["lines"][0]["text"]}
    after = {"note": done.value["note"], "lines[0].text": done.value["lines"][0]["text"]}
    seen = [(edit.path, texts[edit.path][edit.start : edit.end], edit.invented) for edit in done.edits]
    assert seen == [
        ("note", "Orla Quimby", True), ("note", "2025-03-04", False), ("note", "Orla", True),
        ("lines[0].text", "Orla Quimby", True),
    ]  # fmt: skip
    for path, text in texts.items():
        rest, at, shown = after[path], 0, []
        for edit in (one for one in done.edits if one.path == path):
            assert text[at : edit.start] == rest[edit.at - (edit.start - at) : edit.at]
            shown.append(rest[edit.at : edit.until])
            at = edit.end
        assert all(shown)
        assert text[at:] == rest[len(rest) - len(text[at:]) :]
