"""Safekeeping: the only room that knows cryptography and sqlite3.

In: bytes, entries and a keyring. Out: sealed bytes, append-only files of them, proofs and findings. It imports no other
room.

- `cipher`: one 256-bit key that seals any number of messages; `envelope`: a message that carries its own wrapped key;
- `keys`: who wraps and who signs, and the keyring file;
- `database`: the sqlite door; `store`: the sealed file of one run;
- `ledger`: every execution and audit event, for years. `entries` says what a record is, `turn` adds some in one
  transaction, `subjects` has the key of each person;
- `merkle`, `notes`, `proofs`, `witness`: the tree, its signed heads, what they prove, and who keeps them elsewhere;
- `verification`, with `scan`, `controls` and `findings`: what was done to a ledger;
- `retention`: holds, purges, shredding, rotation;
- `access`, `tokens`, `audit`: who may ask, and the questions.
"""
