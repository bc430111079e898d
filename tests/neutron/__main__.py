# SPDX-License-Identifier: Apache-2.0
"""Run the QoS tests of this Python's Neutron in a process that knows our rules."""

from __future__ import annotations

import sys

import pytest

MODULES = (
    "neutron.tests.unit.services.qos",
    "neutron.tests.unit.objects.qos",
    "neutron.tests.unit.agent.l2.extensions.test_qos",
    "neutron.tests.unit.plugins.ml2.drivers.openvswitch.agent.extension_drivers.test_qos_driver",
)
SHORT = "policy_rule or (get_policy_ and _rule) or QosOVSAgentDriverTestCase"
"""Those of a few seconds: the methods for one rule of each type, and the agent's driver."""

if __name__ == "__main__":
    short = ("-k", SHORT) if "--short" in sys.argv else ()
    plugins = ("-p", "tests.neutron.applied", "-p", "no:cacheprovider")
    sys.exit(pytest.main(["-q", "-r", "fE", *plugins, *short, "--pyargs", *MODULES]))
