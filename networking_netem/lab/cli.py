# SPDX-License-Identifier: Apache-2.0
"""The command netem-lab."""

from __future__ import annotations

import argparse
import signal
import sys
from typing import List, Optional

from networking_netem.lab import bare
from networking_netem.lab.errors import LabError
from networking_netem.lab.uml import DEFAULT_MEMORY_MIB


def main(argv: Optional[List[str]] = None) -> int:
    """Run one subcommand; the exit status is 0 only if it did what it says."""
    signal.signal(signal.SIGTERM, _end)
    arguments = _parser().parse_args(argv)
    try:
        return arguments.function(arguments)
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
    parser = argparse.ArgumentParser(prog="netem-lab")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run")
    run.add_argument("--memory-mib", type=int, default=DEFAULT_MEMORY_MIB)
    run.add_argument("argv", nargs="+", metavar="CMD")
    run.set_defaults(function=lambda a: bare.run(a.argv, a.memory_mib))
    return parser


if __name__ == "__main__":
    sys.exit(main())
