# SPDX-License-Identifier: Apache-2.0
"""The timelines of a policy: which a command is about, how they start together, how one looks."""

from __future__ import annotations

import argparse
import time
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from cliff import columns
from osc_lib import exceptions
from osc_lib.command import command

from networking_netem.client import plot, sdk
from networking_netem.client.osc import timeline_options
from networking_netem.domain import instant
from networking_netem.domain.rule_types import TIMELINE
from networking_netem.domain.timeline import RUNNING

RESOURCE = sdk.RESOURCES[TIMELINE.name]

NAMES = (
    *("id", "qos_policy_id", "direction", "length_ms", "repeat", "at_end", "start_at"),
    *("state", "round", "step", "steps"),
)
"""What is shown of a timeline."""


class OfPolicy(command.Command):
    """A command on the timelines of one policy."""

    about = "Which timeline. Default: all of the policy."

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        timeline_options.add_policy(parser)
        timeline_options.add_direction(parser, self.about)
        return parser

    @property
    def network(self) -> Any:
        """The network API, through the SDK."""
        return self.app.client_manager.network

    def policy(self, name_or_id: str) -> Any:
        """Return the policy of that name or id; raises the SDK's error where there is none."""
        return self.network.find_qos_policy(name_or_id, ignore_missing=False)

    def timelines(self, name_or_id: str, direction: Optional[str] = None) -> List[Any]:
        """Return the timelines of a policy, of one direction or all; there is one at least."""
        policy = self.policy(name_or_id)
        found = [
            RESOURCE.existing(id=rule["id"], qos_policy_id=policy.id, direction=rule["direction"])
            for rule in policy.rules
            if rule["type"] == TIMELINE.name and direction in (None, rule["direction"])
        ]
        if not found:
            of = f" of direction {direction}" if direction else ""
            raise exceptions.CommandError(f"QoS policy {name_or_id} has no timeline{of}.")
        return found

    def timeline(self, name_or_id: str, direction: Optional[str]) -> Any:
        """Return the one timeline that is meant."""
        found = self.timelines(name_or_id, direction)
        if len(found) > 1:
            names = " or ".join(f"--{each.direction}" for each in found)
            raise exceptions.CommandError(
                f"QoS policy {name_or_id} has {len(found)} timelines: say {names}."
            )
        return found[0]


class Steps(columns.FormattableColumn):
    """The steps of a timeline: a table draws the line, other formats have the list."""

    def __init__(self, rule: Any, stdout: Any) -> None:
        super().__init__(rule.steps)
        self._rule = rule
        self._is_ascii = not plot.can_show(getattr(stdout, "encoding", None))

    def human_readable(self) -> str:
        at_ms = in_round_ms(self._rule)
        return plot.plot(self._value, self._rule.length_ms, at_ms, is_ascii=self._is_ascii)


def in_round_ms(rule: Any) -> Optional[float]:
    """Return where in its round a running timeline is, None where it is not running.

    The step is the server's word. The clock here says where in the step.
    """
    if rule.state != RUNNING or not rule.step:
        return None
    ends_ms = [*(step["at_ms"] for step in rule.steps[1:]), rule.length_ms]
    first_ms, last_ms = rule.steps[rule.step - 1]["at_ms"], ends_ms[rule.step - 1] - 1
    start_ms = instant.since_1970_ms(rule.start_at)
    return max(first_ms, min((_now_ms() - start_ms) % rule.length_ms, last_ms))


def shown(rule: Any, stdout: Any) -> Tuple[Sequence[str], Sequence[Any]]:
    """Return the names and the values that `ShowOne` prints of a timeline."""
    values = {name: getattr(rule, name) for name in NAMES}
    values["steps"] = Steps(rule, stdout)
    return NAMES, tuple(values[name] for name in NAMES)


def created(network: Any, policy_id: str, timelines: Iterable[Dict[str, Any]]) -> List[Any]:
    """Create timelines; those that start do so together."""
    made: List[Any] = []
    for values in timelines:
        made.append(RESOURCE.new(qos_policy_id=policy_id, **_together(values, made)))
        made[-1].create(network)
    return made


def started(network: Any, rules: Iterable[Any], start: Dict[str, Any]) -> List[Any]:
    """Start timelines together, or stop them: ``start`` is ``start_in_ms`` or ``start_at``."""
    done: List[Any] = []
    for rule in rules:
        for name, value in _together(start, done).items():
            setattr(rule, name, value)
        done.append(rule.commit(network))
    return done


def _together(values: Dict[str, Any], before: Sequence[Any]) -> Dict[str, Any]:
    """The values, with the start that the server gave to the one before."""
    if "start_in_ms" not in values or not before:
        return values
    others = {name: value for name, value in values.items() if name != "start_in_ms"}
    return {**others, "start_at": before[-1].start_at}


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
