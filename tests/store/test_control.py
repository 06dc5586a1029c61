"""Receipts, permits, runs, pins and leases, each on SQLite and on PostgreSQL."""

import dataclasses
import os
import signal
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from control_work import (
    count_up,
    enter_runs,
    permit_same,
    promote_own_model,
    promote_same_model,
    resume,
    take_and_die,
    take_lease,
)
from crowd import KEY, context, crowd

from mlops_nb.core.errors import Busy, Conflict, ReceiptInvalid, RunNotFound, UsageError
from mlops_nb.core.records import Actor, Receipt, Run, now
from mlops_nb.store import control_leases
from mlops_nb.store import control_schema as schema
from mlops_nb.store.control import Control, check_control
from mlops_nb.store.control_receipts import ReceiptNotFound

MARY, TOM = Actor("jupyter", "mary"), Actor("os", "tom")


def url_of(control: Control) -> str:
    return control.url.render_as_string(hide_password=False)


def change(control: Control, to: int | None, model: str = "delay", alias: str = "champion", action: str = "promote", **more) -> Receipt:
    held = control.holder(model, alias)
    return control.finish_receipt(control.append_receipt(action, model, alias, held, to, MARY, **more).id)


# receipts


def test_a_receipt_is_kept_word_for_word(control: Control) -> None:
    before = now()
    evidence = {"auc": 0.7213, "gates": [{"name": "auc > .7", "ok": True}], "gap": float("nan"), "when": datetime(2013, 3, 1, tzinfo=UTC)}
    reason = "„besser“ on March 📈 \\ ' \" \n \u2028 %s :x"
    receipt = control.append_receipt("adopt", "Flugverspätung 1", "Ümlaut alias", None, 7, TOM, reason, True, "abc", evidence)
    assert receipt.state == "pending" and before <= receipt.at <= now()
    done = control.finish_receipt(receipt.id)
    with Control(url_of(control), KEY) as other:
        stored = other.receipt(receipt.id)
    assert stored == done == dataclasses.replace(receipt, state="done")
    assert (stored.model, stored.alias, stored.reason, stored.actor, stored.forced, stored.undoes) == (
        "Flugverspätung 1",
        "Ümlaut alias",
        reason,
        TOM,
        True,
        "abc",
    )
    assert stored.evidence == {"auc": 0.7213, "gates": [{"name": "auc > .7", "ok": True}], "gap": None, "when": "2013-03-01T00:00:00Z"}
    assert Receipt.from_dict(stored.to_dict()) == stored
    assert control.verify_chain(control.head()) == []


def test_the_holder_is_whom_the_newest_finished_receipt_names(control: Control) -> None:
    assert control.holder("delay", "champion") is None and control.last_change("delay", "champion") is None
    assert control.aliases("delay") == {}
    change(control, 1)
    change(control, 2)
    change(control, 9, alias="challenger")
    change(control, 5, model="weather")
    begun = control.append_receipt("promote", "delay", "champion", 2, 3, MARY)
    assert control.holder("delay", "champion") == 2
    control.fail_receipt(begun.id, "no such version")
    assert control.aliases("delay") == {"champion": 2, "challenger": 9} and control.aliases("weather") == {"champion": 5}
    rolled = change(control, 1, action="rollback", undoes=control.last_change("delay", "champion").id)
    assert control.last_change("delay", "champion") == rolled
    change(control, None, alias="challenger", action="forget")
    assert control.aliases("delay") == {"champion": 1} and control.holder("delay", "challenger") is None
    assert control.verify_chain(control.head()) == []


def test_the_holder_is_found_behind_many_failures(control: Control) -> None:
    change(control, 1)
    for _ in range(45):
        control.fail_receipt(control.append_receipt("promote", "delay", "champion", 1, 2, TOM).id, "the registry is down")
    assert control.holder("delay", "champion") == 1


def test_receipts_are_listed_newest_first_and_by_pages(control: Control) -> None:
    for version in range(1, 8):
        change(control, version, model="delay" if version % 2 else "weather")
    first = control.receipts(limit=3)
    assert [r.sequence for r in first] == [7, 6, 5]
    assert [r.sequence for r in control.receipts(limit=3, after=first[-1].sequence)] == [4, 3, 2]
    assert [r.to_version for r in control.receipts("weather")] == [6, 4, 2]
    assert len(control.receipts(limit=None)) == 7 and control.receipts("nobody") == []


