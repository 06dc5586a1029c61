"""Whatever is done to the stored receipts is found: properties over real databases, not over lists."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from crowd import KEY
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mlops_nb.core.errors import ReceiptInvalid
from mlops_nb.core.records import Actor
from mlops_nb.store import control_chain as chain
from mlops_nb.store import control_schema as schema
from mlops_nb.store.control import Control

MARY = Actor("jupyter", "mary")
LINKS = {"mlops_receipts": schema.receipts, "mlops_outcomes": schema.outcomes}
COLUMNS = [(table, column.name) for table in LINKS.values() for column in table.columns]
Rows = dict[str, list[dict[str, Any]]]
thorough = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


class Attacker:
    """Somebody who may do everything to the database, and has no key."""

    def __init__(self, control: Control):
        self.control, self.sqlite = control, control.url.get_backend_name() == "sqlite"
        self.story = self.tell()
        self.engine = sa.create_engine(control.url)
        if self.sqlite:
            sa.event.listen(self.engine, "connect", lambda raw, _: raw.executescript("PRAGMA foreign_keys=OFF; PRAGMA synchronous=OFF"))
        self.do(*self.preparation())
        self.truth = self.rows()

    def tell(self) -> list[tuple[int, str]]:
        "A history with every kind of receipt; the head after each change."
        heads, control = [], self.control
        steps = [("promote", 1), ("promote", 2), ("promote", 3), ("rollback", 2), ("forget", None), ("adopt", 9)]
        for number, (action, version) in enumerate(steps):
            held = control.holder("delay", "champion")
            more = {"reason": "why" * (number % 3), "forced": number == 2, "evidence": {"auc": 0.7, "note": "ü"}}
            receipt = control.append_receipt(action, "delay", "champion", held, version, MARY if number % 2 else None, **more)
            heads.append(control.head())
            _ = control.fail_receipt(receipt.id, "no") if number == 2 else control.finish_receipt(receipt.id)
            heads.append(control.head())
        control.append_receipt("promote", "weather", "challenger", None, 1, MARY)
        return [*heads, control.head()]

    def preparation(self) -> list[str]:
        "The triggers and the reference between the tables would only be in an attacker's way."
        if self.sqlite:
            return [f"DROP TRIGGER {table}_no_{verb}" for table in LINKS for verb in ("update", "delete")]
        drop = "ALTER TABLE mlops_outcomes DROP CONSTRAINT fk_mlops_outcomes_receipt"
        return [*(f"DROP TRIGGER {table}_append_only ON {table}" for table in LINKS), drop]

    def do(self, *statements: Any) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement) if isinstance(statement, str) else statement)

    def rows(self) -> Rows:
        with self.engine.connect() as connection:
            found = {name: connection.execute(sa.text(f"SELECT * FROM {name} ORDER BY sequence")).mappings().all() for name in LINKS}
        return {name: [dict(row) for row in rows] for name, rows in found.items()}

    def store(self, rows: Rows) -> None:
        "Replaces all rows by these."
        statements = [sa.text("DELETE FROM mlops_outcomes"), sa.text("DELETE FROM mlops_receipts")]
        for name, new in rows.items():
            for row in new:
                columns, values = ", ".join(row), ", ".join(f":{column}" for column in row)
                statements.append(sa.text(f"INSERT INTO {name} ({columns}) VALUES ({values})").bindparams(**row))
        self.do(*statements)

    def found(self, head: tuple[int, str] | None = None) -> list[str]:
        return self.control.verify_chain(head)


@pytest.fixture
def attacker(control: Control) -> Iterator[Attacker]:
    one = Attacker(control)
    assert one.found(control.head()) == []
    yield one
    one.engine.dispose()


def other_value(draw: st.DataObject, old: Any, column: sa.Column[Any], sqlite: bool) -> Any:
    "A value that differs from the old one as little as can be."
    if isinstance(old, bool) and not sqlite:
        return not old
    if hasattr(old, "microsecond"):
        return old.replace(microsecond=draw.draw(st.integers(0, 999_999).filter(lambda n: n != old.microsecond)))
    if old is None:
        return 0 if isinstance(column.type, sa.Integer) else ""
    if isinstance(old, int):
        others: list[Any] = [old + draw.draw(st.sampled_from([1000, -1000, -1, 2]))]
        if column.nullable:
            others.append(None)
        if sqlite and not column.primary_key:
            others += [old + 0.5, str(old) + "x", bytes([old % 256])]
        return draw.draw(st.sampled_from(others))
    if not old:
        return draw.draw(st.sampled_from([" ", "0", "x"]))
    if sqlite:  # any byte may become any other, so that it is no text any more
        raw = bytearray(old.encode())
        place = draw.draw(st.integers(0, len(raw) - 1))
        raw[place] ^= draw.draw(st.integers(1, 255))
        return bytes(raw)
    place = draw.draw(st.integers(0, len(old) - 1))
    letter = draw.draw(st.characters(min_codepoint=32, max_codepoint=0x2FF).filter(lambda c: c != old[place]))
    return old[:place] + letter + old[place + 1 :]


@thorough
@given(draw=st.data())
def test_a_change_of_any_byte_is_found(attacker: Attacker, draw: st.DataObject) -> None:
    table, name = draw.draw(st.sampled_from(COLUMNS), label="column")
    row = draw.draw(st.sampled_from(attacker.truth[table.name]), label="row")
    new = other_value(draw, row[name], table.c[name], attacker.sqlite)
    assume(new not in [r[name] for r in attacker.truth[table.name]] or not (table.c[name].primary_key or name in ("id", "receipt")))
    as_text = isinstance(row[name], str) and isinstance(new, bytes)
    change = sa.text(f"UPDATE {table.name} SET {name} = {'CAST(:new AS TEXT)' if as_text else ':new'} WHERE sequence = :at")
    attacker.do(change.bindparams(new=new, at=row["sequence"]))
    try:
        assert attacker.found() != [], f"{table.name}.{name}: {row[name]!r} became {new!r}"
    finally:
        attacker.store(attacker.truth)
    assert attacker.found(attacker.story[-1]) == []


def test_every_column_is_covered(attacker: Attacker) -> None:
    "Once for each column, without luck."
    for table, name in COLUMNS:
        old = attacker.truth[table.name][1][name]
        if isinstance(old, bool):
            new: Any = not old
        elif isinstance(old, int):
            new = old + 1000
        elif hasattr(old, "microsecond"):
            new = old.replace(microsecond=(old.microsecond + 1) % 1_000_000)
        else:
            new = f"{old or ''}x"
        change = sa.text(f"UPDATE {table.name} SET {name} = :new WHERE sequence = 2").bindparams(new=new)
        attacker.do(change)
        assert attacker.found() != [], f"{table.name}.{name}"
        attacker.store(attacker.truth)
    assert attacker.found() == []


@thorough
@given(draw=st.data())
def test_any_removal_is_found(attacker: Attacker, draw: st.DataObject) -> None:
    "With the mirrored head every one; without it every one that is not a clean cut at the end."
    kept: Rows = {}
    for name, rows in attacker.truth.items():
        gone = draw.draw(st.sets(st.sampled_from([row["sequence"] for row in rows])), label=f"gone from {name}")
        kept[name] = [row for row in rows if row["sequence"] not in gone]
    assume(kept != attacker.truth)
    attacker.store(kept)
    try:
        assert attacker.found(attacker.story[-1]) != []
        prefix = all(rows == attacker.truth[name][: len(rows)] for name, rows in kept.items())
        if not prefix:
            assert attacker.found() != []
    finally:
        attacker.store(attacker.truth)


@thorough
@given(draw=st.data())
def test_any_other_order_is_found(attacker: Attacker, draw: st.DataObject) -> None:
    name = draw.draw(st.sampled_from(list(LINKS)))
    rows = attacker.truth[name]
    order = draw.draw(st.permutations(rows))
    assume(order != rows)
    attacker.store(attacker.truth | {name: [row | {"sequence": number} for number, row in enumerate(order, 1)]})
    try:
        assert attacker.found() != []
    finally:
        attacker.store(attacker.truth)


def test_what_is_missing_is_named(attacker: Attacker) -> None:
    outcomes = attacker.truth["mlops_outcomes"]
    attacker.store(attacker.truth | {"mlops_outcomes": [outcomes[0], outcomes[3], *outcomes[5:]]})
    assert attacker.found()[:2] == ["Outcomes 2 to 3 are missing.", "Outcome 5 is missing."]


def test_a_cut_at_the_end_needs_a_mirror(attacker: Attacker) -> None:
    "Each earlier state of the chain is sound in itself, and each is found by every mirrored head that is newer."
    for early, head in enumerate(attacker.story):
        known = chain.read_head(head)
        assert known
        cut = {
            "mlops_receipts": attacker.truth["mlops_receipts"][: known["receipt"][0]],
            "mlops_outcomes": attacker.truth["mlops_outcomes"][: known["outcome"][0]],
        }
        attacker.store(cut)
        assert attacker.control.head() == head and attacker.found() == []
        for late, mirrored in enumerate(attacker.story):
            assert bool(attacker.found(mirrored)) == (late > early), (early, late)


def test_no_append_hides_a_cut(attacker: Attacker) -> None:
    head, control = attacker.story[-1], attacker.control
    attacker.store({name: rows[:-1] for name, rows in attacker.truth.items()})
    with pytest.raises(ReceiptInvalid, match="cut off: the mirrored head knows"):
        control.append_receipt("promote", "rain", "champion", None, 1, MARY, mirrored_head=head)
    receipt = control.append_receipt("promote", "rain", "champion", None, 1, MARY)  # without the head it goes unseen …
    control.finish_receipt(receipt.id)
    assert control.verify_chain() == []
    assert any("history was written anew" in sentence for sentence in control.verify_chain(head))  # … until somebody looks


def test_rows_of_two_histories_do_not_mix(attacker: Attacker) -> None:
    "A backup was restored and work went on: both continuations carry good signatures, a mixture of them is found."
    one = attacker.truth["mlops_receipts"]
    attacker.store({"mlops_receipts": one[:5], "mlops_outcomes": attacker.truth["mlops_outcomes"][:5]})
    for alias in ("challenger", "shadow"):
        attacker.control.append_receipt("promote", "delay", alias, None, 1, MARY)
    other = attacker.rows()
    assert attacker.found() == []
    attacker.store(other | {"mlops_receipts": [*other["mlops_receipts"][:5], one[5], other["mlops_receipts"][6]]})
    assert attacker.found() == ["Receipt 7 does not follow the one before it: its link was changed, or the row before was replaced."]
    moved = [row | {"receipt": 6} if row["receipt"] == 5 else row for row in other["mlops_outcomes"]]
    attacker.store(other | {"mlops_outcomes": moved})
    assert len(attacker.found()) == 2


def test_an_end_cannot_be_lent_to_another_history(attacker: Attacker) -> None:
    "The `done` of a receipt that a restored backup has lost does not fit the receipt that took its number."
    sixth = attacker.truth["mlops_outcomes"][5]
    attacker.store({name: rows[:5] for name, rows in attacker.truth.items()})
    attacker.control.append_receipt("promote", "delay", "challenger", None, 1, MARY)
    now = attacker.rows()
    attacker.store(now | {"mlops_outcomes": [*now["mlops_outcomes"], sixth]})
    assert attacker.found() == ["Outcome 6 belongs to a receipt 6 that is not here."]
    with pytest.raises(ReceiptInvalid):
        attacker.control.holder("delay", "challenger")


def test_a_removed_end_of_an_older_receipt_is_found_without_a_mirror(attacker: Attacker) -> None:
    "Otherwise a receipt would look interrupted, and be finished again."
    attacker.store(attacker.truth | {"mlops_outcomes": attacker.truth["mlops_outcomes"][:4]})
    assert any("a later receipt counted" in sentence for sentence in attacker.found())


def test_a_row_signed_with_another_key_is_found_and_not_believed(attacker: Attacker) -> None:
    control, stranger = attacker.control, KEY[::-1]
    last = attacker.truth["mlops_receipts"][-1]
    forged = {name: value for name, value in last.items() if name not in ("signature", "key_id", "format")}
    forged |= {"sequence": last["sequence"] + 1, "id": "f" * 16, "model": "delay", "alias": "champion", "to_version": 66}
    forged = chain.signed(stranger, "receipt", forged | {"previous": last["signature"]})
    end = {"sequence": 7, "receipt": forged["sequence"], "receipt_signature": forged["signature"]}
    end |= {"state": "done", "why": "", "at": last["at"]}
    end = chain.signed(stranger, "outcome", end | {"previous": attacker.truth["mlops_outcomes"][-1]["signature"]})
    attacker.store({name: [*attacker.truth[name], row] for name, row in zip(LINKS, (forged, end), strict=True)})
    assert len(attacker.found()) == 2 and all("another key" in sentence for sentence in attacker.found())
    attempts = (lambda: control.holder("delay", "champion"), lambda: control.aliases("delay"), lambda: control.finish_receipt("f" * 16))
    for attempt in attempts:
        with pytest.raises(ReceiptInvalid):
            attempt()


def test_a_failure_turned_into_a_success_is_not_believed(attacker: Attacker) -> None:
    attacker.do("UPDATE mlops_outcomes SET state = 'done' WHERE state = 'failed'")
    assert any("Outcome 3 was changed" in sentence for sentence in attacker.found())
    attacker.do("UPDATE mlops_outcomes SET state = 'failed' WHERE receipt = 6")
    with pytest.raises(ReceiptInvalid):  # the newest was 9; it must not fall back to an older one
        attacker.control.holder("delay", "champion")


@pytest.mark.parametrize("mirrored", [(3, ""), (3, "x.y.z"), (1, "a.b"), ("x", "a.1.b"), (2, "0" * 64 + ".2." + "0" * 64)])
def test_a_damaged_mirror_is_a_problem_not_a_crash(attacker: Attacker, mirrored: Any) -> None:
    assert attacker.found(mirrored) != []


def test_an_empty_chain_has_no_problems(control: Control) -> None:
    assert control.head() == (0, "") and control.verify_chain(control.head()) == [] and control.verify_chain() == []
    assert any("cut off" in sentence for sentence in control.verify_chain((1, "a" * 64 + ".0.")))


@given(
    st.dictionaries(st.text(), st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.binary(), st.booleans())),
    st.binary(min_size=16, max_size=40),
)
def test_signing_takes_anything_that_a_database_may_hold(row: dict[str, Any], key: bytes) -> None:
    once = chain.signed(key, "receipt", row)
    assert chain.is_signed(key, "receipt", once)
    assert not chain.is_signed(key, "outcome", once) and not chain.is_signed(key + b"x", "receipt", once)
    for nonsense in (None, 1, b"x", "", "é", "\udcff"):
        assert not chain.is_signed(key, "receipt", once | {"signature": nonsense})
