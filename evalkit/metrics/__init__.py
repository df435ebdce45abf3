"""Judges with numbers: plain functions over (case, execution). In: executions of cases. Out: scores, never PHI."""
