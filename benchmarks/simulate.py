"""What the statistics of a comparison keep and what they see, by enumeration and by simulation; prints Markdown tables.

Run: python benchmarks/simulate.py    (a minute and a half on one core; every figure from a fixed seed)
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from evalkit.stats.bootstrap import bootstrap_mean
from evalkit.stats.columns import binary
from evalkit.stats.comparison import Plan, adjust, compare_columns
from evalkit.stats.pairs import bonett_price, mcnemar, sign_flip, tango
from evalkit.stats.power import cases_needed, discordance, power_paired
from evalkit.stats.sequential import evidence

RHOS = (0.3, 0.5, 0.7)
SEED = 20261124
SPREAD = 3.8
"""Of the cases' ease on the logit scale: at 94 % two reruns of a case then correlate by 0.5."""


def size_of(n: int, method: str, shares: np.ndarray) -> float:
    """The largest exact size over shares of discordant cases, without a change; every outcome counted."""
    broke, fixed = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    possible = broke + fixed <= n
    total = (broke + fixed)[possible]
    rejected = mcnemar(broke[possible], fixed[possible], method=method) <= 0.05
    weights = stats.binom.pmf(broke[possible], total, 0.5) * rejected
    by_total = np.bincount(total, weights=weights, minlength=n + 1)
    return max(float(stats.binom.pmf(np.arange(n + 1), n, share) @ by_total) for share in shares)


def sizes() -> None:
    print("### False alarms of `regressed`, largest exact size at 5 %\n")
    print(
        "| n | mid-p, up to 30 % discordant | mid-p, anywhere | exact, anywhere | score, anywhere |\n"
        "|---|---|---|---|---|"
    )
    few, all_ = np.linspace(0.005, 0.3, 60), np.linspace(0.005, 1, 200)
    for n in (30, 50, 75, 100, 200, 300, 1000):
        row = (size_of(n, "midp", few), size_of(n, "midp", all_), size_of(n, "exact", all_), size_of(n, "score", all_))
        print(f"| {n} | " + " | ".join(f"{100 * value:.2f} %" for value in row) + " |")


def power() -> None:
    print("\n### Chance to see 94 % fall to 89 %, exact, one-sided at 5 %\n")
    print("| n | rho 0.3 | 0.5 | 0.7 |\n|---|---|---|---|")
    for n in (100, 300, 1000):
        print(f"| {n} | " + " | ".join(f"{power_paired(0.94, 0.89, n=n, rho=rho):.3f}" for rho in RHOS) + " |")
    print(f"\nCases needed at rho 0.5, power 0.8: {cases_needed(0.94, 0.89)}; unpaired z at n = 100, rho 0.7: "
          f"{unpaired_power(100, 0.7):.3f}.")  # fmt: skip


def unpaired_power(n: int, rho: float, runs: int = 40_000) -> float:
    """The chance of a one-sided two-proportion z test, which throws the pairing away."""
    b, c = discordance(0.94, 0.89, rho)
    rng = np.random.default_rng(SEED)
    both = 0.94 - b
    seen = rng.multinomial(n, [b, c, both, 1 - b - c - both], size=runs)
    p_old, p_new = (seen[:, 0] + seen[:, 2]) / n, (seen[:, 1] + seen[:, 2]) / n
    pooled = (p_old + p_new) / 2
    z = (p_old - p_new) / np.sqrt(np.maximum(2 * pooled * (1 - pooled) / n, 1e-12))
    return float((z >= 1.6449).mean())


def centre_for(p: float, spread: float) -> float:
    """The centre of a logit-normal whose mean is p."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    lo, hi = -15.0, 15.0
    for _ in range(60):
        middle = (lo + hi) / 2
        lo, hi = (middle, hi) if weights @ (1 / (1 + np.exp(-(middle + spread * nodes)))) < p else (lo, middle)
    return lo


def trials_power(n: int, trials: int, p_to: float, runs: int = 1_500) -> float:
    """The chance that the exact sign-flip mid-p on sums over trials rejects; both versions share the cases' ease."""
    rng = np.random.default_rng(SEED + trials)
    base = rng.normal(0, 1, (runs, n))
    chances = [1 / (1 + np.exp(-(centre_for(p, SPREAD) + SPREAD * base))) for p in (0.94, p_to)]
    before, after = (rng.binomial(trials, chance) for chance in chances)
    return float(np.mean([sign_flip(after[run] - before[run]) <= 0.05 for run in range(runs)]))


def repeats() -> None:
    print("\n### Repeated trials: exact sign-flip mid-p; logit-normal cases, reruns correlate by 0.5\n")
    print("| cases x trials | false alarms | chance to see 94 -> 89 |\n|---|---|---|")
    for n, trials in ((100, 1), (100, 3), (100, 5), (300, 1), (300, 3)):
        print(f"| {n} x {trials} | {100 * trials_power(n, trials, 0.94):.1f} % | {trials_power(n, trials, 0.89):.3f} |")


