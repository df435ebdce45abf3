"""Cases: what agents are tested on, with the answers that are known to be right.

============  =======================================================================================
case          the record of one case and of a gold set
randomness    counter-based draws: case i is the same alone and in a shard
vocabulary    names and places from the pinned Faker, checked by digest; the only module that knows it
patients      people who cannot exist, with every identifier known
writing       text with exact spans, by append and count
goldset       versions on disk, only ever added and verified when read
corpora       importers of public case sets, over `tabular`
============  =======================================================================================
"""
