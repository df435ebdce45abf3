"""Which part of a note a spoken sentence belongs to: a small text classifier, trained on the examples of a spec.

TF-IDF over words and pairs of words, and a multinomial logistic regression (scikit-learn), fitted when the agent is
made, to the same weights every time. An edited example is another model, so that a spec's text stays all that there is
to review.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from evalkit.spec.schema import Spec

HEADING = "Section examples"
LEAST_SURE = 0.30
"""A prediction below this probability is none, nor is one for words that no example has."""
_WORD = r"(?u)\b[a-z][a-z'-]+\b|\d+"

Router = Callable[[Sequence[str]], list[int | None]]


def make_router(spec: Spec) -> Router | None:
    """From sentences to places in the Sections table, None where the model is not sure; None without examples."""
    table = spec.tables.get(HEADING)
    if table is None:
        return None
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    sections = [row.cells["section"] for row in spec.tables["Sections"].rows]
    said = [row.cells["said"] for row in table.rows]
    wanted = [sections.index(row.cells["section"]) for row in table.rows]
    vectorizer: Any = TfidfVectorizer
    classifier: Any = LogisticRegression
    words = vectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=_WORD)
    model = classifier(C=20.0, class_weight="balanced", max_iter=500)
    model.fit(words.fit_transform(said), wanted)

    def route(sentences: Sequence[str]) -> list[int | None]:
        if not sentences:
            return []
        seen = words.transform([sentence.lower() for sentence in sentences])
        shares, known = model.predict_proba(seen), seen.getnnz(axis=1) > 0
        best = shares.argmax(axis=1)
        return [
            int(model.classes_[place]) if row[place] >= LEAST_SURE and heard else None
            for place, row, heard in zip(best, shares, known, strict=True)
        ]

    return route
