"""What the statistics of a comparison keep and what they see, by enumeration and by simulation; prints Markdown tables.

Run: python benchmarks/simulate.py [PART...]    (some minutes on one core; every figure from a fixed seed)
Parts: sizes power repeats families coverage exclusions bootstraps peeking patients
"""

from __future__ import annotations

import sys

import numpy as np
from scipy import special, stats

from evalkit.stats.bootstrap import bootstrap_mean
from evalkit.stats.columns import binary
from evalkit.stats.comparison import NEARLY_ALL, Plan, adjust, compare_columns
from evalkit.stats.pairs import INTERVALS, mcnemar, sign_flip
from evalkit.stats.power import cases_needed, discordance, power_paired
from evalkit.stats.sequential import evidence

RHOS = (0.3, 0.5, 0.7)
SEED = 20261124
SPREAD = 3.8
"""Of the cases' ease on the logit scale: at 94 % two reruns of a case then correlate by 0.5."""


def sizes() -> None:
    """For every n from 30 to 1,000: the chance to reject by number of discordant cases, mixed over that number."""
    print("### False alarms of `regressed`, largest exact size at 5 %\n")
    print(
        "| n | default, up to 30 % discordant | default, anywhere | mid-p alone, anywhere | exact, anywhere "
        "| score, anywhere |\n"
        "|---|---|---|---|---|---|"
    )
    few, all_ = np.linspace(0.005, 0.3, 60), np.linspace(0.005, 1, 200)
    by_total = {method: rejections(method, 1000) for method in ("midp", "exact", "score")}
    largest = np.zeros(5)
    for n in range(30, 1001):
        midp, exact, score = (by_total[method][: n + 1] for method in ("midp", "exact", "score"))
        default = np.where(np.arange(n + 1) > NEARLY_ALL * n, exact, midp)
        anywhere = binomial_matrix(n, all_) @ np.stack([default, midp, exact, score], axis=1)
        row = [float((binomial_matrix(n, few) @ default).max()), *anywhere.max(axis=0).tolist()]
        largest = np.maximum(largest, row)
        if n in (30, 50, 75, 100, 200, 300, 1000):
            print(f"| {n} | " + " | ".join(f"{100 * value:.2f} %" for value in row) + " |")
    print("| every n from 30 to 1000 | " + " | ".join(f"{100 * value:.2f} %" for value in largest) + " |")


def rejections(method: str, most: int) -> np.ndarray:
    """(most + 1,): the chance that a test at 5 % rejects among so many discordant cases, without a change."""
    return np.array([
        float(stats.binom.pmf(np.arange(total + 1), total, 0.5)
              @ (mcnemar(np.arange(total + 1), total - np.arange(total + 1), method=method) <= 0.05))
        for total in range(most + 1)
    ])  # fmt: skip


def binomial_matrix(n: int, shares: np.ndarray) -> np.ndarray:
    """(shares, n + 1): chances of so many discordant cases."""
    return np.asarray(stats.binom.pmf(np.arange(n + 1), n, shares[:, None]))


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


def trials_power(n: int, trials: int, p_to: float, runs: int = 10_000) -> float:
    """The chance that the exact sign-flip mid-p on sums over trials rejects; both versions share the cases' ease."""
    rng = np.random.default_rng(SEED + trials)
    base = rng.normal(0, 1, (runs, n))
    chances = [1 / (1 + np.exp(-(centre_for(p, SPREAD) + SPREAD * base))) for p in (0.94, p_to)]
    before, after = (rng.binomial(trials, chance) for chance in chances)
    return float(np.mean([sign_flip(after[run] - before[run]) <= 0.05 for run in range(runs)]))


def repeats() -> None:
    print(
        "\n### Repeated trials: exact sign-flip mid-p; logit-normal cases, reruns correlate by .5; 10,000 runs a cell\n"
    )
    print("| cases x trials | false alarms | chance to see 94 -> 89 |\n|---|---|---|")
    for n, trials in ((100, 1), (100, 3), (100, 5), (300, 1), (300, 3)):
        print(f"| {n} x {trials} | {100 * trials_power(n, trials, 0.94):.1f} % | {trials_power(n, trials, 0.89):.3f} |")


def families(runs: int = 1_000) -> None:
    """Twenty metrics without a change, each compared on its own cases' outcomes."""
    print(f"\n### Twenty metrics, no change, rho 0.5: share of {runs:,} comparisons with any alarm\n")
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


INTERVALS_SHOWN = ("score", "tango", "bonett-price")
BANDS = ((1, 5), (5, 10), (10, 1000))
EXPECTED = (
    1,
    1.5,
    2,
    3,
    4,
    5,
    5.5,
    6,
    6.5,
    7,
    7.5,
    8,
    8.5,
    9,
    9.5,
    10,
    11,
    12,
    13,
    14,
    15.5,
    17,
    20,
    25,
    30,
    40,
    60,
    90,
    150,
    300,
)
ONE_WAY = (0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1)


