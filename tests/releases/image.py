# SPDX-License-Identifier: Apache-2.0
"""A suite's own files with its own Neutron in them, made once and kept."""

from __future__ import annotations

import hashlib
import subprocess
from functools import partial
from pathlib import Path
from typing import List

from netem_lab.guest import cache
from tests.releases.suites import Suite

MIRROR = "http://deb.debian.org/debian"
PACKAGES = (
    *("neutron-api", "neutron-rpc-server", "neutron-openvswitch-agent", "openvswitch-switch"),
    *("rabbitmq-server", "mariadb-server", "python3-neutronclient", "python3-openstackclient"),
    *("iproute2", "iputils-ping", "kmod", "procps", "python3-pip", "python3-pytest"),
)
MORE_PACKAGES = (
    *("python3-testtools", "python3-oslotest", "python3-testscenarios", "python3-testresources"),
    *("python3-ddt", "python3-webtest", "python3-fixtures", "python3-subunit"),
)
MORE = "/var/cache/neutrons-own-tests"
"""Where an image has the packages that Neutron's own tests need; they are not installed in it."""
_SCRIPTS = Path("/usr/share/debootstrap/scripts")
# invoke-rc.d runs this, so that packages start no service when they are installed.
_POLICY = "#!/bin/sh\nexit 101\n"


class BrokenSuite(Exception):
    """The distribution's packages cannot be installed; the message ends with the installer's."""


def path(suite: Suite) -> Path:
    """Return the path of a suite's image, which depends on its recipe."""
    ingredients = " ".join((MIRROR, *PACKAGES, *suite.ovn, MORE, *MORE_PACKAGES))
    recipe = hashlib.sha256(ingredients.encode()).hexdigest()
    return cache.FOLDER / f"{suite.name}-{recipe[:8]}"


def ensure(suite: Suite, anew: bool = False) -> Path:
    """Return the image of a suite, and make it where there is none; raises BrokenSuite."""
    return cache.ensure(path(suite), partial(_make, suite), anew)


def version(image: Path, package: str) -> str:
    """Return the upstream version of a package in an image."""
    query = ["dpkg-query", f"--admindir={image}/var/lib/dpkg", "-Wf${Version}", package]
    found = subprocess.run(query, check=True, capture_output=True, text=True).stdout
    return found.split(":")[-1].split("-")[0].split("+")[0]


def _make(suite: Suite, image: Path) -> None:
    # debootstrap does not know suites that are newer than itself; these are made as sid is.
    script = _SCRIPTS / suite.name
    script = script if script.exists() else _SCRIPTS / "sid"
    _install(suite, ["debootstrap", "--variant=minbase", suite.name, image, MIRROR, script])
    policy = image / "usr/sbin/policy-rc.d"
    policy.write_text(_POLICY)
    policy.chmod(0o755)
    install = ["apt-get", "install", "--yes", "--no-install-recommends"]
    packages = [*PACKAGES, *suite.ovn]
    _install(suite, [*_inside(image), "env", "DEBIAN_FRONTEND=noninteractive", *install, *packages])
    (image / MORE[1:] / "partial").mkdir(parents=True)
    fetch = ["--download-only", "-o", f"Dir::Cache::archives={MORE}", *MORE_PACKAGES]
    _install(suite, [*_inside(image), *install, *fetch])
    _install(suite, [*_inside(image), "apt-get", "clean"])


def _inside(image: Path) -> List[object]:
    return ["unshare", "--fork", "--pid", "--kill-child", "--root", image, "--mount-proc"]


def _install(suite: Suite, command: List[object]) -> None:
    done = subprocess.run(
        list(map(str, command)),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if done.returncode:
        end = "\n".join(done.stdout.splitlines()[-15:])
        raise BrokenSuite(f"{suite.name} cannot be installed:\n{end}")
