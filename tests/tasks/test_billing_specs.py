"""The shipped billing specs: that they load, are registered as they are, and differ in what 2.0.0 says it changes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from evalkit.agents.agent import Reply, Request
from evalkit.cases.case import GoldSet
from evalkit.executions.execution import Execution
from evalkit.metrics.scoring import Ratio, Scores, score
from evalkit.phi.leaks import find_leaks
from evalkit.spec.registry import Registry
from evalkit.spec.schema import Spec
from evalkit.tasks import offline_agent, read_spec, shipped_root, synthesize
from evalkit.tasks.billing_codes.conditions import CONDITIONS
from evalkit.tasks.billing_codes.facts import PLACES
from evalkit.tasks.billing_codes.metrics import METRICS
from evalkit.tasks.billing_codes.phrases import WORDINGS
from evalkit.tasks.billing_codes.policy import INCLUDED, PROCEDURES, VISITS_ESTABLISHED, VISITS_NEW
from evalkit.tasks.billing_codes.sentences import (
    ADDENDUM,
    CONDITION,
    COPIED_FROM,
    NOT_DONE,
    REASONS,
    SEPARATE_SITE,
    VISIT_INCLUDED,
    VISIT_TIME,
)
from evalkit.tasks.billing_codes.templates import TEMPLATES
from evalkit.tasks.reading import heard_among, holds, read_sentences

VERSIONS = ("1.0.0", "2.0.0")


def shipped(version: str) -> Spec:
    path = shipped_root() / "specs" / "billing_codes" / f"{version}.md"
    return read_spec(path.read_bytes(), path=path.name)


@pytest.fixture(scope="module")
def specs() -> dict[str, Spec]:
    return {version: shipped(version) for version in VERSIONS}


@pytest.fixture(scope="module")
def gold(specs: dict[str, Spec]) -> GoldSet:
    return synthesize(specs["1.0.0"], n=400, seed=7)


async def _answer(spec: Spec, gold: GoldSet) -> list[Execution]:
    agent = offline_agent(spec)
    executions = []
    for case in gold:
        reply = agent(Request(case.case_id, spec.ref, case.input, case.flags))
        executions.append(Execution(case.case_id, 0, reply if isinstance(reply, Reply) else await reply))
    return executions


@pytest.fixture(scope="module")
def answers(specs: dict[str, Spec], gold: GoldSet) -> dict[str, list[Execution]]:
    return {version: asyncio.run(_answer(spec, gold)) for version, spec in specs.items()}


@pytest.fixture(scope="module")
def scores(gold: GoldSet, answers: dict[str, list[Execution]]) -> dict[str, Scores]:
    return {
        version: score(list(zip(gold, executions, strict=True)), METRICS) for version, executions in answers.items()
    }


def pooled(scores: Scores, metric: str) -> float:
    ratios = [value for value in scores.values[metric] if isinstance(value, Ratio)]
    return sum(ratio.numerator for ratio in ratios) / sum(ratio.denominator for ratio in ratios)


def share(scores: Scores, metric: str) -> float:
    values = [value for value in scores.values[metric] if isinstance(value, bool)]
    return sum(values) / len(values)


def test_the_registry_holds_both_versions_as_they_are(specs: dict[str, Spec]) -> None:
    registry = Registry(shipped_root() / "specs")
    registry.verify()
    assert set(VERSIONS) <= set(registry.versions("billing_codes"))
    for version, spec in specs.items():
        assert registry.read("billing_codes", version)[0] == spec.source


def test_2_0_0_changes_one_row_and_says_so(specs: dict[str, Spec]) -> None:
    old, new = specs["1.0.0"].rows(), specs["2.0.0"].rows()
    assert set(old) == set(new)
    assert [row_id for row_id in old if old[row_id].cells != new[row_id].cells] == ["Modifiers/25"]
    assert "25" in specs["2.0.0"].change_note
    assert specs["2.0.0"].supersedes == "1.0.0"


def test_the_contract_of_both_versions_is_the_same(specs: dict[str, Spec]) -> None:
    old, new = specs.values()
    parts = ("input", "minimum_necessary", "refuse", "output", "review", "models", "gates", "data_class")
    assert all(getattr(old, part) == getattr(new, part) for part in parts)


def test_every_code_is_a_placeholder(specs: dict[str, Spec]) -> None:
    for spec in specs.values():
        codes = {*spec.tables["Codes"].column("code")}
        codes |= {code for name in ("established", "new") for code in spec.tables["Visits"].column(name) if code}
        assert all(re.fullmatch(r"000[1-9]\d", code) for code in codes)


def test_every_field_that_reaches_the_model_has_a_reason(specs: dict[str, Spec]) -> None:
    for spec in specs.values():
        sent = {name for name, field in spec.input.items() if field.use == "send"}
        assert sent == set(spec.minimum_necessary.allow) == {"note_text", "new_patient"}
        assert all(len(reason.split()) >= 5 for reason in spec.minimum_necessary.allow.values())


def test_every_gate_names_a_metric_of_the_family(specs: dict[str, Spec]) -> None:
    for spec in specs.values():
        assert {gate.metric for gate in spec.gates} <= set(METRICS)


def test_the_same_cases_come_of_both_versions(specs: dict[str, Spec], gold: GoldSet) -> None:
    assert synthesize(specs["2.0.0"], n=400, seed=7).digest == gold.digest


def test_1_0_0_passes_its_own_gates_on_400_cases(specs: dict[str, Spec], scores: dict[str, Scores]) -> None:
    seen = scores["1.0.0"]
    reached = {name: pooled(seen, name) for name in ("line_exact", "code_f1_micro", "over_coded")}
    reached["refusal_accuracy"] = share(seen, "refusal_accuracy")
    bounds = [gate for gate in specs["1.0.0"].gates if gate.max_drop is None]
    assert bounds
    for gate in bounds:
        value = reached[gate.metric]
        assert gate.min is None or value >= gate.min
        assert gate.max is None or value <= gate.max
        assert gate.equals is None or value == gate.equals


def test_1_0_0_is_good_and_not_perfect(scores: dict[str, Scores]) -> None:
    """Otherwise nothing could be learnt from an improvement."""
    assert 0.90 <= share(scores["1.0.0"], "case_exact") <= 0.97
    assert 0.95 <= pooled(scores["1.0.0"], "dx_f1") < 1


def test_2_0_0_loses_lines_and_code_f1_does_not_move_at_all(scores: dict[str, Scores]) -> None:
    old, new = scores["1.0.0"], scores["2.0.0"]
    assert old.values["code_f1_micro"] == new.values["code_f1_micro"]
    assert old.values["code_f1_macro"] == new.values["code_f1_macro"]
    assert pooled(new, "line_exact") < pooled(old, "line_exact") - 0.1


def test_2_0_0_breaks_cases_with_modifier_25_only_and_fixes_none(
    gold: GoldSet, scores: dict[str, Scores], answers: dict[str, list[Execution]]
) -> None:
    before, after = (scores[version].values["case_exact"] for version in VERSIONS)
    broke = [row for row in range(len(gold)) if before[row] is True and after[row] is False]
    assert len(broke) > 60
    assert not [row for row in range(len(gold)) if before[row] is False and after[row] is True]
    for row in broke:
        assert "mod25" in gold[row].tags
        assert "Modifiers/25" in answers["2.0.0"][row].trace


def test_every_refusal_comes_with_its_code_and_no_model_is_called(
    gold: GoldSet, answers: dict[str, list[Execution]]
) -> None:
    refused = 0
    for case, execution in zip(gold, answers["1.0.0"], strict=True):
        if case.refusal:
            assert execution.refusal is not None
            assert execution.refusal.code == case.refusal
            assert execution.reply is not None
            assert execution.reply.received == ()
            refused += 1
    assert refused == 112


def test_the_model_receives_the_allowed_fields_only(gold: GoldSet, answers: dict[str, list[Execution]]) -> None:
    for case, execution in zip(gold, answers["1.0.0"], strict=True):
        if not case.refusal:
            assert execution.reply is not None
            assert [set(sent) for sent in execution.reply.received or ()] == [{"note_text", "new_patient"}]


def test_no_answer_leaks_an_identifier(gold: GoldSet, answers: dict[str, list[Execution]]) -> None:
    for case, execution in zip(gold, answers["1.0.0"], strict=True):
        assert execution.reply is not None
        said = [execution.reply.output, list(execution.reply.trace)]
        assert find_leaks(case.identifiers, said, place="output") == ()


def test_a_request_that_is_fine_today_is_refused_for_a_day_before_its_service(specs: dict[str, Spec]) -> None:
    from evalkit.agents.guard import guard
    from evalkit.tasks.billing_codes.rules import rules

    spec = specs["1.0.0"]
    case = next(case for case in synthesize(spec, n=20, seed=3) if case.refusal is None)
    early = guard(spec, rules(spec), today=lambda: date(2024, 12, 31))
    reply = early(Request(case.case_id, spec.ref, case.input, case.flags))
    assert isinstance(reply, Reply)
    assert reply.refusal is not None
    assert (reply.refusal.code, reply.refusal.field) == ("DOS_IN_FUTURE", "date_of_service")


def cues(spec: Spec) -> Mapping[str, set[str]]:
    """Code -> cues."""
    return {row.cells["code"]: set(row.cells["cues (any)"]) for row in spec.tables["Codes"].rows}


def heard(template: str, name: str, literals: set[str]) -> bool:
    site = PLACES.get(name, ("scalp",))[0]
    text = template.format(
        side="left", site=site, place=f"the left {site}", things="two lesions", minutes=20, spot=site
    )
    return any(heard_among(sentence, literals) for sentence in read_sentences(text))


def test_paraphrases_and_cues_are_different_lists(specs: dict[str, Spec]) -> None:
    """The spec knows the usual words, none of the rare ones, and no phrase is a cue as it stands."""
    known = cues(specs["1.0.0"])
    for name, wording in WORDINGS.items():
        literals = known[PROCEDURES[name].code]
        assert all(heard(template, name, literals) for template in wording.usual), name
        assert not any(heard(template, name, literals) for template in wording.rare), name
        assert not literals & {template.lower().rstrip(".") for template in (*wording.usual, *wording.rare)}


def test_words_that_stop_billing_are_known_for_the_usual_sentences_only(specs: dict[str, Spec]) -> None:
    silent = set(specs["1.0.0"].tables["Do not bill"].column("item"))
    for bank in NOT_DONE.values():
        usual, rare = ([text.format(noun="it", year=2019) for text in part] for part in (bank.usual, bank.rare))
        assert all(any(heard_among(s, silent) for s in read_sentences(text)) for text in usual)
        assert not any(heard_among(s, silent) for text in rare for s in read_sentences(text))


def test_separate_sites_and_visit_time_have_words_that_the_spec_lacks(specs: dict[str, Spec]) -> None:
    spec = specs["1.0.0"]
    sites = set(spec.rows()["Modifiers/59"].cells["when"][1])
    times = set(spec.tables["Visit time"].column("item"))
    for bank, literals in ((SEPARATE_SITE, sites), (VISIT_TIME, times)):
        usual, rare = ([f"Done{text}." for text in part] for part in (bank.usual, bank.rare))
        assert all(any(heard_among(s, literals) for s in read_sentences(text)) for text in usual if "{" not in text)
        assert not any(heard_among(s, literals) for text in rare for s in read_sentences(text))


def test_passages_of_another_day_and_addenda_have_first_lines_that_the_spec_lacks(specs: dict[str, Spec]) -> None:
    tables = specs["1.0.0"].tables
    for bank, heading in ((COPIED_FROM, "Do not read"), (ADDENDUM, "Last word")):
        literals = tables[heading].column("item")
        usual, rare = ([re.sub(r"\{.*?\}", "", text).lower() for text in part] for part in (bank.usual, bank.rare))
        assert all(any(holds(text, literal) for literal in literals) for text in usual)
        assert not any(holds(text, literal) for text in rare for literal in literals)


def test_no_heading_of_a_template_is_taken_for_a_passage_of_another_day(specs: dict[str, Spec]) -> None:
    tables = specs["1.0.0"].tables
    literals = (*tables["Do not read"].column("item"), *tables["Last word"].column("item"))
    for template in TEMPLATES:
        headings = [*template.titles, *(heading for _, six in template.sections for heading in six)]
        assert not [text for text in headings for literal in literals if holds(text.lower(), literal)]


def test_the_spec_knows_the_usual_names_of_conditions_and_none_of_the_rare(specs: dict[str, Spec]) -> None:
    rows = specs["1.0.0"].tables["Diagnoses"].rows
    known = {row.cells["code"]: set(row.cells["cues (any)"]) for row in rows}
    assert set(known) == {
        code for condition in CONDITIONS.values() for codes in condition.codes.values() for code in codes
    }
    for condition in CONDITIONS.values():
        cues = {cue for codes in condition.codes.values() for code in codes for cue in known[code]}
        usual, rare = (
            [name.format(side="left") + "." for name in names] for names in (condition.usual, condition.rare)
        )
        assert all(heard_among(s, cues) for name in usual for s in read_sentences(name))
        assert not any(heard_among(s, cues) for name in rare for s in read_sentences(name))


def test_what_keeps_a_condition_from_being_coded_stands_in_every_such_sentence(specs: dict[str, Spec]) -> None:
    silent = set(specs["1.0.0"].tables["Do not code"].column("item"))
    for certainty, bank in CONDITION.items():
        told = [s for text in bank.usual for s in read_sentences(text.format(name="gout", year=2011))]
        assert [bool(heard_among(s, silent)) for s in told] == [certainty != "present"] * len(bank.usual)


def test_banks_hold_at_least_eight_ways_to_say_it_and_four_that_the_spec_does_not_know() -> None:
    banks = [*WORDINGS.values(), *NOT_DONE.values(), SEPARATE_SITE, VISIT_TIME]
    assert all(len(set(bank.usual)) >= 8 and len(set(bank.rare)) >= 4 for bank in banks)
    assert all(len(set(bank.usual)) >= 8 for bank in (VISIT_INCLUDED, ADDENDUM, COPIED_FROM, CONDITION["present"]))


def test_no_reason_for_coming_sounds_like_work_done(specs: dict[str, Spec]) -> None:
    spec = specs["1.0.0"]
    literals = {cue for own in cues(spec).values() for cue in own} | set(spec.tables["Visit time"].column("item"))
    for told, found in REASONS.values():
        for text in (*told, *found):
            assert not [one for one in read_sentences(text) if heard_among(one, literals)]


def test_the_spec_and_the_policy_agree_on_codes_and_visits(specs: dict[str, Spec]) -> None:
    rows = specs["1.0.0"].tables
    assert set(rows["Codes"].column("code")) == {known.code for known in PROCEDURES.values()} | {
        known.further for known in PROCEDURES.values() if known.further
    }
    visits = {
        (row.cells["minutes"], row.cells["established"]) for row in rows["Visits"].rows if row.cells["established"]
    }
    assert visits == set(VISITS_ESTABLISHED)
    visits = {(row.cells["minutes"], row.cells["new"]) for row in rows["Visits"].rows if row.cells["new"]}
    assert visits == set(VISITS_NEW)
    pairs = {(row.cells["keep"], row.cells["drop"]): row.cells["override"] for row in rows["Bundling"].rows}
    assert pairs == {
        (PROCEDURES[kept].code, PROCEDURES[dropped].code): override for (kept, dropped), override in INCLUDED.items()
    }


def test_the_documents_name_no_person_and_no_real_organisation(root: Path) -> None:
    for path in sorted((root / "specs" / "billing_codes").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"[\w.+-]+@[\w.-]+", text)) == {"revenue-cycle@example.org"}
