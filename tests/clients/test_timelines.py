# SPDX-License-Identifier: Apache-2.0
"""The commands for links that change over time, through the real `openstack` program."""

from __future__ import annotations

import json
import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from networking_netem.client.preset import presets
from networking_netem.domain import instant
from tests.clients.api import Api
from tests.clients.environments import NOWHERE, Done, Environment, ok

pytestmark = pytest.mark.usefixtures("clean")

OpenStack = Callable[..., Done]
FLAP = [{"at_ms": 0}, {"at_ms": 8000, "loss_pct": 100}]
MOVING = [name for name, each in presets().items() if each.timelines]


@pytest.fixture(params=["victoria", "newest"])
def openstack(
    environment: Callable[[str], Environment], request: pytest.FixtureRequest
) -> OpenStack:
    """Run `openstack network qos`; an argument may hold spaces."""

    def run(line: str, *more: str, **variables: str) -> Done:
        arguments = ("network", "qos", *line.split(), *more)
        return environment(request.param).run("openstack", *arguments, **variables)

    return run


def timelines(api: Api) -> Dict[str, Dict[str, Any]]:
    """Return the timelines that the server has, by direction."""
    return {rule["direction"]: rule for rule in api.rules("timeline")}


def now_ms() -> int:
    """Return the milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def is_ahead(start_at: str, lead_ms: int, began_ms: int) -> bool:
    """Return whether a start is so long after a moment between then and now."""
    return began_ms <= instant.since_1970_ms(start_at) - lead_ms <= now_ms()


def test_a_link_flaps_by_one_command(api: Api, policy: str, openstack: OpenStack) -> None:
    began_ms = now_ms()
    shown = json.loads(ok(openstack(f"link flap {policy} --up 8s --down 2s -f json")))
    assert shown["state"] == "waiting"
    (rule,) = api.rules("timeline")
    assert (rule["steps"], rule["length_ms"], rule["repeat"]) == (FLAP, 10_000, 0)
    assert (rule["direction"], rule["at_end"]) == ("any", "revert")
    assert is_ahead(rule["start_at"], 3000, began_ms)
    assert shown["steps"] == FLAP
    assert shown["start_at"] == rule["start_at"]


def test_a_flap_may_have_rounds_a_direction_and_no_start(
    api: Api, policy: str, openstack: OpenStack
) -> None:
    line = f"link flap {policy} --up 1m --down 500ms --repeat 3 --ingress --no-start"
    ok(openstack(line))
    (rule,) = api.rules("timeline")
    assert (rule["repeat"], rule["direction"], rule["start_at"]) == (3, "ingress", None)
    assert rule["length_ms"] == 60_500


def test_a_timeline_is_created_shown_set_started_stopped_and_deleted(
    api: Api, policy: str, openstack: OpenStack
) -> None:
    steps = [{"at_ms": 0, "delay_ms": 100, "loss_pct": 5}, {"at_ms": 30_000, "ramp": True}]
    options = ("--step", "0s delay_ms=100 loss_pct=5", "--step", "30s ramp")
    line = f"timeline create {policy} --length 1m --repeat 0 --at-end hold -f json"
    created = json.loads(ok(openstack(line, *options)))
    assert created["steps"] == steps
    assert (created["state"], created["direction"]) == ("loaded", "egress")
    assert json.loads(ok(openstack(f"timeline show {policy} -f json"))) == created

    ok(openstack(f"timeline set {policy} --length 2m --repeat 4"))
    (rule,) = api.rules("timeline")
    assert (rule["steps"], rule["length_ms"], rule["repeat"]) == (steps, 120_000, 4)
    assert (rule["start_at"], rule["at_end"]) == (None, "hold")

    began_ms = now_ms()
    (started,) = json.loads(ok(openstack(f"timeline start {policy} --start-in 1h -f json")))
    (rule,) = api.rules("timeline")
    assert started["Start At"] == rule["start_at"]
    assert is_ahead(rule["start_at"], 3_600_000, began_ms)
    (listed,) = json.loads(ok(openstack("timeline list -f json")))
    assert (listed["State"], listed["Steps"], listed["Length Ms"]) == ("waiting", 2, 120_000)
    assert json.loads(ok(openstack(f"timeline list {policy} -f json"))) == [listed]

    ok(openstack(f"timeline start {policy} --at 2026-11-30T12:00:00+01:00"))
    assert api.rules("timeline")[0]["start_at"] == "2026-11-30T11:00:00.000Z"
    ok(openstack(f"timeline stop {policy}"))
    assert api.rules("timeline")[0]["start_at"] is None
    ok(openstack(f"timeline delete {policy}"))
    assert api.rules() == []


def test_two_timelines_of_a_policy_start_together(
    api: Api, policy: str, openstack: OpenStack
) -> None:
    for direction in ("egress", "ingress"):
        line = f"timeline create {policy} --length 1s --{direction}"
        ok(openstack(line, "--step", "0s delay_ms=5"))
    ok(openstack(f"timeline start {policy}"))
    rules = timelines(api)
    assert rules["egress"]["start_at"] == rules["ingress"]["start_at"]

    done = openstack(f"timeline show {policy}")
    assert done.status != 0
    assert "has 2 timelines: say --egress or --ingress." in done.err
    ok(openstack(f"timeline show {policy} --ingress"))
    ok(openstack(f"timeline set {policy} --ingress --length 2s"))
    ok(openstack(f"timeline delete {policy} --egress"))
    assert [(each["direction"], each["length_ms"]) for each in api.rules()] == [("ingress", 2000)]
    ok(openstack(f"timeline start {policy} --start-in 0s"))
    ok(openstack(f"timeline stop {policy} --ingress"))
    assert timelines(api)["ingress"]["start_at"] is None


def test_what_show_prints_makes_the_same_timeline(
    api: Api, policy: str, openstack: OpenStack, tmp_path: Path
) -> None:
    ok(openstack(f"link flap {policy} --up 8s --down 2s"))
    file = tmp_path / "flap.json"
    file.write_text(ok(openstack(f"timeline show {policy} -f json")))
    ok(openstack("policy create other"))
    ok(openstack(f"timeline create other --any --steps {file} --repeat 2"))
    (other,) = (rule for rule in api.rules("timeline") if rule["repeat"] == 2)
    assert (other["steps"], other["length_ms"]) == (FLAP, 10_000)


def test_a_running_timeline_is_drawn_with_where_it_is(
    api: Api, policy: str, environment: Callable[[str], Environment], openstack: OpenStack
) -> None:
    ok(openstack(f"link flap {policy} --up 8s --down 2s"))
    began = datetime.now(timezone.utc) - timedelta(hours=1)
    ok(openstack(f"timeline start {policy} --at {began.isoformat(timespec='milliseconds')}"))
    # Each in a process of its own: Python looks at the encoding when it starts.
    for encoding, up, down in (("utf-8", "·", "█"), ("ascii", "_", "@")):
        drawn = shown_as(encoding, environment("newest"), api, policy)
        assert "    loss " + up * 48 + down * 12 + " 100 %" in drawn
        assert "     now " in drawn
        assert " running " in drawn
        assert drawn.isascii() == (encoding == "ascii")


def shown_as(encoding: str, clients: Environment, api: Api, policy: str) -> str:
    """Return what `timeline show` prints in a terminal of that encoding."""
    command = [clients.folder / "bin/openstack", *f"network qos timeline show {policy}".split()]
    env = {"OS_AUTH_TYPE": "none", "OS_ENDPOINT": api.url, "PYTHONIOENCODING": encoding}
    done = subprocess.run(command, env=env, capture_output=True, check=True)
    return done.stdout.decode(encoding)


def test_a_recording_becomes_a_timeline(
    api: Api, policy: str, openstack: OpenStack, tmp_path: Path
) -> None:
    file = tmp_path / "down.trace"
    file.write_text("\n".join(str(ms) for ms in range(1, 200_001) if ms % (ms // 100 % 7 + 1) == 0))
    line = f"timeline import {policy} {file} --repeat 0 --start-in 5s -f json"
    began_ms = now_ms()
    shown = json.loads(ok(openstack(line)))
    assert shown["recording"] == "mahimahi, 2000 values in 3m19.995s; 1000 steps"
    (rule,) = api.rules("timeline")
    assert (len(rule["steps"]), rule["length_ms"], rule["repeat"]) == (1000, 199_995, 0)
    assert (rule["direction"], rule["at_end"]) == ("ingress", "revert")
    assert is_ahead(rule["start_at"], 5000, began_ms)
    error = shown["error"]["max_kbps"]
    assert 0 < error["rmse_pct"] < 15

    ok(openstack(f"timeline delete {policy}"))
    drawn = ok(openstack(f"timeline import {policy} {file} --egress --from mahimahi"))
    assert f"rate {error['rmse']:.3g} kbit/s ({error['rmse_pct']:.3g} %)" in drawn
    assert set(timelines(api)) == {"egress"}


def test_a_file_that_is_no_recording_makes_nothing(
    api: Api, policy: str, openstack: OpenStack, tmp_path: Path
) -> None:
    file = tmp_path / "down.trace"
    file.write_text("1\n2\nthree\n")
    done = openstack(f"timeline import {policy} {file}")
    assert done.status != 0
    assert f"{file}, line 3: 'three' is no number. A line of a Mahimahi trace is" in done.err
    done = openstack(f"timeline import {policy} {tmp_path / 'none'}")
    assert done.status != 0
    assert "No such file" in done.err
    assert api.rules() == []


@pytest.mark.parametrize("name", MOVING)
def test_a_preset_that_moves_becomes_rules_and_timelines(
    api: Api, environment: Callable, name: str
) -> None:
    began_ms = now_ms()
    line = f"network qos link create {name} --preset {name} -f json"
    shown = json.loads(ok(environment("newest").run("openstack", *line.split())))
    preset = presets()[name]
    assert shown["over_time"] == [each.values() for each in preset.timelines]
    rules = timelines(api)
    assert sorted(rules) == sorted(each.direction for each in preset.timelines)
    for each in preset.timelines:
        rule = rules[each.direction]
        assert each.values() == {key: rule[key] for key in each.values()}
        assert rule["start_at"] == shown["start_at"]
        assert is_ahead(rule["start_at"], 3000, began_ms)
    assert [rule["max_kbps"] for rule in api.rules("bandwidth_limit")] == [
        values["max_kbps"] for values in (preset.up, preset.down) if values
    ]


def test_a_preset_that_moves_may_be_told_not_to_start(api: Api, openstack: OpenStack) -> None:
    ok(openstack("link create still --preset starlink-moving --no-start --scale delay=2"))
    (rule,) = api.rules("timeline")
    assert rule["start_at"] is None
    assert rule["steps"][1] == {"at_ms": 300, "delay_ms": 26}


def test_a_link_for_a_time_is_clean_by_itself_then(api: Api, openstack: OpenStack) -> None:
    began_ms = now_ms()
    shown = json.loads(ok(openstack("link create bad --preset lte --for 10m -f json")))
    assert shown["egress"] == presets()["lte"].up
    (rule,) = api.rules()
    assert rule["steps"] == [{"at_ms": 0, "max_kbps": 12000, "delay_ms": 17.5}]
    assert (rule["length_ms"], rule["repeat"], rule["at_end"]) == (600_000, 1, "revert")
    assert rule["direction"] == "any"
    assert is_ahead(rule["start_at"], 3000, began_ms)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("link flap p --up 8 --down 2s", "'8' is not a duration such as 500ms, 8s"),
        ("link flap p --up 8s", "--down"),
        ("link flap p --up 8s --down 2s --repeat -1", "repeat must be a whole number from 0 to"),
        ("link flap p --up 0s --down 2s", "at_ms of step 2 must be above 0"),
        ("link flap p --up 7d --down 2s", "length_ms must be a whole number from 1 to 604800000"),
        ("link create p --preset lte --for 8d", "length_ms must be a whole number from 1 to"),
        ("link create p --preset lte --for 0s", "length_ms must be a whole number from 1 to"),
        ("timeline create p --length 1s", "A timeline needs steps: give --step or --steps."),
        ("timeline create p --step 0s", "A timeline needs length_ms: give --length."),
        ("timeline create p --step 1s --length 2s", "at_ms of the first step must be 0"),
        ("timeline create p --step 0s --step 2s --length 2s", "length_ms must be above 2000"),
        ("timeline create p --step 0s,loss_pct=1 --length 2s", "'0s,loss_pct=1' is not a duration"),
        ("timeline create p --steps /dev/null --length 2s", "/dev/null: this is no JSON"),
        ("timeline create p --step 0s --steps - --length 2s", "not allowed with argument"),
        ("timeline set p", "Nothing to set: give at least one of --step, --steps, --length"),
        ("timeline start p --at noon", "start_at must be an instant"),
        (
            "timeline start p --start-in 25h",
            "start_in_ms must be a whole number from 0 to 86400000",
        ),
    ],
)
def test_what_makes_no_timeline_sends_no_request(
    openstack: OpenStack, line: str, reason: str
) -> None:
    done = openstack(line, **NOWHERE)
    assert done.status != 0
    assert reason in done.err
    assert "127.0.0.1" not in done.err


def test_errors_name_the_policy(api: Api, policy: str, openstack: OpenStack) -> None:
    for line in ("show", "start", "stop", "delete", "set --length 1s"):
        verb, *options = line.split()
        done = openstack(f"timeline {verb} {policy}", *options)
        assert done.status != 0, line
        assert f"QoS policy {policy} has no timeline." in done.err, line
    done = openstack(f"timeline show {policy} --any")
    assert f"QoS policy {policy} has no timeline of direction any." in done.err
    ok(openstack(f"link flap {policy} --up 8s --down 2s"))
    done = openstack(f"link flap {policy} --up 8s --down 2s")
    assert done.status != 0
    assert "409" in done.err
    assert len(api.rules()) == 1
