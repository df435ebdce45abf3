"""The cipher: published vectors, the format as documented, and that nothing changed ever opens."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import SealError
from evalkit.vault.cipher import MAX_PLAINTEXT, OVERHEAD, Cipher

KEY = bytes(range(32))

# McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", test cases 13 to 16: key, nonce, plaintext, additional
# data, ciphertext, tag. The long values are shared by cases 15 and 16, the second cut to 60 bytes.
_LONG_KEY = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
_NONCE = "cafebabefacedbaddecaf888"
_TEXT = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
)
_SEALED = (
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
)
_AAD = "feedfacedeadbeeffeedfacedeadbeefabaddad2"
GCM_VECTORS = [
    ("00" * 32, "00" * 12, "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
    ("00" * 32, "00" * 12, "00" * 16, "", "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"),
    (_LONG_KEY, _NONCE, _TEXT, "", _SEALED, "b094dac5d93471bdec1a502270e3cc6c"),
    (_LONG_KEY, _NONCE, _TEXT[:120], _AAD, _SEALED[:120], "76fc6ece0f4e1768cddf8853bb2d551b"),
]

# RFC 4231, test cases 1, 2, 3, 4, 6 and 7: key, data, HMAC-SHA-256.
HMAC_VECTORS = [
    ("0b" * 20, b"Hi There".hex(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe".hex(),
        b"what do ya want for nothing?".hex(),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    ("aa" * 20, "dd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (bytes(range(1, 26)).hex(), "cd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    (
        "aa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First".hex(),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        "aa" * 131,
        (
            b"This is a test using a larger than block-size key and a larger than block-size data. "
            b"The key needs to be hashed before being used by the HMAC algorithm."
        ).hex(),
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
]


@pytest.mark.parametrize(("key", "nonce", "text", "aad", "sealed", "tag"), GCM_VECTORS)
def test_aes_256_gcm_gives_the_published_answers(
    key: str, nonce: str, text: str, aad: str, sealed: str, tag: str
) -> None:
    answer = AESGCM(bytes.fromhex(key)).encrypt(bytes.fromhex(nonce), bytes.fromhex(text), bytes.fromhex(aad))
    assert answer.hex() == sealed + tag


@pytest.mark.parametrize(("key", "data", "answer"), HMAC_VECTORS)
def test_hmac_sha256_with_a_copied_state_gives_the_published_answers(key: str, data: str, answer: str) -> None:
    state = hmac.new(bytes.fromhex(key), digestmod=hashlib.sha256).copy()
    state.update(bytes.fromhex(data))
    assert state.hexdigest() == answer


def seal_as_documented(key: bytes, salt: bytes, number: int, plaintext: bytes, aad: bytes) -> bytes:
    """The format of the module's docstring, written down a second time."""
    derived = hmac.digest(key, b"key\0" + salt, "sha256")
    commit = hmac.digest(key, b"commit\0" + salt, "sha256")
    body = AESGCM(derived).encrypt(number.to_bytes(12, "big"), plaintext, aad)
    return salt + commit + number.to_bytes(4, "big") + body


