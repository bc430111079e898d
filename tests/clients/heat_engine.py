# SPDX-License-Identifier: Apache-2.0
"""Creates, updates and deletes a stack by Heat's own engine; the environment must have Heat.

`python heat_engine.py URL PLUGIN_DIR TEMPLATE...` creates a stack from the first template, updates
it to each further one, and deletes it. After each step it prints a line of JSON: the state of the
stack, and Neutron's policies named `heat`.
"""

from __future__ import annotations

import functools
import json
import sys
import urllib.request
from pathlib import Path
from typing import Callable

from heat.common import context, messaging, template_format
from heat.db import api as db_api
from heat.db import models
from heat.engine import resources, stack, stack_lock, template
from heat.engine.clients.os.keystone import heat_keystoneclient  # noqa: F401 (its options)
from keystoneauth1 import noauth
from oslo_config import cfg
from oslo_db import options

KEYSTONE = "heat.engine.clients.os.keystone.fake_keystoneclient.FakeKeystoneClient"


def start(plugin_dir: str) -> None:
    """Set Heat up in this process: configuration, database, resource types."""
    cfg.CONF([], project="heat", default_config_files=[])
    cfg.CONF.set_override("plugin_dirs", [plugin_dir])
    # Heat's own setting for clouds without keystone (it says: "for example TripleO Undercloud").
    cfg.CONF.set_override("keystone_backend", KEYSTONE)
    options.set_defaults(cfg.CONF, connection="sqlite://")
    models.BASE.metadata.create_all(db_api.get_engine())
    messaging.setup("fake://")
    resources.initialise()


def main(url: str, plugin_dir: str, *templates: str) -> None:
    start(plugin_dir)
    # There is no keystone, so Heat's context uses the plugin of keystoneauth for that case.
    ctx = context.RequestContext(
        username="user", project_id="project", is_admin=False, auth_plugin=noauth.NoAuth(url)
    )
    current = wanted(ctx, templates[0])
    current.store()
    act(current, current.create, url)
    # Each operation loads the stack again, as the engine's service does.
    for path in templates[1:]:
        changed = wanted(ctx, path)
        current = stack.Stack.load(ctx, current.id)
        act(current, functools.partial(current.update, changed), url)
    current = stack.Stack.load(ctx, current.id)
    act(current, current.delete, url)


def wanted(ctx: context.RequestContext, path: str) -> stack.Stack:
    """Parse and validate a template, as the engine does."""
    parsed = template.Template(template_format.parse(Path(path).read_text()))
    result = stack.Stack(ctx, "lab", parsed)
    result.validate()
    return result


def act(current: stack.Stack, action: Callable[[], None], url: str) -> None:
    """Do `action` under the stack's lock; print its state and what Neutron has afterwards."""
    lock = stack_lock.StackLock(current.context, current.id, "engine")
    lock.acquire()
    action()
    current.persist_state_and_release_lock(lock.engine_id)
    with urllib.request.urlopen(f"{url}/v2.0/qos/policies?name=heat") as answer:
        policies = json.load(answer)["policies"]
    print(json.dumps({"state": list(current.state), "policies": policies}))


if __name__ == "__main__":
    main(*sys.argv[1:])
