"""Keys: who wraps the data keys, and the keyring file that does so on one machine.

A keyring holds 256-bit keys in the states that Tink's keysets have. The primary key wraps; primary and enabled keys
unwrap; a disabled key does neither until it is enabled again; of a destroyed key only the id is left. Destroying
every key that a file was wrapped with makes the file unreadable for good (cryptographic erase, NIST SP 800-88).

Beside them stand Ed25519 keys in the same states, which sign the ledger's checkpoints: the primary one signs, and
what it or an enabled one signed is trusted.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evalkit.errors import SealError
from evalkit.vault.cipher import KEY_BYTES, Cipher

KeyState = Literal["primary", "enabled", "disabled", "destroyed"]
_FORMAT = "evalkit-keyring/1"
_ID_BYTES = 8
_LONGEST = 1024 * 1024
"""Bytes; a key takes about 120."""


class KeyProvider(Protocol):
    """Wraps and unwraps data keys: a keyring file, or an adapter to a key management service."""

    def wrap(self, data_key: bytes, *, aad: bytes) -> bytes:
        """The data key, sealed; the answer names the key that can unwrap it."""
        ...

    def unwrap(self, wrapped: bytes, *, aad: bytes) -> bytes:
        """The data key. Raises SealError where the key is missing or not enabled, or anything was changed."""
        ...


class Signer(Protocol):
    """Signs messages with one Ed25519 key."""

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        ...

    def sign(self, message: bytes, /) -> bytes:
        """The signature, 64 bytes."""
        ...


class LedgerKeys(Protocol):
    """What a ledger needs: a `KeyProvider` that also signs its checkpoints, and says whose signatures are trusted."""

    def wrap(self, data_key: bytes, *, aad: bytes) -> bytes:
        """As `KeyProvider.wrap`."""
        ...

    def unwrap(self, wrapped: bytes, *, aad: bytes) -> bytes:
        """As `KeyProvider.unwrap`."""
        ...

    def signer(self) -> Signer:
        """The key that signs now."""
        ...

    def trusted(self) -> tuple[bytes, ...]:
        """The public keys whose signatures are trusted, the signing one first."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """One key of a keyring; ``repr`` never shows the secret."""

    key_id: str
    """16 hex digits, random."""
    state: KeyState
    secret: bytes | None
    """32 bytes; None once destroyed."""

    def __repr__(self) -> str:
        return f"Key({self.key_id}, {self.state})"


@dataclass(frozen=True, slots=True)
class _Ring:
    """What stands in the file: keys that wrap, and keys that sign."""

    keys: tuple[Key, ...]
    signers: tuple[Key, ...] = ()

    def find(self, key_id: str) -> Key | None:
        return next((key for key in (*self.keys, *self.signers) if key.key_id == key_id), None)

    def swap(self, key_id: str, fresh: Key) -> _Ring:
        """The ring with one key in another state."""
        swapped = [tuple(fresh if key.key_id == key_id else key for key in part) for part in (self.keys, self.signers)]
        return _Ring(*swapped)


class _FileSigner:
    """One signing key, held in memory while a ledger is open."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()
        self.sign = self._key.sign

    def __repr__(self) -> str:
        return "Signer()"


def default_path(environment: Mapping[str, str] | None = None) -> Path:
    """``$EVALKIT_KEYRING``, else ``$XDG_CONFIG_HOME/evalkit/keyring.json``, else ``~/.config/evalkit/keyring.json``."""
    env = os.environ if environment is None else environment
    if named := env.get("EVALKIT_KEYRING"):
        return Path(named)
    config = env.get("XDG_CONFIG_HOME")
    return (Path(config) if config else Path.home() / ".config") / "evalkit" / "keyring.json"


