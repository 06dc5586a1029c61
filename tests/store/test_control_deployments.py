"""Revisions of deployments: appended with a receipt, one winner at a time, and worth nothing without one."""

import dataclasses
import json

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from control_work import deploy_first, deploy_in_turns, resume_deployments, wanted
from crowd import KEY, crowd

from mlops_nb.core.errors import Conflict, ReadOnly, ReceiptInvalid, StoreUnavailable, UsageError
from mlops_nb.core.records import Actor, Receipt, Run
from mlops_nb.core.serving import Deployment, DeploymentNotFound, Route, ServingOptions
from mlops_nb.store import control_schema as schema
from mlops_nb.store.control import Control
from mlops_nb.store.control_deployments import spec_of

MARY, TOM = Actor("jupyter", "mary"), Actor("os", "tom")
TENTH = (Route("champion", "delay@champion", weight=90.0), Route("v2", "delay/2", "canary", 10.0), Route("v3", "delay/3", "shadow", 0.0))


def add(control: Control, *routes: Route, held: int, actor: Actor = MARY, **more: str) -> Receipt:
    return control.add_revision(wanted(*routes, **more), actor, expected_revision=held)


def begin(control: Control, deployment: Deployment, held: int | None, to: int, action: str = "deploy") -> Receipt:
    "A receipt whose process died right after it."
    alias = f"deployment/{deployment.name}"
    return control.append_receipt(action, "delay", alias, held, to, TOM, "died", evidence={"deployment": spec_of(deployment)})


def test_every_revision_is_kept_with_who_and_why(control: Control) -> None:
    first = add(control, held=0, reason="go live")
    options = ServingOptions(threshold=0.3, columns={"tailnum": "hash"}, sticky="header:X-User")
    canary = dataclasses.replace(wanted(*TENTH, reason="a tenth – “Köln” ✈"), options=options, log="profile")
    second = control.add_revision(canary, TOM, expected_revision=1)
    assert (first.deployment, first.from_version, first.to_version, first.state) == ("delay", None, 1, "done")
    assert (second.action, second.from_version, second.to_version) == ("deploy", 1, 2)

    now_ = control.deployment("delay")
    assert (now_.revision, now_.routes, now_.options, now_.log, now_.actor) == (2, TENTH, options, "profile", TOM)
    assert now_.at == second.at and now_.reason == "a tenth – “Köln” ✈" and now_.state == "starting"
    add(control, held=2, state="stopped")
    assert [(d.revision, d.state) for d in control.history("delay")] == [(3, "stopped"), (2, "starting"), (1, "starting")]
    add(control, held=0, name="delay-eu")
    assert [(d.name, d.revision) for d in control.deployments()] == [("delay", 3), ("delay-eu", 1)]
    assert control.verify_chain(control.head()) == [] and control.foreign_revisions() == []
    with pytest.raises(DeploymentNotFound, match=r"no deployment dely. Did you mean delay\?"):
        control.deployment("dely")
    with pytest.raises(DeploymentNotFound):
        control.history("")


def test_a_deployment_is_none_of_the_models_aliases(control: Control) -> None:
    control.finish_receipt(control.append_receipt("promote", "delay", "champion", None, 4, MARY).id)
    add(control, held=0)
    assert control.aliases("delay") == {"champion": 4} and control.holder("delay", "champion") == 4
    receipts = control.receipts("delay")
    assert [(r.deployment, r.alias) for r in receipts] == [("delay", "deployment/delay"), ("", "champion")]


def test_who_looked_at_an_older_revision_is_told_who_was_quicker(control: Control) -> None:
    add(control, held=0)
    add(control, *TENTH, held=1, actor=TOM)
    with pytest.raises(Conflict, match=r"delay is at revision 2, not at revision 1: .*tom \(os\) with receipt 2 \(deploy to revision 2\)"):
        add(control, held=1)
    with pytest.raises(Conflict, match=r"Deployment delay is there already, at revision 2: it was moved by tom"):
        control.expect_revision("delay", 0)
    with pytest.raises(Conflict, match="Deployment other is not there, not at revision 7"):
        add(control, held=7, name="other")
    control.expect_revision("delay", 2)
    assert control.deployment("delay").revision == 2 and control.pending() == []


