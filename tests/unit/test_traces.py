# SPDX-License-Identifier: Apache-2.0
"""Recordings are read as their formats say, and what is none of a format says why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List, Tuple

import pytest

from networking_netem.client.trace import formats
from networking_netem.client.trace.loss_pattern import share_and_run

HSDPA = """\
1289406399 549692 59.851754 10.781778 248069 1008
1289406400 550772 59.851864 10.781833 191698 1080
"""
GHENT = "1453121792686 41287 51.0386553301824 3.73225142858955 2728896 0999\n"
DELAYS = {
    "RepeatedDelayPatternConfig": {
        "pattern": [
            {"StaticDelayConfig": {"delay": "10ms", "duration": "1s 500ms"}},
            {
                "RepeatedDelayPatternConfig": {
                    "pattern": [
                        {
                            "StaticDelayConfig": {
                                "delay": {"secs": 0, "nanos": 20000000},
                                "duration": {"secs": 1, "nanos": 0},
                            }
                        },
                        {"StaticDelayConfig": {"delay": "30ms", "duration": "1s"}},
                    ],
                    "count": 2,
                }
            },
        ],
        "count": 0,
    }
}
RATES = {
    "RepeatedBwPatternConfig": {
        "pattern": [
            {"StaticBwConfig": {"bw": {"gbps": 1, "bps": 2000}, "duration": "1s"}},
            {"StaticBwConfig": {"bw": "12Mbps", "duration": "1s"}},
            {"TraceBwConfig": [[1.5, [2, 4]]]},
        ],
        "count": 3,
    }
}
LOSSES = {
    "RepeatedLossPatternConfig": {
        "pattern": [
            {"StaticLossConfig": {"loss": [0.1], "duration": "1s"}},
            {"StaticLossConfig": {"loss": [1.0], "duration": "1s"}},
        ],
        "count": 1,
    }
}


def pattern(kind: str, *pattern: Any, count: Any = 1) -> str:
    return json.dumps({f"Repeated{kind}PatternConfig": {"pattern": pattern, "count": count}})


MILLION = pattern("Bw", {"StaticBwConfig": {"bw": "1bps", "duration": "1ns"}}, count=1_500_000)


def read(tmp_path: Path, text: str, format: Any = None) -> Tuple[str, Any]:
    file = tmp_path / "link.trace"
    file.write_text(text)
    return formats.read(str(file), format)


@pytest.mark.parametrize(
    ("format", "text", "names", "samples", "length_ms"),
    [
        # 12 Mbit/s are 1500 bytes a millisecond. The last millisecond is the length.
        ("mahimahi", "\n".join(map(str, range(1, 301))), "max_kbps", [(0, 12000)], 300),
        ("mahimahi", "1\n1\n250\n", "max_kbps", [(0, 240), (100, 1), (200, 240)], 250),
        ("mahimahi", "0\n100\n101\n140\n", "max_kbps", [(0, 342.857)], 140),
        ("seconds-mbps", "2 1.5\n3 0\n4 2e1\n", "max_kbps", [(0, 1500), (1e3, 1), (2e3, 2e4)], 3e3),
        ("seconds-mbps", "# s Mbit/s\n\n7 1\n", "max_kbps", [(0, 1000)], 1000),
        ("bytes-ms", "50000 400\n100 4\n0 9\n", "max_kbps", [(0, 1000), (400, 200), (404, 1)], 413),
        ("bytes-ms", HSDPA, "max_kbps", [(0, 1968.802), (1008, 1419.985)], 2088),
        ("bytes-ms", GHENT, "max_kbps", [(0, 21853.021)], 999),
        (
            "theaterq",
            "keep,latency,rate,loss,limit\n100000,20000000,10000000,42949673,100\n50000,0,9000,0,1\n",
            "max_kbps delay_ms loss_pct",
            [(0, 10000, 20, 1), (100, 9, 0, 0)],
            150,
        ),
        (
            "theaterq",
            "1000000,20000000,1000000,0,4294967295,100,2147483648,0,7\n",
            "delay_ms loss_pct delay_correlation_ms duplicate_pct",
            [(0, 20, 100, 1.732, 50)],
            1000,
        ),
        (
            "netem-trace",
            json.dumps(DELAYS),
            "delay_ms",
            [(0, 10), (1500, 20), (2500, 30), (3500, 20), (4500, 30)],
            5500,
        ),
        (
            "netem-trace",
            json.dumps(RATES),
            "max_kbps",
            [(0, 1000002), (1000, 12000), (2000, 2000), (2001.5, 4000)],
            2003,
        ),
        ("netem-trace", json.dumps(LOSSES), "loss_pct", [(0, 10), (1000, 100)], 2000),
        (
            "netem-trace",
            pattern("Loss", {"StaticLossConfig": {"loss": [0.01, 0.5], "duration": "2s"}}),
            "loss_pct loss_burst_packets",
            [(0, 1.961, 2)],
            2000,
        ),
        (
            "netem-trace",
            pattern("Duplicate", {"StaticDuplicateConfig": {"duplicate": [0.2], "duration": "1s"}}),
            "duplicate_pct",
            [(0, 20)],
            1000,
        ),
    ],
)  # fmt: skip
def test_a_recording_is_recognized_and_read(
    tmp_path: Path, format: str, text: str, names: str, samples: List[Tuple], length_ms: float
) -> None:
    known, trace = read(tmp_path, text)
    assert known == format
    assert list(trace.columns) == names.split()
    shown = [(at_ms, *values.values()) for at_ms, values in trace.samples()]
    assert shown == [pytest.approx(each, abs=1e-3) for each in samples]
    assert trace.length_ms == pytest.approx(length_ms)


def test_the_outermost_count_is_how_often_it_is_played(tmp_path: Path) -> None:
    assert read(tmp_path, json.dumps(DELAYS))[1].repeat == 0
    assert read(tmp_path, json.dumps(RATES))[1].repeat == 3


def test_a_format_that_is_said_is_not_guessed(tmp_path: Path) -> None:
    text = "1000 100\n2000 100\n"
    assert read(tmp_path, text)[0] == "seconds-mbps"
    format, trace = read(tmp_path, text, "bytes-ms")
    assert format == "bytes-ms"
    assert trace.length_ms == 200


@pytest.mark.parametrize(
    ("text", "format", "said"),
    [
        ("1\n2\nx\n", None, "line 3: 'x' is no number. A line of a Mahimahi trace is a time"),
        ("1\n5\n4\n", None, "line 3: 4 comes after 5."),
        ("1\n1.5\n", None, "line 2: 1.5 is no whole number."),
        ("1\n2 3\n", None, "line 2: 2 numbers in place of 1."),
        ("0\n0\n", None, "there is no time after 0."),
        ("-1\n", "mahimahi", "line 1: -1 comes after 0."),
        ("1\n604800001\n", None, "line 2: the recording goes on after 168 hours"),
        ("0 1\n0 2\n", "seconds-mbps", "line 2: 0 s comes after 0 s."),
        ("0 1\n1 -2\n", None, "line 2: max_kbps is -2000, and can be 1 to 100000000 kbit/s."),
        ("0 1\n1 nan\n", None, "line 2: 'nan' is no number."),
        ("0 1\n1 1e999\n", None, "line 2: max_kbps is inf"),
        ("5 7 8\n", None, "line 1: this looks like no known format. Formats that are known are"),
        ("-5 10\n4 10\n", "bytes-ms", "line 1: -5 is less than 0."),
        ("5 0\n", "bytes-ms", "there is no line."),
        ("\n# nothing\n", None, "there is no line. Formats"),
        ("1,2,3,4,5\n1,2,3,4\n", None, "line 2: 4 numbers in place of 5, 8 or 9."),
        ("1,2,3,4,5\n1,2,3,4,5,6,7,8\n", None, "line 2: 8 numbers after lines of 5."),
        ("1,2,3,4,5\n1,2,0,4,5\n", None, "line 2: lines with a rate and lines without any limit"),
        ("0,2,3,4,5\n", None, "line 1: the line holds for 0 us."),
        ("1,2,3,-4,5\n", None, "line 1: '-4' is no whole number."),
        ("1,60001000000,3,4,5\n", None, "line 1: delay_ms is 60001, and can be 0 to 60000"),
        ("{\n\n]", None, "line 3: this is no JSON"),
        ("{}", None, "the file is not an object of one name. A netem-trace file is JSON like"),
        ('{"NormalizedBwConfig":{}}', None, "'NormalizedBwConfig', which is not read."),
        (pattern("Bw", {"StaticDelayConfig": 1}), None, "[0] is 'StaticDelayConfig', which is"),
        (pattern("Bw", {"StaticBwConfig": {"bw": "12 furlongs"}}), None, "pattern[0] is '{\"bw\":"),
        (pattern("Bw"), None, "the pattern has no length."),
        (pattern("Bw", count=-1), None, "has a count that is not a whole number"),
        ('{"RepeatedBwPatternConfig":{}}', None, "has no list called pattern"),
        (pattern("Bw", json.loads(pattern("Bw", count=0))), None, "is repeated for ever within"),
        ('{"RepeatedBwPatternConfig":{"count":NaN}}', None, "NaN is no number"),
    ],
)  # fmt: skip
def test_what_is_no_recording_says_where_and_why(
    tmp_path: Path, text: str, format: Any, said: str
) -> None:
    with pytest.raises(ValueError, match=r"link\.trace") as caught:
        read(tmp_path, text, format)
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "link.trace"))
    assert said in message
    assert len(message) < 500


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1" * 1_000_000, "line 1: the line has 1000000 characters."),
        ("1\n" + "9" * 900, "line 2: '9999999999999999999999999999999999999999…' is no number."),
        ('{"a":' * 100_000, "nested too deep"),
        ('{"RepeatedBwPatternConfig":{"count":' + "9" * 1_000_000 + "}}", "has a count that is"),
        (pattern("Bw", json.loads(MILLION), json.loads(MILLION)), "more than 2000000 samples"),
    ],
)  # fmt: skip
@pytest.mark.timeout(20)
def test_what_is_huge_is_refused_at_once(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"link\.trace") as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 500


def test_what_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "link.trace"
    file.write_bytes(b"1\n\xff\n")
    with pytest.raises(ValueError, match="byte 2 is not text in UTF-8"):
        formats.read(str(file))


@pytest.mark.parametrize(
    ("chances", "share", "run"),
    [
        ([0], 0, 1),
        ([0.1], 10, 1),
        ([1], 100, 1),
        ([0.1, 0.1], 10, 1.111),
        ([0.01, 0.5], 1.961, 2),
        ([0.01, 0.5, 0.0], 1.478, 1.5),
        ([0.01, 0.0, 1.0], 0.990, 1),
        ([0.01, 1.0], 100, 1),
    ],
)
def test_a_pattern_of_losses_is_a_share_and_a_run(
    chances: List[float], share: float, run: float
) -> None:
    assert share_and_run(chances) == pytest.approx((share, run), abs=1e-3)
