from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evalkit.boundary.records import Record, days_between, read_records, years_after
from evalkit.errors import RecordedError

GOOD: dict[str, Any] = {"seq": 0, "at": "2026-06-01T12:00:00Z", "action": "execute", "actor": "user:a"}


def write(folder: Path, *lines: dict[str, Any] | str) -> Path:
    path = folder / "records.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


def test_records_are_read_with_their_times_in_utc(tmp_path: Path) -> None:
    window = ["2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"]
    (one, two) = read_records(write(tmp_path, GOOD, {**GOOD, "seq": 1, "at": "2026-06-01T14:00:00+02:00", "tools": ["x"],
                                                     "window": window}))  # fmt: skip
    assert one.at == two.at == datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert (one.tools, two.tools) == (None, ("x",))
    assert isinstance(one, Record)
    assert two.window is not None


@pytest.mark.parametrize(("line", "message"), [
    ({**GOOD, "at": "2026-06-01T12:00:00"}, "at is wrong"), ({**GOOD, "at": "noon"}, "at is wrong"),
    ({**GOOD, "action": "peek"}, "action is wrong"), ({**GOOD, "seq": -1}, "seq is wrong"),
    ({**GOOD, "seq": "0"}, "seq is wrong"), ({**GOOD, "Quillan Ostrander": 1}, "a key that no record has"),
    ({"seq": 0}, "is wrong"), ("not json", "not one strict JSON object"), ("[]", "not one strict JSON object"),
    ('{"seq": 0, "seq": 1}', "not one strict JSON object"),
])  # fmt: skip
def test_a_wrong_line_refuses_the_file_with_its_number_and_no_value(
    tmp_path: Path, line: dict[str, Any] | str, message: str
) -> None:
    with pytest.raises(RecordedError) as caught:
        read_records(write(tmp_path, GOOD, line))
    assert message in str(caught.value)
    assert "records.jsonl:2" in str(caught.value)
    assert "Ostrander" not in str(caught.value)


def test_records_that_are_not_there_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(RecordedError, match="cannot be read"):
        read_records(tmp_path / "none")


def test_six_years_from_a_leap_day_end_on_the_first_of_march() -> None:
    assert years_after(datetime(2020, 2, 29, tzinfo=UTC), 6) == datetime(2026, 3, 1, tzinfo=UTC)
    assert years_after(datetime(2020, 2, 29, tzinfo=UTC), 4) == datetime(2024, 2, 29, tzinfo=UTC)


def test_days_are_counted_by_the_calendar() -> None:
    assert days_between(datetime(2028, 2, 28, 23, 59, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)) == 2
