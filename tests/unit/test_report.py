# SPDX-License-Identifier: Apache-2.0
"""The report: a table that can be read without a terminal, and the same content as JSON."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from netem_lab.verdict import report
from netem_lab.verdict.row import Row, Section, Verdict, good

DELAY = Row(
    "egress", "one-way delay", "100 ms", "100.44 ms, clean 0.05", Verdict.GOOD,
    {"asked_ms": 100, "received": 900, "stalled": 0},
)  # fmt: skip
LOSS = Row("egress", "loss", "10 %", "14.00 % [13.70, 14.31] of 39000", Verdict.BAD)
GOODPUT = Row("ingress", "TCP goodput", "no limit", "3523.53 Mbit/s", Verdict.SHOWN)


def printed(steps: list, as_json: bool = False) -> tuple:
    out = io.StringIO()
    status = report.show(steps, as_json, out)
    return status, out.getvalue()


def test_the_table_off_a_terminal() -> None:
    status, text = printed([Section("1. One", [DELAY, LOSS]), Section("2. Two", [GOODPUT])])
    lines = [line.rstrip() for line in text.splitlines()]
    assert max(len(line) for line in text.splitlines()) <= 100
    assert "\x1b" not in text
    assert [line.split() for line in lines if line.startswith("egress")] == [
        ["egress", "one-way", "delay", "100", "ms", "100.44", "ms,", "clean", "0.05", "good"]
    ]
    assert sum("verdict" in line.split() for line in lines) == 1, "one header"
    assert lines.index("1. One") < lines.index("2. Two")
    columns = {
        line.index(word) for word in ("14.00 %", "3523.53") for line in lines if word in line
    }
    assert len(columns) == 1, "the columns of all steps are aligned"
    assert lines[-1] == "2 verdicts, 1 bad"
    assert status == 1


UNSURE = replace(DELAY, measured="100.20 ms, 60.0 % left out", verdict=Verdict.UNSURE)


def test_all_is_good_only_if_a_verdict_is_and_none_is_bad_or_unsure() -> None:
    assert good([Section("", [DELAY, GOODPUT])])
    assert not good([Section("", [DELAY]), Section("", [LOSS])])
    assert not good([Section("", [DELAY]), Section("", [UNSURE])])
    assert not good([Section("", [GOODPUT])])
    assert not good([])


@pytest.mark.parametrize(
    ("rows", "said", "status"),
    [
        ([DELAY, GOODPUT], "1 verdicts, all good", 0),
        ([DELAY, LOSS], "2 verdicts, 1 bad", 1),
        ([DELAY, UNSURE, UNSURE, GOODPUT], "3 verdicts, 2 unsure", 1),
        ([DELAY, UNSURE, LOSS, LOSS], "4 verdicts, 1 unsure, 2 bad", 1),
    ],
)
def test_the_last_line_counts_what_is_not_good(rows: list, said: str, status: int) -> None:
    found, text = printed([Section("1", rows)])
    assert (found, text.splitlines()[-1]) == (status, said)


def test_what_was_left_out_is_said() -> None:
    stalled = Row("egress", "", "", "", Verdict.GOOD, {"received": 100, "stalled": 25})
    _, text = printed([Section("1", [DELAY, stalled])])
    assert text.splitlines()[-2:] == [
        "2 verdicts, all good",
        "2.5 % of the packets are left out of delay and jitter: the machine was stalled",
    ]


def test_json_has_the_same_rows_and_the_figures() -> None:
    status, text = printed([Section("1. One", [DELAY, LOSS, UNSURE])], as_json=True)
    found = json.loads(text)
    assert status == 1
    assert found["good"] is False
    assert found["steps"][0]["title"] == "1. One"
    assert found["steps"][0]["rows"][0] == {
        "direction": "egress",
        "what": "one-way delay",
        "asked": "100 ms",
        "measured": "100.44 ms, clean 0.05",
        "verdict": "good",
        "figures": {"asked_ms": 100, "received": 900, "stalled": 0},
    }
    assert [row["verdict"] for row in found["steps"][0]["rows"]] == ["good", "bad", "unsure"]
