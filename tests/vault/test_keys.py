"""The keyring file: who may read it, what its keys may do, and that two processes make one."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from evalkit.errors import SealError
from evalkit.vault.keys import FileKeyring, KeyProvider, default_path

DATA_KEY = bytes(range(32))


@pytest.fixture
def keyring(tmp_path: Path) -> FileKeyring:
    return FileKeyring(tmp_path / "config" / "keyring.json")


def states(keyring: FileKeyring) -> list[str]:
    everything = keyring.keys()
    return [key.state for key in everything]


def test_a_wrapped_key_unwraps(keyring: KeyProvider) -> None:
    assert keyring.unwrap(keyring.wrap(DATA_KEY, aad=b"run"), aad=b"run") == DATA_KEY


def test_a_wrapped_key_shows_nothing_of_the_key(keyring: FileKeyring) -> None:
    assert DATA_KEY not in keyring.wrap(DATA_KEY, aad=b"")


@pytest.mark.parametrize("place", range(0, 124, 3))
def test_a_changed_byte_of_a_wrapped_key_unwraps_nothing(keyring: FileKeyring, place: int) -> None:
    wrapped = bytearray(keyring.wrap(DATA_KEY, aad=b"run"))
    wrapped[place] ^= 0x01
    with pytest.raises(SealError):
        keyring.unwrap(bytes(wrapped), aad=b"run")


def test_another_additional_data_unwraps_nothing(keyring: FileKeyring) -> None:
    with pytest.raises(SealError):
        keyring.unwrap(keyring.wrap(DATA_KEY, aad=b"run 1"), aad=b"run 2")


def test_the_file_and_its_folder_are_the_owners_alone(keyring: FileKeyring) -> None:
    keyring.keys()
    assert stat.S_IMODE(keyring.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keyring.path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in keyring.path.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_keyring_that_others_may_read_is_refused_with_the_command_that_mends_it(
    keyring: FileKeyring, mode: int
) -> None:
    keyring.keys()
    keyring.path.chmod(mode)
    with pytest.raises(SealError, match=rf"mode {mode:04o}.*chmod 600"):
        keyring.wrap(DATA_KEY, aad=b"")


def test_processes_that_race_to_make_the_keyring_get_one_key(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keyring.json"
    script = (
        "import sys; from pathlib import Path; from evalkit.vault.keys import FileKeyring;"
        "sys.stdin.read(); print(FileKeyring(Path(sys.argv[1])).keys()[0].key_id)"
    )
    command = [sys.executable, "-c", script, str(path)]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=0) for _ in range(6)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.close()
    seen = set()
    for racer in racers:
        assert racer.stdout is not None
        with racer.stdout:
            seen.add(racer.stdout.read().strip())
        assert racer.wait() == 0
    assert seen == {FileKeyring(path).keys()[0].key_id}


def test_what_was_wrapped_before_a_rotation_still_unwraps(keyring: FileKeyring) -> None:
    wrapped = keyring.wrap(DATA_KEY, aad=b"")
    new = keyring.rotate()
    assert states(keyring) == ["enabled", "primary"]
    assert keyring.unwrap(wrapped, aad=b"") == DATA_KEY
    assert keyring.wrap(DATA_KEY, aad=b"")[:8].hex() == new


def test_rotating_a_keyring_that_is_not_there_is_an_error_that_says_so(keyring: FileKeyring) -> None:
    with pytest.raises(SealError, match="there is no keyring here"):
        keyring.rotate()


def test_a_disabled_key_unwraps_nothing_until_it_is_enabled(keyring: FileKeyring) -> None:
    wrapped = keyring.wrap(DATA_KEY, aad=b"")
    keyring.rotate()
    old = keyring.keys()[0].key_id
    keyring.disable(old)
    with pytest.raises(SealError, match=f"key {old} is disabled"):
        keyring.unwrap(wrapped, aad=b"")
    keyring.enable(old)
    assert keyring.unwrap(wrapped, aad=b"") == DATA_KEY


def test_a_destroyed_key_leaves_its_id_and_nothing_else(keyring: FileKeyring) -> None:
    wrapped = keyring.wrap(DATA_KEY, aad=b"")
    keyring.rotate()
    old = keyring.keys()[0].key_id
    secret = json.loads(keyring.path.read_text())["keys"][0]["secret"]
    keyring.disable(old)
    keyring.destroy(old)
    assert states(keyring) == ["destroyed", "primary"]
    assert secret not in keyring.path.read_text()
    with pytest.raises(SealError, match="is destroyed -> nothing can open it"):
        keyring.unwrap(wrapped, aad=b"")


@pytest.mark.parametrize("move", ["enable", "disable", "destroy"])
def test_the_primary_key_cannot_be_taken_out_of_service(keyring: FileKeyring, move: str) -> None:
    (primary,) = keyring.keys()
    with pytest.raises(SealError, match="the key is primary"):
        getattr(keyring, move)(primary.key_id)
    assert states(keyring) == ["primary"]


def test_an_enabled_key_is_not_destroyed_in_one_step(keyring: FileKeyring) -> None:
    keyring.keys()
    keyring.rotate()
    with pytest.raises(SealError, match="only a key that is disabled becomes destroyed"):
        keyring.destroy(keyring.keys()[0].key_id)


def test_a_key_that_is_not_there_is_not_moved(keyring: FileKeyring) -> None:
    keyring.keys()
    with pytest.raises(SealError, match="the key is not there"):
        keyring.disable("00" * 8)


def test_a_key_of_another_keyring_is_named_as_missing(keyring: FileKeyring, tmp_path: Path) -> None:
    wrapped = FileKeyring(tmp_path / "other.json").wrap(DATA_KEY, aad=b"")
    keyring.keys()
    with pytest.raises(SealError, match=r"not in this keyring.*EVALKIT_KEYRING"):
        keyring.unwrap(wrapped, aad=b"")


def test_unwrapping_makes_no_keyring(keyring: FileKeyring) -> None:
    with pytest.raises(SealError, match="there is no keyring here"):
        keyring.unwrap(bytes(124), aad=b"")
    assert not keyring.path.exists()


def keyring_text(**row: object) -> str:
    return json.dumps({"format": "evalkit-keyring/1", "keys": [row]})


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format": "evalkit-keyring/2", "keys": []}',
        '{"format": "evalkit-keyring/1", "keys": []}',
        keyring_text(id="00", state="primary", secret="A" * 43 + "="),
        keyring_text(id="00" * 8, state="primary", secret="c2VjcmV0"),
        keyring_text(id="00" * 8, state="primary", secret="!c2VjcmV0"),
        keyring_text(id="00" * 8, state="primary", secret=None),
        keyring_text(id="00" * 8, state="lost", secret="A" * 43 + "="),
        keyring_text(id="00" * 8, state="primary", secret="A" * 43 + "=", note="more"),
    ],
)
def test_a_damaged_keyring_is_refused_and_its_secrets_are_not_shown(keyring: FileKeyring, damage: str) -> None:
    keyring.keys()
    keyring.path.write_text(damage)
    with pytest.raises(SealError, match="damaged") as caught:
        keyring.keys()
    assert "c2VjcmV0" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert keyring.path.read_text() == damage


def test_two_primary_keys_are_one_too_many(keyring: FileKeyring) -> None:
    keyring.keys()
    body = json.loads(keyring.path.read_text())
    body["keys"].append({**body["keys"][0], "id": "00" * 8})
    keyring.path.write_text(json.dumps(body))
    with pytest.raises(SealError, match="damaged"):
        keyring.keys()


def test_no_repr_shows_a_secret(keyring: FileKeyring) -> None:
    (key,) = keyring.keys()
    assert key.secret is not None
    assert repr(key) == f"Key({key.key_id}, primary)"
    assert repr(keyring) == "FileKeyring()"


def test_the_default_path_follows_the_environment() -> None:
    assert default_path({"EVALKIT_KEYRING": "/keys/k.json", "XDG_CONFIG_HOME": "/x"}) == Path("/keys/k.json")
    assert default_path({"XDG_CONFIG_HOME": "/x"}) == Path("/x/evalkit/keyring.json")
    assert default_path({}) == Path.home() / ".config" / "evalkit" / "keyring.json"


def test_a_keyring_among_the_data_is_refused(tmp_path: Path) -> None:
    FileKeyring(tmp_path / "keys" / "k.json").check_outside(tmp_path / "runs")
    with pytest.raises(SealError, match="inside the folder of the data"):
        FileKeyring(tmp_path / "runs" / "deep" / "k.json").check_outside(tmp_path / "runs")


def test_a_link_does_not_hide_that_the_keyring_is_among_the_data(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "elsewhere").symlink_to(tmp_path / "runs")
    with pytest.raises(SealError, match="inside the folder"):
        FileKeyring(tmp_path / "elsewhere" / "k.json").check_outside(tmp_path / "runs")


def test_a_folder_that_cannot_be_written_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SealError, match="cannot be"):
        FileKeyring(tmp_path / "file" / "keyring.json").keys()


def test_a_new_keyring_leaves_no_half_made_file_behind(keyring: FileKeyring) -> None:
    keyring.keys()
    keyring.rotate()
    assert sorted(entry.name for entry in keyring.path.parent.iterdir()) == [".keyring.json.lock", "keyring.json"]


def test_a_keyring_signs_with_one_key_and_trusts_the_former_ones_until_they_are_disabled(keyring: FileKeyring) -> None:
    first = keyring.signer()
    assert keyring.trusted() == (first.public,)
    old = keyring.signers()[0].key_id
    keyring.rotate_signer()
    second = keyring.signer()
    assert keyring.trusted() == (second.public, first.public)
    keyring.disable(old)
    assert keyring.trusted() == (second.public,)
    keyring.enable(old)
    assert keyring.trusted() == (second.public, first.public)
    keyring.disable(old)
    keyring.destroy(old)
    assert [key.state for key in keyring.signers()] == ["destroyed", "primary"]
    assert repr(second) == "Signer()"


def test_signing_keys_wrap_nothing_and_wrapping_keys_sign_nothing(keyring: FileKeyring) -> None:
    wrapping, signing = keyring.keys()[0], keyring.signers()[0]
    assert wrapping.secret != signing.secret
    with pytest.raises(SealError, match="not in this keyring"):
        keyring.unwrap(bytes.fromhex(signing.key_id) + keyring.wrap(DATA_KEY, aad=b"")[8:], aad=b"")


def test_a_keyring_made_before_there_were_signing_keys_gets_one_when_it_first_signs(keyring: FileKeyring) -> None:
    wrapped = keyring.wrap(DATA_KEY, aad=b"")
    assert "signers" not in json.loads(keyring.path.read_text())
    assert keyring.trusted() == ()
    keyring.signer()
    assert len(keyring.signers()) == 1
    assert keyring.unwrap(wrapped, aad=b"") == DATA_KEY


def test_a_link_to_a_disk_that_is_not_there_makes_no_new_keyring(keyring: FileKeyring, tmp_path: Path) -> None:
    keyring.path.parent.mkdir()
    keyring.path.symlink_to(tmp_path / "unmounted" / "keyring.json")
    with pytest.raises(SealError, match="there is no keyring here"):
        keyring.keys()
    assert keyring.path.is_symlink()
