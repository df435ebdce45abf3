"""The versioned document. In: Markdown with a YAML head. Out: a frozen `Spec`, its contract, history and changes.

Knows no family and no agent: the tables that a family executes are handed to it as schemas.
"""