@given(plaintext=st.binary(max_size=200), aad=st.binary(max_size=80), number=st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_a_message_sealed_by_the_documented_format_opens(plaintext: bytes, aad: bytes, number: int) -> None:
    sealed = seal_as_documented(KEY, bytes(reversed(range(32))), number, plaintext, aad)
    assert Cipher(KEY).unseal(sealed, aad=aad) == plaintext


@given(messages=st.lists(st.tuples(st.binary(max_size=100), st.binary(max_size=40)), max_size=8))
@settings(deadline=None)
def test_every_message_of_a_batch_opens_alone_and_in_any_order(messages: list[tuple[bytes, bytes]]) -> None:
    sealed = Cipher(KEY).seal_batch(messages)
    for (plaintext, aad), blob in reversed(list(zip(messages, sealed, strict=True))):
        assert Cipher(KEY).unseal(blob, aad=aad) == plaintext
        assert len(blob) == len(plaintext) + OVERHEAD


@given(plaintext=st.binary(max_size=60), aad=st.binary(max_size=20), data=st.data())
@settings(deadline=None)
def test_one_flipped_bit_anywhere_opens_nothing(plaintext: bytes, aad: bytes, data: st.DataObject) -> None:
    box = Cipher(KEY)
    sealed = bytearray(box.seal(plaintext, aad=aad))
    assert box.unseal(bytes(sealed), aad=aad) == plaintext
    place = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[place // 8] ^= 1 << place % 8
    with pytest.raises(SealError):
        box.unseal(bytes(sealed), aad=aad)


def test_every_single_byte_of_one_message_matters() -> None:
    box = Cipher(KEY)
    sealed = box.seal(b"plain", aad=b"meta")
    for place in range(len(sealed)):
        broken = sealed[:place] + bytes([sealed[place] ^ 0xFF]) + sealed[place + 1 :]
        with pytest.raises(SealError):
            box.unseal(broken, aad=b"meta")


@given(aad=st.binary(max_size=20), other=st.binary(max_size=20))
@settings(deadline=None)
def test_other_additional_data_opens_nothing(aad: bytes, other: bytes) -> None:
    sealed = Cipher(KEY).seal(b"plain", aad=aad)
    if aad != other:
        with pytest.raises(SealError):
            Cipher(KEY).unseal(sealed, aad=other)


@pytest.mark.parametrize("length", [0, 1, OVERHEAD - 1])
def test_a_message_that_was_cut_short_opens_nothing(length: int) -> None:
    with pytest.raises(SealError):
        Cipher(KEY).unseal(Cipher(KEY).seal(b"", aad=b"")[:length], aad=b"")


def test_a_message_with_a_byte_too_many_opens_nothing() -> None:
    with pytest.raises(SealError):
        Cipher(KEY).unseal(Cipher(KEY).seal(b"plain", aad=b"") + b"\0", aad=b"")


def test_a_ciphertext_that_another_key_could_open_is_refused_by_its_commitment() -> None:
    other = bytes(32)
    salt = bytes(32)
    forged = seal_as_documented(other, salt, 0, b"plain", b"")
    # The body is right for our key; only the commitment is to the other one.
    ours = seal_as_documented(KEY, salt, 0, b"plain", b"")
    with pytest.raises(SealError):
        Cipher(KEY).unseal(salt + forged[32:64] + ours[64:], aad=b"")


def test_a_message_moved_to_another_number_of_its_batch_opens_nothing() -> None:
    box = Cipher(KEY)
    first, second = box.seal_batch([(b"one", b""), (b"two", b"")])
    with pytest.raises(SealError):
        box.unseal(first[:64] + second[64:68] + first[68:], aad=b"")


def test_the_same_message_is_never_sealed_the_same_way_twice() -> None:
    box = Cipher(KEY)
    assert len({box.seal(b"plain", aad=b"") for _ in range(100)}) == 100
    assert len({blob[68:] for blob in box.seal_batch([(b"plain", b"")] * 100)}) == 100


def test_every_failure_reads_the_same_and_shows_nothing() -> None:
    box = Cipher(KEY)
    sealed = box.seal(b"Nakamura-canary", aad=b"meta")
    texts = set()
    for broken in (b"", sealed[:-1], b"\0" * 32 + sealed[32:], sealed[:-1] + bytes([sealed[-1] ^ 1])):
        with pytest.raises(SealError) as caught:
            box.unseal(broken, aad=b"meta")
        texts.add(str(caught.value))
        assert caught.value.__cause__ is None
    assert len(texts) == 1
    assert "canary" not in texts.pop()


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(SealError, match="32 bytes, this one has 16"):
        Cipher(bytes(16))


def test_a_message_too_long_for_the_store_is_refused_before_it_is_sealed() -> None:
    with pytest.raises(SealError, match=f"longer than {MAX_PLAINTEXT} bytes"):
        Cipher(KEY).seal(bytes(MAX_PLAINTEXT + 1), aad=b"")  # zeroed lazily: takes no memory


@given(key=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200))
@settings(deadline=None)
def test_keys_are_derived_by_hmac(key: bytes, message: bytes) -> None:
    assert Cipher(key)._derive(b"key\0", message) == hmac.digest(key, b"key\0" + message, "sha256")
