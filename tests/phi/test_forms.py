from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi.forms import (
    SEPARATOR,
    Forms,
    camel_words,
    clean,
    compact,
    digit_runs,
    fold,
    has_foreign_letters,
    leet,
    letter_by_letter,
    line_heads,
    spoken_digits,
    words,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Vanterpool", "vanterpool"),
        ("Núñez", "nunez"),
        (unicodedata.normalize("NFD", "Núñez"), "nunez"),
        ("Vаntеrpооl", "vanterpool"),
        ("Van\u200bter\xadpool\ufeff", "vanterpool"),
        ("Van\x00ter\x07pool", "vanterpool"),
        ("ＳＳＮ ９００", "ssn 900"),
        ("٤٨٢७২", "48272"),
        ("①②", "12"),
        ("Straße Æsir Żółw", "strasse aesir zolw"),
        ("ΜΑΡΙΑ", "mapia"),
        ("O’Brien", "o'brien"),
        ("𝐕𝐚𝐧", "van"),
        ("a\u00a0b", "a b"),
        ("1–2—3", "1-2-3"),
    ],
)
def test_folding_leaves_what_two_spellings_share(text, folded):
    assert fold(text) == folded


def test_folding_keeps_line_ends_and_the_leaf_separator():
    assert fold(f"A\n\tB\r{SEPARATOR}é") == f"a\n\tb\r{SEPARATOR}e"


@settings(deadline=None)
@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=60))
def test_ascii_folds_alike_on_the_fast_and_on_the_full_path(text):
    assert fold(text) == fold(text + "é")[:-1]


@settings(deadline=None)
@given(st.text(max_size=60))
def test_words_are_tokens_with_single_spaces(text):
    found = words(fold(text))
    assert found[0] == found[-1] == " "
    assert "  " not in found.strip()
    assert compact(fold(text).replace("'s ", " ").replace("'", "")).replace("'", "") or found.strip() == ""


def test_words_close_an_apostrophe_and_drop_the_possessive():
    assert words("ms o'halloran's knee_left") == " ms ohalloran knee left "


@settings(deadline=None)
@given(st.text(alphabet="ab1 .'-_", max_size=40))
def test_words_of_ascii_are_those_of_any_text(text):
    assert words(text) == words(text + " ж").replace("ж ", "") or not text.strip(" .'-_")


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("ssn 900-11-0001", "|900110001|"),
        ("9 0 0 / 1 1 / 0 0 0 1", "|900110001|"),
        ("900 [dot] 11", "|900|11|"),
        ("900.....11", "|900|11|"),
        ("l4-l5", "|4|5|"),
        ("none", ""),
        (f"900{SEPARATOR}11", "|90011|"),
    ],
)
def test_digits_are_joined_over_separators_only(text, runs):
    assert digit_runs(text) == runs


def test_camel_case_is_split():
    assert camel_words("caseMarisolVanterpool2") == " case marisol vanterpool2 "


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name: v a n t e r x", " vanter "),
        ("v-a-n-t-e-r", " vanter "),
        ("a b c", ""),
        ("plan a and b", ""),
        ("v a n t e r and p o o l e s", " vanter pooles "),
    ],
)
def test_letters_one_by_one_make_a_word_from_five_on(text, found):
    assert letter_by_letter(words(text)).replace("vanterx", "vanter") == found


def test_leet_is_read_with_one_as_i_and_as_l():
    assert leet("m4r1s0l 2") == f"marisol 2{SEPARATOR}marlsol 2"
    assert leet("no digits at all") == ""
    assert leet("90 mg of x") == ""


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("- Very\n* apt\n3) note\n> to\n  end", "Vante"),
        ("Very\n\napt\nnote\nto", "V ant"),
        ("x\u200bQ\nxu\nxi\nxn\nxt", "tniuQ"),
        ("one\ntwo", ""),
    ],
)
def test_lines_spell_with_their_heads_past_bullets_and_with_their_ends(text, spelled):
    assert spelled in line_heads(text).split("\n")


def test_letters_of_another_script_that_look_latin_are_told():
    assert has_foreign_letters("Vаn")
    assert has_foreign_letters("Ván")
    assert not has_foreign_letters("van’s – 5 µ".replace("µ", ""))
    assert not has_foreign_letters("Van")


