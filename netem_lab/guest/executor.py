# SPDX-License-Identifier: Apache-2.0
"""Runs the host's commands in the guest; each has a connection, and ends when that is lost."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import termios
import threading
from typing import Dict, List, Optional

from netem_lab.guest.frames import CHUNK_BYTES, Command, Kind, receive, send

PORT = 9697


def serve(address: str) -> None:
    """Accept connections for ever; each is answered in a thread of its own."""
    with socket.create_server((address, PORT), backlog=64) as server:
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=answer, args=(connection,), daemon=True).start()


def answer(connection: socket.socket) -> None:
    """Run the command that the host sends, and close the connection after the host has."""
    with connection, contextlib.suppress(ConnectionError):
        kind, payload = receive(connection)
        if kind is not Kind.COMMAND:
            raise ValueError(f"the first frame is {kind.name}, not COMMAND")
        _execute(connection, Command.decode(payload))
        # A socket that is closed with unread input resets its connection (tcp(7)). What is still on
        # its way to the host would be lost.
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(CHUNK_BYTES):
            pass


def _execute(connection: socket.socket, command: Command) -> None:
    try:
        execution = _Execution(connection, command)
    except OSError as error:
        send(connection, Kind.STDERR, f"{command.argv[0]}: {error.strerror}\n".encode())
        send(connection, Kind.EXIT, b"127" if error.errno == 2 else b"126")
    else:
        execution.pump()


def _folder(command: Command) -> str:
    return command.cwd if os.path.isdir(command.cwd) else "/"


def _environment(command: Command) -> Dict[str, str]:
    # modprobe needs the guest's folder of modules, which process 1 has set.
    return {**command.env, "MODPROBE_OPTIONS": os.environ["MODPROBE_OPTIONS"]}


class _Execution:
    """One running command and its connection; the command leads a process group."""

    def __init__(self, connection: socket.socket, command: Command) -> None:
        self._connection = connection
        self._input = bytearray()
        self._input_ended = False
        argv = ["nsenter", f"--net=/run/netns/{command.netns}"] if command.netns else []
        start = self._start_on_tty if command.tty else self._start_on_pipes
        start(command, [*argv, *command.argv])
        for descriptor in (self._stdin, *self._outputs):
            assert descriptor is not None
            os.set_blocking(descriptor, False)

    def _start_on_pipes(self, command: Command, argv: List[str]) -> None:
        pipes = [os.pipe() for _ in range(3)]
        (stdin, ours), (stdout, theirs), (stderr, theirs_too) = pipes
        try:
            self._process = subprocess.Popen(
                argv, stdin=stdin, stdout=theirs, stderr=theirs_too,
                cwd=_folder(command), env=_environment(command), start_new_session=True,
            )  # fmt: skip
        except OSError:
            for descriptor in (ours, stdout, stderr):
                os.close(descriptor)
            raise
        finally:
            for descriptor in (stdin, theirs, theirs_too):
                os.close(descriptor)
        self._stdin: Optional[int] = ours
        self._outputs = {stdout: Kind.STDOUT, stderr: Kind.STDERR}

    def _start_on_tty(self, command: Command, argv: List[str]) -> None:
        assert command.tty
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *command.tty, 0, 0))
        try:
            # setsid --ctty becomes the leader of a new session in the same process.
            self._process = subprocess.Popen(
                ["setsid", "--ctty", *argv], stdin=theirs, stdout=theirs, stderr=theirs,
                cwd=_folder(command), env=_environment(command),
            )  # fmt: skip
        except OSError:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        self._stdin = os.dup(ours)
        self._outputs = {ours: Kind.STDOUT}

    def pump(self) -> None:
        """Carry bytes both ways until the command has ended; kill it if the host has gone."""
        ended = os.pidfd_open(self._process.pid)
        poll = select.poll()
        try:
            poll.register(ended, select.POLLIN)
            poll.register(self._connection, select.POLLIN | select.POLLRDHUP)
            for descriptor in self._outputs:
                poll.register(descriptor, select.POLLIN)
            while not self._step(poll, ended):
                pass
            for descriptor in list(self._outputs):
                while self._forward(descriptor):
                    pass
            status = self._process.wait()
            send(self._connection, Kind.EXIT, b"%d" % (status if status >= 0 else 128 - status))
        except BaseException:
            self._kill()
            raise
        finally:
            for held in (ended, self._stdin, *self._outputs):
                if held is not None:
                    os.close(held)

    def _step(self, poll: select.poll, ended: int) -> bool:
        for descriptor, events in poll.poll():
            if descriptor == ended:
                return True
            if descriptor in self._outputs:
                if not self._forward(descriptor):
                    poll.unregister(descriptor)
                    del self._outputs[descriptor]
                    os.close(descriptor)
            elif descriptor == self._stdin:
                self._feed(poll)
            elif events & (select.POLLRDHUP | select.POLLHUP | select.POLLERR):
                raise ConnectionError("the host has gone")
            else:
                kind, payload = receive(self._connection)
                if kind is Kind.STDIN and self._stdin is not None:
                    self._input += payload
                    self._input_ended = not payload
                    # Read no more from the host until the command has taken this.
                    poll.modify(self._connection, select.POLLRDHUP)
                    poll.register(self._stdin, select.POLLOUT)
        return False

    def _forward(self, descriptor: int) -> bool:
        """Send what the command has written; return False at the end of the stream."""
        try:
            payload = os.read(descriptor, CHUNK_BYTES)
        except BlockingIOError:
            return self._process.poll() is None
        except OSError:  # a pty whose last user has gone answers EIO
            return False
        if payload:
            send(self._connection, self._outputs[descriptor], payload)
        return bool(payload)

    def _feed(self, poll: select.poll) -> None:
        """Give the command what it has room for."""
        assert self._stdin is not None
        try:
            if self._input:
                del self._input[: os.write(self._stdin, self._input)]
        except BlockingIOError:
            return
        except OSError:  # it reads no more; what is left has no taker
            self._input.clear()
            self._input_ended = True
        if not self._input:
            poll.unregister(self._stdin)
            poll.modify(self._connection, select.POLLIN | select.POLLRDHUP)
            if self._input_ended:
                os.close(self._stdin)
                self._stdin = None

    def _kill(self) -> None:
        self._process.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
