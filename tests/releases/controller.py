# SPDX-License-Identifier: Apache-2.0
"""The controller: MariaDB, RabbitMQ and Neutron's servers, as an operator sets them up."""

from __future__ import annotations

import shlex
import subprocess
import time
from pathlib import Path
from typing import Callable, Dict, List, Sequence

from netem_lab.guest.namespace import HOST_ADDRESS
from netem_lab.neutron_api import NeutronClient
from tests.releases import unit
from tests.releases.chroot import Chroot

TRANSPORT_URL = f"rabbit://guest:guest@{HOST_ADDRESS}:5672/"
URL = "http://127.0.0.1:9696"
LOGS = "/var/log/neutron"
_TIMEOUT_S = 180

_NEUTRON_CONF = f"""\
[DEFAULT]
core_plugin = ml2
service_plugins = {{service_plugins}}
auth_strategy = keystone
transport_url = {TRANSPORT_URL}
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = false
api_workers = 1
rpc_workers = 1
rpc_state_report_workers = 1
[database]
connection = mysql+pymysql://neutron:neutron@127.0.0.1/neutron
[oslo_concurrency]
lock_path = /var/lock/neutron
"""
_CONFIG_FILES = (
    *("--config-file", "/etc/neutron/neutron.conf"),
    *("--config-file", "/etc/neutron/plugins/ml2/ml2_conf.ini"),
)
_RABBITMQ_CONF = "loopback_users = none\n"
_SQL = """
CREATE DATABASE neutron;
CREATE USER neutron@'127.0.0.1' IDENTIFIED BY 'neutron';
GRANT ALL ON neutron.* TO neutron@'127.0.0.1';
"""
# As the distribution's service does, but a commit does not wait for the disk.
_MARIADB = "mkdir -p /run/mysqld; chown mysql: /run/mysqld; mariadbd --user=mysql" + (
    " --bind-address=127.0.0.1 --innodb-flush-log-at-trx-commit=0"
)


class Controller:
    """Neutron's servers on a host; they have our package once `install` has been called."""

    def __init__(self, host: Chroot, services: Sequence[str], folder: Path) -> None:
        """`services` are Neutron's; what they print before they open their log goes to `folder`."""
        self.host = host
        self._services = services
        self._folder = folder
        self._processes: Dict[str, subprocess.Popen] = {}
        self.neutron = NeutronClient(URL)

    def configure(self, service_plugins: str, ml2_conf: str) -> None:
        """Write the files of a small cloud."""
        neutron_conf = _NEUTRON_CONF.format(service_plugins=service_plugins)
        self.host.write("/etc/neutron/neutron.conf", neutron_conf)
        self.host.write("/etc/neutron/plugins/ml2/ml2_conf.ini", ml2_conf)
        self.host.write("/etc/rabbitmq/rabbitmq.conf", _RABBITMQ_CONF)
        self.host.write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
        self._replace("/etc/neutron/neutron-api-uwsgi.ini", "processes = 8", "processes = 1")
        caller = Path(__file__).with_name("caller.py").read_text()
        self.host.write("/usr/lib/python3/dist-packages/netem_caller.py", caller)
        self._replace(
            "/etc/neutron/api-paste.ini", "authtoken keystonecontext", "caller keystonecontext"
        )
        paste = self.host.read("/etc/neutron/api-paste.ini")
        paste += "\n[filter:caller]\npaste.filter_factory = netem_caller:factory\n"
        self.host.write("/etc/neutron/api-paste.ini", paste)

    def start_services(self) -> None:
        """Start MariaDB and RabbitMQ."""
        rabbitmq = "export RABBITMQ_NODENAME=rabbit@localhost; " + unit.script(
            self.host, "rabbitmq-server"
        )
        self._start("mariadb", _MARIADB)
        self._start("rabbitmq", rabbitmq)
        self.succeed("mariadb-admin", "ping")
        self.host.output("mariadb", "-e", _SQL)

    def manage(self, *command: str) -> str:
        """Run neutron-db-manage and return what it prints."""
        return self.host.output("neutron-db-manage", *_CONFIG_FILES, *command)

    def openstack(self, *command: str) -> str:
        """Run the client of the release and return what it prints."""
        return self.host.output("openstack", *command, OS_AUTH_TYPE="none", OS_ENDPOINT=URL)

    def start_neutron(self) -> None:
        """Start Neutron's servers, and return when they answer."""
        self.succeed("rabbitmqctl", "-q", "-n", "rabbit@localhost", "await_startup")
        for name in self._services:
            self.start(name)
        self._wait(self.neutron.answers, "Neutron's API")

    def start(self, name: str) -> None:
        """Start a service as its unit says."""
        self._start(name, self._script(name))

    def restart_last(self) -> None:
        """End the last of Neutron's services, and start it anew."""
        self.stop_last()
        self.start_last()

    def stop_last(self) -> None:
        """End the last of Neutron's services without a warning."""
        process = self._processes.pop(self._services[-1])
        process.kill()
        process.wait()

    def start_last(self) -> None:
        """Start it, and return when the API answers."""
        self.start(self._services[-1])
        self._wait(self.neutron.answers, "Neutron's API")

    def succeed(self, *command: str) -> None:
        """Run a command again and again until it succeeds."""
        self._wait(lambda: self.host.run(*command).returncode == 0, " ".join(command))

    def shut_down(self) -> None:
        """End all processes."""
        for process in self._processes.values():
            process.kill()
            process.wait()

    def logs(self) -> str:
        """Return the last lines of the services' logs."""
        texts = (f"{file.name}:\n{_text(file)[-2000:]}" for file in self._log_files())
        return "\n".join(texts)

    def lines_with(self, words: str) -> List[str]:
        """Return the lines of the services' logs that have these words."""
        lines = (line for file in self._log_files() for line in _text(file).splitlines())
        return [line for line in lines if words in line]

    def _log_files(self) -> List[Path]:
        folders = (self._folder, Path(self.host.root, LOGS[1:]))
        return sorted(file for folder in folders for file in folder.glob("*.log"))

    def _script(self, name: str) -> str:
        if unit.exists(self.host, name):
            return unit.script(self.host, name)
        # A program without a unit: neutron-server (21), the maintenance worker (26).
        return unit.as_user("neutron", shlex.join([name, *_CONFIG_FILES]), "~neutron", [])

    def _start(self, name: str, script: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes[name] = self.host.start(script, log)

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline_s = time.monotonic() + _TIMEOUT_S
        while not condition():
            for name, process in self._processes.items():
                assert process.poll() is None, f"{name} has ended\n{self.logs()}"
            assert time.monotonic() < deadline_s, f"no {what} in {_TIMEOUT_S} s\n{self.logs()}"
            time.sleep(0.2)

    def _replace(self, path: str, old: str, new: str) -> None:
        text = self.host.read(path)
        assert old in text, f"{path} has no `{old}` in this release"
        self.host.write(path, text.replace(old, new))


def _text(file: Path) -> str:
    return file.read_text(errors="replace")
