"""Work on a control database that dies at an armed point."""

import os
import signal
from multiprocessing.connection import Connection
from typing import Any

import sqlalchemy as sa
from crowd import KEY

from mlops_nb.core.records import Actor, Run
from mlops_nb.core.serving import Deployment, Route
from mlops_nb.store.control import Control

MARY = Actor("jupyter", "mary")


def armed(work: str, url: str, sender: Connection, after: int) -> None:
    "Does the work, and dies before its statement or commit number `after`."
    count = 0

    def step(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == after:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("before_cursor_execute", "commit"):
        sa.event.listen(sa.engine.Engine, name, step)
    WORK[work](url, sender)
    sender.close()


def open_first(url: str, sender: Connection) -> None:
    with Control(url, KEY):
        sender.send("open")


def promote(url: str, sender: Connection) -> None:
    with Control(url, KEY) as control:
        held = control.holder("delay", "champion")
        evidence = {"snapshots": ["flights@2"]}
        receipt = control.append_receipt("promote", "delay", "champion", held, (held or 0) + 1, MARY, evidence=evidence)
        sender.send(("pending", receipt.id))
        sender.send(("done", control.finish_receipt(receipt.id).id))


def enter_run(url: str, sender: Connection) -> None:
    with Control(url, KEY) as control:
        control.put_run(Run("r1", "score.ipynb", status="running"))
        sender.send("running")
        control.put_run(Run("r1", "score.ipynb", status="finished", outputs=("scores@1",)))
        sender.send("finished")


def deploy(url: str, sender: Connection) -> None:
    with Control(url, KEY) as control:
        wanted = Deployment("delay", 0, model="delay", routes=(Route("champion", "delay@champion"),), reason="go live")
        sender.send(control.add_revision(wanted, MARY, expected_revision=0).id)


def promote_for_ever(url: str, sender: Connection) -> None:
    with Control(url, KEY) as control:
        while True:
            for receipt in control.pending():
                control.finish_receipt(receipt.id)
            held = control.holder("delay", "champion")
            receipt = control.append_receipt("promote", "delay", "champion", held, (held or 0) + 1, MARY)
            sender.send(receipt.id)
            control.finish_receipt(receipt.id)
            sender.send(receipt.id)


WORK = {"open_first": open_first, "promote": promote, "deploy": deploy, "enter_run": enter_run}
