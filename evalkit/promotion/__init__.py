"""From production back to the gold set: which executions deserve a look, who looked, and what became a permanent case.

- `production` opens executions of the ledger; `flags` says which deserve a look, by the `reasons` (`novelty`,
  `outliers` among them); `replay` runs a stored input once more;
- `candidates` takes the person out of one (`sources`, `values`, `days`, `evidence`), or says why it cannot;
- `review` shows it to people and keeps what they said (`decisions`), in a notebook (`panel`) or a `terminal`;
- `gate` lets a reviewed one into a new gold-set version, if it passes `examination` (`likeness`), with a `datasheet`.
"""
