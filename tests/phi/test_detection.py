from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.patients import make_patient
from evalkit.phi import surrogates
from evalkit.phi.detection import DEFAULT, LIKELY, MAYBE, SURE, WEAK, Detected, detect
from evalkit.phi.lexicon import GIVEN_NAMES, GUARD


def found(text, **options):
    return [(one.category, text[one.start : one.end]) for one in detect(text, **options)]


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("SSN 900-11-4321", [("ssn", "900-11-4321")]),
        ("call (212) 555-0142 x77", [("phone", "(212) 555-0142 x77")]),
        ("Fax: 212-555-0142", [("fax", "212-555-0142")]),
        ("mail a.b+c@example.org.", [("email", "a.b+c@example.org")]),
        ("a.b [at] example [dot] org", [("email", "a.b [at] example [dot] org")]),
        ("see https://portal.example.com/u/123", [("url", "https://portal.example.com/u/123")]),
        ("client 203.0.113.57", [("ip", "203.0.113.57")]),
        ("client 203[.]0[.]113[.]57", [("ip", "203[.]0[.]113[.]57")]),
        ("host 2001:db8::12:a9", [("ip", "2001:db8::12:a9")]),
        ("serial 00-00-5E-00-53-A1", [("device", "00-00-5E-00-53-A1")]),
        ("born 03/09/1947", [("date", "03/09/1947")]),
        ("on March 9, 1947", [("date", "March 9, 1947")]),
        ("the 9th of March 1947", [("date", "9th of March 1947")]),
        ("a 93-year-old", [("date", "93")]),
        ("MRN: 48271936", [("mrn", "48271936")]),
        ("member id XGH884213097", [("plan", "XGH884213097")]),
        ("at 4127 Larkspur Hollow Road, Apt 5", [("geo", "4127 Larkspur Hollow Road, Apt 5")]),
        ("in Quincy, MA 02169", [("geo", "Quincy, MA 02169")]),
        ("card 4454794511390933", [("account", "4454794511390933")]),
        ("seen by Dr. Henry Howard.", [("name", "Henry Howard")]),
        ("Mr. White was seen", [("name", "White")]),
        ("her spouse Teodoro Vanterpool agreed", [("name", "Teodoro Vanterpool")]),
        ("we told Katherine's mother", [("name", "Katherine")]),
    ],
)
def test_each_kind_is_found_in_full(text, hits):
    assert found(text) == hits


CLEAN = [
    "Dx M54.16, E11.9, C50.911, Z79.4", "CPT 99213-25, 72148-26-RT", "WBC 7.7 RBC 4.19 Hgb 13.2 Plt 219 Na 140 K 4.2",
    "BP 142/77 HR 93 RR 19 T 98.6 SpO2 97%", "metformin 1000 mg BID; insulin 70/30", "taper 60-40-20-10 mg over 12 days",
    "Parkinson disease, Crohn disease, Hodgkin lymphoma", "Babinski negative, Murphy sign positive, Foley catheter",
    "Glasgow 15, Wells 4.5, Gleason 3+4", "MI in 2011; remission since 2019", "3 weeks ago, on day 7", "a 67-year-old woman",
    "ZIP3 021", "L4-L5, C5-6, T12-L1 stenosis", "pain 7/10; strength 5/5", "2.1 x 1.9 x 3.4 cm nodule", "1:160 ANA",
    "LCD L34220; NCD 220.2", "QTc 447, PR 162, QRS 93", "[NAME] [REDACTED] ***-**-****", "within 14 days; 30-day supply",
    "two views, three weeks", "May be repeated. The knee. Patient is well.", "Assessment and Plan:\nMedical Reasoning: stable.",
]  # fmt: skip


@pytest.mark.parametrize("text", CLEAN)
def test_clinical_text_without_identifiers_stays_silent(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("card 4454794511390933", "card 4454794511390934"), ("ssn 536-42-7719", "ssn 000-42-7719"),
     ("DEA BC2292352", "DEA BC2292353")],
)  # fmt: skip
def test_a_failed_check_digit_lowers_the_confidence_and_hides_nothing(right, wrong):
    (sure,), (doubtful,) = detect(right), detect(wrong)
    assert (doubtful.start, doubtful.end) == (sure.start, sure.end)
    assert doubtful.confidence <= sure.confidence


