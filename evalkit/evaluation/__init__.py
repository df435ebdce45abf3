"""Evaluation: the verbs of the product, each readable on one page.

In: a spec, cases, an agent. Out: a sealed `Run`; and from stored runs alone, a `Comparison` and a `GateReport`.
"""
