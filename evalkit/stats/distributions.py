"""The three distributions under every comparison: binomial, Student's t, normal. Numbers in, probabilities out.

``scipy.special`` has them too, and takes longer to import than a comparison of 10,000 cases takes; it is the oracle of
the tests. Relative error below 1e-9 for the binomial up to a million draws, below 1e-10 for t.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
_NORMAL = NormalDist()
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680)
_FROM = 16
"""From here on Stirling's series has log n! to the last digit."""
_TABLED = 1 << 14
_SMALL = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, _FROM)))])
"""log n! below that."""


def normal_quantile(probability: float) -> float:
    """The standard normal quantile."""
    return _NORMAL.inv_cdf(probability)


def normal_below(z: npt.ArrayLike) -> Floats:
    """P(Z <= z) of standard normal Z, any shape."""
    return np.asarray(np.vectorize(lambda one: math.erfc(-one / math.sqrt(2)) / 2, otypes=[float])(z))


def log_factorial(n: npt.ArrayLike) -> Floats:
    """log n! of whole numbers n >= 0, any shape: by table up to 16,383, by Stirling's series above."""
    whole = np.asarray(n, dtype=np.int64)
    if not whole.size or whole.max() < _TABLED:
        return np.asarray(_table()[whole])
    return _log_factorial(whole)


@lru_cache(maxsize=1)
def _table() -> Floats:
    return _log_factorial(np.arange(_TABLED))


def _log_factorial(n: Codes) -> Floats:
    x = np.maximum(n, _FROM) + 1.0
    square = 1 / x**2
    series = (_STIRLING[0] + square * (_STIRLING[1] + square * (_STIRLING[2] + square * _STIRLING[3]))) / x
    large = (x - 0.5) * np.log(x) - x + 0.5 * math.log(2 * math.pi) + series
    return np.where(n < _FROM, _SMALL[np.minimum(n, _FROM - 1)], large)


def binomial_chances(k: npt.ArrayLike, n: npt.ArrayLike, p: float) -> Floats:
    """P(K = k) for K binomial (n, p), 0 < p < 1, arrays of one shape; 0 for k outside 0..n."""
    drawn, wanted = np.asarray(n, dtype=np.int64), np.asarray(k, dtype=np.int64)
    ups = np.minimum(np.maximum(wanted, 0), drawn)
    downs = drawn - ups
    log_of = _table().__getitem__ if not drawn.size or drawn.max() < _TABLED else _log_factorial
    logs = log_of(drawn) - log_of(ups) - log_of(downs)
    logs += ups * math.log(p) + downs * math.log1p(-p)
    return np.asarray(np.exp(logs) * (ups == wanted))


def binomial_below(k: int, n: int, p: float = 0.5) -> float:
    """P(K <= k) for K binomial (n, p), 0 < p < 1: the sum of its terms, all positive, so that small tails are exact."""
    if k < 0:
        return 0.0
    if k >= n:
        return 1.0
    if k > n * p:
        return 1 - binomial_below(n - k - 1, n, 1 - p)
    return min(1.0, float(binomial_chances(np.arange(k + 1), n, p).sum()))


def t_below(t: float, df: float) -> float:
    """P(T <= t) of Student's t with ``df`` > 0 degrees of freedom."""
    if math.isinf(t):
        return 1.0 if t > 0 else 0.0
    tail = _beta_share(df / 2, 0.5, df / (df + t * t), t * t / (df + t * t)) / 2
    return 1 - tail if t > 0 else tail


def t_quantile(probability: float, df: float) -> float:
    """Student's t quantile, 0 < probability < 1: Newton's steps from a normal start, halvings where they overshoot."""
    if probability == 0.5:
        return 0.0
    if probability > 0.5:
        return -t_quantile(1 - probability, df)
    lo, hi = -1.0, 0.0
    while t_below(lo, df) > probability:
        lo, hi = 2 * lo, lo
    t = max(lo, normal_quantile(probability))
    log_scale = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - 0.5 * math.log(df * math.pi)
    for _ in range(200):
        below = t_below(t, df)
        lo, hi = (t, hi) if below < probability else (lo, t)
        step = (below - probability) / math.exp(log_scale - (df + 1) / 2 * math.log1p(t * t / df))
        nearer = t - step if lo < t - step < hi else (lo + hi) / 2
        if abs(nearer - t) <= 1e-14 * abs(t):
            break
        t = nearer
    return t


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The quantile of the beta distribution, 0 < probability < 1, by halving down to the last digits."""
    lo, hi = 0.0, 1.0
    for _ in range(200):
        middle = (lo + hi) / 2
        if middle in (lo, hi):
            break
        lo, hi = (middle, hi) if _beta_share(a, b, middle, 1 - middle) < probability else (lo, middle)
    return (lo + hi) / 2


def _beta_share(a: float, b: float, x: float, rest: float) -> float:
    """The regularized incomplete beta function I_x(a, b) by Lentz's continued fraction; ``rest`` is 1 - x."""
    if x <= 0:
        return 0.0
    if rest <= 0:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_share(b, a, rest, x)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest)
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / (1 + even * d), 1 + even / c
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / (1 + odd * d), 1 + odd / c
        value *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return math.exp(front) * value / a
