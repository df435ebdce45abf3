from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.case import Case, GoldSet
from evalkit.cases.corpora import read_aci_bench
from evalkit.errors import RecordedError
from evalkit.executions.execution import Execution
from evalkit.executions.recorded import (
    ACI_BENCH_SYSTEMS,
    ImportedRuns,
    import_runs,
    parse_mapping,
    read_aci_bench_runs,
)

SECRET = "Quillfeather"
PLAIN = {"case_id": "id", "output.note": "summary"}
WITH_CASES = {**PLAIN, "input.dialogue": "talk", "gold.note": "gold", "flags.recording_consent": "consent"}


def load(tmp_path: Path, text: str, columns: Mapping[str, str] = PLAIN, **more: object) -> ImportedRuns:
    path = tmp_path / ("runs.jsonl" if text.startswith("{") else "runs.csv")
    path.write_text(text, encoding="utf-8")
    return import_runs(path, columns=columns, **more)  # type: ignore[arg-type]


def refusal(tmp_path: Path, text: str, columns: Mapping[str, str] = PLAIN, **more: object) -> str:
    with pytest.raises(RecordedError) as refused:
        load(tmp_path, text, columns, **more)
    assert SECRET not in str(refused.value)
    assert refused.value.next_step
    return str(refused.value)


def one(runs: ImportedRuns) -> Execution:
    (execution,) = runs.executions
    return execution


# The mapping


def test_a_mapping_is_targets_and_columns() -> None:
    assert parse_mapping("case_id=id,output.note=summary") == PLAIN


def test_blanks_around_its_parts_do_not_matter() -> None:
    assert parse_mapping(" case_id = id , output.note = Reference Summary ") == {
        "case_id": "id",
        "output.note": "Reference Summary",
    }


def test_a_column_with_a_comma_is_quoted_with_its_target() -> None:
    assert parse_mapping('case_id=id,"output.note=summary, final"')["output.note"] == "summary, final"


def test_a_column_may_have_an_equals_sign() -> None:
    assert parse_mapping("case_id=id,output.note=a=b")["output.note"] == "a=b"


