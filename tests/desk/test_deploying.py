"""Deploying, following, stopping, going back: real models and stores, without servers."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from stores import Stores, open_stores

from mlops_nb.core.errors import Conflict, ModelNotFound, NameInvalid, UsageError, VersionNotFound, VersionNotProven
from mlops_nb.core.records import Actor
from mlops_nb.core.serving import Deployment, DeploymentNotFound, Route, ServingOptions
from mlops_nb.desk.deploying import (
    describe_versions,
    put,
    resolve,
    roll_back,
    stop,
    take_back,
    undo,
    url_of,
    what_rollback_does,
    what_undo_does,
)
from mlops_nb.desk.production import change, finish_pending, promote, verify
from mlops_nb.desk.registering import register
from mlops_nb.store.models import mirrored_head, set_state

FRAME = pd.DataFrame({"departs": [300.0, 600, 900, 1200] * 5, "gust": [1.0, 2, 3, 4] * 5, "carrier_id": range(20)})
FRAME["late"] = FRAME["departs"] > 700
NAMED = {"target": "late", "id": "carrier_id"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    "Model “delay” with three proven versions and “price”, a regression, with one."
    place = open_stores(tmp_path_factory.mktemp("a workspace"))
    features = FRAME[["departs", "gust"]]
    for strength in (1.0, 0.1, 0.01):
        version = register(place, LogisticRegression(C=strength).fit(features, FRAME["late"]), "delay", train=FRAME, **NAMED)
        assert version.state == "proven", version.reason
    register(place, LinearRegression().fit(FRAME[["departs"]], FRAME["gust"]), "price", train=FRAME[["departs", "gust"]], target="gust")
    return place


@pytest.fixture
def place(made: Stores, request: pytest.FixtureRequest) -> Iterator[Stores]:
    "The same, with champion at version 1 and nothing deployed under the test's own name."
    if made.control.holder("delay", "champion") != 1:
        promote(made, "delay/1")
    yield made
    assert made.control.verify_chain(mirrored_head(made.models)) == [] and made.control.pending() == []
    assert made.control.foreign_revisions() == []


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return request.node.name.removeprefix("test_")[:60].replace("[", ".").rstrip("]")


def told(deployment: Deployment) -> list[tuple[str, str, float, str]]:
    return [(r.route, r.role, r.weight, r.version) for r in deployment.routes]


def test_it_follows_the_champion_and_says_what_is_newer(place: Stores) -> None:
    first = put(place, "delay", reason="go live")
    assert (first.name, first.revision, first.changed, first.log) == ("delay", 1, True, "features")
    assert first.url == f"http://127.0.0.1:{place.settings.port}/models/delay" and told(first) == [("champion", "live", 100.0, "delay/1")]
    assert first.note == 'serving v1 (champion); newest is v3: ws.promote("delay/3")'
    again = put(place, "delay@champion", reason="Run All")
    assert (again.revision, again.changed, again.reason) == (1, False, "go live")
    promote(place, "delay/3")
    followed = resolve(place, place.control.deployment("delay"))
    assert told(followed) == [("champion", "live", 100.0, "delay/3")] and followed.revision == 1
    assert describe_versions([followed]) == {"delay/3"} and put(place, "delay").note == ""
    receipt = next(r for r in place.control.receipts("delay", limit=None) if r.deployment == "delay")
    assert (receipt.action, receipt.alias, receipt.from_version, receipt.to_version) == ("deploy", "deployment/delay", None, 1)
    assert receipt.evidence["versions"]["champion"] == {"version": "delay/1", "digest": place.models.get("delay/1").digest}


def test_nothing_of_it_is_an_alias_anywhere(place: Stores, name: str) -> None:
    put(place, "delay/2", name=name)
    assert "deployment" not in repr(place.control.aliases("delay")) + repr(place.models.aliases("delay"))
    assert not [a for version in place.models.versions("delay") for a in version.aliases if "deployment" in a]
    assert {f.name: f.state for f in verify(place) if f.state != "ok"} == {}
    assert put(place, "delay/2", name=name).note == f'serving v2; newest is v3: ws.deploy("delay/3", name="{name}")'


def test_shares_shadows_and_options_are_kept_until_they_are_given_anew(place: Stores, name: str) -> None:
    promote(place, "delay/2", alias="challenger")
    options = {"threshold": 0.3, "columns": {"carrier_id": "hash", "gust": "drop"}, "sticky": "field:carrier_id"}
    asked = {"name": name, "canary": {"challenger": 10}, "shadow": 3}
    one = put(place, "delay", **asked, options=options, log="profile")
    assert told(one) == [
        ("champion", "live", 90.0, "delay/1"),
        ("challenger", "canary", 10.0, "delay/2"),
        ("v3", "shadow", 0.0, "delay/3"),
    ]
    assert put(place, "delay", **asked).revision == 1, "options and log were left out, so they stay"
    same = put(place, "delay@champion", name=name, canary={"delay@challenger": 10.0}, shadow=["delay/3"], options=ServingOptions(**options))
    assert (same.revision, same.changed) == (1, False)
    two = put(place, place.models.get("delay/2"), name=name)
    assert told(two) == [("v2", "live", 100.0, "delay/2")] and two.options == one.options and two.log == "profile"
    three = put(place, "delay/2", name=name, options={}, log="off")
    assert three.options == ServingOptions() and three.log == "off" and three.revision == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"canary": {"delay/2": 100}}, "above 0 and below 100"),
        ({"canary": {"delay/2": 60, 3: 40}}, "nothing is left"),
        ({"canary": {"delay/2": float("nan")}}, "above 0"),
        ({"canary": {"delay/2": "10"}}, "above 0"),
        ({"canary": {"delay/2": True}}, "above 0"),
        ({"canary": "challenger"}, "in percent"),
        ({"canary": {"champion": 10}}, "named twice"),
        ({"canary": {2: 10}, "shadow": "delay/2"}, "named twice"),
        ({"canary": {"price/1": 10}}, "another model"),
        ({"log": "rows"}, "features, profile, off"),
        ({"options": {"treshold": 0.3}}, "Did you mean threshold"),
        ({"options": {"columns": {"carier_id": "hash"}}}, "Did you mean carrier_id"),
        ({"options": {"threshold": 3}}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(place: Stores, words: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        put(place, "delay", name="refused", **words)
    with pytest.raises(DeploymentNotFound):
        place.control.deployment("refused")


def test_a_regression_has_neither_probabilities_nor_a_threshold(place: Stores) -> None:
    with pytest.raises(UsageError, match=r"two classes; price/1 is of kind regression"):
        put(place, "price", name="refused", options={"threshold": 0.5})
    with pytest.raises(UsageError, match="no probabilities"):
        put(place, "price", name="refused", options={"output": "probabilities"})


def test_what_is_not_there_is_named(place: Stores) -> None:
    with pytest.raises(ModelNotFound, match="Did you mean delay"):
        put(place, "dely")
    with pytest.raises(VersionNotFound, match="no version 9"):
        put(place, "delay/9")
    with pytest.raises(VersionNotFound, match="no challengr"):
        put(place, "delay", name="refused", canary={"challengr": 10})
    with pytest.raises(NameInvalid, match="part of a URL"):
        put(place, "delay", name="a/b")
    with pytest.raises(UsageError, match="does not name a version"):
        put(place, "delay//2")


def test_only_proven_versions_take_requests(place: Stores, name: str) -> None:
    put(place, "delay/1", name=name)
    put(place, "delay/3", name=name)
    third = place.models.get("delay/3")
    for state, words in (("broken", "delay/3 is broken: no longer loads, so"), ("proving", "delay/3 is not proven yet")):
        set_state(place.models, third, state, "no longer loads")
        with pytest.raises(VersionNotProven, match=words):
            put(place, "delay", name=name, canary={3: 10})
        put(place, "delay/2", name=name)
        with pytest.raises(VersionNotProven, match=words):  # going back would serve it, too
            undo(place, name)
    set_state(place.models, third, "proven")
    assert undo(place, name).to_version == 4 and told(resolve(place, place.control.deployment(name)))[0][0] == "v3"


def test_a_name_belongs_to_one_model_while_it_answers(place: Stores, name: str) -> None:
    put(place, "delay", name=name, options={"threshold": 0.3})
    with pytest.raises(Conflict, match=f"Deployment {name} answers for model “delay”, not for “price”"):
        put(place, "price", name=name)
    stop(place, name)
    other = put(place, "price", name=name)
    assert (other.revision, other.model, other.options) == (3, "price", ServingOptions()), "another model's options do not stay"
    assert undo(place, name).model == "delay" and place.control.deployment(name).state == "stopped"


def test_somebody_who_was_quicker_is_named(place: Stores, name: str) -> None:
    put(place, "delay", name=name, expected_revision=0)
    with pytest.raises(Conflict, match="is there already, at revision 1"):
        put(place, "delay", name=name, expected_revision=0)
    put(place, "delay/2", name=name, expected_revision=1)
    with pytest.raises(Conflict, match=r"is at revision 2, not at revision 1: it was moved by .* \(deploy to revision 2\)"):
        put(place, "delay/3", name=name, expected_revision=1)
    assert place.control.deployment(name).revision == 2


def test_the_same_wish_at_the_same_moment_is_no_conflict(place: Stores, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    "Between the look and the write somebody else deploys: first the very same, then something else."
    held = place.control.held_revision
    quicker = iter([{"canary": None}, {"canary": {2: 10}}])

    def slow(asked: str) -> int:
        number = held(asked)
        monkeypatch.setattr(place.control, "held_revision", held)
        put(place, "delay/1", name=asked, **next(quicker))
        return number

    monkeypatch.setattr(place.control, "held_revision", slow)
    assert put(place, "delay/1", name=name).changed is False
    stop(place, name)
    monkeypatch.setattr(place.control, "held_revision", slow)
    with pytest.raises(Conflict, match="moved by"):
        put(place, "delay/1", name=name)


def test_stopping_is_a_revision_and_may_be_said_twice(place: Stores, name: str) -> None:
    assert stop(place, name).changed is False and stop(place, name).revision == 0
    put(place, "delay/1", name=name)
    stopped = stop(place, name, reason="storm")
    assert (stopped.state, stopped.revision, stopped.changed, stopped.reason) == ("stopped", 2, True, "storm")
    assert stop(place, name).changed is False and place.control.deployment(name).revision == 2
    assert describe_versions([stopped]) == set() and place.control.last_change("", f"deployment/{name}").action == "undeploy"
    assert put(place, "delay/1", name=name).revision == 3


def test_undo_takes_back_a_revision_and_then_itself(place: Stores, name: str) -> None:
    first = put(place, "delay/1", name=name, options={"threshold": 0.4})
    put(place, "delay/1", name=name, canary={2: 10}, options={}, reason="try")
    said = what_undo_does(place, name)
    assert said.startswith(f"{name} goes from revision 2 back to what revision 1 said, delay/1 (100 %) (undoes the deployment by ")
    assert re.search(r", (just now|\d+ \w+ ago): “try”\)\.$", said), said
    undone = undo(place, name, reason="no")
    back = place.control.deployment(name)
    assert (undone.action, undone.from_version, undone.to_version) == ("rollback", 2, 3) and back.options == first.options
    assert told(resolve(place, back)) == told(first)
    undo(place, name)
    assert [r.route for r in place.control.deployment(name).routes] == ["v1", "v2"]


def test_undoing_the_first_revision_stops(place: Stores, name: str) -> None:
    put(place, "delay/1", name=name)
    assert what_undo_does(place, name).startswith(f"{name} stops answering (undoes the deployment by ")
    undo(place, name)
    assert place.control.deployment(name).state == "stopped"
    assert "goes from revision 2 back to what revision 1 said" in what_undo_does(place, name)
    undo(place, name)
    assert place.control.deployment(name).state == "starting"


def test_undo_takes_back_a_promotion_that_was_followed(place: Stores, name: str) -> None:
    put(place, "delay", name=name)
    promote(place, "delay/2", alias="blue")  # nobody here follows it
    receipt = promote(place, "delay/2", reason="more winter days")
    said = what_undo_does(place, name)
    assert said.startswith(f"{name} goes from version 2 back to version 1 (undoes the promotion by ")
    assert re.search(r", (just now|\d+ \w+ ago): “more winter days”\)\.$", said), said
    undone = roll_back(place, name, reason="complaints", expected_receipt=receipt.id)
    assert undone.undoes == receipt.id and place.models.aliases("delay")["champion"] == 1
    assert told(resolve(place, place.control.deployment(name)))[0][3] == "delay/1"
    with pytest.raises(Conflict, match="was changed meanwhile"):
        roll_back(place, name, expected_receipt=receipt.id)


def test_an_alias_that_was_nowhere_before_is_not_taken_from_a_deployment(place: Stores, name: str) -> None:
    alias = "first-time"
    promote(place, "delay/2", alias=alias)
    put(place, f"delay@{alias}", name=name)
    change(place.models, "rollback", "delay", alias, None)
    gone = resolve(place, place.control.deployment(name))
    assert gone.routes[0].state == "failed" and "has no first-time now" in gone.routes[0].reason and describe_versions([gone]) == set()
    promote(place, "delay/3", alias=alias)
    assert "which undo refuses" in what_undo_does(place, name)
    with pytest.raises(UsageError, match="no version to go back to"):
        undo(place, name)


def test_a_name_may_be_a_models(place: Stores) -> None:
    sentence = what_rollback_does(place, "price")
    assert sentence.startswith("price@champion goes from version 1 back to no version (undoes the promotion by")
    put(place, "price", name="quote")
    assert what_rollback_does(place, "price").startswith("quote stops answering"), "the newest change of the model was a deployment"
    before = place.control.head()
    for named in ("price@champion", "price@", "price/1", "quote@live"):  # the newest change is none of these
        with pytest.raises((UsageError, ModelNotFound)):
            roll_back(place, named)
    assert place.control.head() == before, "nothing was undone"
    assert roll_back(place, "price").deployment == "quote"
    promote(place, "price/1", alias="blue")
    with pytest.raises(UsageError, match="of price@blue, and not of price@green: nothing was undone"):
        roll_back(place, "price@green")
    assert what_rollback_does(place, "price@blue").startswith("price@blue goes from version 1 back to no version")
    assert roll_back(place, "price@blue").to_version is None
    with pytest.raises(ModelNotFound):
        roll_back(place, "nothing")
    with pytest.raises(DeploymentNotFound):
        undo(place, "nothing")


def test_a_deployment_that_is_stopped_is_not_concerned_by_what_others_follow(place: Stores, name: str) -> None:
    put(place, "delay", name=name)
    stop(place, name, reason="storm")
    put(place, "delay")
    promote(place, "delay/2")
    assert what_rollback_does(place, name).startswith(f"{name} goes from revision 2 back to what revision 1 said")
    assert what_rollback_does(place, "delay").startswith("delay goes from version 2 back to version 1")
    stop(place, "delay")
    promote(place, "delay/3")
    assert what_rollback_does(place, "delay").startswith("delay@champion goes from version 3 back to version 2"), "a model's name, too"
    assert roll_back(place, "delay").to_version == 2 and place.control.deployment("delay").state == "stopped"


def test_the_guard_takes_a_canary_back_once(place: Stores, name: str) -> None:
    promote(place, "delay/3", alias="challenger")
    put(place, "delay/1", name=name, canary={"challenger": 10, 2: 5}, shadow="champion")
    left = take_back(place, name, "challenger", "12 % of its requests failed")
    assert left is not None and [(r.route, r.weight) for r in left.routes] == [("v1", 95.0), ("v2", 5.0), ("champion", 0.0)]
    receipt = place.control.last_change("", f"deployment/{name}")
    assert receipt.actor == Actor("agent", "canary guard") and receipt.evidence["taken back"] == "delay/3"
    for other in ("challenger", "v1", "champion", "none"):
        assert take_back(place, name, other, "…") is None, "gone already, or no canary"
    (alert,) = place.control.alerts(deployment=name)
    assert (alert.kind, alert.version, alert.count) == ("canary_taken_back", "delay/3", 1) and "12 %" in alert.message
    put(place, "delay/1", name=name, canary={"challenger": 1})
    assert place.control.alerts(deployment=name) == [], "a person has decided anew"
    stop(place, name)
    assert take_back(place, name, "challenger", "…") is None


def test_what_was_begun_by_a_process_that_died_is_finished(place: Stores, name: str) -> None:
    from mlops_nb.store.control_deployments import spec_of

    put(place, "delay/1", name=name)
    wanted = dataclasses.replace(place.control.deployment(name), routes=(Route("v2", "delay/2"),))
    begun = place.control.append_receipt("deploy", "delay", f"deployment/{name}", 1, 2, None, evidence={"deployment": spec_of(wanted)})
    assert [r.id for r in finish_pending(place.models, "delay")] == [begun.id]
    assert told(resolve(place, place.control.deployment(name)))[0][3] == "delay/2"
    assert put(place, "delay/2", name=name).revision == 2


def test_stopping_needs_no_registry(tmp_path: Path) -> None:
    place = open_stores(tmp_path)
    wanted = Deployment("delay", 0, model="delay", routes=(Route("v1", "delay/1"),))
    place.control.add_revision(wanted, None, expected_revision=0)
    place.models.settings = dataclasses.replace(place.settings, tracking_uri="http://127.0.0.1:9", registry_uri="http://127.0.0.1:9")
    assert stop(place, "delay").state == "stopped" and place.control.deployment("delay").state == "stopped"


@pytest.mark.parametrize(
    ("changed", "url"),
    [
        ({}, "http://127.0.0.1:8780/models/x"),
        ({"host": "localhost", "port": 9000}, "http://127.0.0.1:9000/models/x"),
        ({"host": "0.0.0.0", "tls_cert": "cert.pem"}, "https://127.0.0.1:8780/models/x"),
        ({"host": "models.example.org"}, "http://models.example.org:8780/models/x"),
        ({"host": "fe80::1"}, "http://[fe80::1]:8780/models/x"),
    ],
)
def test_the_address_is_one_that_can_be_called(place: Stores, changed: dict, url: str) -> None:
    assert url_of(dataclasses.replace(place.settings, **changed), "x") == url