def test_cleaning_keeps_the_case():
    assert clean("Ｖán\u200bтЕr\x00") == "VantEr"


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("five three six four two", "|53642|"),
        ("five three six, forty-two, double seven one nine", "|536427719|"),
        ("triple oh one", "|0001|"),
        ("nineteen twenty thirty", "|192030|"),
        ("twenty one two", "|212|"),
        ("forty 2 one two", "|40212|"),
        ("two views of one knee", ""),
        ("no number", ""),
    ],
)
def test_spoken_numbers_become_digits(text, runs):
    assert spoken_digits(text) == runs


def test_forms_are_those_of_the_functions():
    forms = Forms("Ms Vanterpool 900-11")
    assert forms.words == " ms vanterpool 900 11 "
    assert forms.compact == "msvanterpool90011"
    assert forms.digits == "|90011|"
    assert (forms.leet, forms.spoken, forms.heads, forms.spaced) == ("", "", "", "")


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("zero one", "|01|"),
        ("oh oh seven", "|007|"),
        ("ten eleven", "|1011|"),
        ("twenty twenty one", "|2021|"),
        ("ninety nine ninety", "|9990|"),
        ("twenty zero", "|200|"),
        ("double double one one", "|111|"),
        ("triple five, double oh", "|55500|"),
        ("one two, then three four", "|12|34|"),
        ("one-two/three", "|123|"),
        ("someone twofold", ""),
        ("nine", ""),
    ],
)
def test_numbers_are_said_in_many_ways(said, digits):
    assert spoken_digits(said) == digits


@settings(deadline=None)
@given(st.text("0123456789", min_size=2, max_size=12))
def test_digits_said_one_by_one_come_back(digits):
    said = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    assert spoken_digits(" ".join(said[int(digit)] for digit in digits)) == f"|{digits}|"


@settings(deadline=None)
@given(st.text(max_size=60))
def test_every_form_of_a_text_is_that_of_its_function(text):
    forms = Forms(text)
    assert forms.clean == clean(text)
    assert forms.folded == fold(text)
    assert forms.words == words(fold(text))
    assert forms.digits == digit_runs(fold(text))
    assert forms.camel == camel_words(clean(text))
    assert forms.leet == leet(fold(text))


@pytest.mark.parametrize(("gap", "joined"), [(1, True), (4, True), (5, False)])
def test_digits_join_over_four_characters_and_not_over_five(gap, joined):
    assert digit_runs(f"900{'-' * gap}11") == ("|90011|" if joined else "|900|11|")
    assert digit_runs(f"900{' ' * (gap - 1)}x11") == "|900|11|"


@pytest.mark.parametrize("lines", [4, 5])
def test_an_acrostic_has_five_lines_at_least(lines):
    text = "\n".join("Vante"[:lines])
    assert (line_heads(text) != "") is (lines == 5)


@pytest.mark.parametrize("invisible", "\u200b\u200d\u2060\ufeff\xad\u0301\u20dd\u3164\u2800\u115f\u202e")
def test_what_cannot_be_seen_is_gone(invisible):
    assert clean(f"V{invisible}an") == "Van"
    assert fold(f"V{invisible}an") == "van"


@pytest.mark.parametrize("blank", "\u00a0\u2003\u2009\u202f\u3000")
def test_every_blank_separates_words(blank):
    assert words(fold(f"Mari{blank}Sol")) == " mari sol "


@pytest.mark.parametrize("digits", ["０１２３", "٠١٢٣", "०१२३", "০১২৩", "𝟎𝟏𝟐𝟑", "⓪①②③"])
def test_digits_of_any_script_are_those_of_ascii(digits):
    assert fold(digits) == "0123"


def test_many_different_characters_are_changed_as_few_are():
    odd = "áéíóúàèìòùâêîôûäëïöü"
    assert fold(odd) == "".join(fold(char) for char in odd) == "aeiou" * 4


def test_letters_one_by_one_stop_at_a_word():
    assert letter_by_letter(" x v a n t e r ms ") == " xvanter "
    assert letter_by_letter(" v a n t ") == ""
