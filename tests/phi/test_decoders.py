from __future__ import annotations

import base64
import codecs
import gzip
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.phi.decoders import DECODE_DEPTH, decoded
from evalkit.phi.runs import is_plain_word
from evalkit.phi.views import MAX_CHARS, TooLarge

TEXT = "Marisol Vanterpool of Larkspur Hollow"


def _views(text):
    return {chain: forms.raw for chain, forms in decoded(text) if chain}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("percent", "%4darisol%20Vanterpool%20of%20Larkspur%20Hollow"),
        ("entities", "".join(f"&#{ord(char)};" for char in TEXT)),
        ("escapes", "".join(f"\\u{ord(char):04x}" for char in TEXT)),
        ("quoted", "".join(f"={ord(char):02X}" for char in TEXT)),
        ("base64", base64.b64encode(TEXT.encode()).decode()),
        ("base64", base64.b64encode(gzip.compress(TEXT.encode(), mtime=0)).decode()),
        ("base64", base64.b64encode(zlib.compress(TEXT.encode())).decode()),
        ("hex", TEXT.encode().hex()),
        ("hex", zlib.compress(TEXT.encode()).hex().upper()),
        ("base32", base64.b32encode(TEXT.encode()).decode()),
    ],
)
@pytest.mark.parametrize("before", ["", "trace ", "blob:", '{"x": "'])
def test_each_decoder_reads_what_was_encoded(name, text, before):
    assert TEXT in _views(before + text)[name]


@settings(deadline=None)
@given(st.text(min_size=6, max_size=40), st.text(alphabet="abcXYZ019", max_size=3))
def test_base64_is_read_from_every_offset(text, before):
    token = base64.b64encode(text.encode()).decode().rstrip("=")
    if not is_plain_word(before + token) and sum(map(str.isalnum, text)) >= 4:
        assert text in _views(before + token).get("base64", "")


@settings(deadline=None)
@given(st.binary(min_size=4, max_size=30), st.sampled_from(["", "a", "f0"]))
def test_hex_is_read_from_both_offsets(raw, before):
    text = f"MARK{raw.hex()}MARK"
    assert text in _views(before + text.encode().hex())["hex"]


def test_two_layers_are_decoded_and_named():
    nested = base64.b64encode(TEXT.encode().hex().encode()).decode()
    assert TEXT in _views(nested)["base64/hex"]


def test_a_payload_that_blows_up_is_too_large():
    bomb = base64.b64encode(zlib.compress(b"0" * (MAX_CHARS + 10))).decode()
    with pytest.raises(TooLarge):
        list(decoded(bomb))


@pytest.mark.parametrize(
    "text", ["The patient tolerated the procedure well.", "left-sided/right", "note_text", "2024-02-11"]
)
def test_ordinary_words_are_not_decoded(text):
    assert _views(text) == {}


@settings(deadline=None)
@given(st.text(max_size=80))
def test_no_text_makes_decoding_raise(text):
    assert all(isinstance(forms.raw, str) for _, forms in decoded(text))


def test_json_in_a_text_is_read_with_every_entry_of_a_doubled_key():
    views = [
        forms.raw for chain, forms in decoded('see {"a": "Mari", "a": "sol", "k": {"b": 7}} there') if chain == "json"
    ]
    assert {"Mari-sol-7", "Marisol7"} <= set(views)


def test_deep_json_is_too_large():
    with pytest.raises(TooLarge):
        list(decoded("[" * 100_000 + "]" * 100_000))


def test_a_payload_cut_into_lines_is_read_as_one():
    record = gzip.compress(bytes(range(32, 127)) * 3 + TEXT.encode(), mtime=0)
    assert TEXT in " ".join(_views("blob\n" + base64.encodebytes(record).decode()).values())


def test_views_stop_at_the_depth_asked_for():
    nested = TEXT
    for _ in range(DECODE_DEPTH + 1):
        nested = base64.b64encode(nested.encode()).decode()
    assert not any(TEXT in view for view in _views(nested).values())
    assert any(TEXT in forms.raw for _, forms in decoded(nested, depth=DECODE_DEPTH + 1))


def test_a_text_is_turned_where_a_turned_word_explains_a_value():
    assert "dob 1947" in _views("7491 bod").values()
    assert "zip 02169" in _views(codecs.encode("zip 02169", "rot13")).values()
    assert _views("the doctor said it is fine") == {}


