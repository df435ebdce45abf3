"""Signatures of gold sets: whoever promotes a version signs its manifest, and whoever loads it holds the public key.

``manifest.sig`` is a signed note as C2SP writes it (`evalkit.vault.notes`): gold set, version, SHA-256 of the manifest,
Ed25519. No secret is needed to verify one. The key stands in the manifest itself, so the file says *a* key signed it;
that it is a key to rely on is for the reader to say: by its fingerprint, in a file beside the keyring or in
``EVALKIT_TRUST``. Keys of one's own keyring are trusted without a word.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from evalkit.errors import AuditError, CaseError, SealError
from evalkit.vault.keys import FileKeyring, Signer
from evalkit.vault.notes import Checkpoint, Verifier, parse_note, parse_verifier, sign_checkpoint

SIGNATURE = "manifest.sig"
TRUSTED = "trusted-keys.txt"
"""Beside the keyring: one fingerprint a line, words after it are for people."""
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def fingerprint(public: bytes) -> str:
    """SHA-256 of an Ed25519 public key, 64 hex characters: what people compare."""
    return hashlib.sha256(public).hexdigest()


def verifier_of(id: str, signer: Signer) -> str:
    """The public key of a signer as the manifest of a gold set names it."""
    return str(Verifier(_origin(id), signer.public))


def sign_manifest(id: str, version: int, manifest: bytes, *, signer: Signer) -> bytes:
    """The bytes of ``manifest.sig``."""
    head = Checkpoint(_origin(id), version, hashlib.sha256(manifest).digest())
    return sign_checkpoint(head, [signer]).encode()


def check_signature(place: str, manifest: bytes, signature: bytes, *, vkey: str, head: tuple[str, int]) -> Verifier:
    """The key that signed a manifest; ``head`` is gold set and version. Raises CaseError for a signature that is not
    this key's over these bytes."""
    id, version = head
    try:
        key = parse_verifier(vkey)
        note = parse_note(signature.decode("utf-8"))
    except (AuditError, UnicodeDecodeError):
        raise CaseError("the signature, or the key it names, does not read", where=place) from None
    expected = Checkpoint(_origin(id), version, hashlib.sha256(manifest).digest())
    if key.name != _origin(id) or note.text != str(expected) or note.signed_by([key]) is None:
        raise CaseError(
            "the manifest is not the one that was signed", where=place, next_step="restore it; never edit it"
        )
    return key


def require_trusted(place: str, key: Verifier) -> None:
    """Raise CaseError where nobody here has said that they trust the key."""
    mark = fingerprint(key.public)
    if mark not in trusted_fingerprints():
        raise CaseError(
            f"signed by a key that is not trusted here (fingerprint {mark})",
            where=place,
            next_step=f"compare it with whoever promoted the set, then add it to {trust_file()} or EVALKIT_TRUST",
        )


def trust_file() -> Path:
    """Where fingerprints are kept: beside the keyring, never beside the gold sets."""
    return FileKeyring().path.with_name(TRUSTED)


def trusted_fingerprints() -> frozenset[str]:
    """The fingerprints of the own signing keys, of ``EVALKIT_TRUST`` (commas between) and of `trust_file`.

    Raises CaseError for an entry of the file or the variable that is no fingerprint.
    """
    return frozenset({*_own(), *_named(os.environ.get("EVALKIT_TRUST", "").split(","), "EVALKIT_TRUST"), *_listed()})


def _own() -> list[str]:
    keyring = FileKeyring()
    try:
        return [fingerprint(public) for public in keyring.trusted()] if keyring.path.exists() else []
    except SealError:  # another user's, or damaged: then nothing of it is trusted
        return []


def _listed() -> list[str]:
    try:
        lines = trust_file().read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError):
        raise CaseError("the list of trusted keys does not read", where=str(trust_file())) from None
    return _named([(line.split(maxsplit=1) or [""])[0] for line in lines], str(trust_file()))


def _named(entries: list[str], where: str) -> list[str]:
    marks = [mark for entry in entries if (mark := entry.strip())]
    if not all(_FINGERPRINT.fullmatch(mark) for mark in marks):
        raise CaseError("an entry is no fingerprint", where=where, next_step="64 hex characters, as the manifest's key")
    return marks


def _origin(id: str) -> str:
    return f"evalkit/gold/{id}"
