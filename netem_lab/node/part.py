# SPDX-License-Identifier: Apache-2.0
"""What one node has of the lab; the first has Neutron, a further one is a chassis only."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Dict

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Part:
    """What a node is told when it starts.

    `hosts` are the host names of the instances' nodes, by instance. `address` is this node's and
    `central` the first node's, as the other reaches it; where there is no other, the loopback's.
    `database` is Neutron's, made on the host, for the first node.
    """

    backend: str
    hosts: Dict[str, str]
    address: str = LOOPBACK
    central: str = LOOPBACK
    database: str = ""

    @property
    def is_central(self) -> bool:
        """Whether this node has Neutron."""
        return self.address == self.central

    def encode(self) -> str:
        """An argument of the node's program."""
        return json.dumps(asdict(self))

    @classmethod
    def decode(cls, argument: str) -> Part:
        """The part that an argument describes."""
        return cls(**json.loads(argument))
