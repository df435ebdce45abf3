from __future__ import annotations

import base64
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.patients import make_patient
from evalkit.errors import IdentifierError
from evalkit.phi.identifiers import Identifier
from evalkit.phi.leaks import Leak, Needles, find_leaks
from evalkit.phi.views import MAX_CHARS

KNOWN = (
    Identifier("patient.name", "name", "Makayla Villanueva"),
    Identifier("patient.first", "name", "Makayla"),
    Identifier("patient.last", "name", "Villanueva"),
    Identifier("patient.ssn", "ssn", "900-11-4321"),
    Identifier("patient.phone", "phone", "212-555-0142"),
    Identifier("patient.mrn", "mrn", "MRN12345679"),
    Identifier("patient.email", "email", "makayla.villanueva77@example.org"),
    Identifier("patient.zip", "geo", "02169"),
    Identifier("patient.street", "geo", "4127 Ocasio Hollow"),
    Identifier("patient.dob", "date", "1947-03-09"),
    Identifier("relative.name", "name", "Teodoro Villanueva", "relative"),
    Identifier("provider.name", "name", "Dr. Quintanilla", "provider"),
)


def found(value, known=KNOWN, **options):
    return [(leak.needle_id, leak.form, leak.place) for leak in find_leaks(known, value, place="output", **options)]


def needles(value, known=KNOWN, **options):
    return {needle for needle, _, _ in found(value, known, **options)}


def test_a_clean_output_has_no_leak():
    assert find_leaks(KNOWN, {"lines": [{"code": "00010", "units": 2}], "note": "two views"}, place="output") == ()


def test_a_leak_names_needle_form_and_place_and_no_value():
    leaks = find_leaks(KNOWN, {"lines": [{"note": "see 900-11-4321"}]}, place="output")
    assert leaks == (Leak("patient.ssn", "ssn", "verbatim", "output.lines[0].note"),)


def test_a_plain_text_is_searched_at_its_place():
    assert found("id 900114321") == [("patient.ssn", "digits", "output")]


def test_a_full_name_is_reported_with_its_parts():
    assert needles("Makayla Villanueva came") == {"patient.name", "patient.first", "patient.last"}


def test_a_part_is_reported_by_the_identifier_that_is_that_part():
    assert found("Ms. Villanueva's knee") == [("patient.last", "verbatim", "output")]


def test_a_part_of_a_name_without_its_own_identifier_is_reported_by_the_whole():
    assert found("Teodoro was present") == [("relative.name", "token", "output")]


def test_an_initial_closed_up_with_the_last_name_is_found():
    known = (Identifier("patient.name", "name", "Makayla Reyes"),)
    assert found("see /u/mreyes47", known) == [("patient.name", "initial_last", "output")]
    assert found("see /u/xreyes47", known) == []


def test_every_place_of_a_leak_is_reported():
    assert [place for _, _, place in found({"a": "900-11-4321", "b": ["900114321"]})] == ["output.a", "output.b[0]"]


def test_a_key_that_leaks_is_shown_by_its_position():
    assert found({"ok": 1, "villanueva": {"b": "900-11-4321"}}) == [
        ("patient.last", "token", "output.key[1]"),
        ("patient.ssn", "verbatim", "output.key[1].b"),
    ]


def test_a_key_that_is_no_field_name_is_shown_by_its_position_even_if_it_is_clean():
    assert found({"Some Body": "900-11-4321"}) == [("patient.ssn", "verbatim", "output.key[0]")]


def test_only_declared_keys_are_shown_where_they_are_given():
    compiled = Needles(KNOWN)
    shown = compiled.search({"a": {"john_smith": "900-11-4321"}}, place="output", names=frozenset({"a"}))
    assert [leak.place for leak in shown] == ["output.a.key[0]"]


def test_keys_that_leak_only_together_are_not_shown():
    leaks = find_leaks(KNOWN, {"maka": {"yla": {"villa": {"nueva": "900-11-4321"}}}}, place="output")
    known = (Identifier("patient.last", "name", "Villanueva"),)
    assert "patient.last" in {leak.needle_id for leak in find_leaks(known, {"villa": {"nueva": "x"}}, place="o")}
    assert all("villa.nueva" not in leak.place for leak in leaks)