def test_without_a_label_the_check_digit_decides_how_sure_we_are():
    (sure,), (doubtful,) = detect("see 4454794511390933"), detect("see 4454794511390934")
    assert doubtful.confidence < sure.confidence


def test_a_higher_bar_reports_less_and_a_lower_one_more():
    text = "Farxiga was given. Katherine Lopez, 4454794511390934"
    assert found(text, at_least=LIKELY) == [("name", "Katherine Lopez")]
    assert len(found(text, at_least=0)) > len(found(text)) > 1


@pytest.mark.parametrize("index", range(40))
def test_the_identifiers_of_synthetic_patients_are_found(index):
    patient = make_patient(13, index)
    text = (
        f"Patient {patient.name} (MRN {patient.mrn}, ssn {patient.ssn}), {patient.phone}, {patient.email}, "
        f"account {surrogates.account(index * 7919)}, VIN {surrogates.vin(index * 7919)}"
    )
    flagged = {at for one in detect(text) for at in range(one.start, one.end)}
    for value in (patient.name, patient.mrn, patient.ssn, patient.phone, patient.email):
        start = text.index(value)
        assert flagged.issuperset(range(start, start + len(value))), index


def test_another_engine_plugs_in_as_a_plain_function():
    def elsewhere(text):
        return [Detected(0, 4, "name", 0.9, "elsewhere")]

    assert found("yoko came", recognizers=[elsewhere]) == [("name", "yoko")]


def test_of_two_findings_that_overlap_the_surer_stays():
    def elsewhere(text):
        return [Detected(0, len(text), "other", 0.99, "elsewhere")]

    assert found("ssn 900-11-4321", recognizers=[elsewhere]) == [("other", "ssn 900-11-4321")]


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.sampled_from("aA1 .-:/@()[]\n#é9MJ"), max_size=60) | st.text(max_size=60))
def test_no_text_makes_detection_raise_and_findings_stand_in_order_inside_it(text):
    hits = detect(text, at_least=0)
    assert all(0 <= one.start < one.end <= len(text) and 0 <= one.confidence <= 1 for one in hits)
    assert all(one.end <= two.start for one, two in pairwise(hits))


def test_the_guard_and_the_given_names_do_not_meet_where_a_name_is_common():
    assert {"katherine", "teodoro"} - GUARD == {"katherine", "teodoro"}
    assert {"parkinson", "foley", "babinski"} <= GUARD
    assert all(name.isalpha() and name.islower() for name in GIVEN_NAMES)


def rules(text, at_least=0.0):
    return [(one.rule, text[one.start : one.end], one.confidence) for one in detect(text, at_least=at_least)]


@pytest.mark.parametrize(
    ("text", "rule", "value", "confidence"),
    [
        ("id 900-11-4321", "ssn", "900-11-4321", SURE),
        ("id 900-00-4321", "ssn", "900-00-4321", MAYBE),
        ("see 1234567893", "npi", "1234567893", LIKELY),
        ("see 1234567890", "number", "1234567890", MAYBE),
        ("ref 1EG4TE5MK73", "mbi", "1EG4TE5MK73", SURE),
        ("ref 1EG4-TE5-MK73", "mbi", "1EG4-TE5-MK73", SURE),
        ("in 1HGCM82633A004352", "vin", "1HGCM82633A004352", LIKELY),
        ("to DE89370400440532013000", "iban", "DE89370400440532013000", SURE),
        ("to NO9386011117947", "iban", "NO9386011117947", SURE),
        ("to GB29NWBK60161331926819", "iban", "GB29NWBK60161331926819", SURE),
        ("by AB1234563", "dea", "AB1234563", LIKELY),
        ("by AB1234564", "code", "AB1234564", MAYBE),
        ("see 4111111111111111", "card", "4111111111111111", SURE),
        ("see 4111 1111 1111 1111", "card", "4111 1111 1111 1111", SURE),
        ("see 4111111111111112", "card", "4111111111111112", MAYBE),
        ("see 212-555-0142", "phone", "212-555-0142", LIKELY),
        ("see 555-0142", "number", "555-0142", MAYBE),
        ("see 5550142", "number", "5550142", WEAK),
        ("see 55501", "number", "55501", WEAK),
        ("a 90-year-old", "age", "90", SURE),
        ("a 129 yo man", "age", "129", SURE),
        ("on 13/04/2024", "date", "13/04/2024", LIKELY),
        ("on 2024-04-13", "date", "2024-04-13", LIKELY),
        ("Suite 210", "unit", "Suite 210", LIKELY),
    ],
)
def test_each_rule_is_as_sure_as_it_says(text, rule, value, confidence):
    assert (rule, value, confidence) in rules(text)


