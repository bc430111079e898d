# SPDX-License-Identifier: Apache-2.0
"""Starts a service as its systemd unit says, but without systemd."""

from __future__ import annotations

import shlex
from typing import Dict, List

from tests.releases.chroot import Chroot

OURS = "/etc/systemd/system"
"""Where an operator puts a unit."""
_FOLDERS = {
    "RuntimeDirectory": "/run",
    "StateDirectory": "/var/lib",
    "CacheDirectory": "/var/cache",
    "LogsDirectory": "/var/log",
    "ConfigurationDirectory": "/etc",
}
_ROOT = "root"
_UNITS = (OURS, "/lib/systemd/system")


def exists(host: Chroot, name: str) -> bool:
    """Whether a host has the unit of the service `name`."""
    return bool(_text(host, name))


def script(host: Chroot, name: str) -> str:
    """Return the shell script that runs the service `name` of a host, and lasts as long as it."""
    settings = _settings(host, name)
    user = settings.get("User", [_ROOT])[-1]
    lines = ["set -e"]
    for setting, parent in _FOLDERS.items():
        for value in settings.get(setting, []):
            lines += [_own(f"{parent}/{folder}", user) for folder in value.split()]
    if user != _ROOT:
        # A host has its log folder from the installation; a guest has an empty /var/log of its own.
        lines.append(_own(f"/var/log/{user}", user))
    for file in settings.get("EnvironmentFile", []):
        path = file.lstrip("-")
        lines.append(f"set -a; if [ -e {path} ]; then . {path}; fi; set +a")
    lines += [command.lstrip("-+!") for command in settings.get("ExecStartPre", [])]
    folder = settings.get("WorkingDirectory", ["/"])[-1].replace("~", f"~{user}")
    command = settings["ExecStart"][-1]
    lines.append(as_user(user, command, folder, _privileges(settings)))
    if settings.get("Type") == ["forking"]:
        file = settings["PIDFile"][-1].replace("%t", "/run")
        lines.append(f"tail --pid=$(cat {file}) -f /dev/null")
    return "\n".join(lines)


def as_user(user: str, command: str, folder: str, privileges: List[str]) -> str:
    """Return the script that runs a command as a user, in a folder, with options of setpriv."""
    start = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *privileges]
    return f"cd {folder}; export HOME=~{user}\n{shlex.join(start)} {command}"


def _privileges(settings: Dict[str, List[str]]) -> List[str]:
    """What a unit says of capabilities, as options of setpriv."""
    options = ["--no-new-privs"] if settings.get("NoNewPrivileges") == ["true"] else []
    for setting, option in (
        ("CapabilityBoundingSet", "--bounding-set=-all"),
        ("AmbientCapabilities", "--inh-caps=-all"),
        ("AmbientCapabilities", "--ambient-caps=-all"),
    ):
        names = [name for value in settings.get(setting, []) for name in value.split()]
        added = [name.lower().replace("cap_", "+", 1) for name in names]
        options += [",".join([option, *added])] if added else []
    return options


def _own(folder: str, user: str) -> str:
    return f"mkdir -p {folder}; chown {user}: {folder}"


def _text(host: Chroot, name: str) -> str:
    texts = (host.read(f"{folder}/{name}.service") for folder in _UNITS)
    return next(filter(None, texts), "")


def _settings(host: Chroot, name: str) -> Dict[str, List[str]]:
    """Return the values of each setting, in order."""
    text = _text(host, name)
    assert text, f"there is no unit {name}.service"
    found: Dict[str, List[str]] = {}
    for line in text.splitlines():
        setting, separator, value = line.partition("=")
        if separator and not line.startswith(("#", ";")):
            found.setdefault(setting.strip(), []).append(value.strip())
    return found
