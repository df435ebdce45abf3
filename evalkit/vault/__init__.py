"""Safekeeping: the only room that knows cryptography and sqlite3.

In: bytes and a keyring. Out: sealed bytes, and one append-only file of them. It imports no other room.

- `cipher`: one 256-bit key that seals any number of messages;
- `keys`: the key provider protocol and the keyring file;
- `envelope`: one sealed message that carries its own wrapped key;
- `store`: one sqlite file of sealed records.
"""
