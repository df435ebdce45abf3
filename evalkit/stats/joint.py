"""Joint drift: can a classifier tell rows of the window from rows of the reference?

Columns that look alike one by one may still have changed together. A classifier learns on one half of the rows to say
where a row came from; on the other half it has no better than chance if nothing changed, whatever it learned
(Lopez-Paz and Oquab 2017). This needs the rows of both, which a profile does not keep: it is for data in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evalkit.cards import Grid, card
from evalkit.errors import StatisticsError
from evalkit.figures import count, p_value
from evalkit.stats.cells import read_numbers

Floats = npt.NDArray[np.float64]
FEWEST = 50
"""Rows on either side below which a classifier has nothing to learn from."""


@dataclass(frozen=True, slots=True)
class JointDrift:
    """How well the two can be told apart on rows that were held out."""

    auc: float
    """The chance that a row of the window looks more like the window than one of the reference: 0.5 is chance."""
    p_value: float
    """One-sided, by the rank-sum test on the held-out half."""
    drifted: bool
    columns: tuple[tuple[str, float], ...]
    """What the classifier leans on: the loss of AUC when a column is shuffled, largest first."""
    n_reference: int
    n_window: int

    def sentence(self) -> str:
        """What was found, in one line."""
        rows = f"{count(self.n_window, 'row')} against {self.n_reference:,}"
        seen = "can be told apart" if self.drifted else "cannot be told apart"
        return f"The two {seen}: AUC {self.auc:.3f} on held-out rows, {p_value(self.p_value)}, {rows}."

    def _repr_html_(self) -> str:
        rows = [(name, f"{loss:.3f}") for name, loss in self.columns[:10]]
        return card("Joint drift", lead=self.sentence(), grids=[Grid(["column", "loss of AUC without it#"], rows)])


def joint_drift(reference: Any, window: Any, *, alpha: float = 0.05, seed: int = 0) -> JointDrift:
    """The classifier two-sample test on two tables of the same columns, as for `profile_columns`.

    Gradient boosting on shallow trees; labels go in as codes, missing values as missing. Raises StatisticsError for
    other columns and for fewer than 50 rows on either side.
    """
    import threadpoolctl

    before, after = dict(reference.items()), dict(window.items())
    if before.keys() != after.keys() or not before:
        raise StatisticsError("the two tables have other columns", next_step="give the same columns of both")
    matrix, n = _matrix(before, after), len(next(iter(before.values())))
    m = len(matrix) - n
    if min(n, m) < FEWEST:
        raise StatisticsError(f"a joint test needs {FEWEST} rows on either side", next_step="take a longer window")
    rng = np.random.default_rng(seed)
    origin = np.repeat([0, 1], [n, m])
    learns = np.zeros(n + m, np.bool_)
    for rows in (np.arange(n), np.arange(n, n + m)):
        learns[rng.permutation(rows)[: len(rows) // 2]] = True
    held, labels = matrix[~learns], origin[~learns]
    one_thread: Any = threadpoolctl.threadpool_limits
    with one_thread(limits=1):  # so small a model is quicker on one thread, and the same on any machine
        model = _learn(matrix[learns], origin[learns], seed)
        auc, p = _tell_apart(model.predict_proba(held)[:, 1], labels)
        losses = []
        for place, name in enumerate(before):
            shuffled = held.copy()
            shuffled[:, place] = rng.permutation(shuffled[:, place])
            losses.append((str(name), auc - _tell_apart(model.predict_proba(shuffled)[:, 1], labels)[0]))
    losses.sort(key=lambda pair: (-pair[1], pair[0]))
    return JointDrift(auc, p, p <= alpha, tuple(losses), n, m)


def _learn(matrix: Floats, origin: npt.NDArray[np.int64], seed: int) -> Any:
    """Shallow gradient boosting, fitted."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    classifier: Any = HistGradientBoostingClassifier
    model = classifier(
        max_iter=60, max_depth=3, min_samples_leaf=10, learning_rate=0.1, early_stopping=False,
        class_weight="balanced", random_state=seed,
    )  # fmt: skip
    return model.fit(matrix, origin)


def _tell_apart(scores: Floats, labels: npt.NDArray[np.int64]) -> tuple[float, float]:
    """AUC, and the one-sided p of the rank-sum test with midranks."""
    from scipy.special import ndtr

    _, place, ties = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[place]
    total, m = len(labels), int(labels.sum())
    n = total - m
    auc = (float(ranks[labels == 1].sum()) - m * (m + 1) / 2) / (n * m)
    variance = float(np.square(ranks - (total + 1) / 2).sum()) / (total - 1) / (n * m * total)
    return auc, float(ndtr(-(auc - 0.5) / np.sqrt(variance))) if variance > 0 else 1.0


def _matrix(before: Mapping[str, Any], after: Mapping[str, Any]) -> Floats:
    """Both tables as one matrix of floats, the rows of the reference first."""
    import pandas as pd

    columns: list[Floats] = []
    for name, values in before.items():
        one, other = read_numbers(values), read_numbers(after[name])
        if one is not None and other is not None:
            columns.append(np.concatenate([one, other]))
            continue
        labels = pd.concat([pd.Series(list(part), dtype=object) for part in (values, after[name])])
        codes, _ = pd.factorize(labels, sort=False)
        columns.append(np.where(codes < 0, np.nan, codes).astype(np.float64))
    return np.column_stack(columns)
