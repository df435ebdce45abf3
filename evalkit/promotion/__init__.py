"""From production back to the gold set: which executions deserve a look, who looked, and what became a permanent case.

- `production` opens executions of the ledger; `flags` says which deserve a look, by the `reasons` (`novelty`,
  `outliers` among them); `replay` runs a stored input once more;
- `review` shows one to a person and keeps what they said; `gate` lets a reviewed one into a new gold-set version.
"""
