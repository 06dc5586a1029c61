"""Clients that ask a server all the time and write down what became of each request: answered, by whom, when, or not at all.

Raw sockets in a thread of their own, so that a test can kill and change things meanwhile, and so that every request is sent once:
a client library that tries again by itself would hide what the tests look for. Each request carries an id of its own. It is bounded:
it stops with its block, and by itself after `most` requests or `seconds`. Before a client asks again it looks whether the server has
ended the connection meanwhile, as every client does, and takes another one: a client that stood still has lost no request.
"""

import asyncio
import contextlib
import json
import select
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from waiting import PATIENCE

GOOD = (200, 202)


@dataclass(frozen=True, slots=True)
class Answer:
    """One request that was answered."""

    id: str  # as the server gave it back
    status: int
    version: str
    began: float  # monotonic
    ended: float
    body: bytes

    @property
    def predictions(self) -> Any:
        """What was predicted, in MLflow's form."""
        return json.loads(self.body)["predictions"]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One request whose connection ended before its answer came."""

    id: str
    began: float
    ended: float
    why: str


@dataclass
class Load:
    """Asks `path` of a port with some clients, each on a connection of its own that is kept as long as the server keeps it."""

    port: int
    path: str
    bodies: Sequence[bytes]  # sent in turn
    clients: int = 6
    name: str = "load"  # begins every request's id
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0  # seconds between two requests of a client
    most: int = 500_000
    seconds: float = 1800.0  # of all that a test does meanwhile, on a machine that is slow
    answers: list[Answer] = field(default_factory=list)
    unanswered: list[Unanswered] = field(default_factory=list)
    refused: int = 0  # connections that nobody took
    trouble: BaseException | None = None

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._news = threading.Condition()
        self._sent = 0
        self._thread = threading.Thread(target=self._run, name=self.name)
        self._thread.start()
        self.until(lambda: len(self.answers) >= self.clients, "the first answers")
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(300)
        assert not self._thread.is_alive(), "the clients do not end"
        if self.trouble is not None:
            raise self.trouble

    # what a test asks

    def until(self, condition: Callable[[], Any], words: str, seconds: float = PATIENCE) -> None:
        """Waits until something holds; it is looked at after each answer."""
        end = time.monotonic() + seconds
        with self._news:
            while not condition():
                if not self._thread.is_alive() or time.monotonic() > end:
                    last = [f"{a.status} {a.body[:300]!r}" for a in self.answers[-2:]]
                    raise AssertionError(f"not within {seconds:g} s: {words}; {self.summary()}; last {last}") from self.trouble
                self._news.wait(0.05)

    def more(self, count: int, seconds: float = PATIENCE) -> None:
        """Waits for so many more good answers to requests that are sent from now on."""
        now, at = time.monotonic(), len(self.answers)
        found = 0

        def enough() -> bool:
            nonlocal at, found
            found += sum(a.status in GOOD and a.began >= now for a in self.answers[at:])
            at = len(self.answers)
            return found >= count

        self.until(enough, f"{count} more answers", seconds)

    def version_only(self, version: str, seconds: float = PATIENCE) -> None:
        """Waits until each client has been answered by that version, and by no other, twice as often as there are clients."""
        wanted = 2 * self.clients
        self.until(
            lambda: len(self.answers) >= wanted and {a.version for a in self.answers[-wanted:]} == {version},
            f"version {version} answers",
            seconds,
        )

    @property
    def good(self) -> list[str]:
        """Ids of the requests that were answered 200, or 202."""
        return [a.id for a in self.answers if a.status in GOOD]

    @property
    def failures(self) -> list[Any]:
        """Every request that did not get a good answer."""
        return [a for a in self.answers if a.status not in GOOD] + list(self.unanswered)

    @property
    def refusals(self) -> Counter[str]:
        """Why the server gave no good answer, by the codes of what it said instead."""
        return Counter(json.loads(a.body)["error"]["code"] for a in self.answers if a.status not in GOOD)

    @property
    def versions(self) -> Counter[str]:
        """How many good answers came from each version."""
        return Counter(a.version for a in self.answers if a.status in GOOD)

    def summary(self) -> str:
        """In words."""
        codes = Counter(a.status for a in self.answers)
        whys = Counter(u.why for u in self.unanswered)
        return f"answered {dict(codes)}, unanswered {dict(whys)}, connections refused {self.refused}"

    # the clients

    def _run(self) -> None:
        try:
            asyncio.run(self._all())
        except BaseException as problem:
            self.trouble = problem
        with self._news:
            self._news.notify_all()

    async def _all(self) -> None:
        end = time.monotonic() + self.seconds
        clients = [asyncio.create_task(self._client(number)) for number in range(self.clients)]
        while not self._over.is_set() and time.monotonic() < end and not all(c.done() for c in clients):
            await asyncio.sleep(0.01)
        self._over.set()
        done = await asyncio.wait_for(asyncio.gather(*clients, return_exceptions=True), PATIENCE)
        for problem in done:
            if isinstance(problem, BaseException):
                raise problem

    async def _client(self, number: int) -> None:
        reader = writer = None
        sent = 0
        while not self._over.is_set() and self._sent < self.most:
            if writer is not None and _is_over(writer):
                writer.close()
                writer = None
            if writer is None:
                try:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    self.refused += 1
                    await asyncio.sleep(0.02)
                    continue
            assert reader is not None
            self._sent += 1
            sent += 1
            keeps = await self._ask(reader, writer, f"{self.name}-{number}-{sent}", self.bodies[(number + sent) % len(self.bodies)])
            if not keeps:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
                reader = writer = None
            if self.pause:
                await asyncio.sleep(self.pause)
        if writer is not None:
            writer.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, id: str, body: bytes) -> bool:
        """Asks once; whether the connection can be used again."""
        began = time.monotonic()
        lines = [f"POST {self.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"X-Request-Id: {id}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in ({"Content-Type": "application/json"} | self.headers).items()]
        try:
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)).decode("latin-1").split("\r\n")
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
            answer = await asyncio.wait_for(reader.readexactly(int(fields["content-length"])), PATIENCE)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as problem:
            why = "the connection ended" if isinstance(problem, asyncio.IncompleteReadError) else type(problem).__name__
            self._note(self.unanswered, Unanswered(id, began, time.monotonic(), why))
            return False
        version = fields.get("x-model-version", "")
        status = int(head[0].split()[1])
        self._note(self.answers, Answer(fields.get("x-request-id", ""), status, version, began, time.monotonic(), answer))
        return fields.get("connection", "").lower() != "close"

    def _note(self, where: list[Any], what: Any) -> None:
        with self._news:
            where.append(what)
            self._news.notify_all()


def _is_over(writer: asyncio.StreamWriter) -> bool:
    "Whether the server has ended a connection on which nothing is asked."
    if writer.is_closing():
        return True
    look = select.poll()
    look.register(writer.get_extra_info("socket"), select.POLLIN)
    return bool(look.poll(0))
