"""Cues: literals, never patterns."""

from __future__ import annotations

import pytest

from evalkit.tasks.cues import MAX_CUE_CHARS, parse_cue, parse_cues


def test_a_cue_is_small_letters_with_single_blanks() -> None:
    assert parse_cue("  Shave   Biopsy ") == "shave biopsy"


@pytest.mark.parametrize("cell", ["", "   ", "x" * (MAX_CUE_CHARS + 1), ".*", "(knee", "knee)", "-"])
def test_what_is_no_literal_is_refused_without_being_repeated(cell: str) -> None:
    with pytest.raises(ValueError, match="cue") as refused:
        parse_cue(cell)
    assert not cell.strip() or cell not in str(refused.value)


def test_cues_stand_between_semicolons() -> None:
    assert parse_cues("knee injection; Shoulder injection") == ("knee injection", "shoulder injection")


def test_a_cue_stands_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        parse_cues("knee; Knee")
