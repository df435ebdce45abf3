"""Statistics of a comparison beside general-purpose libraries, in one process; prints a Markdown table.

Run: python benchmarks/compare.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
from scipy import stats

from evalkit.stats import comparison, power
from evalkit.stats.columns import binary, influence, macro_f1, mean, ratio, standard_error
from evalkit.stats.comparison import Plan, adjust, compare_columns
from evalkit.stats.intervals import estimate
from evalkit.stats.pairs import mcnemar, sign_flip
from evalkit.stats.power import cases_needed, power_paired

CASES = 10_000


def seconds(work: Callable[[], object], repeats: int = 7) -> float:
    """Median wall time after one warm-up."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def shown(duration: float) -> str:
    return f"{duration * 1e3:.3g} ms" if duration < 1 else f"{duration:.3g} s"


def comparisons(rng: np.random.Generator) -> dict[str, Callable[[], object]]:
    """Two synthetic runs on the same cases, for every kind of metric."""
    rows = np.arange(CASES)
    easy = rng.beta(9, 1, CASES)
    once = [binary((rng.random(CASES) < easy).astype(float), rows) for _ in range(2)]
    thrice = [binary(rng.binomial(3, easy) / 3, rows // 5) for _ in range(2)]
    scored = [mean(rng.beta(8, 2, CASES), rows) for _ in range(2)]
    lines = rng.integers(1, 5, CASES)
    pooled = [ratio(rng.binomial(lines, easy), lines, rows) for _ in range(2)]
    codes = [f"{code:05d}" for code in range(10, 60)]
    gold = rng.integers(0, 50, CASES)
    tallied = []
    for _ in range(2):
        right = rng.random(CASES) < easy
        other = rng.integers(0, 50, CASES)
        tallied.append(
            macro_f1(
                [
                    {codes[g]: (1, 0, 0)} if ok or g == o else {codes[g]: (0, 0, 1), codes[o]: (0, 1, 0)}
                    for g, o, ok in zip(gold, other, right, strict=True)
                ],
                rows,
            )
        )
    twenty = [[binary((rng.random(CASES) < easy).astype(float), rows) for _ in range(2)] for _ in range(20)]
    slices = [np.flatnonzero(rng.random(CASES) < 0.05) for _ in range(50)]

    def all_slices() -> object:
        for kept in (comparison._mcnemar, power.cases_needed_discordant, power.mde_discordant):
            kept.cache_clear()  # as a first comparison finds them
        found = [
            compare_columns(before.take(rows), after.take(rows), metric="m", scope="s")
            for before, after in twenty
            for rows in slices
        ]
        return adjust(found)

    named = {
        "right or wrong, one trial": once,
        "right or wrong, three trials, patients of five": thrice,
        "scores": scored,
        "pooled ratio": pooled,
        "macro F1 of 50 codes": tallied,
    }
    work: dict[str, Callable[[], object]] = {
        f"compare two runs of {CASES:,} cases: {name}": (lambda pair=pair: compare_columns(*pair, metric="m"))
        for name, pair in named.items()
    }
    work["compare 20 metrics x 50 slices of about 500 cases, adjusted"] = all_slices
    work[f"estimate with clustered interval, {CASES:,} cases"] = lambda: estimate(thrice[0], metric="m")
    return work


def beside_scipy(rng: np.random.Generator) -> list[tuple[str, float, float]]:
    """(what, ours, theirs) on the same inputs."""
    before, after = rng.binomial(3, 0.94, CASES), rng.binomial(3, 0.93, CASES)
    steps, shares = after - before, (after - before) / 3

    def drawn() -> object:
        return stats.permutation_test(
            (shares,), np.mean, permutation_type="samples", alternative="less", n_resamples=9_999, batch=200, rng=1
        )

    def resampled() -> object:
        return stats.bootstrap(
            (shares,), np.mean, n_resamples=9_999, method="percentile", batch=200, vectorized=True, rng=1
        )

    def paired() -> object:
        return stats.bootstrap(
            (after / 3, before / 3), lambda a, b, axis: a.mean(axis) - b.mean(axis),
            paired=True, vectorized=True, n_resamples=10_000, method="percentile", batch=200, rng=1,
        )  # fmt: skip

    thrice = [binary(right / 3, np.arange(CASES)) for right in (before, after)]
    plan = Plan(resamples=10_000)
    column = mean(np.abs(shares), np.arange(CASES))
    b, c = rng.integers(1, 60, 1_000), rng.integers(1, 60, 1_000)
    return [
        (
            "sign-flip p, 10,000 cases x 3: exact, beside scipy.stats.permutation_test (9,999 drawn)",
            seconds(lambda: sign_flip(steps)),
            seconds(drawn, repeats=1),
        ),
        (
            "interval of a mean, 10,000 cases: closed form, beside scipy.stats.bootstrap (9,999 drawn)",
            seconds(lambda: standard_error(influence(column).parts, column.clusters)),
            seconds(resampled, repeats=1),
        ),
        (
            "comparison with BCa of 10,000 resamples, 10,000 cases x 3; scipy.stats.bootstrap (percentile)",
            seconds(lambda: compare_columns(*thrice, metric="m", plan=plan)),
            seconds(paired, repeats=1),
        ),
        (
            "exact McNemar, 1,000 tables, beside scipy.stats.binomtest",
            seconds(lambda: mcnemar(b, c, method="exact")),
            seconds(lambda: [stats.binomtest(x, x + y, 0.5, "greater").pvalue for x, y in zip(b, c, strict=True)], 1),
        ),
    ]


def main() -> None:
    rng = np.random.default_rng(7)
    print("| what | time |\n|---|---|")
    for name, work in comparisons(rng).items():
        print(f"| {name} | {shown(seconds(work, repeats=5))} |")
    b, c = rng.integers(0, 200, (2, 1_000_000))
    floor = seconds(lambda: b + c)
    spent = seconds(lambda: mcnemar(b, c), repeats=3)
    print(f"| McNemar mid-p, 1,000,000 tables ({spent / floor:.0f} times adding the arrays) | {shown(spent)} |")
    print(f"| cases needed, 94 to 89 points, exact | {shown(seconds(lambda: cases_needed(0.94, 0.89)))} |")
    print(f"| power of 10,000 pairs, exact | {shown(seconds(lambda: power_paired(0.94, 0.93, n=CASES)))} |")
    print("\n| what | evalkit | the other | ratio |\n|---|---|---|---|")
    for name, ours, theirs in beside_scipy(rng):
        print(f"| {name} | {shown(ours)} | {shown(theirs)} | {theirs / ours:,.0f} |")


if __name__ == "__main__":
    main()
