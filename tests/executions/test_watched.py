"""Watched agents: real child processes, real files, real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from evalkit.agents.agent import Reply, Request, agent_id
from evalkit.cases.case import Case
from evalkit.errors import AgentError
from evalkit.executions.encoding import decode, encode
from evalkit.executions.execution import Execution, Sighting
from evalkit.executions.logs import LINES, notice, sort_out
from evalkit.executions.readable import text_of, words_of
from evalkit.executions.runner import Settings, execute
from evalkit.executions.tools import watched_tool
from evalkit.executions.watched import AgentGone, Watched, can_watch, watched
from evalkit.executions.watching import MOST_BYTES, OVERFLOW

pytestmark = pytest.mark.skipif(not can_watch(), reason="agents can be watched on Linux only")
SECRET = "Quillan Ostrander"
ONE = Settings(concurrency=1)


def case(number: int = 0, text: str = SECRET) -> Case:
    return Case(case_id=f"c-{number}", family="f", input={"text": text}, flags={"ok": True}, gold={})


def run(agent: Any, cases: int = 1, **settings: Any) -> list[Execution]:
    """Executions of an agent under watch, one after another."""
    with watched(agent) as child:
        return list(execute(
            [case(number) for number in range(cases)], child, spec_ref="s@1", settings=Settings(concurrency=1, **settings),
        ))  # fmt: skip


def doing(deed: Callable[[Request], object]) -> Callable[[Request], Reply]:
    """An agent that does something and answers."""

    def agent(request: Request) -> Reply:
        deed(request)
        return Reply("ok", {"done": True})

    return agent


def seen(execution: Execution, *sinks: str) -> list[Sighting]:
    return [one for one in execution.seen or () if one.sink in sinks]


def after(deed: Callable[[Request], object], *sinks: str) -> list[Sighting]:
    (execution,) = run(doing(deed))
    assert execution.status == "ok", execution.failure and execution.failure.text
    return seen(execution, *sinks)


def test_a_silent_agent_is_seen_to_be_silent() -> None:
    (execution,) = run(doing(lambda request: None))
    assert [one.sink for one in execution.seen or ()] == ["watch"]
    assert execution.watched("file")
    assert execution.watched("network")
    assert not execution.watched("answer")
    assert execution.logs == ()


def test_an_agent_that_nobody_watches_has_no_sightings() -> None:
    (execution,) = execute([case()], doing(lambda request: print(SECRET)), spec_ref="s@1")
    assert execution.seen is None
    assert not execution.watched("stdout")


def test_what_is_printed_is_seen_and_goes_nowhere_else(capfd: pytest.CaptureFixture[str]) -> None:
    def chatter(request: Request) -> None:
        print("out", request.input["text"])
        sys.stderr.write(f"err {SECRET}\n")
        os.write(1, b"raw\n")
        subprocess.run(["echo", "from a program"], check=True)

    found = {one.sink: one.text for one in after(chatter, "stdout", "stderr")}
    assert sorted(found["stdout"].splitlines()) == ["from a program", f"out {SECRET}", "raw"]
    assert found["stderr"] == f"err {SECRET}\n"
    assert capfd.readouterr() == ("", "")


def test_a_stream_handler_that_was_there_before_writes_into_the_watch(capfd: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("evalkit.test.before")
    handler = logging.StreamHandler(sys.stderr)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        (execution,) = run(doing(lambda request: logger.warning("saw %s", SECRET)))
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
    assert execution.logs == (f"saw {SECRET}",), "a logger that does not propagate is heard as well"
    assert seen(execution, "stderr")[0].text == f"saw {SECRET}\n"
    assert capfd.readouterr() == ("", "")


def test_a_log_message_that_cannot_be_made_is_noted_by_its_class() -> None:
    (execution,) = run(doing(lambda request: logging.getLogger("evalkit.test").warning("%d", "x")))
    assert execution.logs == ("a log message that raised TypeError",)


@pytest.mark.parametrize("kind", ["NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile"])
def test_a_temporary_file_that_is_gone_when_the_answer_comes_was_read(kind: str) -> None:
    def write(request: Request) -> None:
        with getattr(tempfile, kind)(mode="w", **({"max_size": 1} if kind.startswith("Spooled") else {})) as file:
            file.write(f"{SECRET} and more")

    assert [one.text for one in after(write, "file")] == [f"{SECRET} and more"]


def test_a_temporary_folder_is_read_with_the_names_of_its_files() -> None:
    def write(request: Request) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / f"{SECRET}.txt").write_text("x", encoding="utf-8")

    names = [one.place for one in after(write, "file")]
    assert any(name.endswith(f"{SECRET}.txt") for name in names)


def test_a_file_that_stays_is_read_though_it_was_not_flushed(tmp_path: Path) -> None:
    kept: list[Any] = []

    def write(request: Request) -> None:
        file = (tmp_path / "notes.txt").open("w", encoding="utf-8")
        file.write(SECRET)
        kept.append(file)

    (one,) = after(write, "file")
    assert (one.place, one.text) == (str(tmp_path / "notes.txt"), SECRET)


@pytest.mark.parametrize("how", ["os", "pathlib", "renamed", "truncated", "program", "read_and_write"])
def test_every_way_to_write_a_file_is_seen(tmp_path: Path, how: str) -> None:
    path = tmp_path / "x.txt"
    path.write_text("before", encoding="utf-8")

    def write(request: Request) -> None:
        if how == "os":
            number = os.open(path, os.O_WRONLY | os.O_TRUNC)
            os.write(number, SECRET.encode())
            os.close(number)
        elif how == "pathlib":
            path.write_text(SECRET, encoding="utf-8")
        elif how == "renamed":
            (tmp_path / "y").write_text(SECRET, encoding="utf-8")
            (tmp_path / "y").rename(path)
        elif how == "truncated":
            path.write_text(SECRET, encoding="utf-8")
            os.truncate(path, 0)
        elif how == "program":
            target = Path(tempfile.gettempdir()) / "z"
            subprocess.run(["sh", "-c", f"echo '{SECRET}' > {target}"], check=True)
        else:
            with path.open("r+", encoding="utf-8") as file:
                file.write(f"{SECRET}, which is longer")

    assert any(SECRET in one.text for one in after(write, "file"))


def test_reading_a_file_is_nobodys_business(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text(SECRET, encoding="utf-8")
    assert after(lambda request: path.read_text(encoding="utf-8"), "file") == []


def test_of_a_log_file_only_what_is_new_counts_for_an_execution(tmp_path: Path) -> None:
    def write(request: Request) -> None:
        with (tmp_path / "run.log").open("a", encoding="utf-8") as file:
            file.write(f"{request.request_id}\n")

    first, second = run(doing(write), cases=2)
    assert [one.text for one in seen(first, "file")] == ["c-0\n"]
    assert [one.text for one in seen(second, "file")] == ["c-1\n"]


def test_a_file_that_was_open_before_the_watch_began_is_read(tmp_path: Path) -> None:
    with (tmp_path / "old.log").open("a", encoding="utf-8") as file:
        file.write("from before\n")
        file.flush()

        def write(request: Request) -> None:
            file.write(f"{SECRET}\n")
            file.flush()

        (one,) = after(write, "file")
    assert one.text == f"{SECRET}\n"


def test_a_database_is_read(tmp_path: Path) -> None:
    def store(request: Request) -> None:
        connection = sqlite3.connect(tmp_path / "notes.db")
        connection.execute("create table notes (text)")
        connection.execute("insert into notes values (?)", (SECRET,))
        connection.commit()
        connection.close()

    assert any(SECRET in one.text for one in after(store, "file"))


def test_programs_environment_and_folders_are_seen(tmp_path: Path) -> None:
    def start(request: Request) -> None:
        subprocess.run(["true", SECRET], check=True, env={"WHO": "somebody"})
        os.environ["PATIENT"] = SECRET
        (tmp_path / SECRET).mkdir()

    found = after(start, "process", "environment", "file")
    (program,) = [one for one in found if one.sink == "process"]
    assert SECRET in program.text
    assert "WHO=somebody" in program.text
    assert Sighting("environment", "PATIENT", SECRET) in found
    assert Sighting("file", str(tmp_path / SECRET)) in found


def test_tools_are_seen_with_their_arguments_in_a_child_and_outside() -> None:
    @watched_tool
    def find(name: str, *, day: str) -> str:
        return f"{name} {day}"

    @watched_tool
    async def find_later(name: str) -> str:
        return name

    async def agent(request: Request) -> Reply:
        assert find(SECRET, day="today") == f"{SECRET} today"
        assert await find_later(SECRET) == SECRET
        return Reply("ok", {})

    for execution in (*run(agent), *execute([case()], agent, spec_ref="s@1")):
        calls = seen(execution, "tool")
        assert [one.place for one in calls] == ["find", "find_later"]
        assert all(SECRET in one.text for one in calls)
        assert '"day":"today"' in calls[0].text
    assert find("x", day="y") == "x y", "outside of an execution it is the plain tool"


def test_an_exception_comes_back_under_its_own_name_with_its_traceback() -> None:
    class OddlyNamed(Exception):
        pass

    def agent(request: Request) -> Reply:
        raise OddlyNamed(SECRET)

    (execution,) = run(agent)
    assert execution.failure is not None
    assert execution.failure.kind == "OddlyNamed"
    assert SECRET in execution.failure.text
    assert SECRET not in repr(execution)


def test_an_answer_that_is_no_reply_is_bad_in_a_child_too() -> None:
    (execution,) = run(lambda request: {"status": "ok"})
    assert execution.failure is not None
    assert execution.failure.kind == "BadReply"


def test_retries_are_made_for_what_may_be_tried_again() -> None:
    attempts = []

    def agent(request: Request) -> Reply:
        attempts.append(1)
        if len(attempts) == 1:
            raise TimeoutError
        return Reply("ok", {})

    (execution,) = run(agent, retries=1)
    assert (execution.status, execution.attempts) == ("ok", 2)


def test_an_agent_that_ends_its_process_is_recorded_and_the_run_goes_on() -> None:
    def agent(request: Request) -> Reply:
        if request.request_id == "c-0":
            os._exit(3)
        return Reply("ok", {})

    first, second = run(agent, cases=2)
    assert first.failure is not None
    assert first.failure.kind == AgentGone.__name__
    assert second.status == "ok"


def test_an_agent_that_exits_or_interrupts_itself_leaves_the_run_alone() -> None:
    def agent(request: Request) -> Reply:
        raise SystemExit(3)

    (execution,) = run(agent)
    assert execution.failure is not None
    assert execution.failure.kind == "SystemExit"


def test_an_agent_that_hangs_runs_into_the_timeout_and_its_process_ends() -> None:
    def agent(request: Request) -> Reply:
        if request.request_id == "c-0":
            time.sleep(60)
        return Reply("ok", {})

    started = time.monotonic()
    first, second = run(agent, cases=2, timeout_s=0.3)
    assert first.failure is not None
    assert (first.failure.kind, second.status) == ("Timeout", "ok")
    assert time.monotonic() - started < 30


def test_async_agents_and_those_that_return_awaitables_answer() -> None:
    async def agent(request: Request) -> Reply:
        await asyncio.sleep(0)
        print(SECRET)
        return Reply("ok", {"id": request.request_id})

    for one in (agent, lambda request: agent(request)):
        (execution,) = run(one)
        assert execution.reply is not None
        assert execution.reply.output == {"id": "c-0"}
        assert seen(execution, "stdout")[0].text == f"{SECRET}\n"


def test_many_calls_at_once_are_kept_apart() -> None:
    agent = doing(lambda request: print(request.request_id))
    with watched(agent) as child:
        executions = execute(
            [case(number) for number in range(40)], child, spec_ref="s@1", settings=Settings(concurrency=4)
        )
    assert [seen(one, "stdout")[0].text.strip() for one in executions] == [one.case_id for one in executions]


def test_a_raw_body_reaches_the_child_byte_by_byte() -> None:
    from dataclasses import replace

    agent = doing(lambda request: print(request.body))
    with watched(agent) as child:
        (execution,) = execute([replace(case(), body=b'{"a":1,"a":\xff}')], child, spec_ref="s@1", settings=ONE)
    assert seen(execution, "stdout")[0].text == 'b\'{"a":1,"a":\\xff}\'\n'


def test_what_is_too_much_is_said_to_be() -> None:
    (execution,) = run(doing(lambda request: print("x" * (MOST_BYTES + 10))))
    assert [one.place for one in seen(execution, "watch")] == ["child", OVERFLOW]


def test_a_watched_agent_keeps_its_name_and_shows_nothing() -> None:
    def agent(request: Request) -> Reply:
        return Reply("ok", {})

    with watched(agent) as child:
        assert child.agent_id == agent_id(agent)
        assert repr(child) == f"Watched({child.agent_id})"


def test_closing_ends_every_process_and_removes_the_scratch_folder() -> None:
    agent = doing(lambda request: (Path(tempfile.gettempdir()) / "left").write_text(SECRET, encoding="utf-8"))
    child = Watched(agent)
    execute([case()], child, spec_ref="s@1")
    scratch, nursery = child._scratch, child._nursery
    assert list(scratch.rglob("left"))
    child.close()
    assert not scratch.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(nursery, 0)
    with pytest.raises(AgentError, match="no further process"):
        child(Request("c", "s@1", {}, {}))


def test_a_parent_that_is_killed_leaves_no_process_and_no_file_behind(tmp_path: Path) -> None:
    script = f"""
