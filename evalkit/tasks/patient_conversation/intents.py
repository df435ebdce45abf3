"""The intent model: what a caller wants, learnt from the example utterances of a spec.

scikit-learn fits it (words and pairs of words, tf-idf, logistic regression); what it learnt is kept as plain numbers,
so that asking it takes tens of microseconds. The same utterances give the same model: the solver starts from zero, and
weights are rounded, so that the last bits of a machine's arithmetic do not matter.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

_WORD = re.compile(r"[a-z]+")
DIGITS = 6
"""Decimal places of weights that are kept."""
REGULARISATION = 30.0
Examples = tuple[tuple[str, tuple[str, ...]], ...]
"""``((intent, utterances), ...)`` in the order of the spec."""


@dataclass(frozen=True, slots=True, eq=False)
class IntentModel:
    """A fitted model. ``weights[feature]`` is one number an intent, tf-idf included."""

    intents: tuple[str, ...]
    idf: Mapping[str, float]
    weights: Mapping[str, tuple[float, ...]]
    bias: tuple[float, ...]

    def judge(self, text: str) -> tuple[str, float]:
        """The likeliest intent and its probability; with no known word the first of the likeliest by the bias."""
        counts: dict[str, float] = {}
        for feature in features(text):
            idf = self.idf.get(feature)
            if idf is not None:
                counts[feature] = counts.get(feature, 0.0) + idf
        norm = math.sqrt(sum(value * value for value in counts.values())) or 1.0
        scores = list(self.bias)
        for feature, value in counts.items():
            share = value / norm
            scores = [score + share * weight for score, weight in zip(scores, self.weights[feature], strict=True)]
        best = max(scores)
        total = sum(math.exp(score - best) for score in scores)
        return self.intents[scores.index(best)], 1.0 / total


def features(text: str) -> list[str]:
    """Words, and pairs of neighbours."""
    words = _WORD.findall(text.lower())
    return [*words, *(f"{one} {other}" for one, other in pairwise(words))]


@lru_cache(maxsize=16)
def train(examples: Examples) -> IntentModel:
    """The model of some examples. Loads scikit-learn, once."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    texts = [text for _, utterances in examples for text in utterances]
    labels = [intent for intent, utterances in examples for _ in utterances]
    vectors: Any = TfidfVectorizer(analyzer=features)  # type: ignore[no-untyped-call]
    matrix = vectors.fit_transform(texts)
    classifier: Any = LogisticRegression(C=REGULARISATION, max_iter=1000)  # type: ignore[no-untyped-call]
    fitted = classifier.fit(matrix, labels)
    names = vectors.get_feature_names_out().tolist()
    columns: Sequence[Sequence[float]] = fitted.coef_.T.round(DIGITS).tolist()
    return IntentModel(
        tuple(fitted.classes_.tolist()),
        dict(zip(names, vectors.idf_.round(DIGITS).tolist(), strict=True)),
        {name: tuple(column) for name, column in zip(names, columns, strict=True)},
        tuple(fitted.intercept_.round(DIGITS).tolist()),
    )