def families(runs: int = 400) -> None:
    """Twenty metrics without a change, each compared on its own cases' outcomes."""
    print("\n### Twenty metrics, no change, rho 0.5: share of comparisons with any alarm\n")
    print("| n | drop over 3 points | mid-p, not adjusted | Holm | Benjamini-Hochberg |\n|---|---|---|---|---|")
    rng = np.random.default_rng(SEED)
    b, c = discordance(0.94, 0.94, 0.5)
    for n in (100, 300):
        found = {"naive": 0, "raw": 0, "holm": 0, "bh": 0}
        for _ in range(runs):
            seen = rng.multinomial(n, [b, c, 1 - b - c], size=20)
            made = []
            for broke, fixed, _same in seen:
                before = np.ones(n)
                before[:fixed] = 0
                after = np.ones(n)
                after[fixed : fixed + broke] = 0
                plan = Plan(margin=0.5)
                made.append(
                    compare_columns(binary(before, np.arange(n)), binary(after, np.arange(n)), metric="m", plan=plan)
                )
            found["naive"] += any(one.effect < -0.03 - 1e-9 for one in made)
            found["raw"] += any(one.verdict == "regressed" for one in made)
            for name in ("holm", "bh"):
                judged = adjust(made, Plan(margin=0.5, adjustment=name))
                found[name] += any(one.verdict == "regressed" for one in judged)
        print(f"| {n} | " + " | ".join(f"{100 * hits / runs:.1f} %" for hits in found.values()) + " |")


def coverage() -> None:
    print("\n### Coverage of the 95 % interval of a paired difference, every outcome counted\n")
    print("| n | change | Bonett-Price, rho 0.3 / 0.5 / 0.7 | Tango, rho 0.3 / 0.5 / 0.7 |\n|---|---|---|---|")
    for n in (50, 100, 300, 1000):
        for p_to in (0.94, 0.89):
            cells = []
            for interval in (bonett_price, tango):
                if interval is tango and n > 300:
                    cells.append("not enumerated")
                    continue
                shares = [covered(interval, n, *discordance(0.94, p_to, rho)) for rho in RHOS]
                cells.append(" / ".join(f"{100 * share:.1f}" for share in shares))
            print(f"| {n} | 94 -> {100 * p_to:.0f} | {cells[0]} | {cells[1]} |")
    rng = np.random.default_rng(SEED)
    hits = 0
    for seed in range(1_000):
        lo, hi = bootstrap_mean(rng.binomial(3, 0.9, 100) / 3, seed=seed, resamples=2_000).interval()
        hits += lo <= 0.9 <= hi
    print(f"\nBCa of a mean over 100 cases x 3 trials at 90 %: {hits / 10:.1f} % of 1,000.")


def covered(interval: object, n: int, broke: float, fixed: float) -> float:
    """The chance that an interval holds the true difference."""
    most = [min(n, int(n * share + 7 * np.sqrt(n * share) + 8)) for share in (broke, fixed)]
    total = inside = 0.0
    for b in range(most[0] + 1):
        chances = stats.binom.pmf(b, n, broke) * stats.binom.pmf(np.arange(most[1] + 1), n - b, fixed / (1 - broke))
        for c in np.flatnonzero(chances > 1e-9).tolist():
            lo, hi = interval(b, c, n)
            total += chances[c]
            inside += chances[c] * (lo <= fixed - broke <= hi)
    return inside / total


def peeking(runs: int = 1_000, n: int = 1_000) -> None:
    print("\n### A look after every case, up to 1,000: 1,000 runs a cell\n")
    print(
        "| rho | e-process: false alarms | sees 94 -> 89 | cases used | fixed test, looks each 25: false alarms |\n"
        "|---|---|---|---|---|"
    )
    for rho in RHOS:
        rng = np.random.default_rng(SEED)
        rates = {}
        for p_to in (0.94, 0.89):
            b, c = discordance(0.94, p_to, rho)
            drawn = rng.choice([-1.0, 1.0, 0.0], p=[b, c, 1 - b - c], size=(runs, n))
            reached = [evidence(run) >= np.log(20) for run in drawn]
            used = [hit.argmax() + 1 if hit.any() else n for hit in reached]
            rates[p_to] = (float(np.mean([hit.any() for hit in reached])), float(np.mean(used)), drawn)
        quiet = rates[0.94][2]
        broke, fixed = np.cumsum(quiet < 0, axis=1)[:, 24::25], np.cumsum(quiet > 0, axis=1)[:, 24::25]
        naive = float((mcnemar(broke, fixed) <= 0.05).any(axis=1).mean())
        quiet_alarms, sees, used = (100 * rates[0.94][0], 100 * rates[0.89][0], rates[0.89][1])
        print(f"| {rho} | {quiet_alarms:.1f} % | {sees:.1f} % | {used:.0f} | {100 * naive:.1f} % |")


def patients(runs: int = 1_500) -> None:
    print("\n### 60 patients x 5 cases who differ, no change on average: false alarms\n")
    rng = np.random.default_rng(SEED)
    alarms = {"cases as if independent": 0, "patients as clusters": 0}
    for _ in range(runs):
        ease, shift = rng.normal(0, 1, (60, 1)), rng.normal(0, 3.0, (60, 1))
        p_old = 1 / (1 + np.exp(-(1 + ease - shift / 2)))
        p_new = 1 / (1 + np.exp(-(1 + ease + shift / 2)))
        old, new = ((rng.random((60, 5)) < p).astype(float).ravel() for p in (p_old, p_new))
        for name, clusters in (
            ("cases as if independent", np.arange(300)),
            ("patients as clusters", np.arange(300) // 5),
        ):
            found = compare_columns(binary(old, clusters), binary(new, clusters), metric="m", plan=Plan(margin=0.5))
            alarms[name] += found.verdict == "regressed"
    print("| judged with | false alarms |\n|---|---|")
    for name, hits in alarms.items():
        print(f"| {name} | {100 * hits / runs:.1f} % |")


def main() -> None:
    sizes()
    power()
    repeats()
    families()
    coverage()
    peeking()
    patients()


if __name__ == "__main__":
    main()
