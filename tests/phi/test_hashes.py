from __future__ import annotations

import base64
import hashlib
import hmac
import zlib

import pytest

from evalkit.phi.forms import Forms
from evalkit.phi.hashes import ALGORITHMS, Hashes
from evalkit.phi.identifiers import Identifier

KNOWN = (
    Identifier("patient.ssn", "ssn", "900-11-4321"),
    Identifier("patient.name", "name", "Makayla Villanueva"),
    Identifier("patient.dob", "date", "1947-03-09"),
)


def _seen(text):
    return set(Hashes(KNOWN).seen_in(Forms(text)))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    ("number", "spelled"),
    [(0, "900-11-4321"), (0, "900114321"), (1, "makayla villanueva"), (1, "Villanueva, Makayla"), (1, "VILLANUEVA^MAKAYLA"),
     (2, "19470309"), (2, "03/09/1947"), (0, "900-11-4321\n")],
)  # fmt: skip
def test_a_hash_of_any_spelling_is_told_in_any_encoding(algorithm, number, spelled):
    raw = hashlib.new(algorithm, spelled.encode(), usedforsecurity=False).digest()
    for written in (raw.hex(), raw.hex().upper(), raw.hex()[:12], raw.hex()[-12:], base64.b64encode(raw).decode(),
                    base64.urlsafe_b64encode(raw).decode().rstrip("="), base64.b32encode(raw).decode()):  # fmt: skip
        assert (number, algorithm) in _seen(f"subject {written}"), written


def test_a_checksum_is_told_in_hex_and_decimal():
    checksum = zlib.crc32(b"900-11-4321")
    assert (0, "crc32") in _seen(f"row {checksum:08x}")
    assert (0, "crc32") in _seen(f"row {checksum}")


def test_other_hashes_and_salted_ones_are_not_told():
    salted = hashlib.sha256(b"salt900-11-4321").hexdigest()
    assert _seen(f"run 018f3c5e-6a7b-7c3d-9e10-2b4f5a6c7d8e {salted}") == set()


def test_hashes_show_counts_only():
    assert "900" not in repr(Hashes(KNOWN))


def test_a_checksum_of_few_digits_counts_in_hex_only():
    short = next(number for number in range(10**5) if zlib.crc32(f"77{number:05d}".encode()) < 10**7)
    value = f"77{short:05d}"
    hashes = Hashes((Identifier("n", "mrn", value),))
    checksum = zlib.crc32(value.encode())
    assert (0, "crc32") in set(hashes.seen_in(Forms(f"row {checksum:08x}")))
    assert set(hashes.seen_in(Forms(f"row {checksum}"))) == set()


@pytest.mark.parametrize("kept", [11, 12, 13, 40])
def test_a_cut_hash_counts_from_twelve_characters_on(kept):
    digest = hashlib.sha256(b"900114321").hexdigest()
    assert ((0, "sha256") in _seen(f"subject {digest[:kept]}")) is (kept >= 12)


def test_a_middle_piece_of_a_hash_does_not_count():
    digest = hashlib.sha256(b"900-11-4321").hexdigest()
    assert _seen(f"subject {digest[1:40]}") == set()


def test_a_hash_of_a_near_value_is_another():
    for near in (b"900-11-4322", b"900-11-432", b"900/11/4321", b" 900-11-4321", b"900-11-4321\r\n"):
        assert _seen(hashlib.sha256(near).hexdigest()) == set(), near


def test_a_keyed_hash_is_not_told():
    assert _seen(hmac.new(b"key", b"900-11-4321", "sha256").hexdigest()) == set()


def test_the_first_identifier_with_a_value_reports_its_hash():
    twice = (Identifier("a", "ssn", "900-11-4321"), Identifier("b", "ssn", "900 11 4321"))
    digest = hashlib.md5(b"900114321", usedforsecurity=False).hexdigest()
    assert {number for number, _ in Hashes(twice).seen_in(Forms(digest))} == {0}


def test_no_identifiers_have_no_hashes():
    assert repr(Hashes(())) == "Hashes(0 spellings)"
    assert list(Hashes(()).seen_in(Forms(hashlib.md5(b"", usedforsecurity=False).hexdigest()))) == []
    assert list(Hashes((Identifier("n", "name", ""),)).seen_in(Forms(hashlib.sha1(b"").hexdigest()))) == []


def test_a_name_of_one_word_is_not_turned():
    one = Hashes((Identifier("n", "name", "Villanueva"),))
    assert repr(one) == "Hashes(6 spellings)"
    assert set(one.seen_in(Forms(hashlib.md5(b", Villanueva", usedforsecurity=False).hexdigest()))) == set()
