"""The envelope: what goes in comes out, and nothing that was changed does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import SealError
from evalkit.vault.envelope import seal, unseal
from evalkit.vault.keys import FileKeyring


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> FileKeyring:
    return FileKeyring(tmp_path_factory.mktemp("keys") / "keyring.json")


@given(plaintext=st.binary(max_size=300), aad=st.binary(max_size=50))
@settings(deadline=None, max_examples=50)
def test_a_sealed_message_opens(keyring: FileKeyring, plaintext: bytes, aad: bytes) -> None:
    assert unseal(seal(plaintext, keyring=keyring, aad=aad), keyring=keyring, aad=aad) == plaintext


def test_no_changed_byte_opens(keyring: FileKeyring) -> None:
    sealed = seal(b"plain", keyring=keyring, aad=b"meta")
    for place in range(len(sealed)):
        broken = sealed[:place] + bytes([sealed[place] ^ 0x10]) + sealed[place + 1 :]
        with pytest.raises(SealError):
            unseal(broken, keyring=keyring, aad=b"meta")


def test_no_cut_opens(keyring: FileKeyring) -> None:
    sealed = seal(b"plain", keyring=keyring, aad=b"meta")
    for length in range(len(sealed)):
        with pytest.raises(SealError):
            unseal(sealed[:length], keyring=keyring, aad=b"meta")


@given(aad=st.binary(max_size=20), other=st.binary(max_size=20))
@settings(deadline=None, max_examples=50)
def test_other_additional_data_opens_nothing(keyring: FileKeyring, aad: bytes, other: bytes) -> None:
    sealed = seal(b"plain", keyring=keyring, aad=aad)
    if aad != other:
        with pytest.raises(SealError):
            unseal(sealed, keyring=keyring, aad=other)


def test_a_wrapped_key_moved_into_another_envelope_opens_nothing(keyring: FileKeyring) -> None:
    one = seal(b"one", keyring=keyring, aad=b"")
    two = seal(b"two", keyring=keyring, aad=b"")
    end = 6 + int.from_bytes(one[4:6], "big")
    with pytest.raises(SealError):
        unseal(one[:end] + two[end:], keyring=keyring, aad=b"")


def test_a_message_says_nothing_of_its_text(keyring: FileKeyring) -> None:
    assert b"canary" not in seal(b"canary" * 10, keyring=keyring, aad=b"")


def test_another_keyring_opens_nothing(keyring: FileKeyring, tmp_path: Path) -> None:
    other = FileKeyring(tmp_path / "other.json")
    other.keys()
    with pytest.raises(SealError, match="not in this keyring"):
        unseal(seal(b"plain", keyring=keyring, aad=b""), keyring=other, aad=b"")
