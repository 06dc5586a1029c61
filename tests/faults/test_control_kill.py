"""Kill -9 at every step of what the control database does: nothing acknowledged is lost, nothing is left half-done.

Each child is forked from a clean process, works on a real database, and kills itself when it reaches the armed point:
before its n-th statement or commit. What it had been told by then, it has passed on to the test.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from control_steps import MARY, armed, promote_for_ever
from crowd import KEY, context
from postgres import Server
from waiting import until

from mlops_nb.core.serving import Deployment
from mlops_nb.store import control_schema as schema
from mlops_nb.store.control import Control

ROUNDS = int(os.environ.get("MLOPS_NB_SOAK_ROUNDS", "4"))


def drain(receiver: Connection) -> Iterator[Any]:
    "What the child still had said before it died."
    while True:
        try:
            yield receiver.recv()
        except (EOFError, OSError):
            receiver.close()
            return


class Databases:
    "Makes databases on SQLite, or on PostgreSQL when there is a server; empty ones, and copies."

    def __init__(self, folder: Path, server: Server | None = None):
        self._folder, self._server, self._numbers = folder, server, count()

    def new(self, like: str = "") -> str:
        if self._server:
            if like:
                self.at_rest(like)  # one that somebody still uses cannot be copied
            return self._server.database(*[like] if like else [])
        file = self._folder / str(next(self._numbers)) / "control.db"
        if like:
            shutil.copytree(Path(like.removeprefix("sqlite:///")).parent, file.parent)
        return f"sqlite:///{file}"

    def at_rest(self, url: str) -> None:
        "Returns when nobody works on a database any more. A server may still do what a client asked for that is dead by now."
        if not self._server:
            return
        import psycopg

        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
        with psycopg.connect(self._server.url(), autocommit=True) as connection:
            until(lambda: connection.execute(query, [url.rpartition("/")[2]]).fetchone() == (0,), "the server has done with it")

    def drop(self, url: str) -> None:
        if self._server:
            self._server.drop(url)
        else:
            shutil.rmtree(Path(url.removeprefix("sqlite:///")).parent)


@pytest.fixture(params=["sqlite", "postgres"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Databases:
    return Databases(tmp_path, request.getfixturevalue("postgres") if request.param == "postgres" else None)


def at_each_step(work: str, databases: Databases, like: str = "", stride: int = 1) -> Iterator[tuple[str, list[Any]]]:
    "Yields (url, what was acknowledged) for a death at step 1, 2, 3 … until the work gets through."
    for after in range(1, 100, stride):
        url = databases.new(like)
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(target=armed, args=(work, url, sender, after))
        child.start()
        sender.close()
        told = list(drain(receiver))
        child.join(300)
        assert child.exitcode in (0, -signal.SIGKILL)
        yield url, told
        databases.drop(url)
        if child.exitcode == 0:
            assert after > 6, "hardly any step was counted"
            return
    raise AssertionError("it never got through")


def migrated(databases: Databases) -> str:
    url = databases.new()
    Control(url, KEY).close()
    return url


def test_a_first_opening_that_dies_leaves_nothing_half_made(databases: Databases) -> None:
    "Each third step of some sixty; all of them in long rounds."
    for url, _ in at_each_step("open_first", databases, stride=1 if ROUNDS > 10 else 3):
        with Control(url, KEY) as control:
            assert control.check().state == "ok"
            with control._reading() as connection:
                assert set(sa.inspect(connection).get_table_names()) == set(schema.TABLES)


def test_a_promotion_that_dies_is_finished_by_the_next(databases: Databases) -> None:
    pending = 0
    for url, told in at_each_step("promote", databases, migrated(databases)):
        with Control(url, KEY) as control:
            known = {receipt.id: receipt.state for receipt in control.receipts()}
            for state, id in told:  # what was acknowledged is there
                assert known[id] in ("done", state)
            assert control.verify_chain(control.head()) == [] and len(known) <= 1
            assert control.pins() == ({"flights@2"} if known else set())
            for receipt in control.pending():
                pending += 1
                assert control.holder("delay", "champion") is None
                control.finish_receipt(receipt.id)
            version = control.holder("delay", "champion")
            assert version == (1 if known else None)
            following = control.append_receipt("promote", "delay", "champion", version, 9, MARY)  # the dead one holds no lock
            assert following.sequence == len(known) + 1
            control.finish_receipt(following.id)
            assert control.verify_chain(control.head()) == []
    assert pending >= 3  # some of the deaths did fall between append and finish


def test_a_deployment_that_dies_is_finished_by_the_next(databases: Databases) -> None:
    "Whether it was begun at all is seen from its receipt; what was acknowledged counts already."
    stages = set()
    for url, told in at_each_step("deploy", databases, migrated(databases), stride=1 if ROUNDS > 10 else 2):
        with Control(url, KEY) as control:
            states, counts = [receipt.state for receipt in control.receipts()], len(control.deployments())
            stages.add((*states, counts))
            assert counts == states.count("done") and len(states) <= 1 and (not told or counts == 1)
            control.finish_revisions()
            assert [(d.revision, d.actor, d.reason) for d in control.deployments()] == [(1, MARY, "go live")] * len(states)
            following = control.add_revision(Deployment("delay", 0, model="delay", state="stopped"), MARY, expected_revision=len(states))
            assert following.to_version == len(states) + 1 and control.deployment("delay").state == "stopped"
            assert control.verify_chain(control.head()) == [] and control.foreign_revisions() == [] and control.pending() == []
    assert stages == {(0,), ("pending", 0), ("done", 1)}  # deaths before, between and after


def test_a_run_is_entered_whole_or_not_at_all(databases: Databases) -> None:
    order = ["running", "finished"]
    for url, told in at_each_step("enter_run", databases, migrated(databases)):
        with Control(url, KEY) as control:
            found = [order.index(run.status) for run in control.list_runs()]
            assert len(found) <= 1 and found >= [order.index(state) for state in told[-1:]]
            assert control.pins() == ({"scores@1"} if found == [1] else set())


def test_killed_at_any_moment_nothing_acknowledged_is_lost(databases: Databases) -> None:
    "From outside, in the middle of whatever it does; the ids that the client wrote down are what is compared."
    url, told = databases.new(), []
    for lap in range(ROUNDS):
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(target=promote_for_ever, args=(url, sender))
        child.start()
        sender.close()
        told += [receiver.recv() for _ in range(5 + 3 * lap % 7)]
        os.kill(child.pid, signal.SIGKILL)
        child.join(300)
        told += drain(receiver)
        databases.at_rest(url)  # else a last commit may come between two of the looks that follow
        with Control(url, KEY) as control:
            receipts = {receipt.id: receipt for receipt in control.receipts(limit=None)}
            assert set(told) <= set(receipts)
            assert all(receipts[id].state == "done" for id in told if told.count(id) == 2)
            assert sorted(receipt.sequence for receipt in receipts.values()) == list(range(1, len(receipts) + 1))
            assert control.verify_chain(control.head()) == [] and len(control.pending()) <= 1
            done = sum(receipt.state == "done" for receipt in receipts.values())
            assert control.holder("delay", "champion") == done  # each finished promotion counted once
