# SPDX-License-Identifier: Apache-2.0
"""What we rely on in the OVN driver of each release, also where the suite has no OVN."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest

from tests.releases.cloud import Cloud

SCRIPT = Path(__file__).with_name("ovn_seam.py")
_SINCE_26 = ["txn", "port_id", "network_id", "network_type", "qos_policy_id", "qos_rules", "lsp"]
ARGUMENTS: Dict[int, List[str]] = {
    17: ["txn", "port_id", "network_id", "qos_policy_id", "qos_rules"],
    21: ["txn", "port_id", "network_id", "qos_policy_id", "qos_rules", "lsp", "port_deleted"],
    26: _SINCE_26,
    28: ["context", *_SINCE_26],
    29: ["context", *_SINCE_26],
}
"""Those of `_update_port_qos_rules`, in their order."""
FIRST_WITH_CACHE = 21
FIRST_WITH_NETWORK_TYPE = 26


@pytest.fixture(scope="module")
def found(cloud: Cloud) -> Dict[str, Any]:
    """What the release has, as its own Python finds it beside our package."""
    said = cloud.controller.host.output("python3", SCRIPT)
    found: Dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def test_the_arguments_have_their_names_and_their_order(cloud: Cloud, found: Any) -> None:
    assert found["arguments"] == ARGUMENTS[cloud.suite.neutron_major]
    assert found["qos_rules"] == ["context", "policy_id"]


def test_the_driver_supports_limits_and_marks(found: Any) -> None:
    assert {"bandwidth_limit", "dscp_marking"} <= set(found["supported"])
    assert not set(found["supported"]) & set(found["ours"])


def test_the_rest_is_where_we_look_for_it(cloud: Cloud, found: Any) -> None:
    major = cloud.suite.neutron_major
    assert found["has_northbound"]
    assert found["keeps_keys"]
    assert found["is_listed"]
    assert found["has_lock"]
    assert found["periodic_spacing_s"] == 300
    assert found["has_cache"] == (major >= FIRST_WITH_CACHE)
    assert found["network_type"] or major < FIRST_WITH_NETWORK_TYPE
