"""Privacy: what identifies a person, what can belong to nobody, and where a planted identifier turns up.

Imports nothing of evalkit but the error tree: a reviewer of privacy reads this room alone.

================  ===================================================================================
identifiers       the 18 Safe Harbor categories, grammars and check digits (``valid.npi`` in specs)
surrogates        never-real identifiers from integer draws, and the proof that a value is one
ordinary          names that are also words, so that one sighting proves nothing
leaks             the exact search for planted values; made of `views` (the texts of a value), `decoders`
                  with `runs` (what looks encoded) and `alphabets` (what it says), `forms`, `dates` and
                  `hashes` (normal forms), `needles` (what to look for) and `lookup` (all of it at once)
streams           the same for text that comes in pieces
disguises         the 62 ways to leak on which the search is proven
detection         what may identify somebody in text of which nothing is known; `lexicon` has its words
deidentification  aliases for identifiers, or a refusal; made of `propagation` (where tagged values
                  stand), `safe_harbor` (what may stay) and `aliases` (what stands in)
================  ===================================================================================
"""
