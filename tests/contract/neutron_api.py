# SPDX-License-Identifier: Apache-2.0
"""A real Neutron API without an agent: its WSGI application in this process, over SQLite."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

import webob

CONF = """
[DEFAULT]
core_plugin = ml2
service_plugins = {service_plugins}
api_paste_config = {root}/api-paste.ini
auth_strategy = keystone
transport_url = fake://
state_path = {root}
[oslo_concurrency]
lock_path = {root}
[database]
connection = {database}
sqlite_synchronous = false
[ml2]
type_drivers = local
tenant_network_types = local
mechanism_drivers = openvswitch
extension_drivers = qos
"""

# Neutron's own pipeline less `authtoken`: who calls, and in which role, is said by headers.
PASTE = """
[composite:neutron]
use = egg:Paste#urlmap
/v2.0: api
[composite:api]
use = call:neutron.auth:pipeline_factory
keystone = request_id catch_errors keystonecontext extensions neutronapiapp_v2_0

[filter:request_id]
paste.filter_factory = oslo_middleware:RequestId.factory
[filter:catch_errors]
paste.filter_factory = oslo_middleware:CatchErrors.factory
[filter:keystonecontext]
paste.filter_factory = neutron.auth:NeutronKeystoneContext.factory
[filter:extensions]
paste.filter_factory = neutron.api.extensions:plugin_aware_extension_middleware_factory
[app:neutronapiapp_v2_0]
paste.app_factory = neutron.api.v2.router:APIRouter.factory
"""


class Answer:
    """The status and the decoded body of one answer; None where there is no body."""

    def __init__(self, status: int, body: Any) -> None:
        self.status = status
        self.body = body

    @property
    def message(self) -> str:
        """What the `NeutronError` in the body says."""
        return self.body["NeutronError"]["message"]


class NeutronApi:
    """Calls the application as one user; its database and configuration lie in `root`."""

    def __init__(
        self, application: Any, root: Path, project: str = "ours", roles: str = "admin,reader"
    ) -> None:
        self._application = application
        self.root = root
        self._headers = {
            "X-User-Id": "someone",
            "X-Project-Id": project,
            "X-Roles": roles,
            "X-Identity-Status": "Confirmed",
        }

    def as_user(self, project: str, roles: str) -> NeutronApi:
        """Return the same server, called by another user."""
        return NeutronApi(self._application, self.root, project, roles)

    def get(self, path: str) -> Answer:
        return self._call("GET", path)

    def post(self, path: str, body: Any) -> Answer:
        return self._call("POST", path, json.dumps(body))

    def put(self, path: str, body: Any) -> Answer:
        return self._call("PUT", path, json.dumps(body))

    def delete(self, path: str) -> Answer:
        return self._call("DELETE", path)

    def send(self, method: str, path: str, text: str) -> Answer:
        """Send `text` as it is."""
        return self._call(method, path, text)

    def _call(self, method: str, path: str, text: Optional[str] = None) -> Answer:
        request = webob.Request.blank("/v2.0" + path, method=method, headers=self._headers)
        if text is not None:
            request.content_type = "application/json"
            request.body = text.encode()
        response = request.get_response(self._application)
        return Answer(response.status_int, response.json if response.body else None)


def configure(root: Path, service_plugins: str = "qos,netem") -> Path:
    """Write the configuration of a Neutron that lives in `root`; return its file."""
    (root / "api-paste.ini").write_text(PASTE)
    conf = root / "neutron.conf"
    conf.write_text(
        CONF.format(
            root=root, service_plugins=service_plugins, database=f"sqlite:///{root}/neutron.sqlite"
        )
    )
    return conf


def migrate(conf: Path) -> None:
    """Bring our tables into the database of `conf`, as an operator does."""
    tool = Path(sys.executable).with_name("neutron-db-manage")
    command = [tool, "--config-file", conf, "--subproject", "networking-netem", "upgrade", "head"]
    subprocess.run(command, check=True, capture_output=True, text=True)


def create_neutron_tables(database: str) -> None:
    """Create what Neutron's own migrations create; they do not run on SQLite."""
    import sqlalchemy as sa
    from neutron.db.migration.models import head

    ours = ("qos_delay", "qos_loss")
    tables = [each for each in head.get_metadata().sorted_tables if each.name not in ours]
    engine = sa.create_engine(database)
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA synchronous = OFF")
        head.get_metadata().create_all(connection, tables)
    engine.dispose()


def application(conf: Path) -> Any:
    """Load the server of `conf` into this process, for the rest of its life."""
    from neutron.common import config
    from neutron.server import api

    config.register_common_config_options()
    config.init(["--config-file", str(conf)])
    config.setup_logging()
    return api.api_server()


def start(conf: Path) -> NeutronApi:
    """Return the server of `conf`, called as an administrator."""
    return NeutronApi(application(conf), conf.parent)