def test_each_receipt_carries_the_signature_of_the_one_before(control: Control) -> None:
    for version in (1, 2, 3):
        change(control, version)
    third, second, first = control.receipts()
    assert first.previous == "" and second.previous == first.signature and third.previous == second.signature
    assert len({r.signature for r in (first, second, third)} | {r.id for r in (first, second, third)}) == 6


def test_whoever_was_quicker_is_named(control: Control) -> None:
    change(control, 1)
    change(control, 2)
    with pytest.raises(Conflict, match=r"delay@champion is at version 2, not at version 1.*mary \(jupyter\) with receipt 2"):
        control.append_receipt("promote", "delay", "champion", 1, 3, TOM)
    with pytest.raises(Conflict, match="is at version 2, not free"):
        control.append_receipt("promote", "delay", "champion", 2, 3, TOM, expected_version=None)
    with pytest.raises(Conflict, match="is free, not at version 4"):
        control.append_receipt("promote", "delay", "challenger", 4, 3, TOM)
    assert len(control.receipts()) == 2
    assert control.append_receipt("promote", "delay", "champion", 2, 3, TOM, expected_version=2).sequence == 3


def test_an_alias_that_is_being_changed_is_not_touched(control: Control) -> None:
    begun = control.append_receipt("promote", "delay", "champion", None, 1, MARY)
    with pytest.raises(Busy, match=r"mary \(jupyter\) with receipt 1 \(promote to version 1\)"):
        control.append_receipt("promote", "delay", "champion", None, 2, TOM)
    other = control.append_receipt("promote", "delay", "challenger", None, 2, TOM)
    assert control.pending() == [begun, other]
    control.finish_receipt(begun.id)
    assert control.pending() == [other]


def test_an_end_is_final(control: Control) -> None:
    done, failed = change(control, 1), control.append_receipt("promote", "delay", "champion", 1, 2, MARY)
    assert control.finish_receipt(done.id) == done
    failed = control.fail_receipt(failed.id, "the registry said no")
    assert failed.state == "failed" and failed.evidence["failed"] == "the registry said no"
    assert control.fail_receipt(failed.id, "again") == failed
    with pytest.raises(Conflict, match="is done already"):
        control.fail_receipt(done.id, "too late")
    with pytest.raises(Conflict, match="is failed already"):
        control.finish_receipt(failed.id)
    with pytest.raises(ReceiptNotFound, match="models receipts"):
        control.finish_receipt("no such id")
    assert control.verify_chain(control.head()) == []


@pytest.mark.parametrize(("field", "value"), [("reason", "a\0b"), ("model", "a\udc80"), ("alias", "\0")])
def test_text_that_a_database_cannot_hold_is_refused(control: Control, field: str, value: str) -> None:
    words = {"reason": "r", "model": "m", "alias": "a"} | {field: value}
    with pytest.raises(UsageError, match=field):
        control.append_receipt("promote", words["model"], words["alias"], None, 1, MARY, words["reason"])
    assert control.receipts() == []


def test_a_receipt_pins_the_snapshots_of_its_evidence(control: Control) -> None:
    receipt = change(control, 1, evidence={"snapshots": ["flights@2", "weather@1"]})
    assert control.pins() == {"flights@2", "weather@1"}
    assert control.pinned_by("flights@2") == [f"receipt:{receipt.id}"]


def test_processes_share_the_chain_without_a_gap(control: Control) -> None:
    answers = crowd(promote_own_model, url_of(control), 5)
    assert sorted(number for numbers in answers for number in numbers) == list(range(1, 26))
    assert control.verify_chain(control.head()) == [] and control.pending() == []
    assert [control.holder(f"model {n}", "champion") for n in range(5)] == [5] * 5


def test_processes_that_want_one_alias_follow_each_other(control: Control) -> None:
    moves = [move for answers in crowd(promote_same_model, url_of(control), 4) for move in answers]
    came_from = dict(moves)
    assert len(came_from) == len(moves) == 12  # no version was replaced by two
    held, seen = None, []
    while held in came_from:
        held = came_from[held]
        seen.append(held)
    assert len(seen) == 12 and control.holder("delay", "champion") == seen[-1]
    assert control.verify_chain(control.head()) == []


def test_many_may_finish_what_was_interrupted(control: Control) -> None:
    for alias in ("champion", "challenger"):
        control.append_receipt("promote", "delay", alias, None, 1, MARY)
    answers = crowd(resume, url_of(control), 4)
    assert {state for states in answers for state in states} == {"done"}
    assert control.pending() == [] and control.aliases("delay") == {"champion": 1, "challenger": 1}
    assert control.verify_chain(control.head()) == []


