# SPDX-License-Identifier: Apache-2.0
"""Calls the ten methods of the real neutronclient and prints what they return.

`python bindings.py URL POLICY`
"""

import json
import sys

from keystoneauth1 import noauth, session
from neutronclient.common import exceptions
from neutronclient.v2_0 import client

url, policy = sys.argv[1:]
neutron = client.Client(session=session.Session(auth=noauth.NoAuth(endpoint=url)))
answers = {}


def record(name, answer):
    answers[name] = answer
    return answer


body = {"delay_rule": {"delay_ms": 100, "delay_correlation_ms": 0.5}}
rule = record("create_delay", neutron.create_delay_rule(policy, body))["delay_rule"]["id"]
record("list_delay", neutron.list_delay_rules(policy))
record("list_delay_filtered", neutron.list_delay_rules(policy, delay_ms=99))
record("pages", list(neutron.list_delay_rules(policy, retrieve_all=False, fields="delay_ms")))
record("show_delay", neutron.show_delay_rule(rule, policy))
record("show_delay_fields", neutron.show_delay_rule(rule, policy, fields="id"))
body = {"delay_rule": {"direction": "ingress"}}
record("update_delay", neutron.update_delay_rule(rule, policy, body))
record("delete_delay", neutron.delete_delay_rule(rule, policy) or None)

body = {"loss_rule": {"loss_pct": 0.1}}
created = record("create_loss", neutron.create_loss_rule(policy=policy, body=body))
rule = created["loss_rule"]["id"]
record("list_loss", neutron.list_loss_rules(policy=policy))
record("show_loss", neutron.show_loss_rule(rule=rule, policy=policy))
body = {"loss_rule": {"loss_pct": 14}}
record("update_loss", neutron.update_loss_rule(rule=rule, policy=policy, body=body))
record("delete_loss", neutron.delete_loss_rule(rule=rule, policy=policy) or None)
try:
    neutron.create_delay_rule(policy=policy, body={"delay_rule": {"delay_ms": 60001}})
except exceptions.BadRequest as error:
    record("refused", str(error))
print(json.dumps(answers))
