"""Signed notes and checkpoints, as C2SP's signed-note and tlog-checkpoint write them (c2sp.org), with Ed25519.

::

    evalkit/log/3f0c...            origin: which log
    20852163                       size: how many records
    CsUYapGGPo4dkMgIAUqom/Xa...    root of the RFC 6962 tree over them, base64
                                   (an empty line)
    — evalkit/log/3f0c... Az3g...  name of the key, base64 of key id (4 bytes) and signature (64 bytes)

Any tool that reads transparency logs verifies them. A `Verifier` is written as C2SP's ``vkey``: ``name+id+key``.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evalkit.errors import AuditError
from evalkit.vault.keys import Signer
from evalkit.vault.merkle import HASH_BYTES

ED25519 = b"\x01"
MAX_NOTE = 64 * 1024
"""Characters; a note of ours has about 250."""
_DASH = "\N{EM DASH} "
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,200}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under the name that notes call it by."""

    name: str
    public: bytes
    """32 bytes, Ed25519."""

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name || 0x0A || 0x01 || public key)."""
        return _key_id(self.name, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    def confirms(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's over the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Note:
    """A text with signature lines, which nobody has verified yet."""

    text: str
    """Ends with a newline."""
    signatures: tuple[tuple[str, bytes, bytes], ...]
    """Key name, key id and signature of each line."""

    def signed_by(self, verifiers: Sequence[Verifier]) -> Verifier | None:
        """The first of the keys that signed this text, or None."""
        for one in verifiers:
            for name, key_id, signature in self.signatures:
                if (name, key_id) == (one.name, one.key_id) and one.confirms(self.text.encode(), signature):
                    return one
        return None

    def claims(self, verifiers: Sequence[Verifier]) -> bool:
        """Whether a line bears the name and id of one of the keys, be its signature right or wrong."""
        known = {(one.name, one.key_id) for one in verifiers}
        return any((name, key_id) in known for name, key_id, _ in self.signatures)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: so many records, with this root."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def __repr__(self) -> str:
        return f"Checkpoint({self.origin}, {self.size} records, root {self.root.hex()[:12]})"


def sign_checkpoint(checkpoint: Checkpoint, signers: Sequence[Signer]) -> str:
    """The signed note of a checkpoint; the keys are named by its origin."""
    text = str(checkpoint)
    message = text.encode()
    lines = []
    for signer in signers:
        key_id = _key_id(checkpoint.origin, signer.public)
        mark = base64.b64encode(key_id + signer.sign(message)).decode()
        lines.append(f"{_DASH}{checkpoint.origin} {mark}\n")
    return f"{text}\n{''.join(lines)}"


@functools.lru_cache(maxsize=64)
def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def parse_verifier(text: str) -> Verifier:
    """The key that a ``vkey`` writes. Raises AuditError where it is none, or its id is not its own."""
    parts = text.strip().split("+", 2)
    if len(parts) == 3 and _NAME.fullmatch(parts[0]):
        key = _decode(parts[2])
        if key is not None and key[:1] == ED25519 and len(key) == 33:
            found = Verifier(parts[0], key[1:])
            if found.key_id.hex() == parts[1]:
                return found
    raise AuditError(
        "this is no Ed25519 verifier key", next_step="write it as name+id+key, as `evalkit audit key` prints it"
    )


def parse_note(text: str) -> Note:
    """The parts of a signed note. Raises AuditError for what is not written as one, and shows nothing of it."""
    head, gap, tail = text.rpartition("\n\n")
    if len(text) > MAX_NOTE or not gap or not tail.endswith("\n"):
        raise _no_note()
    if any(sign < " " and sign != "\n" for sign in text):
        raise _no_note()
    signatures = []
    for line in tail[:-1].split("\n"):
        name, space, mark = line.removeprefix(_DASH).partition(" ")
        raw = _decode(mark)
        if not (line.startswith(_DASH) and space and _NAME.fullmatch(name)) or raw is None or len(raw) < 5:
            raise _no_note()
        signatures.append((name, raw[:4], raw[4:]))
    return Note(head + "\n", tuple(signatures))


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that a note's text states. Raises AuditError where it states none."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]) or not _SIZE.fullmatch(lines[1]):
        raise _no_note()
    root = _decode(lines[2])
    if root is None or len(root) != HASH_BYTES:
        raise _no_note()
    return Checkpoint(lines[0], int(lines[1]), root)


def _decode(text: str) -> bytes | None:
    """Canonical base64, or None."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def _no_note() -> AuditError:
    return AuditError("this is no signed checkpoint", next_step="use the file as evalkit, or another log, wrote it")