def test_another_key_signs_nothing_into_this_chain(control: Control) -> None:
    receipt = control.append_receipt("promote", "delay", "champion", None, 1, MARY)
    with Control(url_of(control), KEY[::-1]) as stranger:
        attempts = (
            lambda: stranger.append_receipt("promote", "other", "champion", None, 1, MARY),
            lambda: stranger.finish_receipt(receipt.id),
            lambda: stranger.holder("delay", "champion"),
            stranger.pending,
        )
        for attempt in attempts:
            with pytest.raises(ReceiptInvalid, match=r"another key.*models verify"):
                attempt()
        assert len(stranger.receipts()) == 1  # looking is allowed
        assert "another key" in stranger.check().detail and stranger.check().state == "fail"
    assert control.verify_chain(control.head()) == []


# permits


def test_only_a_signed_permit_permits(control: Control) -> None:
    control.permit_digest("sha256:aa", "model", "delay/1")
    control.permit_digest("sha256:aa", "model", "delay/1")
    control.permit_digest("sha256:aa", "model", "copy/1")
    assert control.is_permitted("sha256:aa") and not control.is_permitted("sha256:ab") and not control.is_permitted("")
    forged = {"digest": "sha256:bb", "ref": "delay/2", "what": "model", "at": now(), "format": 1, "key_id": "x", "signature": "0" * 64}
    with control._writing() as connection:
        connection.execute(schema.permits.insert().values(forged))
        connection.execute(sa.update(schema.permits).where(schema.permits.c.ref == "copy/1").values(digest="sha256:cc"))
    assert not control.is_permitted("sha256:bb") and not control.is_permitted("sha256:cc")
    assert {(p.digest, p.valid) for p in control.permits()} == {("sha256:aa", True), ("sha256:bb", False), ("sha256:cc", False)}
    control.permit_digest("sha256:bb", "model", "delay/2")  # a forged row does not stand in the way of a true one
    assert control.is_permitted("sha256:bb")
    with Control(url_of(control), KEY[::-1]) as stranger:
        assert not stranger.is_permitted("sha256:aa")
    with pytest.raises(UsageError):
        control.permit_digest("", "model")


def test_many_may_permit_the_same(control: Control) -> None:
    assert crowd(permit_same, url_of(control), 5) == [True] * 5
    assert len(control.permits()) == 1


# runs


def a_run(id: str, **more) -> Run:
    return Run(id, "/home/mary/nbs/jobs/score.ipynb", {"month": 3, "ratio": 0.5, "names": ["a", "ü"]}, **more)


def test_a_run_is_kept_whole(control: Control) -> None:
    run = a_run(
        "r1",
        status="finished",
        verdict="drifted",
        output="scores@3",
        seconds=12.25,
        started_at=datetime(2013, 3, 1, 9, 30, 0, 123456, UTC),
        finished_at=datetime(2013, 3, 1, 9, 31, tzinfo=UTC),
        error="cell 4: ValueError: a\nb",
        inputs=("flights@2", "weather@1"),
        outputs=("scores@3",),
        results={"auc": 0.71, "by_origin": {"EWR": 0.7}, "none": None},
        folder="/home/mary/.mlops/runs/r1",
        tracking_run_id="0123",
        engine="warm",
        cpu_seconds=3.5,
        peak_memory_mb=240.0,
        attempt=2,
        digests={"scores@3": "sha256:12"},
    )
    control.put_run(run)
    assert control.get_run("r1") == run
    assert control.pins() == {"flights@2", "weather@1", "scores@3"} and control.pinned_by("scores@3") == ["run:r1"]


def test_a_run_that_never_began_is_kept_whole(control: Control) -> None:
    control.put_run(a_run("r1"))
    assert control.get_run("r1").to_dict() == a_run("r1").to_dict()


def test_a_field_without_a_column_is_kept(control: Control) -> None:
    @dataclasses.dataclass(frozen=True)
    class RunOfTomorrow(Run):
        retries: int = 0

    control.put_run(RunOfTomorrow("r1", "score.ipynb", retries=3))
    with control._reading() as connection:
        assert connection.execute(sa.select(schema.runs.c.more)).scalar().endswith('"retries": 3}')
    assert control.get_run("r1").to_dict() == Run("r1", "score.ipynb").to_dict()  # this release does not know the field


def test_characters_that_postgresql_cannot_hold_do_not_lose_a_run(control: Control) -> None:
    control.put_run(a_run("r1", error="a\0b \udcff", results={"text": "x\0y\udcff"}))
    run = control.get_run("r1")
    assert "\0" not in run.error and run.error.startswith("a") and run.results == {"text": "x\0y\udcff"}


