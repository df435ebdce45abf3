"""The pages on which a clean value is told hold everything that the views hold: a screen in front of the exact search."""

from __future__ import annotations

import json
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi.decoders import decoded, gathered
from evalkit.phi.disguises import DISGUISES, WRAPPINGS, wrapped
from evalkit.phi.forms import Forms
from evalkit.phi.leaks import Needles
from evalkit.phi.streams import Stream

CLEAN = {"decision": "approve", "lines": [{"code": "00012", "why": "knee pain, 3 weeks"}], "n": 2.5}


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from(DISGUISES), st.lists(st.sampled_from(sorted(WRAPPINGS)), max_size=1))
def test_any_disguise_of_anybody_in_any_wrapping_is_found_amid_other_fields(make_persona, index, disguise, wrapping):
    person = make_persona(61, index)
    if disguise.form_id == "L16" and wrapping and wrapping[0] in {"acrostic", "three fields", "three keys"}:
        return
    value = wrapped(disguise, wrapping[0], person) if wrapping else disguise.leak(person)
    shown = Needles(person.identifiers).reported({**CLEAN, "note": value})
    assert shown & disguise.shows


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_every_word_of_an_identifier_in_any_view_is_on_a_page(wrapping, make_persona):
    person = make_persona(62, 1)
    # a letter alone proves nothing, and noise that was decoded holds every letter
    own = {word for known in person.identifiers for word in Forms(known.value).tokens if len(word) > 1}
    for disguise in DISGUISES[::3]:
        value = wrapped(disguise, wrapping, person)
        text = value if isinstance(value, str) else json.dumps(value)
        words = {word for forms in gathered(text) for word in forms.tokens}
        for chain, forms in decoded(text):
            assert forms.tokens & own <= words, (disguise.form_id, chain)


def test_no_repr_error_or_traceback_of_the_room_shows_a_value(make_persona):
    person = make_persona(63, 2)
    needles = Needles(person.identifiers)
    stream = Stream(needles, place="reply")
    leaks = (
        *needles.search({person.name: [person.ssn, person.mrn]}, place="o"),
        *stream.feed(f"{person.name} {person.ssn}"),
    )
    shown = [repr(needles), repr(stream), repr(person), *map(repr, person.identifiers), *map(repr, leaks)]
    try:
        needles.search({person.name: object(), "x": person.ssn}, place="output")
    except Exception as error:
        shown += [str(error), repr(error), "".join(traceback.format_exception(error))]
    assert len(shown) > 25
    for known in person.identifiers:
        if len(known.value) > 4:
            assert not any(known.value in text for text in shown), known.needle_id