def test_escapes_make_one_character_of_a_pair():
    assert "𝐕" in _views(json.dumps("𝐕")).values() or '"𝐕"' in _views(json.dumps("𝐕")).values()


@pytest.mark.parametrize(
    ("name", "written", "read"),
    [
        ("percent", "a+b%2Fc", "a b/c"),
        ("percent", "%c3%a9t%C3%A9", "été"),
        ("entities", "&lt;Mari&amp;sol&#x3e;", "<Mari&sol>"),
        ("escapes", r"Mari\tsol\n\x4d\"\/", 'Mari\tsol\nM"/'),
        ("escapes", r"\ud835\udc15an", "𝐕an"),
        ("quoted", "Mari=\nsol=C3=A9", "Marisolé"),
        ("quoted", "=FFsol", "\ufffdsol"),
        ("letter_by_letter", "N a m e :   A n n", "Name: Ann"),
    ],
)
def test_a_text_with_marks_is_read_in_full(name, written, read):
    assert _views(written)[name] == read


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("percent", "97 % of 12%, 5%x"),
        ("entities", "a & b"),
        ("escapes", "c:/path"),
        ("quoted", "a=b, x=1, y=ab"),
        ("letter_by_letter", "a b c"),
        ("json", "in [brackets] and {braces}"),
        ("acrostic", "one\ntwo\nsix"),
    ],
)
def test_marks_that_say_nothing_are_not_read(name, written):
    assert name not in _views(written)


def test_the_text_itself_comes_first_and_no_view_comes_twice():
    text = base64.b64encode(TEXT.encode()).decode() + " %41 &amp;"
    chains = [chain for chain, _ in decoded(text)]
    views = [forms.raw for _, forms in decoded(text)]
    assert chains[0] == ""
    assert views[0] == text
    assert len(set(views)) == len(views)


def test_views_are_the_same_each_time():
    text = json.dumps({"t": base64.b64encode(TEXT.encode()).decode(), "n": "%4d"})
    assert [(chain, forms.raw) for chain, forms in decoded(text)] == [
        (chain, forms.raw) for chain, forms in decoded(text)
    ]


def test_no_depth_is_the_text_alone():
    assert [chain for chain, _ in decoded("%4d", depth=0)] == [""]
    assert [chain for chain, _ in decoded("%254d", depth=1)] == ["", "percent"]
    assert [chain for chain, _ in decoded("%254d", depth=2)] == ["", "percent", "percent/percent"]


@pytest.mark.parametrize("encode", [base64.b64encode, base64.b32encode, base64.b16encode])
def test_few_letters_say_nothing_and_four_do(encode):
    few, enough = encode(b"....abc......").decode(), encode(b"....abcd.....").decode()
    assert not any("abc" in view for view in _views(few).values())
    assert any("abcd" in view for view in _views(enough).values())


def test_a_name_in_another_script_is_read_from_two_letters_on():
    assert "王明" in _views(base64.b64encode("··王明··".encode()).decode())["base64"]


@pytest.mark.parametrize("broken", [b"\x1f\x8bnot gzip at all", b"x\x9cnot zlib at all"])
def test_what_only_begins_like_a_compressed_payload_is_read_as_it_is(broken):
    assert "at all" in _views(base64.b64encode(broken).decode())["base64"]


def test_a_compressed_payload_that_was_cut_is_read_up_to_the_cut():
    whole = zlib.compress(bytes(range(256)) * 4 + (TEXT * 3).encode(), level=0)
    assert TEXT in _views(base64.b64encode(whole[:-40]).decode())["base64"]


def test_base32_and_character_codes_are_read_where_they_stand():
    assert TEXT in _views(f"key {base64.b32encode(TEXT.encode()).decode().lower().rstrip('=')} end")["base32"]
    assert "Marisol" in _views("trace 77 97 114 105 115 111 108 end")["codes"]
    assert "codes" not in _views("trace 77 97 114 105 115 11 108 end")


def test_a_caller_may_have_a_text_turned_that_shows_no_reason():
    turned = {chain: forms.raw for chain, forms in decoded("loopretnav", turned=lambda forms: frozenset({"reversed"}))}
    assert turned["reversed"] == "vanterpool"
    assert "reversed" not in _views("loopretnav")


def test_too_many_characters_over_all_views_are_too_large():
    with pytest.raises(TooLarge):
        list(decoded("%41" + "x" * (MAX_CHARS // 2)))
