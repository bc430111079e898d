# SPDX-License-Identifier: Apache-2.0
"""Runs in a compute node and plugs instances: their ports, as JSON, and their subnet's prefix."""

import json
import sys

from netem_lab.node.instance import Instance

instances = [Instance(port, int(sys.argv[2])) for port in json.loads(sys.argv[1])]
for each in instances:
    each.boot(peers=[peer for peer in instances if peer is not each])
