# SPDX-License-Identifier: Apache-2.0
"""A real Neutron API without an agent: its WSGI application in this process, over SQLite."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Iterator, Optional

import webob
from webob.client import send_request_app

from netem_lab.node import database, wsgi

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
max_retries = 1
sqlite_synchronous = false
[ml2]
type_drivers = local,flat
tenant_network_types = local
mechanism_drivers = {mechanism_drivers}
extension_drivers = qos
[ml2_type_flat]
flat_networks = *
[oslo_policy]
policy_file = {root}/policy.yaml
"""

# Neutron's own pipeline without `authtoken`: headers name the caller and the role.
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
        """The message of the `NeutronError` in the body."""
        return self.body["NeutronError"]["message"]


class NeutronApi:
    """Calls the application as one user; its database and configuration are in `root`."""

    def __init__(
        self,
        application: Any,
        root: Path,
        project: str = "ours",
        roles: str = "admin,reader",
        base_url: str = "http://localhost",
    ) -> None:
        self.application = application
        self.root = root
        self.base_url = base_url
        self.headers = {
            "X-User-Id": "someone",
            "X-Project-Id": project,
            "X-Roles": roles,
            "X-Identity-Status": "Confirmed",
            "Content-Type": "application/json",
        }

    def as_user(self, project: str, roles: str) -> NeutronApi:
        """Return the same server, called by another user."""
        return NeutronApi(self.application, self.root, project, roles, self.base_url)

    def get(self, path: str) -> Answer:
        return self._call("GET", path)

    def post(self, path: str, body: Any) -> Answer:
        return self._call("POST", path, json.dumps(body))

    def put(self, path: str, body: Any) -> Answer:
        return self._call("PUT", path, json.dumps(body))

    def delete(self, path: str) -> Answer:
        return self._call("DELETE", path)

    def send(self, method: str, path: str, text: str, **headers: Optional[str]) -> Answer:
        """Send `text` as the body. A keyword sets a header; None leaves it out."""
        return self._call(method, path, text, headers)

    def _call(
        self, method: str, path: str, text: str = "", headers: Optional[dict] = None
    ) -> Answer:
        sent = {**self.headers, **{k.replace("_", "-"): v for k, v in (headers or {}).items()}}
        request = webob.Request.blank(
            "/v2.0" + path,
            method=method,
            base_url=self.base_url,
            headers={name: value for name, value in sent.items() if value is not None},
            body=text.encode(errors="surrogatepass"),
        )
        response = request.get_response(self.application)
        return Answer(response.status_int, response.json if response.body else None)


def configure(root: Path, **changes: str) -> Path:
    """Write the configuration of a Neutron whose files are in `root`; return its path."""
    (root / "api-paste.ini").write_text(PASTE)
    (root / "policy.yaml").write_text("{}")
    values = {
        "root": str(root),
        "service_plugins": "qos,netem",
        "mechanism_drivers": "openvswitch",
        "database": f"sqlite:///{root}/neutron.sqlite?timeout=10",
        **changes,
    }
    conf = root / "neutron.conf"
    conf.write_text(CONF.format(**values))
    return conf


def manage(conf: Path, subproject: str, *command: str) -> str:
    """Run `neutron-db-manage` as an operator does; return its output."""
    tool = Path(sys.executable).with_name("neutron-db-manage")
    arguments = ["--config-file", conf, "--subproject", subproject, *command]
    return _run(tool, *arguments)


def create_sqlite(path: Path) -> None:
    """Create the database that the lab's node starts from."""
    shutil.copy(_pristine_sqlite(), path)


@functools.lru_cache(maxsize=None)
def _pristine_sqlite() -> Path:
    """The file of a database to copy; it takes seconds to make, once in a process."""
    folder = tempfile.mkdtemp(prefix="neutron-sqlite-")
    atexit.register(shutil.rmtree, folder)
    path = Path(folder, "neutron.sqlite")
    _run(sys.executable, "-m", database.__name__, path)
    return path


def _run(*command: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def start(conf: Path) -> NeutronApi:
    """Start the server of `conf` in this process, for the rest of its life."""
    from neutron.common import config
    from neutron.server import api

    database.retry_when_locked()
    config.register_common_config_options()
    config.init(["--config-file", str(conf)])
    config.setup_logging()
    return NeutronApi(api.api_server(), conf.parent)


START_TIMEOUT_S = 120


@contextlib.contextmanager
def serving(conf: Path) -> Iterator[NeutronApi]:
    """Run the server of `conf` in a process of its own, reached by HTTP."""
    port, log = conf.with_name("port"), conf.with_name("log")
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, conf, port], stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not port.exists():
            assert process.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < deadline, log.read_text()[-2000:]
            time.sleep(0.05)
        url = f"http://127.0.0.1:{port.read_text()}"
        yield NeutronApi(send_request_app, conf.parent, base_url=url)
    finally:
        # The OVN driver takes SIGTERM for itself, and the process goes on (17 to 29).
        process.kill()
        process.wait()


def _serve(conf: Path, port: Path) -> None:
    """Serve on a free port of loopback until killed; the port is written to a file."""
    server = wsgi.Server(("127.0.0.1", 0), start(conf).application)
    unfinished = port.with_suffix(".new")
    unfinished.write_text(str(server.server_port))
    unfinished.rename(port)
    server.serve_forever()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), Path(sys.argv[2]))
