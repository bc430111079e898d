# SPDX-License-Identifier: Apache-2.0
"""The Open vSwitch that the tests of the agent share."""

from __future__ import annotations

from typing import Any, Iterator

import pytest


@pytest.fixture(scope="session")
def ovs() -> Iterator[Any]:
    """A real Open vSwitch with a port and a vhost-user port (`open_vswitch.Ovs`)."""
    # Imported here because it loads the agent, which the tests of the API do not need.
    from tests.contract import open_vswitch

    with open_vswitch.running() as socket:
        yield open_vswitch.Ovs(socket)
