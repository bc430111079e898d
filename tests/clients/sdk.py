# SPDX-License-Identifier: Apache-2.0
"""Uses the resources with a real openstacksdk connection and prints them.

`python sdk.py URL POLICY`
"""

import json
import sys

import openstack
from openstack import exceptions

from networking_netem.client.sdk import QoSDelayRule, QoSLossRule

url, policy = sys.argv[1:]
network = openstack.connect(auth_type="none", endpoint=url).network
answers = {}


def record(name, rule):
    values = ("delay_ms", "delay_correlation_ms", "loss_pct", "loss_burst_packets")
    names = ("id", "qos_policy_id", *values, "direction")
    answers[name] = {each: getattr(rule, each) for each in names if hasattr(rule, each)}


delay = QoSDelayRule.new(qos_policy_id=policy, delay_ms=100, delay_correlation_ms=0.5)
record("created", delay.create(network))
record("fetched", QoSDelayRule.existing(id=delay.id, qos_policy_id=policy).fetch(network))
(listed,) = QoSDelayRule.list(network, qos_policy_id=policy)
record("listed", listed)
answers["filtered"] = len(list(QoSDelayRule.list(network, qos_policy_id=policy, delay_ms=99)))
delay.delay_ms = 0
record("changed", delay.commit(network))
delay.delete(network)

loss = QoSLossRule.new(
    qos_policy_id=policy, loss_pct=0.1, loss_burst_packets=2.5, direction="ingress"
).create(network)
record("loss", loss)
loss.loss_pct = 14
record("loss_changed", loss.commit(network))
loss.delete(network)
try:
    loss.fetch(network)
except exceptions.HttpException as error:
    answers["gone"] = [error.status_code, str(error)]
print(json.dumps(answers))