def test_one_column_may_serve_two_targets() -> None:
    assert parse_mapping("case_id=id,output.note=summary,cluster=id")["cluster"] == "id"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "case_id is not mapped"),
        ("case_id=id", "output.FIELD is not mapped"),
        ("output.note=summary", "case_id is not mapped"),
        ("case_id", "part 1: a part is not TARGET=COLUMN"),
        ("case_id=id,output.note", "part 2: a part is not TARGET=COLUMN"),
        ("case_id=id,,output.note=x", "part 2"),
        ("case_id=id,output.note=", "part 2"),
        ("case_id=id,case_id=other,output.note=x", "case_id is given twice"),
        ("case_id=id,output.note=x,output.note:json=y", "given twice"),
        ("case_id=id,output=x", "part 2: a target that is none"),
        ("case_id=id,output.=x", "a target that is none"),
        ("case_id=id,output.a b=x", "a target that is none"),
        ("case_id.x=id,output.note=x", "a target that is none"),
        ("case_id=id,summary=x", "a target that is none"),
        ("case_id=id,flags.consent:json=x,output.note=y", "a target that is none"),
        ('case_id=id,"output.note=x', "a double quote is not closed"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_by_its_part(text: str, what: str) -> None:
    with pytest.raises(RecordedError) as refused:
        parse_mapping(text)
    assert what in str(refused.value)
    assert refused.value.where is not None
    assert refused.value.where.startswith("--map")
    assert refused.value.next_step


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_mapping_or_refused(text: str) -> None:
    try:
        mapping = parse_mapping(text)
    except RecordedError:
        return
    assert "case_id" in mapping


# Runs


def test_a_csv_of_outputs_becomes_executions(tmp_path: Path) -> None:
    runs = load(tmp_path, 'id,summary\nv1,"Knee pain.\nRest."\nv2,Cough.\n')
    assert [run.case_id for run in runs.executions] == ["v1", "v2"]
    assert [run.output.note for run in runs.executions if run.output] == ["Knee pain.\nRest.", "Cough."]
    assert {(run.status, run.trial, run.confidence) for run in runs.executions} == {("ok", 0, None)}


def test_nobody_watched_what_an_imported_system_was_sent(tmp_path: Path) -> None:
    reply = one(load(tmp_path, "id,summary\nv1,x\n")).reply
    assert reply is not None
    assert (reply.received, reply.model_id, reply.trace) == (None, None, ())


def test_json_lines_become_the_same_executions(tmp_path: Path) -> None:
    lines = load(tmp_path, '{"id": "v1", "summary": "Knee pain."}\n')
    assert lines.executions == load(tmp_path, "id,summary\nv1,Knee pain.\n").executions


def test_a_formula_is_imported_as_the_text_it_is(tmp_path: Path) -> None:
    output = one(load(tmp_path, "id,summary\nv1,=1+1\n")).output
    assert output is not None
    assert output.note == "=1+1"


def test_an_empty_answer_is_an_answer(tmp_path: Path) -> None:
    output = one(load(tmp_path, "id,summary\nv1,\n")).output
    assert output is not None
    assert output.note == ""


def test_lists_come_as_json_in_a_cell(tmp_path: Path) -> None:
    columns = {"case_id": "id", "output.lines:json": "lines"}
    runs = load(tmp_path, 'id,lines\nv1,"[{""code"": ""00061"", ""units"": 1}]"\n', columns)
    output = one(runs).output
    assert output is not None
    assert output.lines[0].code == "00061"


def test_lists_in_json_lines_are_taken_as_they_are(tmp_path: Path) -> None:
    columns = {"case_id": "id", "output.lines": "lines"}
    output = one(load(tmp_path, json.dumps({"id": "v1", "lines": [{"units": 2}]}) + "\n", columns)).output
    assert output is not None
    assert output.lines[0].units == 2


def test_statuses_confidence_refusals_and_errors_are_read(tmp_path: Path) -> None:
    columns = {**PLAIN, "status": "status", "confidence": "sure", "refusal": "code", "error": "error"}
    text = (
        "id,summary,status,sure,code,error\n"
        "v1,x,ok,0.9,,\n"
        "v2,y,needs_review,0.5,,\n"
        "v3,,refused,,CONSENT_MISSING,\n"
        f"v4,,error,,,TimeoutError for {SECRET}\n"
        "v5,,,,PSYCHOTHERAPY_NOTES,\n"
        "v6,,,,,broke\n"
        "v7,z,,,,\n"
    )
    runs = load(tmp_path, text, columns).executions
    assert [run.status for run in runs] == ["ok", "needs_review", "refused", "error", "refused", "error", "ok"]
    assert [run.confidence for run in runs[:3]] == [0.9, 0.5, None]
    assert runs[2].refusal is not None
    assert runs[2].refusal.code == "CONSENT_MISSING"
    assert runs[3].failure is not None
    assert (runs[3].failure.kind, SECRET in repr(runs[3])) == ("Recorded", False)
    assert runs[2].output is None


def test_trials_come_back_in_order_whatever_the_file_says(tmp_path: Path) -> None:
    columns = {**PLAIN, "trial": "k"}
    runs = load(tmp_path, "id,summary,k\nv2,d,1\nv1,b,1\nv2,c,0\nv1,a,0\n", columns)
    assert [(run.case_id, run.trial) for run in runs.executions] == [("v2", 0), ("v2", 1), ("v1", 0), ("v1", 1)]


def test_a_repr_shows_counts_only(tmp_path: Path) -> None:
    runs = load(tmp_path, f"id,summary\nv1,{SECRET}\n")
    assert repr(runs) == "ImportedRuns(1 executions, 0 cases)"


# What is refused


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (f"{SECRET} of Elm Street,x,,,,", "case_id is not"),
        (",x,,,,", "case_id is not"),
        ("v1#2,x,,,,", "case_id is not"),
        ("v1,x,approved,,,", "status is none of ok, refused, needs_review, error"),
        (f"v1,x,,{SECRET},,", "confidence is not a number from 0 to 1"),
        ("v1,x,,1.5,,", "confidence is not"),
        ("v1,x,,nan,,", "confidence is not"),
        ("v1,x,,-0.1,,", "confidence is not"),
        ("v1,,refused,,,", "a refusal without a code"),
        (f"v1,,refused,,{SECRET},", "a refusal without a code"),
        ("v1,x,ok,,CONSENT_MISSING,", "a refusal code, and the status ok"),
        (f"v1,x,ok,,,{SECRET}", "an error, and the status ok"),
    ],
)
def test_a_bad_row_is_refused_by_its_place(tmp_path: Path, row: str, what: str) -> None:
    columns = {**PLAIN, "status": "status", "confidence": "sure", "refusal": "code", "error": "error"}
    message = refusal(tmp_path, f"id,summary,status,sure,code,error\nv0,x,,,,\n{row}\n", columns)
    assert "1 row is not usable: row 3 (line 3): " in message
    assert what in message


