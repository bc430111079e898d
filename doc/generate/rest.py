# SPDX-License-Identifier: Apache-2.0
"""The REST page: requests to a real server, and its answers."""

from __future__ import annotations

import json
import textwrap
from http import HTTPStatus
from typing import Any, Iterator

from networking_netem.domain.rule_types import RULE_TYPES, RuleType
from networking_netem.domain.steps import NAMES
from tests.support.neutron_api import NeutronApi

HEAD = """\
# REST reference

A QoS policy has more kinds of rules, under `{policies}/{{policy_id}}`:
{collections}. They behave as `bandwidth_limit_rules` of your release do: headers, roles, `fields`,
filters, sorting, pages, several at once. `make docs` writes this page from a real server, and
replaces only ids.
"""

HOLDS = """
## What holds

{tables}
* Numbers may also be sent as text (`"0.5"`). Whole numbers come back as whole numbers.
* `sort_key` wants a `sort_dir` beside it, as everywhere in Neutron.
* `PUT` takes any of the attributes. Those that it does not name stay as they are.
* A policy has at most one rule of a type in a direction. A second one is refused with 409, and so
  is the change of a rule to a direction that has one. Of selectors that is so for each priority,
  and a ninth of a direction is refused with 409.
* A selector is looked at as a whole. What does not go together is refused with 400.
* A step of a timeline has `at_ms`, and any of
  {step_names}.
  `ramp` is a straight line to the next step. What a step does not name is what the policy's other
  rules say. A rule for `any` direction has no other timeline rule beside it, else 409.
* A rule is found at its own path only. The path of another policy or type answers 404.
* A body is JSON, and nests arrays and objects at most 16 deep. A `Content-Type` that is sent must
  be `application/json`.
* A policy with these rules is refused with 409, and the reason, where no device of a host's kernel
  has the link to itself: `binding:vnic_type` other than `normal`, `vhostuser`, Open vSwitch's
  userspace datapath, ports of a trunk, ports of routers and DHCP (`device_owner` `network:*`).
  So it is on floating IPs and on gateways of routers. A rule that would join a policy that one of
  these has is refused too, and so is a trunk of a port with such rules. A port that is bound to
  such a host only later is not asked again, as with Neutron's own rules.
* `GET /v2.0/qos/rule-types` lists what **every** loaded mechanism driver supports. Beside
  `sriovnicswitch` or `ovn` it does not name `delay` and `loss`. Both work all the same on ports
  bound by `openvswitch`. `GET /v2.0/qos/rule-types/delay` shows them on every release. So does
  `?all_supported=True` where the extension `qos-rule-type-filter` is loaded (not in 17).
"""

EXAMPLES = [
    ("Create a delay rule", "POST", "delay_rules", {"delay_ms": 100, "delay_correlation_ms": 0.5}),
    ("List delay rules", "GET", "delay_rules", None),
    ("Show a delay rule", "GET", "delay_rules/{delay}", None),
    ("Change a delay rule", "PUT", "delay_rules/{delay}", {"delay_ms": 40}),
    ("Create a loss rule", "POST", "loss_rules", {"loss_pct": 0.1, "direction": "ingress"}),
    (
        "Create a selector: what passes the link by",
        "POST",
        "selector_rules",
        {
            "action": "pass",
            "priority": 1,
            "protocol": "tcp",
            "port_range_min": 22,
            "port_range_max": 22,
        },
    ),
    ("What does not go together", "PUT", "selector_rules/{selector}", {"protocol": "esp"}),
    (
        "Create a timeline: an outage of 2 s in each 10 s",
        "POST",
        "timeline_rules",
        {
            "steps": [{"at_ms": 0}, {"at_ms": 8000, "loss_pct": 100}],
            "length_ms": 10000,
            "repeat": 0,
            "direction": "any",
        },
    ),
    ("Filter, and choose fields", "GET", "loss_rules?direction=ingress&fields=loss_pct", None),
    ("The rules in their policy", "GET", "?fields=name&fields=rules", None),
    ("A value out of range", "POST", "delay_rules", {"delay_ms": 60001, "direction": "ingress"}),
    ("Too many decimals", "PUT", "loss_rules/{loss}", {"loss_pct": 0.00001}),
    ("A second rule of a direction", "POST", "loss_rules", {"loss_pct": 1, "direction": "ingress"}),
    ("A rule at another type's address", "GET", "loss_rules/{delay}", None),
    ("Delete a delay rule", "DELETE", "delay_rules/{delay}", None),
    ("What a type of rules takes", "GET", "/qos/rule-types/delay", None),
]

