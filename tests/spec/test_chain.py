"""The chain of events: appended durably, bound line to line, and honest about what was done to it."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.digests import canonical_json, digest_bytes
from evalkit.errors import RegistryError
from evalkit.spec.chain import START, Chain, write_file

KINDS = {"note": frozenset({"text"})}


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    chain = Chain(tmp_path / "log" / "events.jsonl", KINDS)
    for text in ("one", "two", "three"):
        chain.append(lambda _history, text=text: {"event": "note", "text": text})  # type: ignore[misc]
    return chain


def test_events_come_back_in_order_each_bound_to_the_one_before(chain: Chain) -> None:
    events = chain.read()
    assert [event["text"] for event in events] == ["one", "two", "three"]
    assert events[0]["prev"] == START
    assert events[2]["prev"] == digest_bytes(canonical_json(events[1]))
    assert chain.head() == digest_bytes(canonical_json(events[2]))


def test_an_empty_chain_has_no_events_and_the_first_head(tmp_path: Path) -> None:
    chain = Chain(tmp_path / "none.jsonl", KINDS)
    assert chain.read() == ()
    assert chain.head() == START
    assert chain.mend() == 0


def swap(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2], lines[1]]


@pytest.mark.parametrize(
    ("tamper", "line"),
    [
        (lambda lines: [lines[0].replace(b"one", b"uno"), *lines[1:]], 2),
        (lambda lines: lines[1:], 1),
        (lambda lines: [lines[0], lines[2]], 2),
        (lambda lines: [lines[0], lines[0], *lines[1:]], 2),
        (swap, 2),
        (lambda lines: [lines[0].replace(b'{"', b'{ "'), *lines[1:]], 1),
        (lambda lines: [lines[0], b"", *lines[1:]], 2),
        (lambda lines: [lines[0], b"not json", *lines[1:]], 2),
        (lambda lines: [lines[0], b"[]", *lines[1:]], 2),
        (lambda lines: [lines[0][:-1] + b',"text":"x"}', *lines[1:]], 1),
    ],
)
def test_a_tampered_line_is_found(chain: Chain, tamper: Callable[[list[bytes]], list[bytes]], line: int) -> None:
    lines = chain.path.read_bytes().splitlines()
    chain.path.write_bytes(b"".join(part + b"\n" for part in tamper(lines)))
    with pytest.raises(RegistryError, match="history was changed") as caught:
        chain.read()
    assert caught.value.where == f"{chain.path}:{line}"
    with pytest.raises(RegistryError):
        chain.append(lambda _: {"event": "note", "text": "more"})


def test_every_flipped_byte_is_found(chain: Chain) -> None:
    """In the last line too: its own form is checked, though nothing is bound to it yet."""
    whole = chain.path.read_bytes()
    head = chain.head()
    for at in range(len(whole)):
        chain.path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            assert chain.head() != head
        except RegistryError:
            continue


def test_every_cut_is_a_torn_line_or_a_shorter_history(chain: Chain) -> None:
    whole = chain.path.read_bytes()
    head = chain.head()
    for end in range(len(whole)):
        chain.path.write_bytes(whole[:end])
        if end and whole[end - 1 : end] != b"\n":
            with pytest.raises(RegistryError, match="torn"):
                chain.read()
        else:
            assert len(chain.read()) == whole[:end].count(b"\n")
            assert chain.head() != head, "a cut end shows only against a head that was kept"


def test_a_torn_line_is_reported_and_mended(chain: Chain) -> None:
    with chain.path.open("ab") as file:
        file.write(b'{"event":"note","te')
    with pytest.raises(RegistryError, match="torn.*mend"):
        chain.append(lambda _: {"event": "note", "text": "more"})
    assert chain.mend() == 19
    chain.append(lambda _: {"event": "note", "text": "more"})
    assert [event["text"] for event in chain.read()] == ["one", "two", "three", "more"]


def test_a_decision_that_raises_appends_nothing(chain: Chain) -> None:
    before = chain.path.read_bytes()

    def refuse(_history: object) -> dict[str, str]:
        raise RegistryError("no")

    with pytest.raises(RegistryError, match="no"):
        chain.append(refuse)
    assert chain.path.read_bytes() == before


def test_an_event_of_an_unknown_shape_is_refused_when_read(tmp_path: Path) -> None:
    for event in ({"event": "other", "text": "x"}, {"event": "note"}, {"event": "note", "text": 7}, {"text": "x"}):
        path = tmp_path / "events.jsonl"
        path.write_bytes(canonical_json({**event, "prev": START}) + b"\n")
        with pytest.raises(RegistryError, match="history was changed"):
            Chain(path, KINDS).read()


def append_many(path: Path, name: str) -> None:
    for number in range(25):
        Chain(path, KINDS).append(lambda _, number=number: {"event": "note", "text": f"{name}{number}"})  # type: ignore[misc]


def test_writers_in_several_processes_make_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=append_many, args=(path, name)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert all(writer.exitcode == 0 for writer in writers)
    texts = [event["text"] for event in Chain(path, KINDS).read()]
    assert sorted(texts) == sorted(f"{name}{number}" for name in "abc" for number in range(25))
    assert [text for text in texts if text.startswith("a")] == [f"a{number}" for number in range(25)]


def test_a_full_disk_leaves_the_chain_as_it_was(tmp_path: Path) -> None:
    """A write over the file-size limit of the process fails like one to a full disk."""
    path = tmp_path / "events.jsonl"
    Chain(path, KINDS).append(lambda _: {"event": "note", "text": "one"})
    before = path.read_bytes()
    pid = os.fork()
    if pid == 0:  # the child alone is limited
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, len(before) + 20))
        try:
            Chain(path, KINDS).append(lambda _: {"event": "note", "text": "x" * 500})
        except RegistryError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert path.read_bytes() == before


def test_a_file_is_written_whole_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.md"
    write_file(path, b"one")
    write_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in path.parent.iterdir()] == ["b.md"]


def test_each_line_is_json_that_anybody_can_read(chain: Chain) -> None:
    for line in chain.path.read_text(encoding="utf-8").splitlines():
        assert set(json.loads(line)) == {"event", "text", "prev"}
