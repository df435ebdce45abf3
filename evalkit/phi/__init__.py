"""Privacy: what identifies a person, what can belong to nobody, and where a planted identifier turns up.

Imports nothing of evalkit but the error tree: a reviewer of privacy reads this room alone.

============  =======================================================================================
identifiers   the 18 Safe Harbor categories, grammars and check digits (``valid.npi`` in specs)
surrogates    never-real identifiers from integer draws, and the proof that a value is one
ordinary      names that are also words, so that one sighting proves nothing
leaks         the search; made of `views` (texts and decoders), `forms` and `dates` (normal forms) and
              `needles` (what to look for)
============  =======================================================================================
"""