# These ids replace those of the server, which differ from run to run.
IDS = {
    "policy": "5f0a1b7c-9d36-4c52-8a0e-2f4f6c1d7e01",
    "delay": "0c1d6a0f-52e7-4c1d-9b1e-7a3d18a4b7e9",
    "loss": "b7e90c3d-18a4-4f6c-8d2e-4c1d6a0f52e7",
    "selector": "3e9a7d15-6c40-4b8f-9e27-d05b1f82a6c4",
    "timeline": "9b1f6c2e-4a07-4d53-8e61-7c2d90b5f3a8",
}


def page(api: NeutronApi) -> str:
    """Return the page, made with a policy that is deleted in the end."""
    created = api.post("/qos/policies", {"policy": {"name": "unstable"}})
    ids = {"policy": created.body["policy"]["id"]}
    tables = "\n".join(_table(rule_type) for rule_type in RULE_TYPES)
    first, *others = (_example(api, ids, *example) for example in EXAMPLES)
    *most, last = (f"`{rule_type.collection}`" for rule_type in RULE_TYPES)
    names = ", ".join(f"`{name}`" for name in NAMES[1:])
    step_names = textwrap.fill(names, 98, subsequent_indent="  ", break_on_hyphens=False)
    collections = f"{', '.join(most)} and\n{last}"
    head = HEAD.format(policies="/v2.0/qos/policies", collections=collections)
    text = head + first + HOLDS.format(tables=tables, step_names=step_names)
    text += "".join(others)
    api.delete(f"/qos/policies/{ids['policy']}")
    for name, each in ids.items():
        text = text.replace(each, IDS[name])
    return text


def _table(rule_type: RuleType) -> str:
    rows = "".join(f"| {' | '.join(row)} |\n" for row in _rows(rule_type))
    return (
        f"**{rule_type.help}**, `{rule_type.member}` in `{rule_type.collection}`:\n\n"
        f"| attribute | takes | when absent | meaning |\n|---|---|---|---|\n{rows}"
    )


def _rows(rule_type: RuleType) -> Iterator[list[str]]:
    for each in rule_type.attributes:
        absent = "must be given" if each.is_required else f"`{each.default}`"
        if each.default is None and not each.is_required:
            absent = "null"
        yield [f"`{each.name}`", each.expected, absent, each.help]
    for each in rule_type.asked:
        yield [f"`{each.name}`", each.expected, "nothing", f"{each.help} It is not shown."]
    for each in rule_type.shown:
        yield [f"`{each.name}`", "nothing; it is only shown", "", each.help]


def _example(
    api: NeutronApi, ids: dict[str, str], title: str, method: str, path: str, rule: Any
) -> str:
    at = path.format(**ids)
    if not at.startswith("/"):
        at = f"/qos/policies/{ids['policy']}{at if at.startswith('?') else '/' + at}"
    name = path.split("_rules")[0]
    body = {f"{name}_rule": rule} if rule else None
    answer = api.send(method, at, json.dumps(body) if body else "")
    if method == "POST" and answer.status == HTTPStatus.CREATED:
        ids[name] = answer.body[f"{name}_rule"]["id"]
    sent = f"\n{_content(body)}" if body else ""
    status = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"
    received = f"\n{_content(answer.body)}" if answer.body else ""
    asked = f"```http\n{method} /v2.0{at} HTTP/1.1{sent}\n```"
    return f"\n## {title}\n\n{asked}\n\n```http\n{status}{received}\n```\n"


def _content(body: Any) -> str:
    return "Content-Type: application/json\n\n" + json.dumps(body, indent=2, sort_keys=True)
