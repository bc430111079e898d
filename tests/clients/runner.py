# SPDX-License-Identifier: Apache-2.0
"""Runs a Python program many times, each time in a fork of a process that has its modules.

`python runner.py PROGRAM` reads a line of JSON (arguments, environment) for each run, and prints
one. A client takes more than a second to start, nearly all of it for imports. A fork has the
modules that earlier runs have imported. Otherwise it is like a new process that runs the file.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import sys
import tempfile
from typing import Any, BinaryIO

_LONGEST_S = 120


def run(argv: list[str], env: dict[str, str]) -> dict[str, Any]:
    """Run the program `argv[0]`; return its exit status and its output."""
    with contextlib.ExitStack() as files:
        out, err, modules = (files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        child = os.fork()
        if not child:
            become(argv, env, (out, err, modules))
        _, status = os.waitpid(child, 0)
        for each in (out, err, modules):
            each.seek(0)
        preload(modules.read().decode().split())
        return {
            "status": os.waitstatus_to_exitcode(status),
            "out": out.read().decode(),
            "err": err.read().decode(),
        }


def become(argv: list[str], env: dict[str, str], files: tuple[BinaryIO, ...]) -> None:
    """Run the program in this process, write the names of its modules to a file, and exit."""
    out, err, modules = files
    signal.alarm(_LONGEST_S)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    os.environ.update(env)
    sys.argv = argv
    status: object = 0
    try:
        runpy.run_path(argv[0], run_name="__main__")
    except SystemExit as end:
        status = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    if status is not None and not isinstance(status, int):
        print(status, file=sys.stderr)
        status = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.write(modules.fileno(), " ".join(sys.modules).encode())
    os._exit(status or 0)


def preload(modules: list[str]) -> None:
    """Import the modules that a program has imported, for the next run."""
    for name in modules:
        # This module reads the arguments once, when it is imported.
        if name != "neutronclient.shell" and name not in sys.modules:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    gc.freeze()


def main() -> None:
    # Some modules read the program's name when they are imported.
    del sys.argv[0]
    with os.fdopen(os.dup(1), "w") as answers, os.fdopen(os.dup(0)) as requests:
        for line in requests:
            request = json.loads(line)
            done = run([*sys.argv, *request["arguments"]], request["env"])
            print(json.dumps(done), file=answers, flush=True)


if __name__ == "__main__":
    main()