import os, signal, tempfile
from pathlib import Path
from evalkit.agents.agent import Reply, Request
from evalkit.executions.watched import Watched

def agent(request):
    Path(tempfile.gettempdir(), "left").write_text("x")
    return Reply("ok", {{}})

child = Watched(agent)
child(Request("c", "s@1", {{}}, {{}}))
Path({str(tmp_path / "told")!r}).write_text(f"{{child._scratch}} {{child._nursery}}")
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -9
    scratch, nursery = (tmp_path / "told").read_text(encoding="utf-8").split()
    for _ in range(200):
        if not Path(scratch).exists() and not Path(f"/proc/{nursery}/root").exists():
            break
        time.sleep(0.05)
    assert not Path(scratch).exists()


def test_sightings_survive_the_journals_encoding() -> None:
    there = Execution("c", 1, Reply("ok", {}), seen=(Sighting("file", "/x/é", "y"), Sighting("watch", "child", "file")))
    assert decode(encode(there), case_id="c", trial=1) == there
    assert SECRET not in repr(Sighting("file", SECRET, SECRET))


def test_an_execution_of_the_first_shape_can_still_be_read() -> None:
    old = b'[1,1,0.5,["x"],null,["ok",{},null,null,[],null,[],null,[0,0,0,0.0]]]'
    assert decode(old, case_id="c", trial=0) == Execution("c", 0, Reply("ok", {}), logs=("x",), seconds=0.5)


