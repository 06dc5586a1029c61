"""What the members of a crowd do to a control database."""

import contextlib
import itertools
import multiprocessing
import os
import signal
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from crowd import KEY

from mlops_nb.core.errors import Busy, Conflict
from mlops_nb.core.records import Actor, Run
from mlops_nb.core.serving import Deployment, Route
from mlops_nb.store import control_schema as schema
from mlops_nb.store.control import Control

if multiprocessing.parent_process() is not None:  # a member: on a slow machine the others may be at it for long
    schema.BUSY_S = schema.CONNECT_S = 300

def open_first(url: str, me: int) -> str:
    with Control(url, KEY) as control:
        control.pin("flights@1", by=str(me))
        return control.check().state


def promote_own_model(url: str, me: int) -> list[int]:
    "Nobody else touches this model, so every change succeeds; the chain is shared."
    numbers, held = [], None
    with Control(url, KEY) as control:
        for version in range(1, 6):
            receipt = control.append_receipt("promote", f"model {me}", "champion", held, version, Actor("os", str(me)))
            numbers.append(receipt.sequence)
            held = control.finish_receipt(receipt.id).to_version
    return numbers


def promote_same_model(url: str, me: int) -> list[tuple[int | None, int]]:
    "All want the same alias; each change that was let in, as (from, to)."
    moves = []
    with Control(url, KEY) as control:
        for turn in itertools.count(1):
            held = control.holder("delay", "champion")
            try:
                receipt = control.append_receipt("promote", "delay", "champion", held, me * 100 + turn, Actor("os", str(me)))
            except (Conflict, Busy):
                continue
            control.finish_receipt(receipt.id)
            moves.append((receipt.from_version, me * 100 + turn))
            if len(moves) == 3:
                return moves
    raise AssertionError


def resume(url: str, me: int) -> list[str]:
    "What a starting process does: finish all that is pending."
    with Control(url, KEY) as control:
        return [control.finish_receipt(receipt.id).state for receipt in control.pending()]


def enter_runs(url: str, me: int) -> None:
    with Control(url, KEY) as control:
        for month in range(3, 9):
            control.put_run(Run(f"{me}-{month}", "score.ipynb", {"month": month}, outputs=("scores@1",)), grid="g")
            control.put_run(Run(f"{me}-{month}", "score.ipynb", {"month": month}, "finished", outputs=("scores@1",)))


def permit_same(url: str, me: int) -> bool:
    with Control(url, KEY) as control:
        control.permit_digest("sha256:0f", "model", "delay/1")
        return control.is_permitted("sha256:0f")


def take_lease(url: str, me: int) -> Any:
    "Whoever gets it keeps it until four others were refused."
    with Control(url, KEY) as control:
        try:
            lease = control.lease("demo", f"demo {me}", ttl_s=86_400)
        except Busy as error:
            control.pin(f"refused@{me}", by="crowd")
            return error
        while len(control.pins()) < 4:
            continue
        return lease.fence


def take_and_die(url: str, me: int) -> None:
    Control(url, KEY).lease("demo", "demo of tom", ttl_s=86_400)
    os.kill(os.getpid(), signal.SIGKILL)


def count_up(url: str, me: int) -> list[tuple[int, int]]:
    "Enters and leaves a lease; inside, reads and writes a number that only the lease protects."
    seen = []
    with Control(url, KEY) as control:
        while len(seen) < 4:
            try:
                with control.lease("count", str(me)) as lease:
                    number = len(control.pins())
                    control.pin(f"count@{number}", by=str(me))
                    seen.append((lease.fence, number))
            except Busy:
                continue
    return seen


def wanted(*routes: Route, name: str = "delay", reason: str = "", state: Literal["starting", "stopped"] = "starting") -> Deployment:
    "A deployment as the desk hands it over."
    return Deployment(name, 0, state=state, model="delay", routes=routes or (Route("champion", "delay@champion"),), reason=reason)


def deploy_first(url: str, me: int) -> Any:
    "All want to be the first."
    with Control(url, KEY) as control:
        try:
            return control.add_revision(wanted(reason=f"by {me}"), Actor("os", f"member {me}"), expected_revision=0)
        except Conflict as error:
            return error


def deploy_in_turns(url: str, me: int) -> list[tuple[int, int]]:
    "Each adds three revisions to what it finds, as (from, to)."
    moves: list[tuple[int, int]] = []
    with Control(url, KEY) as control:
        while len(moves) < 3:
            held = control.held_revision("delay")
            with contextlib.suppress(Conflict, Busy):
                made = control.add_revision(wanted(reason=f"{me}.{len(moves)}"), Actor("os", str(me)), expected_revision=held)
                moves.append((held, int(made.to_version or 0)))
    return moves


def resume_deployments(url: str, me: int) -> int:
    with Control(url, KEY) as control:
        return len(control.finish_revisions())


def meet_cause(url: str, me: int) -> int:
    with Control(url, KEY) as control:
        return [control.raise_alert("deployment_failed", f"met by {me}", deployment="delay").count for _ in range(3)][-1]


def fire_and_run(url: str, me: int) -> list[str]:
    "What an agent does, without a notebook: enters what is due, leases, and ends; the keys that it had in hand."
    from mlops_nb.core.schedules import Due

    def plan(schedule, at):
        step = timedelta(seconds=float(schedule.spec))
        return Due((schedule.next_at,), next_at=schedule.next_at + step)

    mine = []
    with Control(url, KEY) as control:
        now = datetime(2013, 3, 1, tzinfo=UTC)
        for turn in range(12):
            control.fire_due(plan, at=now + timedelta(minutes=turn))
            while (firing := control.lease_firing(f"agent {me}", cap=100)) is not None:
                mine.append(f"{firing.schedule} {firing.key}")
                assert control.renew_firing(firing) and control.note_runs(firing, [f"run-{me}"])
                assert control.end_firing(firing, "done", runs=[f"run-{me}"])
    return mine


def lease_and_die(url: str, me: int) -> None:
    with Control(url, KEY) as control:
        firing = control.lease_firing("agent that dies", cap=100)
        assert firing is not None and control.note_runs(firing, ["run-1"])
    os.kill(os.getpid(), signal.SIGKILL)


def hold_until_refused(url: str, me: int) -> int:
    "Leases what it can under a limit of two, and keeps it until the others were refused; how many it got."
    with Control(url, KEY) as control:
        got = sum(control.lease_firing(f"agent {me}", cap=2) is not None for _ in range(3))
        control.pin(f"looked@{me}", by="crowd")
        while len(control.pins()) < 4:
            continue
        return got