def test_of_many_at_once_exactly_one_is_first(control_url: str) -> None:
    answers = crowd(deploy_first, control_url, 8)
    won = [answer for answer in answers if isinstance(answer, Receipt)]
    lost = [answer for answer in answers if isinstance(answer, Conflict)]
    assert len(won) == 1 and len(lost) == 7
    winner = won[0].actor
    assert winner is not None and all(f"{winner.id} (os) with receipt 1 (deploy to revision 1)" in str(error) for error in lost)
    with Control(control_url, KEY) as control:
        assert [d.actor for d in control.history("delay")] == [winner]
        assert control.verify_chain(control.head()) == [] and len(control.receipts()) == 1


def test_many_in_turns_leave_an_unbroken_line(control_url: str) -> None:
    moves = sorted(move for member in crowd(deploy_in_turns, control_url, 4) for move in member)
    assert moves == [(number, number + 1) for number in range(12)]
    with Control(control_url, KEY) as control:
        assert [d.revision for d in control.history("delay")] == list(range(12, 0, -1))
        assert control.foreign_revisions() == [] and control.pending() == []


def test_what_was_begun_is_finished_by_whoever_comes_next(control: Control) -> None:
    add(control, held=0)
    begun = begin(control, wanted(*TENTH), 1, 2)
    assert control.deployment("delay").revision == 1, "pending is not done"
    control.write_revision(begun)
    assert control.deployment("delay").revision == 1, "… nor is a row without its end"
    add(control, held=2, actor=MARY, state="stopped")  # finishes it, and then sees revision 2
    assert [(d.revision, d.actor, d.reason) for d in control.history("delay")][:2] == [(3, MARY, ""), (2, TOM, "died")]
    assert control.finish_revision(begun).state == "done", "again is fine"


def test_many_finish_the_same_one(control_url: str) -> None:
    with Control(control_url, KEY) as control:
        begin(control, wanted(), None, 1)
        begin(control, wanted(name="delay-eu"), None, 1)
        assert max(crowd(resume_deployments, control_url, 6)) == 2
        assert [d.name for d in control.deployments()] == ["delay", "delay-eu"] and control.pending() == []
        assert control.verify_chain(control.head()) == []


def test_a_receipt_that_says_nothing_is_failed_and_blocks_nobody(control: Control) -> None:
    empty = control.append_receipt("deploy", "delay", "deployment/delay", None, 1, TOM)
    assert control.finish_revisions() == [] and control.receipt(empty.id).state == "failed"
    with pytest.raises(UsageError, match="does not say what to deploy"):
        control.write_revision(empty)
    assert add(control, held=0).to_version == 2, "its number is not given again"
    assert [d.revision for d in control.history("delay")] == [2]


def plant(control: Control, receipt: str) -> None:
    "Revision 9, which nobody decided; `receipt` is SQL."
    routes = json.dumps([{"route": "v9", "ref": "delay/9"}])
    columns = f"name, 9, model, '{routes}', options, log, desired, {receipt}, actor_kind, actor_id, reason, at"
    with control._writing() as connection:
        connection.execute(sa.text(f"INSERT INTO mlops_deployments SELECT {columns} FROM mlops_deployments".replace(":", "\\:")))


@pytest.mark.parametrize("receipt", ["'none'", "receipt"])
def test_a_row_put_in_by_hand_deploys_nothing(control: Control, receipt: str) -> None:
    "Also when it names a receipt that is there: the receipt says something else."
    add(control, held=0)
    plant(control, receipt)
    assert control.deployment("delay").revision == 1 and len(control.history("delay")) == 1
    assert control.foreign_revisions() == ["Revision 9 of delay follows from no receipt: it does not count."]
    assert add(control, *TENTH, held=1).to_version == 10, "the number is taken"
    assert control.deployment("delay").revision == 10


def test_a_taken_number_is_refused_and_the_next_is_free(control: Control) -> None:
    add(control, held=0)
    begun = begin(control, wanted(*TENTH), 1, 9)
    plant(control, "'none'")
    with pytest.raises(Conflict, match="Revision 9 of delay is taken"):
        control.finish_revision(begun)
    assert control.receipt(begun.id).state == "failed" and add(control, *TENTH, held=1).to_version == 10


