"""Aliases moved in MLflow itself: seen twice before anything is said, held or adopted once, and never in the way of a promotion."""

from dataclasses import replace

import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso, Ridge
from stores import Stores, open_stores

from mlops_nb.core.errors import MlopsError
from mlops_nb.core.records import ModelVersion
from mlops_nb.desk import production
from mlops_nb.desk.moved import AliasWatch, MovedAlias, moved_aliases
from mlops_nb.desk.production import promote, rollback, verify
from mlops_nb.desk.registering import register

FRAME = load_diabetes(as_frame=True).frame
X = FRAME.drop(columns="target")
NAME = "progrès ✈"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    place = open_stores(tmp_path_factory.mktemp("clinic"))
    for model in (Ridge(), Lasso(alpha=0.2)):
        register(place, model.fit(X[:300], FRAME["target"][:300]), NAME, train=FRAME[:300], test=FRAME[300:], target="target")
    return place


@pytest.fixture
def place(made: Stores) -> Stores:
    """Version 1 is the champion, and no alert is open."""
    made.settings = made.models.settings = replace(made.settings, external_alias="hold")
    promote(made, f"{NAME}/1", reason="as it was")
    for alert in made.control.alerts(limit=None):
        made.control.resolve_alert(alert.id)
    return made


def move(place: Stores, version: int | None) -> None:
    client = place.models.client
    if version is None:
        client.delete_registered_model_alias(NAME, "champion")
    else:
        client.set_registered_model_alias(NAME, "champion", str(version))


def test_held_until_somebody_decides(place: Stores) -> None:
    watch, receipts = AliasWatch(), len(place.control.receipts(NAME))
    move(place, 2)
    assert watch.look(place) == [] and moved_aliases(place.models) == [MovedAlias(NAME, "champion", 1, 2)]
    for _ in range(3):
        (alert,) = watch.look(place)
    assert [a.count for a in place.control.alerts(limit=None)] == [1], "told once, however often it is seen"
    assert alert.kind == "alias_moved" and "version 1 still holds it" in alert.message
    assert place.models.get(NAME).version == 1 and len(place.control.receipts(NAME)) == receipts
    assert promote(place, f"{NAME}/1").to_version == 1 and place.models.aliases(NAME) == {"champion": 1}, "MLflow is set back"
    assert len(place.control.receipts(NAME)) == receipts, "nothing was changed in production, so no receipt tells of it"
    assert watch.look(place) == [] and place.control.alerts(limit=None) == []
    assert all(f.state == "ok" for f in verify(place))


def test_taken_over_by_a_person(place: Stores) -> None:
    watch = AliasWatch()
    move(place, 2)
    watch.look(place), watch.look(place)
    assert promote(place, f"{NAME}/2", reason="it was right").from_version == 1
    assert watch.look(place) == [] and place.control.alerts(limit=None) == []


def test_a_promotion_under_way_is_not_taken_for_one(place: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    watch, seen = AliasWatch(), []

    def finish(id: str) -> None:
        seen.extend([watch.look(place), watch.look(place), moved_aliases(place.models)])
        raise KeyboardInterrupt  # killed after the alias was moved

    monkeypatch.setattr(place.control, "finish_receipt", finish)
    with pytest.raises(KeyboardInterrupt):
        promote(place, f"{NAME}/2", reason="half of it")
    monkeypatch.undo()
    assert seen == [[], [], []] and place.models.aliases(NAME) == {"champion": 2}
    assert watch.look(place) == [] and production.finish_pending(place.models)[0].to_version == 2
    assert watch.look(place) == watch.look(place) == []


def test_adopted_once_by_two_who_look(place: Stores) -> None:
    place.settings = place.models.settings = replace(place.settings, external_alias="adopt")
    one, two = AliasWatch(), AliasWatch()
    move(place, 2)
    assert one.look(place) == two.look(place) == []
    before = len(place.control.receipts(NAME))
    told = [*one.look(place), *two.look(place), *one.look(place), *two.look(place)]
    assert [a.kind for a in told] == ["alias_adopted"] and len(place.control.receipts(NAME)) == before + 1
    receipt = place.control.receipts(NAME)[0]
    assert (receipt.action, receipt.from_version, receipt.to_version, receipt.actor) == ("adopt", 1, 2, None)
    assert receipt.evidence["unattributed"] and receipt.evidence["digest"] == place.models.get(f"{NAME}/2").digest
    assert place.control.alerts(limit=None)[0].is_open, "it says so until somebody has seen it"
    assert rollback(place, NAME).to_version == 1 and place.models.aliases(NAME) == {"champion": 1}
    assert one.look(place) == one.look(place) == []


def test_what_cannot_be_adopted_is_held(place: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    place.settings = place.models.settings = replace(place.settings, external_alias="adopt")
    get, watch = place.models.get, AliasWatch()

    def broken(ref: str) -> ModelVersion:
        return replace(get(ref), state="broken") if ref == f"{NAME}/2" else get(ref)

    move(place, 2)
    monkeypatch.setattr(place.models, "get", broken)
    watch.look(place)
    (alert,) = watch.look(place)
    assert alert.kind == "alias_moved" and "not adopted, as it is broken" in alert.message and place.control.holder(NAME, "champion") == 1
    monkeypatch.undo()
    move(place, None)
    watch.look(place)
    (alert,) = watch.look(place)
    assert "to nothing" in alert.message and "a removal is not adopted" in alert.message and place.models.get(NAME).version == 1


def test_a_registry_that_does_not_answer_is_no_moved_alias(place: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = AliasWatch()
    move(place, 2)
    watch.look(place)

    def away(registry: object) -> list[str]:
        raise MlopsError("MLflow does not answer.")

    monkeypatch.setattr(type(place.models.registry), "names", away)
    with pytest.raises(MlopsError):
        watch.look(place)
    monkeypatch.undo()
    assert [a.kind for a in watch.look(place)] == ["alias_moved"], "what was seen before counts still"
