"""Canonical bytes and their digests: the names by which nouns are joined.

In: JSON values or bytes. Out: SHA-256 in hex. Two values have one digest exactly when they are the same JSON
value: keys sorted, no white space, UTF-8, no NaN.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """The one byte string of a JSON value (keys sorted, separators without spaces, UTF-8).

    Raises ValueError for NaN and infinities, TypeError for what is not JSON. A number as a key becomes text.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")


def digest_bytes(data: bytes) -> str:
    """SHA-256 of bytes, 64 hex characters."""
    return hashlib.sha256(data).hexdigest()


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of a value, 64 hex characters."""
    return digest_bytes(canonical_json(value))
