from __future__ import annotations

import base64
import hashlib
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
