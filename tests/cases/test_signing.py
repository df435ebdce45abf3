"""Signatures of gold sets: what verifies without a secret, and whose key is believed."""

from __future__ import annotations

import pytest

from evalkit.cases.signing import (
    check_signature,
    fingerprint,
    require_trusted,
    sign_manifest,
    trust_file,
    trusted_fingerprints,
    verifier_of,
)
from evalkit.errors import CaseError
from evalkit.vault.keys import FileKeyring

BODY = b'{"id": "demo"}\n'


@pytest.fixture
def keyring(tmp_path, monkeypatch):
    monkeypatch.setenv("EVALKIT_KEYRING", str(tmp_path / "keys" / "keyring.json"))
    monkeypatch.delenv("EVALKIT_TRUST", raising=False)
    return FileKeyring()


@pytest.fixture
def signed(keyring):
    signer = keyring.signer()
    return verifier_of("demo", signer), sign_manifest("demo", 3, BODY, signer=signer)


def test_the_signature_of_these_bytes_of_this_version_verifies(signed):
    vkey, note = signed
    key = check_signature("x", BODY, note, vkey=vkey, head=("demo", 3))
    assert str(key) == vkey
    require_trusted("x", key)


@pytest.mark.parametrize("head", [("demo", 4), ("other", 3)])
def test_it_is_no_signature_of_another_version_or_set(signed, head):
    vkey, note = signed
    with pytest.raises(CaseError, match="not the one that was signed"):
        check_signature("x", BODY, note, vkey=vkey, head=head)


def test_any_flipped_byte_of_manifest_or_signature_is_seen(signed):
    vkey, note = signed
    for at in range(len(BODY)):
        changed = BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :]
        with pytest.raises(CaseError):
            check_signature("x", changed, note, vkey=vkey, head=("demo", 3))
    for at in range(len(note)):
        changed = note[:at] + bytes([note[at] ^ 1]) + note[at + 1 :]
        with pytest.raises(CaseError):
            check_signature("x", BODY, changed, vkey=vkey, head=("demo", 3))


def test_a_signature_by_another_key_is_none_of_this_key(signed, tmp_path):
    vkey, _ = signed
    other = sign_manifest("demo", 3, BODY, signer=FileKeyring(tmp_path / "other" / "keyring.json").signer())
    with pytest.raises(CaseError, match="not the one that was signed"):
        check_signature("x", BODY, other, vkey=vkey, head=("demo", 3))


def test_own_keys_listed_ones_and_those_of_the_variable_are_trusted(keyring, monkeypatch):
    own = fingerprint(keyring.signer().public)
    trust_file().write_text(f"{'ab' * 32} the promoter of the ward\n\n", encoding="utf-8")
    monkeypatch.setenv("EVALKIT_TRUST", f"{'cd' * 32}, {'ef' * 32}")
    assert trusted_fingerprints() == {own, "ab" * 32, "cd" * 32, "ef" * 32}


def test_a_former_key_stays_trusted_until_it_is_disabled(keyring):
    before = keyring.signers()[0].key_id
    mark = fingerprint(keyring.signer().public)
    keyring.rotate_signer()
    assert mark in trusted_fingerprints()
    keyring.disable(before)
    assert mark not in trusted_fingerprints()


@pytest.mark.parametrize("entry", ["abc", "AB" * 32, "ab" * 33])
def test_an_entry_that_is_no_fingerprint_is_an_error_and_not_passed_over(keyring, monkeypatch, entry):
    monkeypatch.setenv("EVALKIT_TRUST", entry)
    with pytest.raises(CaseError, match="no fingerprint"):
        trusted_fingerprints()


def test_no_keyring_is_made_by_looking(keyring):
    assert trusted_fingerprints() == frozenset()
    assert not keyring.path.exists()
