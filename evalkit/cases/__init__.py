"""Cases: what agents are tested on, with the answers that are known to be right.

============  =======================================================================================
case          the record of one case and of a gold set
randomness    counter-based draws: case i is the same alone and in a shard
quotas        decks that deal edge kinds by quota, never by luck
vocabulary    names and places from the pinned Faker, checked by digest; the only module that knows it
people        who a set is about, by public tables
patients      people who cannot exist, with every identifier known; over `names`, `homes`, `relatives`
contacts      who else stands in a record
writing       text with exact spans, by append and count
fact          one thing that is so in a case
fieldvalues   values for the fields of any contract, and at their edges
goldset       versions on disk, only ever added and verified when read
shards        very many cases in one folder, resumed after a kill; over `wholefile` and `datasheet`
scan          whole files searched for identifiers that can belong to somebody
casting       the first patient that a case has a part for
corpora       importers of public case sets, over `tabular`; `primock` for one of them
fhir          FHIR R4 files in and out, over `fhirshapes`; `fhircases` and `fhirbundles` turn them into cases and back
checker       a finished case read from the outside
============  =======================================================================================
"""
