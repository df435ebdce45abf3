from __future__ import annotations

import pytest

from evalkit.phi.runs import code_rows, is_plain_run, is_plain_word, odd_runs, parts_of


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