@pytest.mark.parametrize(
    "text", ["a 89-year-old", "a 130-year-old", "90 mg", "for 90 days", "on 13/14/2024", "32/01/2024"]
)
def test_an_age_or_day_out_of_range_is_none(text):
    assert not {"age", "date"} & {rule for rule, _, _ in rules(text)}


def test_the_four_steps_of_confidence_are_in_order_and_the_third_is_reported():
    assert 1 > SURE > LIKELY > MAYBE > WEAK > 0
    assert DEFAULT == MAYBE
    assert rules("see 5550142", DEFAULT) == []


def test_a_bar_is_included_and_above_one_nothing_is_reported():
    text = "ssn 900-11-4321 and 5550142"
    assert [confidence for _, _, confidence in rules(text, SURE)] == [SURE]
    assert rules(text, 1.01) == []


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("MRN 48271936", "mrn"),
        ("medical record no. 48271936", "mrn"),
        ("policy number: 48271936", "plan"),
        ("acct #48271936", "account"),
        ("license 48271936", "license"),
        ("fax 2125550142", "fax"),
        ("pager 2125550142", "phone"),
        ("plate 48271936", "vehicle"),
        ("serial no 48271936", "device"),
        ("zip 02169", "geo"),
        ("badge 48271936", "other"),
        ("SOCIAL SECURITY NUMBER IS 900114321", "ssn"),
    ],
)
def test_the_words_before_a_number_say_what_it_is(text, category):
    (one,) = detect(text)
    assert one.category == category
    assert text[one.start : one.end] in text.split()[-1]


def test_a_label_reaches_over_few_words_and_over_no_line():
    assert rules("mrn\n48271936")[0][0] == "number"
    assert rules("the mrn that we were told of was 48271936")[0][0] == "number"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Dear Quintanilla, hello", ["Quintanilla"]),
        ("seen by J. Quintanilla today", ["J. Quintanilla"]),
        ("told O'Halloran so", ["O'Halloran"]),
        ("the Quintanillas' dog and Villanueva's cat", ["Quintanillas", "Villanueva"]),
        ("Mrs. May left", ["May"]),
        ("May left", []),
        ("Quintanilla: stable", []),
    ],
)
def test_a_capital_names_somebody_in_company_or_inside_a_sentence(text, names):
    assert [value for category, value in found(text) if category == "name"] == names


def test_a_finding_holds_places_and_no_text():
    (one,) = detect("ssn 900-11-4321")
    assert repr(one) == "Detected(start=4, end=15, category='ssn', confidence=0.95, rule='labelled')"


def test_the_order_of_engines_changes_nothing():
    def first(text):
        return [Detected(0, 4, "name", 0.9, "first")]

    def second(text):
        return [Detected(2, 6, "other", 0.6, "second"), Detected(10, 12, "other", 0.5, "second")]

    one = detect("abcdefghijklmn", recognizers=[first, second])
    assert one == detect("abcdefghijklmn", recognizers=[second, first])
    assert [(hit.start, hit.end) for hit in one] == [(0, 4), (10, 12)]


def test_text_around_an_identifier_moves_it_and_changes_nothing_else():
    text = "call (212) 555-0142 or mail a.b@example.org"
    plain = [(one.start + 20, one.end + 20, one.rule) for one in detect(text)]
    assert [(one.start, one.end, one.rule) for one in detect("the knee is stable. " + text)] == plain
    assert len(plain) == 2


@pytest.mark.parametrize("number", ["DE89370400440532013000", "NO9386011117947", "FR1420041010050500013M02606"])
def test_a_wrong_check_digit_makes_an_account_number_of_another_country_less_sure(number):
    """The specimens of the registry of ISO 13616."""
    assert rules(f"to {number}", SURE) == [("iban", number, SURE)]
    wrong = number[:2] + f"{(int(number[2:4]) + 1) % 100:02d}" + number[4:]
    assert rules(f"to {wrong}", SURE) == []
