# SPDX-License-Identifier: Apache-2.0
"""Starts a service as the distribution's systemd unit does, but without systemd."""

from __future__ import annotations

import shlex
from typing import Dict, List

from tests.releases.chroot import Chroot

_FOLDERS = {"RuntimeDirectory": "/run", "CacheDirectory": "/var/cache", "LogsDirectory": "/var/log"}


def script(host: Chroot, name: str) -> str:
    """Return the shell script whose last command is the service `name` of a host."""
    settings = _settings(host.read(f"/lib/systemd/system/{name}.service"), name)
    user = settings["User"][-1]
    lines = ["set -e"]
    for setting, parent in _FOLDERS.items():
        for value in settings.get(setting, []):
            for folder in value.split():
                lines.append(f"mkdir -p {parent}/{folder}; chown {user}: {parent}/{folder}")
    # A host has its log folder from the installation; a guest has an empty /var/log of its own.
    log = f"/var/log/{user}"
    lines.append(f"mkdir -p {log}; chown {user}: {log}")
    lines += [command.lstrip("-+!") for command in settings.get("ExecStartPre", [])]
    lines.append(as_user(user, settings["ExecStart"][-1]))
    return "\n".join(lines)


def as_user(user: str, command: str) -> str:
    """Return the script that runs a command as a user, in the user's home folder."""
    start = shlex.join(["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"])
    return f"cd ~{user}; export HOME=~{user}\n{start} {command}"


def _settings(text: str, name: str) -> Dict[str, List[str]]:
    """Return the values of each setting, in order."""
    assert text, f"the distribution has no unit {name}.service"
    found: Dict[str, List[str]] = {}
    for line in text.splitlines():
        setting, separator, value = line.partition("=")
        if separator and not line.startswith(("#", ";")):
            found.setdefault(setting.strip(), []).append(value.strip())
    return found