def test_notices_outside_of_an_execution_are_nobodys() -> None:
    assert LINES.get() is None
    notice("x")
    assert sort_out(["a", Sighting("tool", "t"), "b"]) == (("a", "b"), (Sighting("tool", "t"),))
    assert sort_out(["a"]) == (("a",), None)


def test_binary_content_can_be_searched() -> None:
    assert text_of("é".encode()) == "é"
    assert "Quillan" in text_of(b"\xff\xfe" + SECRET.encode())
    head, _, body = text_of(b"POST / HTTP/1.1\r\nA: b\r\n\r\n\x1f\x8b\xff").partition("\r\n\r\n")
    assert (head, body.splitlines()[0]) == ("POST / HTTP/1.1\r\nA: b", "H4v/")
    assert words_of([b"a", "b", {"c": None}, Path("d")]) == "a b c= d"


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_large_database_is_shown_by_its_texts(tmp_path: Path, journal: str) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.execute(f"pragma journal_mode = {journal}")
        database.execute("create table params (key text, value text, number integer, blank blob)")
        database.executemany(
            "insert into params values (?, ?, ?, zeroblob(9000))", [("patient", f"é{SECRET}", n) for n in range(200)]
        )
        database.commit()
        kept = [text_of(path.read_bytes()) for path in tmp_path.iterdir() if path.name != "a.db-shm"]
    assert sum(f"é{SECRET}" in text for text in kept) == 1
    assert sum(map(len, kept)) < 60_000
    wide = b"SQLite format 3\x00" + b"\x00" * 43 + b"\x02" + "é".encode("utf-16-le")
    assert text_of(wide).startswith("U1FMaXRl"), "texts of another encoding are left to the leak check"


