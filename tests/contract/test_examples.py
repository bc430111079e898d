# SPDX-License-Identifier: Apache-2.0
"""Requests that existing clients send, and the answers that they expect."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.neutron_api import NeutronApi

EXAMPLES = json.loads(Path(__file__).with_name("examples.json").read_text())
STATUS = {"POST": 201, "GET": 200, "PUT": 200, "DELETE": 204}


def test_the_examples_in_order(api: NeutronApi, policy: str) -> None:
    rule_id = ""
    for example in EXAMPLES:
        path = example["path"].format(policy=policy.rsplit("/", 1)[1], rule=rule_id)
        body = json.dumps(example["body"]) if "body" in example else ""
        answer = api.send(example["method"], path.replace("/v2.0", "", 1), body)
        if example["method"] == "POST":
            ((_, rule),) = answer.body.items()
            rule_id = rule["id"]
        expected = json.loads(json.dumps(example["answer"]).replace("{rule}", rule_id))
        assert answer.status == STATUS[example["method"]], example["name"]
        assert _without_direction(answer.body) == expected, example["name"]


def _without_direction(body: object) -> object:
    """Return `body` without directions, as the first version's clients know it."""
    if isinstance(body, dict):
        return {k: _without_direction(v) for k, v in body.items() if k != "direction"}
    return [_without_direction(each) for each in body] if isinstance(body, list) else body