def test_runs_change_in_place_and_keep_their_grid(control: Control) -> None:
    control.put_run(a_run("r1", status="running"), grid="g1")
    control.put_run(a_run("r2", status="running"), grid="g1")
    control.put_run(a_run("r1", status="failed", error="cell 2"))
    assert [(r.id, r.status) for r in control.list_runs(grid="g1")] == [("r2", "running"), ("r1", "failed")]


def test_runs_are_filtered_and_paged(control: Control) -> None:
    for number in range(7):
        notebook = f"/nbs/{'train' if number % 3 == 0 else 'score'}.ipynb"
        control.put_run(Run(f"r{number}", notebook, status="failed" if number == 4 else "finished"))
    assert [r.id for r in control.list_runs(3)] == ["r6", "r5", "r4"]
    assert [r.id for r in control.list_runs(3, after="r4")] == ["r3", "r2", "r1"]
    assert [r.id for r in control.list_runs(status="failed")] == ["r4"]
    assert [r.id for r in control.list_runs(notebook="train.ipynb")] == ["r6", "r3", "r0"]
    assert [r.id for r in control.list_runs(notebook="/nbs/train.ipynb", status="finished", after="r6")] == ["r3", "r0"]
    assert control.list_runs(notebook="rain.ipynb") == [] and control.list_runs(notebook="%.ipynb") == []
    with pytest.raises(RunNotFound):
        control.list_runs(after="gone")


def test_a_run_is_found_by_the_beginning_of_its_id(control: Control) -> None:
    for id in ("20130301-score", "20130301-score-2", "20130302-score", "a_b", "aXb"):
        control.put_run(a_run(id))
    assert control.get_run("20130302").id == "20130302-score"
    assert control.get_run("20130301-score").id == "20130301-score"  # all of it wins over being a beginning
    assert control.get_run("a_").id == "a_b"
    with pytest.raises(RunNotFound, match=r"More than one run begins with 2013: .*20130302-score"):
        control.get_run("2013")
    with pytest.raises(RunNotFound, match="Did you mean 20130302-score"):
        control.get_run("20130302-sorce")
    with pytest.raises(RunNotFound, match="no run x"):
        control.get_run("x")
    with pytest.raises(RunNotFound):
        control.get_run("")


def test_processes_enter_runs_at_once(control: Control) -> None:
    crowd(enter_runs, url_of(control), 4)
    found = control.list_runs(limit=None, grid="g")
    assert len(found) == 24 and {run.status for run in found} == {"finished"}
    assert len(control.pinned_by("scores@1")) == 24


# pins


def test_what_nobody_names_any_more_is_not_pinned(control: Control) -> None:
    control.pin(["flights@1", "flights@2", ""], by="delay/1")
    control.pin("flights@2", by="delay/2")
    control.pin("flights@2", by="delay/2")
    assert control.pins() == {"flights@1", "flights@2"} and control.pinned_by("flights@2") == ["delay/1", "delay/2"]
    control.unpin("delay/1")
    assert control.pins() == {"flights@2"}


# leases


def test_one_of_many_gets_the_lease_and_the_others_learn_whom(control: Control) -> None:
    answers = crowd(take_lease, url_of(control), 5)
    (winner,) = [me for me, answer in enumerate(answers) if answer == 1]
    refused = [answer for answer in answers if answer != 1]
    assert all(isinstance(error, Busy) for error in refused) and len(refused) == 4
    assert all(f"“demo” is being done by demo {winner} (process " in str(error) and "on this machine" in str(error) for error in refused)


def test_what_a_lease_protects_is_done_by_one_at_a_time(control: Control) -> None:
    seen = sorted(pair for answers in crowd(count_up, url_of(control), 4) for pair in answers)
    assert [number for _, number in seen] == list(range(16))  # nobody read a number that another was just writing
    assert [fence for fence, _ in seen] == list(range(1, 17))


def test_a_killed_holder_blocks_nobody(control: Control) -> None:
    process = context.Process(target=take_and_die, args=(url_of(control), 0))
    process.start()
    process.join(300)
    assert process.exitcode == -signal.SIGKILL
    assert control.held() == {}


def test_a_zombie_holds_nothing(control: Control) -> None:
    "The holder has ended, but its parent has not collected it: the process still has its number."
    child = os.fork()
    if not child:
        try:
            Control(url_of(control), KEY).lease("demo", "demo of tom")
        finally:
            os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    with control.lease("demo", "demo of mary") as lease:
        assert lease.fence == 2
    os.waitpid(child, 0)


