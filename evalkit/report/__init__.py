"""What people see of a run, a comparison and its gates.

In: the records of `evaluation`. Out: text for terminals (`text`), an HTML page (`html`),
a pull request comment (`markdown`) and CI results (`junit`). All show ids, names, rows and figures, and no value
of a case; the same records give the same bytes.
"""
