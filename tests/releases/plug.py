# SPDX-License-Identifier: Apache-2.0
"""Plugs instances in a compute node; argv: their ports in JSON, and the subnet's prefix length."""

import json
import sys

from netem_lab.node.instance import Instance

instances = [Instance(port, int(sys.argv[2])) for port in json.loads(sys.argv[1])]
for each in instances:
    each.boot(peers=[peer for peer in instances if peer is not each])
