# SPDX-License-Identifier: Apache-2.0
"""The migrations make the tables that the models describe, and these hold all good values."""

from __future__ import annotations

import pytest

from tests.support import schema
from tests.support.neutron_api import NeutronApi


def test_models_equal_migrations(api: NeutronApi) -> None:
    from neutron_lib.db import api as db_api

    with db_api.CONTEXT_WRITER.get_engine().connect() as connection:
        assert schema.differences(connection) == []


@pytest.mark.parametrize("number", [0.001, 0.5, 33.333, 59999.999, 60000, 0])
def test_decimals_are_exact(api: NeutronApi, policy: str, number: float) -> None:
    from neutron_lib import context

    from networking_netem.rules import objects

    rule = objects.QosDelayRule(
        context.get_admin_context(), qos_policy_id=policy.rsplit("/", 1)[1], delay_ms=number
    )
    rule.create()
    read = objects.QosDelayRule.get_object(context.get_admin_context(), id=rule.id)
    assert read.delay_ms == number
    assert type(read.to_dict()["delay_ms"]) is type(number)