def drop_triggers(control: Control) -> None:
    with control._writing() as connection:
        if connection.dialect.name == "sqlite":
            for name in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            for table in ("mlops_deployments", "mlops_receipts"):
                connection.exec_driver_sql(f"DROP TRIGGER {table}_append_only ON {table}")


def test_revisions_refuse_to_be_edited(control: Control) -> None:
    add(control, held=0)
    for statement in ("UPDATE mlops_deployments SET model = 'x'", "DELETE FROM mlops_deployments"):
        with pytest.raises((sa.exc.IntegrityError, StoreUnavailable), match="append-only"), control._writing() as connection:
            connection.exec_driver_sql(statement)
    assert control.deployment("delay").model == "delay"


def test_what_an_attacker_changes_does_not_count_and_is_found(control: Control) -> None:
    add(control, held=0)
    add(control, *TENTH, held=1)
    drop_triggers(control)
    with control._writing() as connection:
        connection.exec_driver_sql("UPDATE mlops_deployments SET desired = 'stopped' WHERE revision = 2")
    assert (control.deployment("delay").revision, control.deployment("delay").state) == (1, "starting")
    assert control.foreign_revisions() == ["Revision 2 of delay follows from no receipt: it does not count."]
    with control._writing() as connection:
        connection.exec_driver_sql("DELETE FROM mlops_deployments WHERE revision = 2")
    assert control.foreign_revisions() == ["Revision 2 of delay is gone from its table."]
    assert add(control, *TENTH, held=2).to_version == 3, "and everybody can go on"
    with control._writing() as connection:
        connection.exec_driver_sql("UPDATE mlops_receipts SET reason = 'x' WHERE to_version = 3")
    assert control.deployment("delay").revision == 1
    with pytest.raises(ReceiptInvalid, match="changed after it was signed"):
        control.held_revision("delay")


def test_another_workspaces_key_deploys_nothing(control: Control) -> None:
    add(control, held=0)
    with Control(control.url.render_as_string(hide_password=False), b"another key, thirty-two bytes ok") as stranger:
        assert stranger.deployments() == [] and len(stranger.foreign_revisions()) == 1


def at_revision(url: str, revision: str) -> None:
    "Migrates an empty database just so far."
    engine = schema.make_engine(schema.read_url(url))
    if engine.url.get_backend_name() == "sqlite":
        schema._make_folder(schema.Path(str(engine.url.database)).parent)
        schema._use_log(engine)
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS).replace("%", "%%"))
    with engine.connect().execution_options(mlops_write=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def test_a_database_of_the_release_before_keeps_all_it_had(control_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at_revision(control_url, "0001")
    with monkeypatch.context() as before:
        before.setattr(schema, "REVISIONS", ("0001",))
        with Control(control_url, KEY) as old:
            old.finish_receipt(old.append_receipt("promote", "delay", "champion", None, 1, MARY, evidence={"snapshots": ["flights@2"]}).id)
            waiting = old.append_receipt("promote", "delay", "champion", 1, 2, TOM)
            old.put_run(Run("r1", "score.ipynb", {"month": 3}, "finished", outputs=("scores@1",)))
            old.permit_digest("sha256:0f", "model", "delay/1")
            head = old.head()
    with pytest.raises(ReadOnly, match="has to be migrated first"):
        Control(control_url, KEY, read_only=True)
    with Control(control_url, KEY) as control:
        assert control.check().state == "ok" and "revision 0004" in control.check().detail
        assert control.verify_chain(head) == [] and [r.id for r in control.pending()] == [waiting.id]
        assert control.is_permitted("sha256:0f") and control.get_run("r1").outputs == ("scores@1",)
        assert control.pins() == {"flights@2", "scores@1"} and control.deployments() == [] == control.alerts() == control.keys()
        add(control, held=0)
    with Control(control_url, KEY, read_only=True) as reader:
        assert reader.deployment("delay").revision == 1
        with pytest.raises(ReadOnly):
            add(reader, held=1)
    with monkeypatch.context() as before:
        before.setattr(schema, "REVISIONS", ("0001",))
        with pytest.raises(schema.StoreTooNew, match="revision 0004, this one knows 0001"):
            Control(control_url, KEY)
