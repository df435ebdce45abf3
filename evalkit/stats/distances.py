"""Distances between two distributions given as counts, and how often chance explains them.

In: counts of two groups of rows over the same bins or levels. Out: floats. Distances do not grow with the number of
rows; p-values say what the number of rows can tell.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
WORK_LIMIT = 20_000_000
"""Multiplications that an exact p may cost (about 20 ms); beyond it the limiting distribution is as good."""
SPARSE = 5
"""Levels that expect fewer rows than this in either group are pooled (Cochran 1954)."""


def kolmogorov_smirnov(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """The largest difference of the two shares at or below a bin, in [0, 1]."""
    first, second = _counts(one), _counts(other)
    return float(np.abs(np.cumsum(first) / first.sum() - np.cumsum(second) / second.sum()).max())


def kolmogorov_smirnov_p(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """How often two samples of one distribution lie at least as far apart, given the bins that both fill together.

    Exact where that is cheap: the number of rows of one group among the first k bins is a hypergeometric walk, and
    the walks that stay inside the band are counted bin by bin; ties and few bins are thereby allowed for (Schroeer and
    Trenkler 1995). Otherwise Kolmogorov's limit, which is too large a p where few bins hold much.
    """
    first, second = _counts(one), _counts(other)
    filled = first + second > 0
    first, second = first[filled], second[filled]
    small = first if first.sum() <= second.sum() else second
    both, n = first + second, int(small.sum())
    total = int(both.sum())
    far = kolmogorov_smirnov(first, second)
    if far <= 0 or len(both) < 2:
        return 1.0
    # |x / n - (t - x) / (total - n)| >= far, in terms of x alone
    reach = far * n * (total - n) / total
    if (2 * reach + 2) * total <= WORK_LIMIT:
        return _walks_outside(both.astype(np.int64), n, reach)
    from scipy.special import kolmogorov

    return float(kolmogorov(far * math.sqrt(n * (total - n) / total)))


def _walks_outside(both: npt.NDArray[np.int64], n: int, reach: float) -> float:
    """The chance that a walk of n among sum(both) rows leaves the band n t / total +- reach after some bin."""
    from scipy.special import gammaln

    total = int(both.sum())
    share = n / total
    logs = gammaln(np.arange(total + 2) + 1.0)
    up, down = math.log(share), math.log1p(-share)
    low, chances, done = 0, np.ones(1), 0
    for rows in both.tolist():
        picked = np.arange(rows + 1)
        step = np.exp(logs[rows] - logs[picked] - logs[rows - picked] + picked * up + (rows - picked) * down)
        chances, done = np.convolve(chances, step), done + rows
        first = max(low, math.ceil(n * done / total - reach + 1e-9))
        last = min(low + len(chances) - 1, math.floor(n * done / total + reach - 1e-9))
        if last < first:
            return 1.0
        chances, low = chances[first - low : last - low + 1], first
    whole = math.exp(logs[total] - logs[n] - logs[total - n] + n * up + (total - n) * down)
    inside = chances[n - low] if 0 <= n - low < len(chances) else 0.0
    return float(min(1.0, max(0.0, 1 - inside / whole)))


def rank_sum_p(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """How often chance ranks one group's rows so much above the other's: Wilcoxon's rank-sum test (1945) with midranks.

    Two-sided, by the normal distribution with the variance that the ties leave.
    """
    first, second = _counts(one), _counts(other)
    both = first + second
    n, m, total = first.sum(), second.sum(), both.sum()
    ranks = np.cumsum(both) - (both - 1) / 2
    variance = n * m / (total * (total - 1)) * float((both * np.square(ranks - (total + 1) / 2)).sum())
    if variance <= 0:
        return 1.0
    distance = abs(float((first * ranks).sum()) - n * (total + 1) / 2)
    return math.erfc(distance / math.sqrt(2 * variance))


def homogeneity(one: npt.ArrayLike, other: npt.ArrayLike) -> tuple[float, float, int]:
    """Pearson's test that two groups share one distribution over levels: (chi-square, p, degrees of freedom).

    Both groups are samples: the expected counts come from both together. Levels that expect fewer than `SPARSE` rows
    in either group are pooled, and with the rarest other one if the pool is too small itself. (0, 1, 0) where one
    level is left.
    """
    from scipy.special import chdtrc

    first, second = pool_sparse(_counts(one), _counts(other))
    if len(first) < 2:
        return 0.0, 1.0, 0
    total = first + second
    share = first.sum() / total.sum()
    statistic = float((np.square(first - total * share) / (total * share * (1 - share))).sum())
    return statistic, float(chdtrc(len(first) - 1, statistic)), len(first) - 1


def pool_sparse(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    """The counts with sparse levels pooled into the last one."""
    total = one + other
    least = min(one.sum(), other.sum()) / total.sum()
    order = np.argsort(-total, kind="stable")
    one, other, total = one[order], other[order], total[order]
    keep = int((total * least >= SPARSE).sum())
    if 0 < total[keep:].sum() * least < SPARSE:
        keep = max(0, keep - 1)
    if not total[keep:].sum():
        return one[:keep], other[:keep]
    return np.append(one[:keep], one[keep:].sum()), np.append(other[:keep], other[keep:].sum())


def total_variation(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """The share of rows that would have to change their level for the two to agree, in [0, 1]."""
    return float(np.abs(_shares(one) - _shares(other)).sum() / 2)


def wasserstein(places: npt.ArrayLike, one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """How far the mass moves on average, in the units of ``places``: (k,) ascending values with weights of both."""
    where = np.asarray(places, dtype=np.float64)
    apart = np.abs(np.cumsum(_shares(one)) - np.cumsum(_shares(other)))
    return float((apart[:-1] * np.diff(where)).sum())


def jensen_shannon(one: npt.ArrayLike, other: npt.ArrayLike, *, base: float = math.e) -> float:
    """The Jensen-Shannon distance, the square root of the divergence; in [0, 1] with base 2."""
    first, second = _shares(one), _shares(other)
    middle = (first + second) / 2
    divergence = sum(float((p[p > 0] * np.log(p[p > 0] / middle[p > 0])).sum()) for p in (first, second)) / 2
    return math.sqrt(max(0.0, divergence) / math.log(base))


def stability_index(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """The population stability index, sum of (q - p) log(q / p), with half a row added to each count.

    It grows with the number of bins and shrinks with the number of rows: a size to look at, no test.
    """
    first, second = _shares(_counts(one) + 0.5), _shares(_counts(other) + 0.5)
    return float(((second - first) * np.log(second / first)).sum())


def _counts(values: npt.ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _shares(values: npt.ArrayLike) -> Floats:
    counts = _counts(values)
    return np.asarray(counts / counts.sum())