class Outcomes:
    """Every outcome of n pairs that may occur where up to a share of them differ, with an interval for each."""

    def __init__(self, n: int, most: float) -> None:
        side = min(n, int(n * most + 7 * np.sqrt(n * most) + 8))
        broke, fixed = np.meshgrid(np.arange(side + 1), np.arange(side + 1), indexing="ij")
        possible = broke + fixed <= n
        self.n, self.broke, self.fixed = n, broke[possible], fixed[possible]

    def intervals(self, name: str, confidence: float) -> np.ndarray:
        """(outcomes, 2)."""
        pairs = zip(self.broke.tolist(), self.fixed.tolist(), strict=True)
        return np.array([INTERVALS[name](b, c, self.n, confidence=confidence) for b, c in pairs])

    def chances(self, broke: float, fixed: float) -> np.ndarray:
        """(outcomes,), of shares that break and get fixed."""
        b, c, rest = self.broke, self.fixed, self.n - self.broke - self.fixed
        logs = special.gammaln(self.n + 1) - special.gammaln(b + 1) - special.gammaln(c + 1) - special.gammaln(rest + 1)
        shares = special.xlogy(b, broke) + special.xlogy(c, fixed) + rest * np.log1p(-broke - fixed)
        found = np.exp(logs + shares)
        return found / found.sum()


def coverage() -> None:
    """How often each interval holds the truth, over shares that differ and shares of those that go one way."""
    print(
        "\n### Coverage of the 95 % interval, least to most, every outcome counted; share of the grid in 94.5 to 97 %\n"
    )
    print("| n | expected to differ | score, steady (default) | Tango | Bonett-Price |\n|---|---|---|---|---|")
    whole = {name: [] for name in INTERVALS_SHOWN}
    for n in (30, 50, 75, 100, 200, 300, 1000):
        outcomes = Outcomes(n, 0.3)
        held = {name: outcomes.intervals(name, 0.95) for name in INTERVALS_SHOWN}
        for low, high in BANDS:
            seen: dict[str, list[float]] = {name: [] for name in INTERVALS_SHOWN}
            for expected in EXPECTED:
                if not low <= expected < high or expected > 0.3 * n:
                    continue
                for one_way in ONE_WAY:
                    broke, fixed = expected / n * (1 + one_way) / 2, expected / n * (1 - one_way) / 2
                    chances = outcomes.chances(broke, fixed)
                    for name, ends in held.items():
                        inside = (ends[:, 0] <= fixed - broke) & (fixed - broke <= ends[:, 1])
                        seen[name].append(100 * float(chances @ inside))
            if not seen["score"]:
                continue
            for name, shares in seen.items():
                whole[name] += shares if low == 10 and n >= 50 else []
            cells = [f"{min(s):.1f}-{max(s):.1f}, {share_within(s):.0f} %" for s in seen.values()]
            print(f"| {n} | {low} to {min(high, round(0.3 * n))} | " + " | ".join(cells) + " |")
    shares = "; ".join(f"{name} {min(s):.1f}-{max(s):.1f}, {share_within(s):.1f} %" for name, s in whole.items())
    print(f"\nFrom 50 cases and 10 expected to differ, {len(whole['score'])} points: {shares}.")


def share_within(coverages: list[float]) -> float:
    """Percent of the points whose coverage lies in 94.5 to 97, as printed."""
    return 100 * float(np.mean([94.45 <= value < 97.05 for value in coverages]))


def exclusions() -> None:
    """A true drop of exactly the margin: how often the 90 % interval excludes it."""
    print("\n### A drop of the margin called smaller than it, largest error at 5 % over up to 30 % that differ\n")
    print("| n | margin | score, steady (default) | Tango | Bonett-Price |\n|---|---|---|---|---|")
    for n in (50, 100, 200, 300, 1000):
        outcomes = Outcomes(n, 0.3)
        held = {name: outcomes.intervals(name, 0.90)[:, 0] for name in INTERVALS_SHOWN}
        for margin in (0.02, 0.05):
            worst = dict.fromkeys(INTERVALS_SHOWN, 0.0)
            for share in np.linspace(margin, 0.3, 40):
                chances = outcomes.chances((share + margin) / 2, (share - margin) / 2)
                for name, low in held.items():
                    worst[name] = max(worst[name], float(chances @ (low > -margin)))
            print(f"| {n} | {100 * margin:g} points | " + " | ".join(f"{100 * w:.2f} %" for w in worst.values()) + " |")


def bootstraps(runs: int = 1_000) -> None:
    rng = np.random.default_rng(SEED)
    hits = 0
    for seed in range(runs):
        lo, hi = bootstrap_mean(rng.binomial(3, 0.9, 100) / 3, seed=seed, resamples=2_000).interval()
        hits += lo <= 0.9 <= hi
    print(f"\nBCa of a mean over 100 cases x 3 trials at 90 %: {100 * hits / runs:.1f} % of {runs:,}.")


def peeking(runs: int = 4_000, n: int = 1_000) -> None:
    print(f"\n### A look after every case, up to 1,000: {runs:,} runs a cell\n")
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


def patients(runs: int = 4_000) -> None:
    print(f"\n### 60 patients x 5 cases who differ, no change on average: false alarms in {runs:,} runs\n")
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


PARTS = {
    part.__name__: part
    for part in (sizes, power, repeats, families, coverage, exclusions, bootstraps, peeking, patients)
}


def main() -> None:
    """All parts, or those that are named."""
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()
