"""Executions: running an agent on cases, and the sealed record of what came back.

In: cases, an agent, settings, perhaps a journal. Out: executions, one a case and trial, in the order of the cases.

- `execution`: the record;
- `runner`: the pool of workers; `work`: what it is to do; `budget`: how much of it; `logs`: what was logged meanwhile;
- `replies`: what counts as a reply; `encoding`: an execution as bytes;
- `journal`: the sealed file of a run; `commits`: writing to it in groups;
- `recorded`: runs made elsewhere.
"""