# What leaves over the network


class Sink(ThreadingHTTPServer):
    daemon_threads = True


class Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, str]:
    ca = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return ca, str(path)


@pytest.fixture
def server(request: pytest.FixtureRequest, authority: tuple[trustme.CA, str]) -> Iterator[int]:
    """The port of a server, over TLS unless the test says ``plain``."""
    http = Sink(("127.0.0.1", 0), Answer)
    if getattr(request, "param", "tls") == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority[0].issue_cert("localhost").configure_cert(context)
        http.socket = context.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield http.server_address[1]
    http.shutdown()
    thread.join()
    http.server_close()


def lines(found: list[Sighting]) -> dict[str, str]:
    return {one.place: one.text for one in found}


@pytest.mark.parametrize("server", ["plain"], indirect=True)
def test_a_request_in_clear_is_seen_whole(server: int) -> None:
    url = f"http://127.0.0.1:{server}/p?q=1"
    found = lines(after(lambda request: urllib.request.urlopen(url, data=SECRET.encode()).close(), "network"))
    sent = found[f"plain 127.0.0.1:{server}"]
    assert sent.startswith("POST /p?q=1 HTTP/1.1\r\n")
    assert sent.endswith(SECRET)
    assert f"connect 127.0.0.1:{server}" in found