@pytest.mark.parametrize("trial", ["-1", "1.5", "first", "", "٣"])
def test_a_trial_is_a_whole_number(tmp_path: Path, trial: str) -> None:
    assert "trial is not" in refusal(tmp_path, f"id,summary,k\nv1,x,{trial}\n", {**PLAIN, "trial": "k"})


def test_one_bad_row_keeps_the_whole_file_out(tmp_path: Path) -> None:
    text = "id,summary\n" + "".join(f"v{i},x\n" for i in range(30)) + "".join(f"bad id {i},x\n" for i in range(12))
    message = refusal(tmp_path, text)
    assert "12 rows are not usable" in message
    assert message.count("row ") == 10
    assert "and 2 more" in message
    assert "nothing of it was imported" in message


def test_a_case_and_trial_that_stands_twice_is_refused_with_both_places(tmp_path: Path) -> None:
    message = refusal(tmp_path, "id,summary\nv1,x\nv2,x\nv1,y\n")
    assert "row 4 (line 4): the same case and trial as row 2 (line 2)" in message


def test_trials_with_holes_are_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, "id,summary,k\nv1,x,0\nv1,x,1\nv2,x,1\n", {**PLAIN, "trial": "k"})
    assert "1 of 2 cases do not have the trials 0 to 1" in message


def test_a_case_that_the_gold_set_does_not_have_is_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, "id,summary\nv1,x\nv9,x\n", known={"v1"})
    assert "row 3 (line 3): the gold set has no such case" in message


def test_a_column_that_is_not_there_is_named_beside_those_that_are(tmp_path: Path) -> None:
    message = refusal(tmp_path, "id,Summary\nv1,x\n")
    assert "no column 'summary'" in message
    assert "the file has 'id', 'Summary'" in message


def test_a_key_that_one_json_line_lacks_is_refused_by_its_line(tmp_path: Path) -> None:
    message = refusal(tmp_path, '{"id": "v1", "summary": "x"}\n{"id": "v2"}\n')
    assert "line 2: nothing for output.note" in message


@pytest.mark.parametrize("case_id", [None, "", " ", [], {}])
def test_a_json_case_id_is_a_word(tmp_path: Path, case_id: object) -> None:
    assert "case_id is not" in refusal(tmp_path, json.dumps({"id": case_id, "summary": "x"}) + "\n")


@pytest.mark.parametrize("cell", ["{", "[1,", "NaN", "1e999", "'a'", "[" * 100_000])
def test_a_cell_that_should_be_json_and_is_not_is_refused(tmp_path: Path, cell: str) -> None:
    message = refusal(tmp_path, f'id,lines\nv1,"{cell}"\n', {"case_id": "id", "output.lines:json": "lines"})
    assert "output.lines:json is not JSON" in message


def test_a_mapping_from_code_is_checked_as_well(tmp_path: Path) -> None:
    with pytest.raises(RecordedError, match="a target that is none"):
        load(tmp_path, "id,summary\nv1,x\n", {**PLAIN, "notes": "summary"})


# Cases from the same file


def test_inputs_and_gold_answers_make_a_gold_set(tmp_path: Path) -> None:
    runs = load(
        tmp_path,
        "id,summary,talk,gold,consent\nv1,Knee.,my knee hurts,Knee pain.,true\nv2,x,talk,note,0\n",
        WITH_CASES,
        family="note_summary",
        data_class="synthetic",
    )
    gold = runs.gold_set("visits")
    assert (gold.name, len(gold)) == ("visits", 2)
    assert gold[0].input == {"dialogue": "my knee hurts"}
    assert gold[0].gold == {"note": "Knee pain."}
    assert [case.flags for case in gold] == [{"recording_consent": True}, {"recording_consent": False}]
    assert (gold[0].family, gold[0].data_class, gold[0].cluster_id) == ("note_summary", "synthetic", "v1")


def test_a_cluster_column_ties_visits_of_one_patient(tmp_path: Path) -> None:
    runs = load(
        tmp_path,
        "id,summary,gold,patient\nv1,a,b,p1\nv2,a,b,p1\n",
        {**PLAIN, "gold.note": "gold", "cluster": "patient"},
        family="note_summary",
    )
    assert {case.cluster_id for case in runs.gold_set("visits")} == {"p1"}


