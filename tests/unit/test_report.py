# SPDX-License-Identifier: Apache-2.0
"""The table at the end: readable where no terminal is, and the same as JSON."""

from __future__ import annotations

import io
import json

from netem_lab.verdict import report
from netem_lab.verdict.row import Row, Step, Verdict, good

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
    status, text = printed([Step("1. One", [DELAY, LOSS]), Step("2. Two", [GOODPUT])])
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


def test_good_takes_a_verdict_and_no_bad_one() -> None:
    assert good([Step("", [DELAY, GOODPUT])])
    assert not good([Step("", [DELAY]), Step("", [LOSS])])
    assert not good([Step("", [GOODPUT])])
    assert not good([])
    assert printed([Step("1", [DELAY, GOODPUT])])[0] == 0


def test_what_was_left_out_is_said() -> None:
    stalled = Row("egress", "", "", "", Verdict.GOOD, {"received": 100, "stalled": 25})
    _, text = printed([Step("1", [DELAY, stalled])])
    assert text.splitlines()[-2:] == [
        "2 verdicts, all good",
        "Left out of delay and jitter: 2.5 % of the packets, due when the machine stood still",
    ]


def test_json_has_the_same_rows_and_the_figures() -> None:
    status, text = printed([Step("1. One", [DELAY, LOSS])], as_json=True)
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
    assert [row["verdict"] for row in found["steps"][0]["rows"]] == ["good", "bad"]
