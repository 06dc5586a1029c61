"""Ports for servers of tests."""

import contextlib
import secrets
import socket

def free_port(neighbours: int = 0) -> int:
    """One that nobody has, with so many free ones behind it.

    It lies below those that the system gives to whoever asks or calls (32,768 on, on Linux), so that no other process
    gets it by chance before it is used.
    """
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with contextlib.ExitStack() as probes, contextlib.suppress(OSError):
            for number in range(port, port + neighbours + 1):
                probes.enter_context(socket.socket()).bind(("127.0.0.1", number))
            return port