def test_cases_need_the_family_that_they_are_of(tmp_path: Path) -> None:
    assert "cases need a family" in refusal(tmp_path, "id,summary,gold\nv1,a,b\n", {**PLAIN, "gold.note": "gold"})


def test_a_file_without_inputs_makes_no_gold_set(tmp_path: Path) -> None:
    with pytest.raises(RecordedError, match="no column of the file was mapped to an input"):
        load(tmp_path, "id,summary\nv1,a\n").gold_set("visits")


def test_trials_of_one_case_must_agree_on_its_input(tmp_path: Path) -> None:
    message = refusal(
        tmp_path,
        f"id,summary,k,talk\nv1,a,0,hello\nv1,a,1,{SECRET}\n",
        {**PLAIN, "trial": "k", "input.dialogue": "talk"},
        family="note_summary",
    )
    assert "row 3 (line 3): another input, gold answer, flag or cluster for the case of row 2 (line 2)" in message


def test_a_flag_is_true_or_false(tmp_path: Path) -> None:
    text = f"id,summary,talk,gold,consent\nv1,a,b,c,{SECRET}\n"
    assert "flags.recording_consent is neither true nor false" in refusal(
        tmp_path, text, WITH_CASES, family="note_summary"
    )


# ACI-Bench


def stub_gold() -> GoldSet:
    return GoldSet("two", tuple(Case(f"aci-bench-D2N00{i}", "note_summary", {}, {}, {}) for i in (1, 2)))


def stub_predictions(folder: Path, encounters: Sequence[str] = ("D2N002", "D2N001")) -> Path:
    (folder / "predictions").mkdir()
    for name, file in ACI_BENCH_SYSTEMS.items():
        rows = "".join(f"{encounter},{name} on {encounter}\n" for encounter in encounters)
        (folder / "predictions" / file).write_text("encounter_id,note\n" + rows, encoding="utf-8")
    return folder


def test_systems_answer_in_the_order_of_the_gold_set(tmp_path: Path) -> None:
    runs = read_aci_bench_runs(stub_predictions(tmp_path), stub_gold())
    assert list(runs) == list(ACI_BENCH_SYSTEMS)
    assert [run.case_id for run in runs["LED"]] == ["aci-bench-D2N001", "aci-bench-D2N002"]
    assert runs["LED"][0].output == {"note": "LED on D2N001"}


@pytest.mark.parametrize("encounters", [("D2N001",), ("D2N001", "D2N003"), ("D2N001", "D2N001", "D2N002")])
def test_answers_to_other_visits_are_refused(tmp_path: Path, encounters: tuple[str, ...]) -> None:
    with pytest.raises(RecordedError, match="not one for each of the 2 visits"):
        read_aci_bench_runs(stub_predictions(tmp_path, encounters), stub_gold())


def test_a_missing_file_of_predictions_is_named(tmp_path: Path) -> None:
    stub_predictions(tmp_path)
    (tmp_path / "predictions" / ACI_BENCH_SYSTEMS["LED"]).unlink()
    with pytest.raises(RecordedError, match=f"{ACI_BENCH_SYSTEMS['LED']}: there is no such file"):
        read_aci_bench_runs(tmp_path, stub_gold())


def test_the_seven_stored_systems_answer_every_visit(shared_data: Path) -> None:
    gold = read_aci_bench(shared_data / "aci_bench")
    runs = read_aci_bench_runs(shared_data / "aci_bench", gold)
    order = [case.case_id for case in gold]
    assert len(runs) == 7
    assert all([run.case_id for run in executions] == order for executions in runs.values())
    dialogues = [case.input["dialogue"] for case in gold]
    assert [run.output.note for run in runs["transcript"] if run.output] == dialogues


def test_a_stored_system_can_be_imported_like_any_other_file(shared_data: Path) -> None:
    gold = read_aci_bench(shared_data / "aci_bench")
    path = shared_data / "aci_bench" / "predictions" / ACI_BENCH_SYSTEMS["GPT-4"]
    columns = parse_mapping(
        "case_id=encounter_id,output.note=note,gold.note=Reference Summaries,input.dialogue=Dialogues"
    )
    runs = import_runs(path, columns=columns, family="note_summary")
    ours = read_aci_bench_runs(shared_data / "aci_bench", gold)["GPT-4"]
    assert [run.reply for run in runs.executions] == [run.reply for run in ours]
    assert [case.gold["note"].strip() for case in runs.cases] == [case.gold["note"] for case in gold]
