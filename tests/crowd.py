"""Many processes at once. They are forked from a clean process that has imported the package, so they start quickly."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from mlops_nb.core.errors import MlopsError

KEY = bytes(range(32))
context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["__main__", "mlops_nb.store.control", "alembic.command", "alembic.config", "psycopg", "crowd"])


def _member(work: Callable[[str, int], Any], url: str, me: int, start: Any, answer: Connection) -> None:
    start.wait(300)
    try:
        answer.send(work(url, me))
    except MlopsError as error:
        answer.send(error)


def crowd(work: Callable[[str, int], Any], url: str, count: int) -> list[Any]:
    """What `work(url, n)` answers in each of `count` processes that were let go at the same moment."""
    start = context.Barrier(count)
    pipes = [context.Pipe(duplex=False) for _ in range(count)]
    members = [context.Process(target=_member, args=(work, url, n, start, pipe[1])) for n, pipe in enumerate(pipes)]
    for member in members:
        member.start()
    for _, sender in pipes:
        sender.close()  # so that a member that dies ends its pipe
    try:
        return [receiver.recv() for receiver, _ in pipes]
    finally:
        for member in members:
            member.join(300)
            if member.is_alive():
                member.kill()
        for receiver, _ in pipes:
            receiver.close()