@pytest.mark.parametrize(
    ("value", "needle", "place"),
    [
        ({"x": "q", "a": "21", "b": "2555", "c": "0142", "y": "z"}, "patient.phone", "output.a .. output.c"),
        ({"dob": {"y": 1947, "m": 3, "d": 9}}, "patient.dob", "output.dob.y .. output.dob.d"),
        ({"a": "villa", "b": "nueva"}, "patient.last", "output.a .. output.b"),
        (["9001", "14321"], "patient.ssn", "output[0] .. output[1]"),
    ],
)
def test_an_identifier_split_over_neighbours_is_placed_at_both_ends(value, needle, place):
    known = tuple(known for known in KNOWN if known.needle_id == needle)
    ((needle_id, form, shown),) = found(value, known)
    assert (needle_id, shown) == (needle, place)
    assert form.startswith("joined:")


def test_a_zip_counts_beside_a_word_or_key_that_says_so():
    assert needles("resides in 02169") == {"patient.zip"}
    assert needles("Quincy, MA 02169") == {"patient.zip"}
    assert found({"zip_code": "02169"}) == [("patient.zip", "verbatim", "output.zip_code")]
    assert needles({"code": "02169", "note": "accession 02169"}) == set()


def test_the_last_four_digits_of_an_ssn_count_after_a_mask_or_a_word():
    assert needles("SSN ending in 4321") == {"patient.ssn"}
    assert needles("***-**-4321") == {"patient.ssn"}
    assert needles("score 4321 points on the composite") == set()


def test_a_street_is_found_however_it_is_continued():
    assert needles("at 4127 Ocasio Hollow Road") == {"patient.street"}
    assert needles("4127 OCASIO HOLW") == {"patient.street"}


def test_an_address_with_at_and_dot_in_words_is_found():
    assert "patient.email" in needles("makayla.villanueva77 [at] example [dot] org")


def test_an_ordinary_name_counts_only_in_company():
    known = (Identifier("patient.name", "name", "May Rose"), Identifier("patient.first", "name", "May"))
    assert needles("may be repeated, rose colored", known) == set()
    assert needles("Rose, May", known) == {"patient.name"}
    assert needles("May Q. Rose was seen", known) == {"patient.name"}
    assert "patient.first" in needles("Mrs. May left", known)
    assert "patient.name" in needles("Ms. Rose left; M. Rose", known)


def test_a_short_name_counts_after_a_word_that_announces_it():
    known = (Identifier("relative.first", "name", "Teo"),)
    assert needles("Spouse Teo present", known) == {"relative.first"}
    assert needles("teo, spouse teofilo", known) == set()


@pytest.mark.parametrize(
    ("category", "value", "text"),
    [
        ("ip", "203.0.113.57", "client 203[.]0[.]113[.]57"),
        ("vehicle", "BE85DK9L40C198730", "arrived in be85 dk9l40 c198730"),
        ("vehicle", "7ABC", "plate 7ABC"),
        ("plan", "0EG4TE5MK73", "0eg4-te5-mk73"),
        ("url", "https://portal.example.com/u/000123456", "see /u/000123456"),
        ("device", "00-00-5E-00-53-A1", "lot 00:00:5e:00:53:a1"),
        ("account", "AT1234567897", "acct 1234567897"),
        ("mrn", "48271", "chart 48271"),
        ("mrn", "4711", "MRN: 4711"),
        ("biometric", "left-handed lighthouse keeper", "a Left Handed Lighthouse Keeper"),
        ("name", "Bo Li", "bo-li"),
        ("name", "Villanueva-Ocasio", "Villan-\nueva"),
    ],
)
def test_every_category_is_found_in_another_way_of_writing_it(category, value, text):
    assert needles(text, (Identifier("n", category, value),)) == {"n"}


@pytest.mark.parametrize(
    ("category", "value", "text"),
    [
        ("ip", "203.0.113.57", "203.0.113.5"),
        ("vehicle", "7ABC", "7ABC"),
        ("mrn", "48271", "NDC 148271"),
        ("mrn", "4711", "4711 points"),
        ("name", "Bo Li", "bolide listing"),
        ("phone", "212-555-0142", "617-555-0142"),
    ],
)
def test_what_only_resembles_a_value_is_no_leak(category, value, text):
    assert needles(text, (Identifier("n", category, value),)) == set()


def test_initials_count_after_the_word():
    known = (Identifier("patient.name", "name", "Makayla Villanueva"),)
    assert needles("Patient initials M.Q.V.", known) == {"patient.name"}
    assert needles("mv 12, M/V block", known) == set()


def test_an_age_over_89_counts_with_its_words():
    known = (Identifier("patient.age", "date", "93"),)
    assert needles("A 93-year-old woman", known) == {"patient.age"}
    assert needles("aged 93", known) == {"patient.age"}
    assert needles("HR 93, 93 mg, 93.5 kg, units 93", known) == set()


