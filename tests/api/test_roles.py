# SPDX-License-Identifier: Apache-2.0
"""Who may do what to our rules: whoever may do it to a bandwidth limit rule, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.neutron_api import NeutronApi
from tests.support.values import VALUES

USERS = {
    "admin": ("elsewhere", "admin,manager,member,reader"),
    "manager": ("ours", "manager,member,reader"),
    "member": ("ours", "member,reader"),
    "reader": ("ours", "reader"),
    "nobody": ("ours", ""),
    "other manager": ("theirs", "manager,member,reader"),
    "other member": ("theirs", "member,reader"),
}
STOCK = ("bandwidth_limit", {"max_kbps": 1}, {"max_kbps": 2})
OURS = [
    (name, values, {each: 2 if value == 1 else value for each, value in values.items()})
    for name, values in VALUES.items()
]


@pytest.fixture(params=[False, True], ids=["private", "shared"])
def some_policy(api: NeutronApi, request: pytest.FixtureRequest) -> str:
    """The path of a policy of the project `ours`."""
    body = {"policy": {"name": "some", "shared": request.param}}
    return f"/qos/policies/{api.post('/qos/policies', body).body['policy']['id']}"


def _what_happens(api: NeutronApi, user: NeutronApi, policy: str, rule: tuple) -> dict[str, Any]:
    """Return the statuses that `user` gets for each verb on a rule of the given type."""
    name, values, change = rule
    path, member = f"{policy}/{name}_rules", f"{name}_rule"
    created = user.post(path, {member: values})
    if created.status == 201:
        api.delete(f"{path}/{created.body[member]['id']}")
    at = f"{path}/{api.post(path, {member: values}).body[member]['id']}"
    listed = user.get(path)
    statuses = {
        "create": created.status,
        "list": listed.status,
        "listed": listed.status == 200 and len(listed.body[f"{name}_rules"]),
        "show": user.get(at).status,
        "update": user.put(at, {member: change}).status,
        "delete": user.delete(at).status,
    }
    api.delete(at)
    return statuses


@pytest.mark.parametrize("user", USERS)
def test_ours_are_as_open_as_a_bandwidth_limit(
    api: NeutronApi, some_policy: str, user: str
) -> None:
    caller = api.as_user(*USERS[user])
    stock = _what_happens(api, caller, some_policy, STOCK)
    for rule in OURS:
        assert _what_happens(api, caller, some_policy, rule) == stock, rule[0]
    # Only later releases let a manager of the policy's project do it.
    assert stock["create"] == 201 or user != "admin"
    assert stock["create"] != 201 or user in ("admin", "manager")
    assert all(status < 500 for status in stock.values())