def test_a_request_under_tls_is_seen_in_clear_with_its_host_and_version(
    server: int, authority: tuple[trustme.CA, str]
) -> None:
    context = ssl.create_default_context(cafile=authority[1])
    url = f"https://localhost:{server}/"
    found = lines(
        after(lambda request: urllib.request.urlopen(url, SECRET.encode(), context=context).close(), "network")
    )
    (line,) = [place for place in found if place.startswith("tls ")]
    assert line == f"tls localhost:{server} TLSv1.3"
    assert SECRET in found[line]
    assert "dns localhost" in found
    assert not any(place.startswith(("plain", "opaque")) for place in found)


def test_a_request_that_does_not_verify_its_server_is_told_apart(server: int) -> None:
    context = ssl._create_unverified_context()
    url = f"https://localhost:{server}/"
    found = lines(
        after(lambda request: urllib.request.urlopen(url, SECRET.encode(), context=context).close(), "network")
    )
    assert any(place.startswith(f"unverified localhost:{server} ") for place in found)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_httpx_is_seen_both_ways(server: int, authority: tuple[trustme.CA, str], kind: str) -> None:
    import httpx

    context = ssl.create_default_context(cafile=authority[1])
    url = f"https://localhost:{server}/"

    def send(request: Request) -> None:
        with httpx.Client(verify=context, trust_env=False) as client:
            client.post(url, json={"note": SECRET})

    async def send_async(request: Request) -> Reply:
        async with httpx.AsyncClient(verify=context, trust_env=False) as client:
            await client.post(url, json={"note": SECRET})
        return Reply("ok", {})

    (execution,) = run(send_async if kind == "async" else doing(send))
    found = lines(seen(execution, "network"))
    (line,) = [place for place in found if place.startswith("tls ")]
    assert line == f"tls localhost:{server} TLSv1.3"
    assert f'{{"note":"{SECRET}"}}' in found[line]
    assert not any(place.startswith("opaque") for place in found)


def test_an_encrypted_stream_that_nobody_could_read_is_called_opaque(server: int) -> None:
    def send(request: Request) -> None:
        with socket.create_connection(("127.0.0.1", server)) as line:
            line.sendall(b"\x16\x03\x01\x00\x05hello")
            line.sendall(b"\x17\x03\x03 more of it")

    assert f"opaque 127.0.0.1:{server}" in lines(after(send, "network"))


def test_datagrams_ports_and_names_are_seen() -> None:
    def send(request: Request) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.bind(("127.0.0.1", 0))
            line.sendto(SECRET.encode(), ("127.0.0.1", 9))
        with pytest.raises(OSError):
            socket.getaddrinfo("quillan-ostrander.invalid", 80)

    found = after(send, "network", "listen")
    assert ("plain 127.0.0.1:9", SECRET) in [(one.place, one.text) for one in found]
    assert any(one.place == "dns quillan-ostrander.invalid" for one in found)
    assert any(one.sink == "listen" and one.place.startswith("127.0.0.1") for one in found)