def test_providers_are_searched_only_if_asked():
    assert needles("seen by Dr. Quintanilla") == set()
    assert needles("seen by Dr. Quintanilla", subjects=frozenset({"provider"})) == {"provider.name"}


def test_an_allowed_value_is_no_leak_and_neither_are_its_parts():
    allow = frozenset({"patient.email"})
    assert needles({"echo": "makayla.villanueva77@example.org"}, allow=allow) == set()
    assert needles("makayla.villanueva77@example.org for Makayla", allow=allow) == {"patient.first"}


def test_an_allowed_needle_does_not_allow_another():
    assert needles("MRN12345679 and 900-11-4321", allow=frozenset({"patient.mrn"})) == {"patient.ssn"}


@pytest.mark.parametrize(
    "value",
    [
        "x" * (MAX_CHARS + 1),
        ["y" * 1000] * (MAX_CHARS // 1000),
        base64.b64encode(zlib.compress(b"0" * (MAX_CHARS + 10))).decode(),
        json.loads("[" * 200 + "]" * 200),
    ],
    ids=["long", "many", "bomb", "deep"],
)
def test_what_is_too_large_to_search_is_a_leak(value):
    assert [(leak.needle_id, leak.form) for leak in find_leaks(KNOWN, value, place="output")] == [("*", "oversize")]


def test_what_is_no_json_is_an_error():
    with pytest.raises(IdentifierError):
        find_leaks(KNOWN, {"a": object()}, place="output")


def test_no_identifiers_is_no_leak():
    assert find_leaks((), "Makayla Villanueva", place="output") == ()
    assert find_leaks((Identifier("n", "name", ""),), "anything", place="output") == ()


def test_compiled_needles_show_counts_only():
    compiled = Needles(KNOWN)
    assert len(compiled) == 11
    assert "Villanueva" not in repr(compiled)
    assert repr(compiled).startswith("Needles(11 identifiers, ")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None)
@given(JSON)
def test_no_value_makes_the_search_raise(value):
    find_leaks(KNOWN, value, place="output")


@settings(deadline=None, max_examples=60)
@given(JSON, st.integers(0, 500), st.data())
def test_a_planted_value_is_found_wherever_it_stands_and_shown_nowhere(value, index, data):
    known = data.draw(
        st.sampled_from([k for k in make_patient(5, index).identifiers if k.needle_id.endswith(("ssn", "mrn", "last"))])
    )
    leaks = find_leaks((known,), {"a": [value, {"deep": f"see {known.value}."}]}, place="output")
    assert any(leak.place == "output.a[1].deep" for leak in leaks)
    assert not any(known.value in str(leak) for leak in leaks)


MIXED = {
    "a": "Ms. Villanueva, 900114321",
    "b": ["born 3/9/1947", {"zip": "02169"}],
    "c": {"x": "212-555", "y": "0142"},
    "d": "TWFrYXlsYSBWaWxsYW51ZXZh",
}


def test_the_order_of_identifiers_changes_no_finding():
    assert set(find_leaks(KNOWN, MIXED, place="o")) == set(find_leaks(KNOWN[::-1], MIXED, place="o"))
    assert len(needles(MIXED)) >= 6


def test_the_same_search_gives_the_same_findings_in_the_same_order():
    once = Needles(KNOWN).search(MIXED, place="o")
    assert once == Needles(KNOWN).search(MIXED, place="o") == find_leaks(KNOWN, MIXED, place="o")
    assert len(set(once)) == len(once)


def test_another_order_of_keys_finds_the_same_needles_in_the_same_forms():
    turned = dict(reversed(MIXED.items()))
    assert set(find_leaks(KNOWN, MIXED, place="o")) == set(find_leaks(KNOWN, turned, place="o"))


@pytest.mark.parametrize("value", [MIXED, "Villanueva", "nothing here", {"villa": 1, "nueva": 2}, ["9001", "14321"]])
def test_what_is_reported_is_what_is_found(value):
    compiled = Needles(KNOWN)
    assert compiled.reported(value) == {leak.needle_id for leak in compiled.search(value, place="o")}


def test_more_identifiers_hide_none_of_the_others():
    alone = needles(MIXED, KNOWN[3:4])
    assert alone == {"patient.ssn"}
    assert alone <= needles(MIXED)


