"""The envelope: one sealed message that carries its own data key, wrapped by a keyring.

::

    "EKE1" || length of the wrapped key (2 bytes, big endian) || wrapped key || message sealed under the data key

The additional data is bound to both parts: a wrapped key moved into another envelope opens nothing.
"""

from __future__ import annotations

import secrets

from evalkit.vault.cipher import KEY_BYTES, Cipher, does_not_open
from evalkit.vault.keys import KeyProvider

_MAGIC = b"EKE1"
_PREFIX = len(_MAGIC) + 2


def seal(plaintext: bytes, *, keyring: KeyProvider, aad: bytes) -> bytes:
    """Seal a message under a fresh data key; ``aad``, canonical metadata, is bound to it and not part of it."""
    data_key = secrets.token_bytes(KEY_BYTES)
    wrapped = keyring.wrap(data_key, aad=aad)
    return _MAGIC + len(wrapped).to_bytes(2, "big") + wrapped + Cipher(data_key).seal(plaintext, aad=aad)


def unseal(sealed: bytes, *, keyring: KeyProvider, aad: bytes) -> bytes:
    """The message. Raises SealError where a byte of it, of ``aad`` or of its key differs, without saying which."""
    if not sealed.startswith(_MAGIC) or len(sealed) < _PREFIX:
        raise does_not_open()
    end = _PREFIX + int.from_bytes(sealed[len(_MAGIC) : _PREFIX], "big")
    data_key = keyring.unwrap(sealed[_PREFIX:end], aad=aad)
    return Cipher(data_key).unseal(sealed[end:], aad=aad)
