"""Very many cases of a family: shards made by several processes, the same bytes as by one.

The process that is asked works too: while the others start, which takes half a second each, it already makes shards.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

from evalkit.cases.case import Case
from evalkit.cases.datasheet import write_datasheet
from evalkit.cases.people import STRESS, People
from evalkit.cases.shards import (
    Plan,
    Shard,
    ShardManifest,
    begin_shards,
    code_digest,
    finish_shards,
    note_shard,
    sole_writer,
    write_shard,
)
from evalkit.cases.vocabulary import VOCABULARY_DIGEST
from evalkit.errors import CaseError
from evalkit.tasks import FAMILIES

_PACKAGE = Path(__file__).resolve().parents[1]
_AHEAD = 2
"""Shards that each helping process has in hand: one that it makes, one that waits."""
_COLLECT = (100_000, 50, 50)
"""When Python looks for cycles, as in a command: cases leave none, and looking took a tenth of the time."""


def plan_shards(family: str, *, cases: int, seed: int, people: People = STRESS, **settings: int | str) -> Plan:
    """The plan of a set; ``settings`` are ``shard_size`` and ``kind`` (``jsonl`` or ``parquet``).

    Raises CaseError for a family whose cases cannot be made up one by one, and for a count that makes no sense.
    """
    if FAMILIES[family].make_case is None:
        raise CaseError(
            "cases of this family cannot be made in shards",
            where=family,
            next_step="leave --shards away, or import them",
        )
    values = {
        "family": family, "seed": seed, "cases": cases, "profile": people.profile, "names": people.names,
        "code_sha256": code_digest(_PACKAGE, ("cases", "phi", f"tasks/{family}")),
        "vocabulary_sha256": VOCABULARY_DIGEST, **settings,
    }  # fmt: skip
    try:
        return Plan.model_validate(values)
    except ValueError:
        raise CaseError(
            "the number of cases or the size of a shard makes no sense",
            where="plan",
            next_step="1 to 1,000,000,000 cases, 1 to 1,000,000 in a shard",
        ) from None


def make_shards(
    folder: Path, plan: Plan, *, workers: int = 1, progress: Callable[[int, int], None] | None = None
) -> ShardManifest:
    """Make all shards of a plan in a folder, or those that are missing, and give the manifest.

    ``progress(cases done, cases in all)`` is called after every shard. Raises CaseError where the folder holds
    something else, the disk is full or a worker was killed; finished shards stay, and the same call goes on from them.
    """
    with sole_writer(folder):
        finished = begin_shards(folder, plan)
        missing = [number for number in range(plan.shards) if number not in finished]
        done = sum(shard.cases for shard in finished.values())
        work = partial(make_shard, folder, plan)
        for shard in map(work, missing) if workers == 1 else _spread(work, missing, workers - 1):
            note_shard(folder, shard)
            finished[shard.number] = shard
            done += shard.cases
            if progress is not None:
                progress(done, plan.cases)
        ordered = [finished[number] for number in range(plan.shards)]
        return finish_shards(folder, plan, finished, datasheet=write_datasheet(plan, ordered))


def make_shard(folder: Path, plan: Plan, number: int) -> Shard:
    """One shard, in this process."""
    make_case = FAMILIES[plan.family].make_case
    assert make_case is not None
    people = People(plan.profile, plan.names)

    def make(index: int) -> Case:
        return make_case(plan.seed, index, people=people)

    return write_shard(folder, plan, number, make=make)


def _help() -> None:
    """Begin as a helper: collect as a command does, and end when the process that asked is gone, even killed."""
    gc.set_threshold(*_COLLECT)
    Thread(target=_leave_together, daemon=True).start()


def _leave_together() -> None:
    asking = parent_process()
    if asking is not None:
        asking.join()
        os._exit(1)


def _spread(work: Callable[[int], Shard], numbers: Sequence[int], helpers: int) -> Iterator[Shard]:
    """The results of ``work`` as they come, from this process and from helpers that start afresh."""
    left = iter(numbers)
    context = get_context("spawn")
    pool = ProcessPoolExecutor(helpers, mp_context=context, initializer=_help)
    try:
        running = {pool.submit(work, number) for number in islice(left, helpers * _AHEAD)}
        while running:
            mine = next(left, None)
            if mine is not None:
                yield work(mine)
            ready, running = wait(running, timeout=None if mine is None else 0, return_when=FIRST_COMPLETED)
            running |= {pool.submit(work, number) for number in islice(left, len(ready))}
            yield from (future.result() for future in ready)
    except BrokenProcessPool:
        raise CaseError(
            "a worker was killed", where="shards", next_step="run the same command again: finished shards are kept"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