class FileKeyring:
    """A keyring in a JSON file that only its owner may read (mode 0600). Created when first used.

    Every use reads the file, so that a key disabled by another process is disabled here too.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()

    def __repr__(self) -> str:
        return "FileKeyring()"

    def wrap(self, data_key: bytes, *, aad: bytes) -> bytes:
        """The data key under the primary key: 8 bytes of key id, then the sealed key."""
        primary = _primary(self._read(create=True).keys)
        assert primary.secret is not None
        key_id = bytes.fromhex(primary.key_id)
        return key_id + Cipher(primary.secret).seal(data_key, aad=key_id + aad)

    def unwrap(self, wrapped: bytes, *, aad: bytes) -> bytes:
        """The data key. Raises SealError where its key is missing, disabled or destroyed, or anything was changed."""
        key_id = wrapped[:_ID_BYTES]
        named = {key.key_id: key for key in self._read(create=False).keys}.get(key_id.hex())
        if named is None:
            raise SealError(
                "the data was sealed with a key that is not in this keyring",
                where=str(self.path),
                next_step="point EVALKIT_KEYRING to the keyring it was sealed with, or restore that from its backup",
            )
        if named.secret is None or named.state == "disabled":
            step = "nothing can open it any more" if named.secret is None else "enable the key first"
            raise SealError(f"key {named.key_id} is {named.state}", where=str(self.path), next_step=step)
        return Cipher(named.secret).unseal(wrapped[_ID_BYTES:], aad=key_id + aad)

    def keys(self) -> tuple[Key, ...]:
        """Every key that wraps, in the order they were made; the file is created if it is not there."""
        return self._read(create=True).keys

    def signers(self) -> tuple[Key, ...]:
        """Every key that signs, in the order they were made; the first is made if there is none."""
        ring = self._read(create=True)
        if not ring.signers:
            with self._locked():
                ring = self._load()
                if not ring.signers:
                    ring = replace(ring, signers=(_make_key(),))
                    self._write(ring)
        return ring.signers

    def signer(self) -> Signer:
        """The primary signing key, made if there is none."""
        primary = _primary(self.signers())
        assert primary.secret is not None
        return _FileSigner(primary.secret)

    def trusted(self) -> tuple[bytes, ...]:
        """The public keys of the primary and the enabled signing keys, the primary first. Empty where there is none."""
        live = [key for key in self._read(create=False).signers if key.state in {"primary", "enabled"}]
        live.sort(key=lambda key: key.state != "primary")
        return tuple(_FileSigner(key.secret).public for key in live if key.secret is not None)

    def rotate(self) -> str:
        """Make a new primary key and return its id; the former primary stays enabled."""
        fresh = _make_key()
        with self._locked():
            ring = self._load()
            self._write(replace(ring, keys=(*_demote(ring.keys), fresh)))
        return fresh.key_id

    def rotate_signer(self) -> str:
        """Make a new primary signing key and return its id; what the former one signed stays trusted."""
        fresh = _make_key()
        with self._locked():
            ring = self._load()
            self._write(replace(ring, signers=(*_demote(ring.signers), fresh)))
        return fresh.key_id

    def enable(self, key_id: str) -> None:
        """Let a disabled key unwrap again. Raises SealError for a key that is not disabled."""
        self._move(key_id, {"disabled"}, "enabled")

    def disable(self, key_id: str) -> None:
        """Stop a key from unwrapping until it is enabled again. Raises SealError for any but an enabled key."""
        self._move(key_id, {"enabled"}, "disabled")

    def destroy(self, key_id: str) -> None:
        """Forget a disabled key's secret for good. Raises SealError for any but a disabled key."""
        self._move(key_id, {"disabled"}, "destroyed")

    def check_outside(self, directory: Path) -> None:
        """Raise SealError where the keyring lies inside the folder whose contents it seals.

        A copy of the data folder alone must open nothing (74 FR 19006: encrypted and the key not taken).
        """
        if self.path.resolve().is_relative_to(directory.resolve()):
            raise SealError(
                "the keyring lies inside the folder of the data that it seals",
                where=str(self.path),
                next_step="move it out, and point EVALKIT_KEYRING to it",
            )

    def _move(self, key_id: str, before: set[KeyState], after: KeyState) -> None:
        with self._locked():
            ring = self._load()
            key = ring.find(key_id)
            if key is None or key.state not in before:
                state = "not there" if key is None else key.state
                raise SealError(
                    f"the key is {state}; only a key that is {' or '.join(sorted(before))} becomes {after}",
                    where=str(self.path),
                )
            secret = None if after == "destroyed" else key.secret
            self._write(ring.swap(key_id, replace(key, state=after, secret=secret)))

    def _read(self, *, create: bool) -> _Ring:
        """The keys; the lock is only for making the first one, since a keyring is replaced whole."""
        # a link to a disk that is not there is no reason to make a new keyring
        if not create or os.path.lexists(self.path):
            return self._load()
        with self._locked():
            if not os.path.lexists(self.path):
                self._write(_Ring((_make_key(),)))
            return self._load()

    def _load(self) -> _Ring:
        try:
            # a pipe that nobody writes to would be waited for
            with os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                _check_owner_only(os.fstat(file.fileno()), self.path)
                data = file.read(_LONGEST + 1)
        except FileNotFoundError:
            raise SealError(
                "there is no keyring here",
                where=str(self.path),
                next_step="restore it from its backup, or point EVALKIT_KEYRING to where it is",
            ) from None
        except OSError as error:
            raise SealError(f"the keyring cannot be read ({error.strerror})", where=str(self.path)) from None
        try:
            return _parse(data)
        except (ValueError, KeyError, TypeError, RecursionError):
            # The cause would show what stands in the file: secrets.
            raise SealError(
                "the keyring is damaged, or not a keyring", where=str(self.path), next_step="restore it from its backup"
            ) from None

    def _write(self, ring: _Ring) -> None:
        """Replace the file whole: a reader sees the old keyring or the new one, also after a power cut."""
        parts = {"keys": _rows(ring.keys)} | ({"signers": _rows(ring.signers)} if ring.signers else {})
        body = json.dumps({"format": _FORMAT, **parts}, indent=1).encode() + b"\n"
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
            _sync_directory(self.path.parent)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise SealError(f"the keyring cannot be written ({error.strerror})", where=str(self.path)) from None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time, between processes too; the lock dies with its process."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path.with_name(f".{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise SealError(f"its folder cannot be written ({error.strerror})", where=str(self.path)) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _make_key() -> Key:
    return Key(secrets.token_hex(_ID_BYTES), "primary", secrets.token_bytes(KEY_BYTES))


def _primary(keys: tuple[Key, ...]) -> Key:
    return next(key for key in keys if key.state == "primary")


def _demote(keys: tuple[Key, ...]) -> Iterator[Key]:
    return (replace(key, state="enabled") if key.state == "primary" else key for key in keys)


def _rows(keys: tuple[Key, ...]) -> list[dict[str, str | None]]:
    return [
        {"id": k.key_id, "state": k.state, "secret": base64.b64encode(k.secret).decode() if k.secret else None}
        for k in keys
    ]


def _check_owner_only(status: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_size > _LONGEST:
        raise SealError("the keyring is no file, or far too long for one", where=str(path))
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise SealError(
            f"the keyring may be read by others (mode {mode:04o})", where=str(path), next_step=f"chmod 600 {path}"
        )


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parse(data: bytes) -> _Ring:
    """The keys of a keyring file. Raises ValueError, KeyError or TypeError for anything that is not one."""
    body = json.loads(data)
    if set(body) | {"signers"} != {"format", "keys", "signers"} or body["format"] != _FORMAT:
        raise ValueError
    keys, signers = (tuple(map(_parse_key, body.get(part, ()))) for part in ("keys", "signers"))
    every = (*keys, *signers)
    if len({key.key_id for key in every}) != len(every) or ("signers" in body and not signers):
        raise ValueError
    if any([key.state for key in part].count("primary") != 1 for part in (keys, signers) if part or part is keys):
        raise ValueError
    return _Ring(keys, signers)


def _parse_key(row: dict[str, Any]) -> Key:
    key_id, state, secret = row["id"], row["state"], row["secret"]
    if len(row) != 3 or state not in get_args(KeyState) or (secret is None) != (state == "destroyed"):
        raise ValueError
    if len(bytes.fromhex(key_id)) != _ID_BYTES:
        raise ValueError
    try:
        plain = None if secret is None else base64.b64decode(secret, validate=True)
    except binascii.Error:
        raise ValueError from None
    if plain is not None and len(plain) != KEY_BYTES:
        raise ValueError
    return Key(key_id, state, plain)
