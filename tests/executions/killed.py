"""A run to be killed: asks a slow agent, and notes every call, with its case, in a file of plain lines.

Arguments: the journal, the keyring, the file of calls, ``def`` or ``async def``, and as JSON the journal's header, the
canaries, the number of cases and the concurrency.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from pathlib import Path

from evalkit.agents.agent import Reply, Request
from evalkit.cases.case import Case
from evalkit.executions.journal import open_or_resume
from evalkit.executions.runner import Settings, execute
from evalkit.vault.keys import FileKeyring

SECONDS = 0.02

path, keys, calls, form = sys.argv[1:5]
header, canaries, size, concurrency = map(json.loads, sys.argv[5:])
cases = [Case(f"case-{n:03d}", "billing_codes", {"note_text": " ".join(canaries), "n": n}, {}, {}) for n in range(size)]
asked = os.open(calls, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def begin(request: Request) -> None:
    os.write(asked, f"{request.request_id}\n".encode())
    logging.warning("%s", canaries[1])


def end(request: Request) -> Reply:
    if request.input["n"] % 7 == 0:
        raise ValueError(canaries[2])
    return Reply("ok", {"summary": request.input["note_text"], canaries[0]: 1}, received=(dict(request.input),))


def plain(request: Request) -> Reply:
    begin(request)
    time.sleep(SECONDS)
    return end(request)


async def coroutine(request: Request) -> Reply:
    begin(request)
    await asyncio.sleep(SECONDS)
    return end(request)


with open_or_resume(Path(path), header, FileKeyring(Path(keys))) as journal:
    agent = plain if form == "def" else coroutine
    execute(cases, agent, spec_ref="a@1", settings=Settings(concurrency=concurrency), journal=journal)
