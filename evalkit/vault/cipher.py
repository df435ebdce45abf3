"""The cipher: AES-256-GCM under a key of its own for every batch of messages, with a commitment to that key.

For a batch under the 256-bit key K, with a fresh 32-byte salt, message number i is sealed as::

    key    = HMAC-SHA256(K, "key"    || 0x00 || salt)
    commit = HMAC-SHA256(K, "commit" || 0x00 || salt)
    sealed = salt || commit || i (4 bytes) || AES-256-GCM(key, nonce = i (12 bytes), plaintext, aad)

Why a derived key: one repeated nonce under a key gives its authentication key away, so random 96-bit nonces are
limited to 2^32 messages (NIST SP 800-38D, 8.3). Here nonces count up under a key that is never used again, also not
after a crash, and the limit moves to collisions of 256-bit salts. Why a commitment: a GCM ciphertext can be made that
opens under two keys; the commitment, compared in constant time, ties it to one.

A message may have 2^36 - 32 bytes by SP 800-38D; `MAX_PLAINTEXT` keeps below what sqlite takes in one value.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from evalkit.errors import SealError

KEY_BYTES = 32
SALT_BYTES = 32
COMMIT_BYTES = 32
TAG_BYTES = 16
COUNT_BYTES = 4
OVERHEAD = SALT_BYTES + COMMIT_BYTES + COUNT_BYTES + TAG_BYTES
"""Bytes that sealing adds to a message."""
MAX_PLAINTEXT = 512 * 1024 * 1024

_HEAD = SALT_BYTES + COMMIT_BYTES
_BODY = _HEAD + COUNT_BYTES
_PAD = bytes(12 - COUNT_BYTES)
_BLOCK_BYTES = 64
_INNER_PAD = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD = bytes(byte ^ 0x5C for byte in range(256))
_KEY_LABEL = b"key\x00"
_COMMIT_LABEL = b"commit\x00"


class Cipher:
    """Seals and unseals messages under one 256-bit key. Safe to share between threads."""

    __slots__ = ("_inner", "_last", "_outer")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise SealError(f"a key has {KEY_BYTES} bytes, this one has {len(key)}")
        # HMAC (RFC 2104) from copies of its two keyed states: a third of what keying it anew costs.
        block = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER_PAD))
        self._outer = hashlib.sha256(block.translate(_OUTER_PAD))
        self._last: tuple[bytes, AESGCM] | None = None

    def seal(self, plaintext: bytes, *, aad: bytes) -> bytes:
        """The sealed message, `OVERHEAD` bytes longer; ``aad`` is bound to it and not part of it."""
        return self.seal_batch([(plaintext, aad)])[0]

    def seal_batch(self, messages: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """Seal (plaintext, aad) pairs under one derived key; each opens by itself."""
        if messages and max(len(plaintext) for plaintext, _ in messages) > MAX_PLAINTEXT:
            raise SealError(f"a message is longer than {MAX_PLAINTEXT} bytes")
        salt = os.urandom(SALT_BYTES)
        head = salt + self._derive(_COMMIT_LABEL, salt)
        encrypt = AESGCM(self._derive(_KEY_LABEL, salt)).encrypt
        sealed = []
        for number, (plaintext, aad) in enumerate(messages):
            count = number.to_bytes(COUNT_BYTES, "big")
            sealed.append(head + count + encrypt(_PAD + count, plaintext, aad))
        return sealed

    def unseal(self, sealed: bytes, *, aad: bytes) -> bytes:
        """The message. Raises SealError, the same one whatever was wrong with it."""
        if len(sealed) < OVERHEAD:
            raise does_not_open()
        try:
            return self._key_of(sealed[:_HEAD]).decrypt(_PAD + sealed[_HEAD:_BODY], sealed[_BODY:], aad)
        except InvalidTag:
            raise does_not_open() from None

    def _key_of(self, head: bytes) -> AESGCM:
        """The derived key of a batch, its commitment checked. Neighbours are of one batch: the last key is kept."""
        last = self._last
        if last is not None and last[0] == head:
            return last[1]
        salt, commit = head[:SALT_BYTES], head[SALT_BYTES:]
        if not hmac.compare_digest(commit, self._derive(_COMMIT_LABEL, salt)):
            raise does_not_open()
        key = AESGCM(self._derive(_KEY_LABEL, salt))
        self._last = (head, key)
        return key

    def _derive(self, label: bytes, salt: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(label + salt)
        outer.update(inner.digest())
        return outer.digest()


def does_not_open() -> SealError:
    """The one error of everything that does not open: it tells an attacker nothing about why."""
    return SealError(
        "a sealed payload does not open",
        next_step="it was changed, it belongs elsewhere, or it was sealed with another key",
    )
