"""Signed notes: published keys and notes, and nothing but what they say."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import AuditError
from evalkit.vault.notes import (
    Checkpoint,
    Verifier,
    parse_checkpoint,
    parse_note,
    parse_verifier,
    sign_checkpoint,
)

# The worked example of Go's package sumdb/note, from which C2SP's signed-note came, and the key of sum.golang.org.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SUM = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SAYING = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# RFC 8032, 7.1, tests 1 to 3: secret key, public key, message, signature.
ED25519 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


class Signer:
    def __init__(self, seed: bytes = bytes(32)) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes, /) -> bytes:
        return self._key.sign(message)


@pytest.mark.parametrize(("secret", "public", "message", "signature"), ED25519)
def test_ed25519_gives_the_published_answers(secret: str, public: str, message: str, signature: str) -> None:
    signer = Signer(bytes.fromhex(secret))
    assert signer.public.hex() == public
    assert signer.sign(bytes.fromhex(message)).hex() == signature
    verifier = Verifier("test", bytes.fromhex(public))
    assert verifier.confirms(bytes.fromhex(message), bytes.fromhex(signature))
    assert not verifier.confirms(bytes.fromhex(message) + b"x", bytes.fromhex(signature))


@pytest.mark.parametrize("vkey", [PETER, GO_SUM])
def test_published_keys_are_read_and_written_as_they_are(vkey: str) -> None:
    assert str(parse_verifier(vkey)) == vkey


def test_the_published_note_verifies_and_a_changed_one_does_not() -> None:
    peter = parse_verifier(PETER)
    assert parse_note(SAYING).signed_by([parse_verifier(GO_SUM), peter]) == peter
    changed = parse_note(SAYING.replace("cryptography", "Cryptography"))
    assert changed.signed_by([peter]) is None
    assert changed.claims([peter])
    assert not changed.claims([parse_verifier(GO_SUM)])


def test_the_published_checkpoint_is_read() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    head = parse_checkpoint(text)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert str(head) == text
    assert parse_checkpoint(text + "an extension\n") == head


@given(size=st.integers(0, 10**17), root=st.binary(min_size=32, max_size=32))
@settings(deadline=None, max_examples=50)
def test_a_signed_checkpoint_is_what_comes_back(size: int, root: bytes) -> None:
    head = Checkpoint("evalkit/log/test", size, root)
    old, new = Signer(), Signer(bytes(31) + b"\1")
    note = parse_note(sign_checkpoint(head, [old, new]))
    assert parse_checkpoint(note.text) == head
    for signer in (old, new):
        own = Verifier(head.origin, signer.public)
        assert note.signed_by([own]) == own
        assert note.signed_by([Verifier("evalkit/log/another", signer.public)]) is None


GOOD = sign_checkpoint(Checkpoint("evalkit/log/test", 7, bytes(32)), [Signer()])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        GOOD[:-1],
        GOOD.replace("\n\n", "\n"),
        GOOD.replace("\N{EM DASH}", "-"),
        GOOD.replace("\N{EM DASH} evalkit/log/test ", "\N{EM DASH} evalkit log test "),
        GOOD.replace("\n\n", "\n\x1b[31m\n\n"),
        GOOD.replace("\n\n", "\r\n\n"),
        GOOD + "trailing",
        GOOD[:-6] + "####=\n",
        "x" * (64 * 1024) + GOOD,
    ],
)
def test_what_is_not_written_as_a_note_is_refused(text: str) -> None:
    with pytest.raises(AuditError, match="no signed checkpoint") as caught:
        parse_note(text)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "text",
    [
        "origin\n7\n",
        "origin\n07\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "origin\n-7\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "origin\n\N{ARABIC-INDIC DIGIT SEVEN}\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "origin\n9" + "9" * 18 + "\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "origin\n7\n" + base64.b64encode(bytes(31)).decode() + "\n",
        "origin\n7\n" + base64.b64encode(bytes(32)).decode().replace("A", "B", 43) + "\n",
        "\n7\n" + base64.b64encode(bytes(32)).decode() + "\n",
    ],
)
def test_what_states_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(AuditError, match="no signed checkpoint"):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("ARpc", "Arpc"),
        PETER + "A",
        PETER.replace("+A", "+C"),
        "a b+c74f20a3+ARpc",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(AuditError, match="no Ed25519 verifier key"):
        parse_verifier(text)
