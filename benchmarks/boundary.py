"""The boundary suite over 10,000 cases: what each part of it costs, beside the agent alone.

The agent is the offline one of the shipped billing spec. Rules are asked in one process, as `evalkit check` asks them;
the watched agent answers from forked child processes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from evalkit.boundary.channels import rules_for
from evalkit.boundary.examination import Terms, examine
from evalkit.boundary.probes import make_probes
from evalkit.boundary.suite import ALL, check
from evalkit.executions.runner import Settings, execute
from evalkit.executions.watched import watched
from evalkit.tasks import load_spec, offline_agent, synthesize

CASES = 10_000
CALLS = 2_000
ROUNDS = 3


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def main() -> None:
    """Print the table of the suite, then that of the watch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    count = parser.parse_args().cases
    spec = load_spec("billing_codes@1.0.0")
    agent = offline_agent(spec)
    made, gold = timed(lambda: synthesize(spec, n=count, seed=7))
    everything = (*gold.cases, *make_probes(spec, gold.cases))
    asked, executions = timed(lambda: execute(everything, agent, spec_ref=spec.ref))
    pairs = list(zip(everything, executions, strict=True))
    judged, results = timed(lambda: check(spec, pairs))
    whole, seen = timed(lambda: examine(spec, gold.cases, agent, terms=Terms(settings=Settings(concurrency=2))))
    asks = len(seen.results) * len(pairs)
    print(f"## The boundary suite over {count:,} cases and {len(everything) - count} probes\n")
    print("| part | seconds | executions/s |\n|---|---|---|")
    for name, seconds in (
        ("making the cases", made), ("the agent alone", asked), (f"{len(ALL)} rules over its executions", judged),
        (f"all {len(seen.results)} rules, the agent under watch and asked anew for the relations", whole),
    ):  # fmt: skip
        print(f"| {name} | {seconds:.1f} | {len(pairs) / seconds:,.0f} |")
    print(f"\n{asks / whole:,.0f} checks a second, {whole / asked:.1f} times the agent alone.\n")
    assert not seen.failed
    assert all(result.verdict != "fail" for result in results)

    few = gold.cases[: min(CALLS, count)]
    rules = rules_for()
    print(f"## The watch, {len(few):,} calls one after another, medians of {ROUNDS}\n")
    one = Settings(concurrency=1)
    plain = statistics.median(
        timed(lambda: execute(few, agent, spec_ref=spec.ref, settings=one))[0] for _ in range(ROUNDS)
    )
    with watched(agent) as child:
        execute(few[:1], child, spec_ref=spec.ref, settings=one)
        rounds = [timed(lambda: execute(few, child, spec_ref=spec.ref, settings=one)) for _ in range(ROUNDS)]
    under = statistics.median(seconds for seconds, _ in rounds)
    channels, _ = timed(lambda: check(spec, list(zip(few, rounds[0][1], strict=True)), rules=rules))
    print("| | ms a call |\n|---|---|")
    for name, seconds in (
        ("in the same process", plain),
        ("in a watched child", under),
        (f"{len(rules)} rules of the channels", channels),
    ):
        print(f"| {name} | {1000 * seconds / len(few):.2f} |")


if __name__ == "__main__":
    main()
