"""Access keys: shown once, kept as digests, and worth nothing without this workspace's signature."""

import hashlib

import pytest
import sqlalchemy as sa
from crowd import KEY

from mlops_nb.core.errors import NameInvalid, ReadOnly, UsageError
from mlops_nb.core.serving import KeyNotFound
from mlops_nb.store.control import Control
from mlops_nb.store.control_keys import split_token

def everything_in(control: Control) -> str:
    with control._reading() as connection:
        return repr(connection.execute(sa.text("SELECT * FROM mlops_keys")).all())


def test_a_key_is_shown_once_and_kept_as_a_digest(control: Control) -> None:
    made = control.create_key("predict", "gates – “Köln” ✈", ["delay-eu", "delay", "delay"], per_minute=600)
    found = split_token(made.token)
    assert found is not None and found[0] == made.id and (made.role, made.deployments) == ("predict", ("delay", "delay-eu"))
    stored = everything_in(control)
    assert found[1] not in stored and made.token not in stored and hashlib.sha256(found[1].encode()).hexdigest() in stored
    (listed,) = control.keys()
    assert listed.token == "" and "token" not in repr(made) and found[1] not in repr(made)
    assert (listed.id, listed.name, listed.per_minute, listed.revoked_at) == (made.id, "gates – “Köln” ✈", 600, None)
    assert control.open_keys() == [(listed, hashlib.sha256(found[1].encode()).hexdigest())]
    assert len({control.create_key("admin").token for _ in range(20)}) == 20


def test_a_revoked_key_opens_nothing_and_stays_listed(control: Control) -> None:
    gates, crews = control.create_key("predict", "gates"), control.create_key("feedback", "crews")
    revoked = control.revoke_key(gates.id)
    assert revoked.revoked_at and control.revoke_key(gates.token) == revoked, "again is fine, and keeps the time"
    assert [key.id for key, _ in control.open_keys()] == [crews.id] and len(control.keys()) == 2
    assert control.foreign_keys() == []
    with Control(control.url.render_as_string(hide_password=False), KEY, read_only=True) as reader:
        assert len(reader.keys()) == 2
        with pytest.raises(ReadOnly):
            reader.revoke_key(crews.id)


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE mlops_keys SET role = 'admin'",
        "UPDATE mlops_keys SET deployments = '[]'",
        "UPDATE mlops_keys SET per_minute = 0",
        "UPDATE mlops_keys SET digest = 'cafe'",
        "UPDATE mlops_keys SET id = 'cafe'",
        "UPDATE mlops_keys SET signature = ''",
    ],
)
def test_a_row_that_somebody_changed_opens_nothing(control: Control, attack: str) -> None:
    made = control.create_key("predict", "gates", ["delay"], per_minute=5)
    with control._writing() as connection:
        connection.exec_driver_sql(attack)
    assert control.open_keys() == [] == control.keys() and len(control.foreign_keys()) == 1
    with pytest.raises(KeyNotFound):
        control.revoke_key(made.id)


def test_a_revoked_key_is_not_revived_and_a_strangers_key_is_none(control: Control) -> None:
    control.revoke_key(control.create_key("predict").id)
    with control._writing() as connection:
        connection.exec_driver_sql("UPDATE mlops_keys SET revoked_at = NULL")
    url = control.url.render_as_string(hide_password=False)
    with Control(url, b"another key, thirty-two bytes ok") as stranger:
        stranger.create_key("admin", "stranger")
        assert [key.name for key, _ in stranger.open_keys()] == ["stranger"]
    assert control.open_keys() == [] and len(control.foreign_keys()) == 2


def test_what_cannot_be_a_key_is_refused(control: Control) -> None:
    with pytest.raises(UsageError, match="predict, feedback, admin"):
        control.create_key("root")
    for wrong in (-1, True, 2.5, 2**40):
        with pytest.raises(UsageError, match="per_minute"):
            control.create_key("predict", per_minute=wrong)
    for wrong_name in ("two\nlines", "nul\0", "x" * 201):
        with pytest.raises(UsageError, match="name of the key"):
            control.create_key("predict", wrong_name)
    with pytest.raises(NameInvalid, match="part of a URL"):
        control.create_key("predict", deployments=["a/b"])
    assert control.create_key("predict", deployments="delay").deployments == ("delay",), "a text is one name, not its letters"
    with pytest.raises(KeyNotFound, match="keys list"):
        control.revoke_key("")
    assert len(control.keys()) == 1
