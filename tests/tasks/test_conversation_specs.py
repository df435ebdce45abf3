"""The shipped conversation spec: good and not perfect, and edits that only their own metric sees."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from evalkit.cases.case import GoldSet
from evalkit.errors import SpecError
from evalkit.evaluation.casewise import point_estimates
from evalkit.evaluation.pipeline import pair
from evalkit.evaluation.scoretable import tabulate
from evalkit.executions.encoding import encode
from evalkit.executions.execution import Execution
from evalkit.executions.runner import Settings, execute
from evalkit.metrics.scoring import score
from evalkit.spec.registry import Registry
from evalkit.tasks import FAMILIES, offline_agent, read_spec, shipped_root, synthesize
from evalkit.tasks.patient_conversation.baselines import BASELINES
from evalkit.tasks.patient_conversation.intents import train
from evalkit.tasks.patient_conversation.metrics import METRICS

TEXT = (shipped_root() / "specs" / "patient_conversation" / "1.0.0.md").read_text(encoding="utf-8")
SPEC = read_spec(TEXT, path="1.0.0.md")


def run(text: str, gold: GoldSet) -> tuple[Execution, ...]:
    spec = read_spec(text, path="edit.md")
    return execute(gold.cases, offline_agent(spec), spec_ref=spec.ref)


def figures(gold: GoldSet, executions: tuple[Execution, ...]) -> Mapping[str, float]:
    return point_estimates(tabulate(score(pair(gold.cases, executions), METRICS)))


@pytest.fixture(scope="module")
def gold() -> GoldSet:
    return synthesize(SPEC, n=240, seed=7)


@pytest.fixture(scope="module")
def clear(gold: GoldSet) -> GoldSet:
    """The calls without errors of recognition."""
    return GoldSet("clear", tuple(case for case in gold if case.facts[1]["noise"] == 0))


@pytest.fixture(scope="module")
def base(gold: GoldSet) -> Mapping[str, float]:
    return figures(gold, run(TEXT, gold))


def edited(old: str, new: str) -> str:
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


def test_the_registered_spec_is_the_one_in_the_folder() -> None:
    registry = Registry(shipped_root() / "specs")
    assert "1.0.0" in registry.versions("patient_conversation")
    assert registry.read("patient_conversation", "1.0.0")[0] == SPEC.source


def test_the_offline_agent_is_good_and_not_perfect(base: Mapping[str, float]) -> None:
    assert 0.85 < base["task_done"] < 1
    assert 0.9 < base["state_match"] < 1
    assert base["disclosure_before_verification"] == base["false_accept"] == base["advice_given"] == 0
    assert base["emergency_recall"] == 1
    assert 0 < base["false_reject"] < 0.1
    assert base["refusal_accuracy"] == 1


def test_noise_is_what_makes_it_worse(gold: GoldSet) -> None:
    executions = run(TEXT, gold)
    done: dict[int, list[bool]] = {0: [], 15: []}
    for case, execution in pair(gold.cases, executions):
        value = METRICS["task_done"](case, execution)
        if isinstance(value, bool) and case.facts[1]["noise"] in done:
            done[case.facts[1]["noise"]].append(value)
    assert sum(done[0]) / len(done[0]) > sum(done[15]) / len(done[15])


def test_one_identifier_instead_of_two_shows_in_identity_and_disclosure_and_in_nothing_else(clear: GoldSet) -> None:
    row = "| date_of_birth | date of birth        | always  |"
    before, after = (
        figures(clear, run(TEXT, clear)),
        figures(clear, run(edited(row, row.replace("always ", "several")), clear)),
    )
    assert before["false_accept"] == before["disclosure_before_verification"] == 0
    assert after["false_accept"] > 0.2
    assert after["disclosure_before_verification"] > 0.15
    moved = {name for name in before if before[name] != after[name]}
    assert moved - {"repairs", "turns"} == {"false_accept", "disclosure_before_verification"}
    assert after["turns"] <= before["turns"]  # one question less


def test_emergency_words_that_are_dropped_show_in_recall_and_in_nothing_else(
    gold: GoldSet, base: Mapping[str, float]
) -> None:
    text = edited("- suicide, kill myself, want to die, don't want to live\n", "")
    after = figures(gold, run(text.replace(", overdose", "").replace(", took all of my pills", ""), gold))
    assert after["emergency_recall"] < 1
    assert {name for name in base if base[name] != after[name]} == {"emergency_recall"}


def test_a_kind_that_is_no_longer_declared_is_not_told_any_more(clear: GoldSet) -> None:
    text = edited("| date     | The owner hears", "| phone    | The owner hears")
    after = figures(clear, run(text, clear))
    assert after["task_done"] < figures(clear, run(TEXT, clear))["task_done"]


def test_words_that_are_never_to_be_said_are_not_said(clear: GoldSet) -> None:
    text = edited("- is seen here", "- is seen here, parking is free")
    for execution in run(text, clear):
        assert execution.talk is not None
        assert not any("Parking is free" in one.turn.say for one in execution.talk.exchanges)


def test_the_same_seeds_give_the_same_bytes_at_any_concurrency(gold: GoldSet) -> None:
    few = gold.cases[:60]
    runs = [
        execute(few, offline_agent(SPEC), spec_ref=SPEC.ref, trials=2, settings=Settings(concurrency=n)) for n in (1, 8)
    ]
    plain = [[encode(Execution(one.case_id, one.trial, one.reply, talk=one.talk)) for one in done] for done in runs]
    assert plain[0] == plain[1]


def test_baselines_are_safe_or_useless(gold: GoldSet, base: Mapping[str, float]) -> None:
    found = {
        name: figures(gold, execute(gold.cases, make(gold.cases), spec_ref=SPEC.ref))
        for name, make in BASELINES.items()
    }
    assert found["always-911"]["emergency_recall"] == 1
    assert found["transfer-all"]["false_accept"] == 0
    assert all(one["task_done"] < 0.2 < base["task_done"] for one in found.values())
    assert {name: one["disclosure_before_verification"] for name, one in found.items() if name != "refuse-all"} == {
        "transfer-all": 0, "always-911": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("| private        | any          | private      | verified         | serve           | stay   |\n", "", None),
        ("| identify       | open; detail; close | private      | unverified       | ask_identity    | verify |\n", "", None),
        ("| found          | verify       | found        | -                | serve           | stay   |\n", "", "found in verify"),
        ("offer: I have {time} with {doctor}.", "offer: I have {time} with {doctor} for {name}.", "fills in only"),
        ("tries: 3", "tries: 0", "whole number from 1 to 9"),
        ("| phone         | phone number on file | several |", "| ssn           | number               | several |", "identifier"),
        ("| transfer          | -  ", "| make_coffee       | -  ", "tool"),
        ("| name          | full name            | always  |", "| name          | full name            | perhaps |", "when"),
        ("transfer:privacy", "transfer:nobody", "transfer:QUEUE"),
        ("{metric: task_done, trials: 4, min: 0.80}", "{metric: task_done, trials: 4, max: 0.80}", "trials belongs to min"),
        ("{metric: task_done, trials: 4, min: 0.80}", "{metric: task_done, trials: 1, min: 0.80}", "trials"),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_executed_do_not_load(old: str, new: str, says: str | None) -> None:
    assert TEXT.count(old) == 1
    if says is None:
        read_spec(TEXT.replace(old, new), path="edit.md")
        return
    with pytest.raises(SpecError) as raised:
        read_spec(TEXT.replace(old, new), path="edit.md")
    assert says in str(raised.value)


def test_the_intent_model_is_the_same_each_time_and_unsure_of_what_it_never_heard() -> None:
    examples = tuple((row.cells["intent"], row.cells["utterances"]) for row in SPEC.tables["Intents"].rows)
    model = train(examples)
    train.cache_clear()
    again = train(examples)
    assert (model.intents, model.weights, model.bias) == (again.intents, again.weights, again.bias)
    assert model.judge("I need a refill of my prescription")[0] == "refill"
    assert model.judge("xyzzy")[1] < 0.3
    for intent, utterances in examples:
        assert all(model.judge(words)[0] == intent for words in utterances)


def test_the_model_says_what_scikit_learn_says() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    from evalkit.tasks.patient_conversation.intents import REGULARISATION, features

    examples = tuple((row.cells["intent"], row.cells["utterances"]) for row in SPEC.tables["Intents"].rows)
    texts = [words for _, utterances in examples for words in utterances]
    labels = [intent for intent, utterances in examples for _ in utterances]
    vectors = TfidfVectorizer(analyzer=features)
    classifier = LogisticRegression(C=REGULARISATION, max_iter=1000).fit(vectors.fit_transform(texts), labels)
    asked = ["could you move my visit", "what about my bill", "a new doctor for my heart please", "hello"]
    probabilities = classifier.predict_proba(vectors.transform(asked))
    for words, row in zip(asked, probabilities, strict=True):
        intent, sure = train(examples).judge(words)
        assert intent == classifier.classes_[row.argmax()]
        assert sure == pytest.approx(row.max(), abs=1e-4)


def test_the_family_says_how_its_metrics_are_read() -> None:
    family = FAMILIES["patient_conversation"]
    assert family.head_metric in family.metrics
    assert family.lower_is_better | family.descriptive <= family.metrics.keys()
    assert family.rules is None
    assert {gate.metric for gate in SPEC.gates} <= family.metrics.keys()
