from __future__ import annotations

from evalkit.cases.datasheet import write_datasheet
from evalkit.cases.shards import Plan, Shard

PLAN = Plan(family="demo", seed=7, cases=200, shard_size=100, code_sha256="a" * 64, vocabulary_sha256="b" * 64)


def shard(number: int, **counts) -> Shard:
    return Shard(number=number, file=f"cases-{number:05d}.jsonl", cases=100, bytes=1000, sha256="c" * 64, **counts)


def test_counts_of_all_shards_are_added_up():
    text = write_datasheet(
        PLAN,
        [shard(0, tags={"edge:a": 5, "plain": 90}, refusals={"NO_CONSENT": 3}, categories={"name": 200}),
         shard(1, tags={"edge:a": 6}, refusals={"NO_CONSENT": 1}, categories={"name": 201, "ssn": 2}, decoys={"drug": 4})],
    )  # fmt: skip
    assert "| edge:a | 11 | 5.5% | - |" in text
    assert "| NO_CONSENT | 4 | 2.0% |" in text
    assert "| name | 401 |" in text
    assert "| drug | 4 |" in text
    assert "| bytes | 2,000 |" in text


def test_an_edge_kind_below_its_quota_is_marked():
    text = write_datasheet(PLAN, [shard(0, tags={"edge:rare": 3, "edge:due": 4, "plain": 1})])
    assert "| edge:rare | 3 | 1.5% (below 2 %) |" in text
    assert "| edge:due | 4 | 2.0% |" in text
    assert "| plain | 1 | 0.5% |" in text


def test_weights_give_the_share_of_the_population():
    text = write_datasheet(PLAN, [shard(0, tags={"age:90+": 50}, weights={"all": 100.0, "age:90+": 0.7})])
    assert "| age:90+ | 50 | 25.0% | 0.70% |" in text


def test_a_set_without_refusals_says_so():
    assert "## Refusals that are due\n\nNone." in write_datasheet(PLAN, [shard(0)])


def test_the_first_table_says_what_it_takes_to_make_the_set_again():
    text = write_datasheet(PLAN, [shard(0), shard(1)])
    assert text.startswith("# 200 synthetic cases: demo\n")
    for row in ("| seed | 7 |", "| case indexes | 0 to 199 |", "| files | 2 |", f"| code | {'a' * 12} |",
                f"| vocabulary | {'b' * 12} |", f"| people | {PLAN.profile}, {PLAN.names} names |"):  # fmt: skip
        assert row in text


def test_only_edges_and_protections_have_a_share_to_keep():
    text = write_datasheet(PLAN, [shard(0, tags={"protect:part2": 3, "protect:due": 4, "service:1": 1})])
    assert "| protect:part2 | 3 | 1.5% (below 2 %) |" in text
    assert "| protect:due | 4 | 2.0% |" in text
    assert "| service:1 | 1 | 0.5% |" in text


def test_weights_of_all_shards_are_added_before_they_are_divided():
    shards = [shard(0, tags={"old": 10}, weights={"all": 90.0, "old": 1.0}),
              shard(1, tags={"old": 30}, weights={"all": 110.0, "old": 3.0})]  # fmt: skip
    assert "| old | 40 | 20.0% | 2.00% |" in write_datasheet(PLAN, shards)


def test_rows_stand_in_the_order_of_their_names_whatever_shard_came_first():
    shards = [shard(0, categories={"ssn": 1, "name": 2}), shard(1, categories={"mrn": 3})]
    text = write_datasheet(PLAN, shards)
    assert text == write_datasheet(PLAN, shards[::-1])
    assert text.index("| mrn |") < text.index("| name |") < text.index("| ssn |")


def test_decoys_have_a_section_only_where_there_are_some():
    assert "## Decoys" not in write_datasheet(PLAN, [shard(0)])
    assert "## Decoys" in write_datasheet(PLAN, [shard(0, decoys={"eponym": 1})])
