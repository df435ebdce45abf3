from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi.lookup import Lookup

LITERALS = st.lists(st.text(alphabet="abcdé1", min_size=1, max_size=8), max_size=12)


@settings(deadline=None)
@given(LITERALS, st.text(alphabet="abcdé1", max_size=700))
def test_every_literal_of_a_text_is_found_and_no_other(literals, text):
    assert set(Lookup(literals).seen_in(text)) == {literal for literal in literals if literal in text}


def test_many_literals_are_found_at_either_end_of_a_long_text():
    literals = [f"needle{number:05d}x" for number in range(5_000)]
    lookup = Lookup(literals)
    assert lookup.seen_in(literals[4_321] + "y" * 3_000 + literals[7]) in (
        [literals[4_321], literals[7]],
        [literals[7], literals[4_321]],
    )
    assert lookup.seen_in("y" * 3_000) == []
    assert repr(lookup) == "Lookup(5000 literals)"


def test_short_texts_with_many_literals_are_searched_too():
    lookup = Lookup([f"needle{number:05d}" for number in range(300)])
    assert [lookup.seen_in(text) for text in ("", "a", "ab", "abc", "needle00001")] == [[], [], [], [], ["needle00001"]]
