from __future__ import annotations

import pytest

from evalkit.phi.runs import LONG_CAPITALS, LONG_NUMBER, code_rows, is_plain_run, is_plain_word, odd_runs, parts_of


@pytest.mark.parametrize("token", ["", "word", "Word", "WORD", "123456789", "pneumonoultramicroscopic"])
def test_words_and_short_numbers_are_plain(token):
    assert is_plain_word(token)


@pytest.mark.parametrize("token", ["1234567890", "aB3", "wOrd", "ABCDEFGHIJKLM", "a1"])
def test_mixtures_long_numbers_and_long_capitals_are_not(token):
    assert not is_plain_word(token)


def test_a_run_is_plain_where_all_its_parts_are():
    assert is_plain_run("left-sided/right_knee")
    assert not is_plain_run("left-sided/rI9ht")
    assert parts_of("a/b_c+d-e") == list("abcde")


def test_odd_runs_are_found_and_wrapped_blocks_closed_up():
    assert odd_runs("plain words and 2024-02-11 only") == []
    assert odd_runs("see TWFyaXNvbA now") == ["TWFyaXNvbA"]
    assert "TWFyaXNvbCBWYW50ZXJwb29s" * 2 in odd_runs("TWFyaXNvbCBWYW50ZXJwb29s\nTWFyaXNvbCBWYW50ZXJwb29s")


def test_rows_of_codes_have_six_numbers_at_least():
    assert code_rows("77, 97, 114, 105, 115, 111") == ["77, 97, 114, 105, 115, 111"]
    assert code_rows("77, 97, 114, 105, 115") == []


def test_a_number_and_capitals_stop_being_plain_at_their_limits():
    assert is_plain_word("7" * (LONG_NUMBER - 1))
    assert not is_plain_word("7" * LONG_NUMBER)
    assert is_plain_word("Q" * LONG_CAPITALS)
    assert not is_plain_word("Q" * (LONG_CAPITALS + 1))


def test_a_run_shorter_than_eight_is_not_looked_at():
    assert odd_runs("see aB3dE6g now") == []
    assert odd_runs("see aB3dE6gH now") == ["aB3dE6gH"]


def test_an_odd_run_ends_where_its_alphabet_does():
    assert odd_runs("k=TWFyaXNvbA==;") == ["TWFyaXNvbA"]
    assert odd_runs("(TWFyaX+vbA/x_Y-z9)") == ["TWFyaX+vbA/x_Y-z9"]
    assert odd_runs("TWFyéaXNvbA") == []


def test_odd_runs_come_in_order_with_repeats():
    assert odd_runs("aB3dE6gH xY7zW8vU aB3dE6gH") == ["aB3dE6gH", "xY7zW8vU", "aB3dE6gH"]


def test_a_wrapped_block_needs_twenty_characters_a_line_before_its_last():
    assert odd_runs("aB3dE6gHaB3dE6gH\nxY7zW8vU") == ["aB3dE6gHaB3dE6gH", "xY7zW8vU"]
    assert odd_runs("aB3dE6gHaB3dE6gHaB3d\r\nxY7zW8vU")[-1] == "aB3dE6gHaB3dE6gHaB3dxY7zW8vU"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("077 097 114 105 115 111", 1),
        ("77,97,114,105,115,111", 1),
        ("[77; 97; 114; 105; 115; 111]", 1),
        ("77, 97, 114 and 105, 115, 111", 0),
        ("7, 9, 1, 1, 1, 1, 1, 1, 1, 1", 0),
        ("770000, 970000, 1140000, 1050000, 1150000, 1110000", 0),
        ("77....97....114....105....115....111", 0),
    ],
)
def test_a_row_of_codes_has_numbers_of_two_to_five_digits_close_together(text, rows):
    assert len(code_rows(text)) == rows


def test_parts_keep_empty_ones_so_that_nothing_is_lost():
    assert parts_of("a//b") == ["a", "", "b"]
    assert parts_of("plain") == ["plain"]
    assert is_plain_run("//--")
