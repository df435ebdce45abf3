"""The tree: the published roots and paths, every size against the definition, and no false proof."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.vault.merkle import (
    BLOCK,
    EMPTY_ROOT,
    Frontier,
    check_consistency,
    check_inclusion,
    hash_leaf,
    hash_node,
    prove_consistency,
    prove_inclusion,
    root_of,
)

# The eight leaves of the reference tests of Certificate Transparency, and the roots after each of them.
LEAVES = [
    hash_leaf(bytes.fromhex(text))
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
CONSISTENCY = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
MANY = [hash_leaf(number.to_bytes(2, "big")) for number in range(2 * BLOCK + 100)]


def define_root(hashes: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word by word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hash_node(define_root(hashes[:split]), define_root(hashes[split:]))


def span(low: int, high: int) -> bytes:
    return root_of(MANY[low:high])


def span_of_the_eight(low: int, high: int) -> bytes:
    return root_of(LEAVES[low:high])


def test_the_published_roots() -> None:
    assert [root_of(LEAVES[:size]).hex() for size in range(1, 9)] == ROOTS
    assert root_of([]) == EMPTY_ROOT == hashlib.sha256(b"").digest()


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_the_published_paths(index: int, size: int, path: list[str]) -> None:
    made = prove_inclusion(index, size, span_of_the_eight)
    assert [step.hex() for step in made] == path
    assert check_inclusion(LEAVES[index], index, size, path=made, root=bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("old", "new", "path"), CONSISTENCY)
def test_the_published_consistency_proofs(old: int, new: int, path: list[str]) -> None:
    made = prove_consistency(old, new, span_of_the_eight)
    assert [step.hex() for step in made] == path
    heads = [(size, bytes.fromhex(ROOTS[size - 1])) for size in (old, new)]
    assert check_consistency(heads[0], heads[1], made)


def test_a_frontier_has_the_root_of_the_definition_at_every_size() -> None:
    grown = Frontier()
    for size in range(140):
        assert grown.root() == define_root(MANY[:size]) == root_of(MANY[:size])
        grown.extend(MANY[size : size + 1])


@given(cuts=st.lists(st.integers(0, len(MANY)), max_size=5))
@settings(deadline=None, max_examples=40)
def test_a_frontier_grown_in_any_steps_is_the_same_and_completes_the_same_blocks(cuts: list[int]) -> None:
    grown, place = Frontier(), 0
    for cut in sorted(cuts):
        grown.extend(MANY[place:cut])
        place = cut
    grown.extend(MANY[place:])
    assert (grown.size, grown.root()) == (len(MANY), define_root(MANY))
    assert grown.blocks == [define_root(MANY[n * BLOCK : (n + 1) * BLOCK]) for n in range(2)]


@given(blocks=st.integers(0, 9), rest=st.integers(0, 5))
@settings(deadline=None, max_examples=20)
def test_whole_blocks_may_be_put_in_at_once(blocks: int, rest: int) -> None:
    grown = Frontier()
    for _ in range(blocks):
        grown.extend_block(root_of(MANY[:BLOCK]))
    grown.extend(MANY[:rest])
    assert grown.root() == root_of(MANY[:BLOCK] * blocks + MANY[:rest])


@given(size=st.integers(1, len(MANY)), data=st.data())
@settings(deadline=None, max_examples=150)
def test_every_record_is_proved_and_nothing_else_is(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path, root = prove_inclusion(index, size, span), span(0, size)
    assert check_inclusion(MANY[index], index, size, path=path, root=root)
    assert len(path) <= max(size - 1, 1).bit_length()
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert not check_inclusion(MANY[other], index, size, path=path, root=root)
        assert not check_inclusion(MANY[index], other, size, path=path, root=root)
    assert not check_inclusion(MANY[index], index, size, path=[*path, root], root=root)
    assert not check_inclusion(MANY[index], size, size, path=path, root=root)
    assert not check_inclusion(MANY[index], -1, size, path=path, root=root)
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        broken = [bytes(32) if n == place else step for n, step in enumerate(path)]
        assert not check_inclusion(MANY[index], index, size, path=broken, root=root)
        assert not check_inclusion(MANY[index], index, size, path=path[:-1], root=root)


@given(new=st.integers(1, len(MANY)), data=st.data())
@settings(deadline=None, max_examples=150)
def test_every_growth_is_proved_and_no_other_history_is(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    path = prove_consistency(old, new, span)
    heads = (old, span(0, old)), (new, span(0, new))
    assert check_consistency(*heads, path)
    assert len(path) <= new.bit_length() + 1
    other = root_of([*MANY[: max(old - 1, 0)], bytes(32)])
    if old:
        assert not check_consistency((old, other), heads[1], path)
    if 0 < old < new:
        assert not check_consistency(heads[0], (new, other), path)
        assert not check_consistency(heads[0], heads[1], path[:-1])
        assert not check_consistency(heads[0], heads[1], [*path, other])
        assert not check_consistency(heads[1], heads[0], path)
    assert not check_consistency((0, other), heads[1], [])


def test_a_leaf_is_never_taken_for_an_inner_node() -> None:
    inner = LEAVES[0] + LEAVES[1]
    assert hash_leaf(inner) != hash_node(LEAVES[0], LEAVES[1])
    assert not check_inclusion(hash_leaf(b"\x01" + inner), 0, 1, path=[], root=root_of(LEAVES[:2]))
