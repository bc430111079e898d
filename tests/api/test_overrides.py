# SPDX-License-Identifier: Apache-2.0
"""An operator's policy.yaml: what it says about bandwidth limits is true for our rules."""

from __future__ import annotations

from typing import Iterator

import pytest

from tests.support.neutron_api import NeutronApi
from tests.support.values import VALUES

USERS = {
    "admin": ("elsewhere", "admin,manager,member,reader"),
    "manager": ("ours", "manager,member,reader"),
    "member": ("ours", "member,reader"),
    "reader": ("ours", "reader"),
    "shaper": ("ours", "shaper,reader"),
}
BODIES = {
    **{name: {f"{name}_rule": values} for name, values in VALUES.items()},
    "bandwidth_limit": {"bandwidth_limit_rule": {"max_kbps": 1}},
}
WRITES = ("create", "update", "delete")

# The operator's check for bandwidth limits, and the users who may write with it.
OVERRIDES = {
    "role:shaper": {"shaper"},
    "role:member or role:admin": {"admin", "manager", "member"},
    "!": set(),
    "": set(USERS),
}


@pytest.fixture(params=OVERRIDES)
def override(api: NeutronApi, request: pytest.FixtureRequest) -> Iterator[str]:
    from neutron import policy as neutron_policy

    file = api.root / "policy.yaml"
    lines = (f'"{verb}_policy_bandwidth_limit_rule": "{request.param}"\n' for verb in WRITES)
    file.write_text("".join(lines))
    neutron_policy.refresh()
    yield request.param
    file.write_text("{}")
    neutron_policy.refresh()


def _statuses(api: NeutronApi, user: NeutronApi, policy: str, name: str) -> list[int]:
    path = f"{policy}/{name}_rules"
    created = user.post(path, BODIES[name]).status
    rules = api.get(path).body[f"{name}_rules"]
    rule_id = rules[0]["id"] if rules else _created_for_all(policy, name)
    at = f"{path}/{rule_id}"
    return [created, user.put(at, BODIES[name]).status, user.delete(at).status]


def _created_for_all(policy: str, name: str) -> str:
    """Create a rule past the API, because not even an administrator may by the API."""
    from neutron.objects.qos import rule
    from neutron_lib import context

    cls = getattr(rule, "Qos" + name.title().replace("_", "") + "Rule")
    values = dict(next(iter(BODIES[name].values())), qos_policy_id=policy.rsplit("/", 1)[1])
    made = cls(context.get_admin_context(), **values)
    made.create()
    return made.id


def test_ours_follow_the_override(api: NeutronApi, override: str) -> None:
    allowed = set()
    for name, (project, roles) in USERS.items():
        user = api.as_user(project, roles)
        of_type = {}
        for rule_type in BODIES:
            answer = api.post("/qos/policies", {"policy": {"name": "p", "shared": True}})
            policy = f"/qos/policies/{answer.body['policy']['id']}"
            of_type[rule_type] = _statuses(api, user, policy, rule_type)
        assert all(each == of_type["bandwidth_limit"] for each in of_type.values()), name
        assert all(status < 500 for status in of_type["delay"])
        if of_type["delay"][0] == 201:
            allowed.add(name)
    assert allowed == OVERRIDES[override]