def test_a_needle_may_stand_verbatim_in_the_field_that_says_so_and_nowhere_else():
    allow = {"echo.id": frozenset({"patient.ssn"})}
    assert needles({"echo": {"id": "900-11-4321"}}, allow=allow) == set()
    assert needles({"echo": [{"id": "900-11-4321"}]}, allow=allow) == set()
    assert needles({"echo": {"id": "900114321"}}, allow=allow) == {"patient.ssn"}
    assert needles({"echo": {"no": "900-11-4321"}}, allow=allow) == {"patient.ssn"}
    assert needles({"id": "900-11-4321"}, allow=allow) == {"patient.ssn"}
    assert needles({"echo": {"id": "Villanueva"}}, allow=allow) == {"patient.last"}


def test_an_allowed_value_inside_a_longer_word_is_not_blanked():
    known = (Identifier("patient.last", "name", "Villanueva"),)
    allow = {"a": frozenset({"patient.last"})}
    assert needles({"a": "see Villanueva."}, known, allow=allow) == set()
    assert needles({"a": "see xVillanuevax"}, known, allow=allow) == {"patient.last"}


def test_an_allowed_needle_is_still_a_leak_as_a_key_of_its_field():
    known = (Identifier("patient.last", "name", "Villanueva"),)
    assert needles({"Villanueva": "x"}, known, allow={"Villanueva": frozenset({"patient.last"})}) == {"patient.last"}


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("900-11-4321", "verbatim"),
        ("900 11 4321", "words"),
        ("9001 14321", "digits"),
        ("nine oh oh one one four three two one", "spoken"),
        ("ending in 4321", "last_four"),
        ("SSN ending in 4321", "last_four"),
        ("OTAwLTExLTQzMjE=", "base64:words"),
        ("3930302d31312d34333231", "hex:words"),
        ("1234-11-009", "reversed"),
        ("%39%30%30-11-4321", "percent:words"),
    ],
)
def test_the_form_says_how_a_number_was_seen(text, form):
    known = (Identifier("n", "ssn", "900-11-4321"),)
    assert found(text, known) == [("n", form, "output")]


def test_a_verbatim_value_is_called_that_however_else_it_is_seen():
    text = "OTAwLTExLTQzMjE= and 900-11-4321"
    assert found(text, (Identifier("n", "ssn", "900-11-4321"),)) == [("n", "verbatim", "output")]


@pytest.mark.parametrize("size", [MAX_CHARS - 1, MAX_CHARS])
def test_the_largest_value_is_searched_and_one_more_character_is_oversize(size):
    forms = [form for _, form, _ in found("\n" * size, KNOWN[:1])]
    assert forms == ([] if size < MAX_CHARS else ["oversize"])


def test_of_too_large_a_value_everything_is_reported():
    assert Needles(KNOWN).reported("x" * (MAX_CHARS + 1)) == {"*"}
    (leak,) = find_leaks(KNOWN, "x" * (MAX_CHARS + 1), place="output.note")
    assert (leak.category, leak.place) == ("other", "output.note")


def test_an_error_names_the_place_and_the_type_only():
    with pytest.raises(IdentifierError) as caught:
        find_leaks(KNOWN, {"Villanueva": {"Makayla"}}, place="output")
    assert str(caught.value) == "output: a set is not a JSON value and cannot be searched"


@pytest.mark.parametrize("subject", ["patient", "relative", "household", "employer"])
def test_safe_harbor_protects_the_people_around_a_patient_too(subject):
    known = (Identifier("n", "name", "Quintanilla", subject),)
    assert needles("Quintanilla came", known) == {"n"}
    assert needles("Quintanilla came", known, subjects=frozenset({"organisation"})) == set()


@pytest.mark.parametrize("shift", range(4))
def test_the_form_of_a_leak_does_not_depend_on_where_in_a_long_text_it_stands(shift):
    known = (Identifier("patient.name", "name", "Makayla Villanueva"),)
    text = "." * (300 + shift) + " MAKAYLA VILLANUEVA " + "." * 300
    assert found(text, known) == [("patient.name", "words", "output")]


@pytest.mark.parametrize("turn", ["Çryvxxnln", "nlnxxvyrÇ", "Ms. Çryvxxnln'f", "Ç r y v x x n l n"])
def test_an_accented_letter_that_rot13_leaves_as_it_is_hides_nothing(turn: str) -> None:
    known = Identifier("patient.last", "name", "Çelikkaya")
    assert [leak.needle_id for leak in find_leaks((known,), f"Anzr: {turn}", place="output")] == ["patient.last"]
