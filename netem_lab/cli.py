# SPDX-License-Identifier: Apache-2.0
"""The command netem-lab."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import List, Optional

from netem_lab.errors import LabError
from netem_lab.guest import bare
from netem_lab.guest.host import require_root
from netem_lab.guest.kernel import INSTALLED, Kernel
from netem_lab.guest.terminal import interact
from netem_lab.guest.uml import DEFAULT_MEMORY_MIB
from netem_lab.node import topology
from netem_lab.node.backend import BACKENDS, DEFAULT_BACKEND
from netem_lab.scenario import commands
from netem_lab.session import remote, state, status, up_down
from netem_lab.session.state import DEFAULT_API_PORT

_DESCRIPTION = """\
Unstable links for OpenStack Neutron, on a machine of your own: one guest kernel (User-Mode Linux)
with Open vSwitch, a real Neutron and two instances, vm1 and vm2, on one network. Nothing on the
host changes but one TCP port. Begin with `netem-lab demo`.
"""
_EPILOG = """\
examples:
  netem-lab demo                        impose an unstable link through Neutron, and measure it
  netem-lab demo --backend ovn          the same with OVN in place of Neutron's agent
  netem-lab demo --backend ovn --chassis 2    the same with the instances on two chassis
  netem-lab up                          start the lab and print the URL of Neutron's API
  netem-lab exec vm1 -- ping -c3 10.0.0.12
  netem-lab measure vm1 vm2             what the link between them is like now
  netem-lab exec node -- tc -s qdisc    what the kernel holds
  netem-lab down                        and nothing is left
"""


def main(argv: Optional[List[str]] = None) -> int:
    """Run one subcommand; the exit status is 0 only if it did what it says."""
    signal.signal(signal.SIGTERM, _end)
    arguments = _parser().parse_args(argv)
    try:
        return arguments.function(arguments) or 0
    except LabError as error:
        if error.log:
            print(error.log.rstrip(), file=sys.stderr)
        print(f"netem-lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="netem-lab",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subcommands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")

    demo = subcommands.add_parser(
        "demo", help="impose an unstable link through Neutron, measure it"
    )
    _add_json(demo)
    _add_backend(demo, f"that of the lab that is up, else {DEFAULT_BACKEND}", None)
    _add_chassis(demo, "that of the lab that is up, else 1", None)
    demo.set_defaults(function=_demo)

    up = subcommands.add_parser(
        "up", help="start the lab; returns when vm1 and vm2 ping each other"
    )
    up.add_argument(
        "--port", type=_port, default=DEFAULT_API_PORT, metavar="N",
        help="where Neutron's API listens on 127.0.0.1 (default %(default)s)",
    )  # fmt: skip
    _add_memory(up)
    _add_backend(up, "%(default)s", DEFAULT_BACKEND)
    _add_chassis(up, "%(default)s", 1)
    up.set_defaults(function=_up)

    subcommands.add_parser(
        "status", help="show the API's URL, the instances and the guest; 0 only if all is well"
    ).set_defaults(function=_status)

    execute = subcommands.add_parser("exec", help="run a command in an instance or in a node")
    execute.add_argument("where", choices=(*topology.NAMES, *state.NODES))
    _add_command(execute)
    execute.set_defaults(function=_exec)

    measure = subcommands.add_parser("measure", help="measure the link between the instances")
    measure.add_argument("first", choices=topology.NAMES, help="egress is from it to the second")
    measure.add_argument("second", choices=topology.NAMES)
    _add_json(measure)
    measure.set_defaults(function=_measure)

    subcommands.add_parser("down", help="end the lab; nothing of it is left").set_defaults(
        function=lambda _: up_down.down()
    )

    run = subcommands.add_parser(
        "run", help="run a command on a fresh guest kernel of its own, without Neutron"
    )
    _add_memory(run)
    run.add_argument(
        "--kernel", type=Path, metavar="DIR",
        help="a folder that Debian's package user-mode-linux was unpacked in (default: the kernel"
        " that is installed)",
    )  # fmt: skip
    _add_command(run)
    run.set_defaults(function=_run)
    return parser


def _add_memory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--memory-mib", type=_memory, default=DEFAULT_MEMORY_MIB, metavar="N",
        help="a guest's memory in MiB (default %(default)s)",
    )  # fmt: skip


def _add_backend(
    parser: argparse.ArgumentParser, default_help: str, default: Optional[str]
) -> None:
    parser.add_argument(
        "--backend", choices=tuple(BACKENDS), default=default,
        help=f"what imposes Neutron's networks (default {default_help})",
    )  # fmt: skip


def _add_chassis(
    parser: argparse.ArgumentParser, default_help: str, default: Optional[int]
) -> None:
    parser.add_argument(
        "--chassis", type=int, choices=(1, 2), default=default,
        help="the number of nodes, each a guest; 2 only with --backend ovn"
        f" (default {default_help})",
    )  # fmt: skip


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the table as JSON")


def _add_command(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("argv", nargs="+", metavar="CMD", help="the command, after --")


def _port(text: str) -> int:
    return _number(text, 1, 65535)


def _memory(text: str) -> int:
    return _number(text, 256, 65536)


def _number(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number in {least}..{most}")
    return int(text)


def _up(arguments: argparse.Namespace) -> None:
    lab = up_down.up(
        arguments.port, arguments.memory_mib, arguments.backend, chassis=arguments.chassis
    )
    print(lab.api_url)


def _status(_: argparse.Namespace) -> int:
    require_root()
    lines, healthy = status.report()
    print("\n".join(lines))
    return 0 if healthy else 1


def _exec(arguments: argparse.Namespace) -> int:
    require_root()
    connection = remote.connect(arguments.where)
    try:
        return interact(connection, remote.command(arguments.where, arguments.argv))
    except ConnectionError:
        raise LabError("the lab went down") from None


def _run(arguments: argparse.Namespace) -> int:
    kernel = Kernel.unpacked(arguments.kernel) if arguments.kernel else INSTALLED
    return bare.run(arguments.argv, arguments.memory_mib, kernel)


def _demo(arguments: argparse.Namespace) -> int:
    require_root()
    return commands.demo(arguments.json, arguments.backend, arguments.chassis)


def _measure(arguments: argparse.Namespace) -> int:
    require_root()
    if arguments.first == arguments.second:
        raise LabError(f"{arguments.first} has no link to itself: name two instances")
    return commands.measure(arguments.first, arguments.second, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