def test_a_lease_after_a_killed_holder_has_the_next_fence(control: Control) -> None:
    assert control.lease("demo", "demo of tom").fence == 1
    with control._writing() as connection:  # a process that is not there
        connection.execute(sa.update(schema.leases).values(pid=2**22 + 1))
    with control.lease("demo", "demo of mary") as lease:
        assert lease.fence == 2


def test_a_process_number_given_again_is_not_taken_for_the_holder(control: Control) -> None:
    control.lease("demo", "demo of tom")
    with pytest.raises(Busy):
        control.lease("demo", "demo of mary")
    with control._writing() as connection:  # a process with our number, which began at another time
        connection.execute(sa.update(schema.leases).values(started="1"))
    assert control.lease("demo", "demo of mary").fence == 2


def elsewhere(control: Control, seconds_ago: float) -> None:
    "As if the lease had been taken on another machine, so long ago by the database's clock."
    with control._writing() as connection:
        at = control_leases.clock(connection) - timedelta(seconds=seconds_ago)
        connection.execute(sa.update(schema.leases).values(host="gpu-7 0815", renewed_at=at))


def test_a_silent_holder_on_another_machine_is_replaced_after_its_time(control: Control) -> None:
    lease = control.lease("collect", "collector", ttl_s=3600)
    elsewhere(control, seconds_ago=30)
    with pytest.raises(Busy, match=r"collector \(on gpu-7, until 20.*Z unless renewed\)"):
        control.lease("collect", "other")
    elsewhere(control, seconds_ago=3601)
    other = control.lease("collect", "other")
    with pytest.raises(Conflict, match=r"now it is held by other \(process"):
        lease.renew()
    lease.release()  # not its own any more
    assert list(control.held()) == ["collect"]
    other.renew()
    other.release()
    other.release()
    with pytest.raises(Conflict, match="held by nobody"):
        other.renew()


def test_a_renewed_lease_lasts(control: Control) -> None:
    lease = control.lease("collect", "collector", ttl_s=3600)
    elsewhere(control, seconds_ago=3601)
    lease.renew()
    with pytest.raises(Busy):
        control.lease("collect", "other")


def test_a_clock_set_back_a_day_costs_one_ttl(control: Control) -> None:
    control.lease("collect", "collector", ttl_s=60)
    elsewhere(control, seconds_ago=-86_400)
    with pytest.raises(Busy):
        control.lease("collect", "other")
    with control._reading() as connection:  # it counts from that look on
        left = connection.execute(sa.select(schema.leases.c.renewed_at)).scalar_one() - control_leases.clock(connection)
    assert left <= timedelta(0)


def test_an_error_inside_a_lease_releases_it_and_is_not_hidden(control: Control) -> None:
    with pytest.raises(ZeroDivisionError), control.lease("demo", "mary"):
        _ = 1 / 0
    assert control.held() == {}


def test_leases_of_other_things_do_not_meet(control: Control) -> None:
    with control.lease("demo", "mary"), control.lease("collect", "mary"):
        assert sorted(control.held()) == ["collect", "demo"]


# doctor


def test_doctor_sees_a_healthy_database(control: Control) -> None:
    change(control, 1)
    finding = control.check()
    assert (finding.name, finding.state) == ("control", "ok")
    assert finding.detail.endswith(f"revision {schema.REVISIONS[-1]}, 1 receipts, writable")
    assert control.pins() == set()  # trying to write leaves nothing
    assert check_control(url_of(control), KEY).state == "ok"


def test_doctor_sees_a_database_that_cannot_be_written(control: Control) -> None:
    with control._writing() as connection:
        connection.execute(sa.text("DROP TABLE mlops_pins"))
    assert control.check().state == "fail" and "mlops_pins" in control.check().detail


def test_doctor_sees_an_edited_receipt(control: Control) -> None:
    change(control, 1)
    with control._writing() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(sa.text("DROP TRIGGER mlops_receipts_no_update"))
        else:
            connection.execute(sa.text("DROP TRIGGER mlops_receipts_append_only ON mlops_receipts"))
        connection.execute(sa.update(schema.receipts).values(reason="all gates were green"))
    finding = control.check()
    assert finding.state == "fail" and "Receipt 1 was changed" in finding.detail and "models verify" in finding.remedy


def test_this_process_is_alive() -> None:
    assert control_leases.began(os.getpid()) == control_leases.began(os.getpid()) != ""
