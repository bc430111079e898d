# SPDX-License-Identifier: Apache-2.0
"""The REST contract on a real Neutron."""

from __future__ import annotations

from tests.contract.neutron_api import NeutronApi


def test_create(api: NeutronApi, policy: str) -> None:
    answer = api.post(f"{policy}/delay_rules", {"delay_rule": {"delay_ms": 100, "delay_correlation_ms": 10}})
    print(answer.status, answer.body)
    answer = api.get(f"{policy}")
    print(answer.status, answer.body)
    answer = api.get(f"/qos/rule-types")
    print(answer.status, answer.body)
    answer = api.get(f"/qos/rule-types/delay")
    print(answer.status, answer.body)
    answer = api.delete(f"{policy}")
    print(answer.status, answer.body)
    assert 0
