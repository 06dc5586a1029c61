"""A lake that pretends: tables as they were, writes that stay apart, production byte for byte as it was."""

import hashlib
import multiprocessing
import os
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from mlops_nb.core.errors import SnapshotNotFound, TableNotFound
from mlops_nb.core.lineage import RUN_DIR, brought, read_notes
from mlops_nb.store.lake import Lake
from mlops_nb.store.lake_replay import OverlayLake, Pins, ReplayInvalid, check_pins, read_pins, write_pins

def rows(*ids: int, value: float = 0.0) -> pd.DataFrame:
    return pd.DataFrame({"id": list(ids), "value": [value] * len(ids)})


def files(root: Path) -> dict[str, str]:
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in root.rglob("*") if p.is_file() and ".locks" not in p.parts}


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "Seen 100%" / "lake")


def overlay(lake: Lake, tmp_path: Path, **pins) -> OverlayLake:
    folder = tmp_path / "replay"
    write_pins(folder, Pins(**pins))
    return OverlayLake(folder / "lake", Lake(lake.place.root, read_only=True), read_pins(folder))


def test_names_and_times_mean_the_pinned_version_and_numbers_themselves(lake, tmp_path):
    for n in (1, 2, 3):
        lake.commit("Flüge", rows(*range(n)))
    then = overlay(lake, tmp_path, snapshots={"Flüge": 2, "Flüge@2013-01-01T00:00Z": 1})
    assert [len(then.read(ref)) for ref in ("Flüge", "Flüge@latest", "Flüge@2099-01-01T00:00Z", "Flüge@3", "Flüge@1")] == [2, 2, 2, 3, 1]
    assert len(then.read("Flüge@2013-01-01T00:00Z")) == 1 and then.latest("Flüge").version == 2
    assert then.scan("Flüge").collect().height == 2 and [s.version for s in then.history("Flüge")] == [2, 1]
    assert len(then.read(lake.snapshot("Flüge@3"))) == 3
    assert then.diff("Flüge@1", "Flüge").added == 1


def test_what_was_never_touched_is_as_it_was_when_the_run_started(lake, tmp_path):
    first = lake.commit("planes", rows(1))
    started = datetime.now(UTC)
    lake.commit("planes", rows(1, 2))
    lake.commit("later", rows(1))
    then = overlay(lake, tmp_path, at=started, run="r1")
    assert then.tables() == ["planes"] and then.latest("planes").digest == first.digest
    with pytest.raises(TableNotFound, match="when r1 started"):
        then.read("later")
    assert then.commit("later", rows(5)).version == 1, "a new table, as it was then"
    assert then.tables() == ["later", "planes"] and lake.read("later")["id"].tolist() == [1]


@pytest.mark.parametrize("way", ["key", "run", "replace", "new"])
def test_writes_go_on_from_the_recorded_state_and_production_stays_byte_for_byte(lake, tmp_path, way):
    words = {"key": {"mode": "append", "key": "id"}, "run": {"mode": "append", "run_id": "r1"}, "replace": {}, "new": {}}[way]
    if way != "new":
        lake.commit("scores", rows(1, 2))
        lake.commit("scores", rows(3), mode="append", key="id")
        lake.compact("scores")
    recorded = lake.commit("scores", rows(2, 4, value=0.5), **words)
    lake.commit("scores", rows(9), mode="append", key="id")
    lake.compact("scores")
    before = files(Path(lake.place.root))

    then = overlay(lake, tmp_path, bases={"scores": 0 if way == "new" else 2})
    words |= {"run_id": "another"} if way == "run" else {}
    again = then.commit("scores", rows(2, 4, value=0.5), **words)
    assert (again.version, again.digest, again.rows) == (recorded.version, recorded.digest, recorded.rows)
    assert then.read("scores").equals(then.read(again.ref)) and len(then.read("scores")) == recorded.rows
    twice = then.commit("scores", rows(2, 4, value=0.5), **words)
    assert not twice.changed, "the second write finds the first"
    if way != "new":
        assert len(then.read("scores@1")) == 2, "what was before is read where it always was"
    then.compact("scores")
    then.vacuum("scores", keep=1)
    assert files(Path(lake.place.root)) == before
    assert len(lake.read("scores")) == lake.latest("scores").rows


def test_a_vacuumed_snapshot_is_named_before_anything_is_written(lake, tmp_path):
    lake.commit("scores", rows(1))
    lake.commit("scores", rows(2), mode="append", key="id")
    lake.commit("scores", rows(1, value=2.0), mode="append", key="id")  # rewrites the first file
    lake.vacuum("scores", keep=1)
    pins = Pins(bases={"scores": 1})
    check_pins(lake, pins)
    with pytest.raises(SnapshotNotFound, match=r"scores@1.*vacuum"):
        check_pins(lake, pins, appended=("scores",))
    then = overlay(lake, tmp_path, bases={"scores": 1})
    with pytest.raises(SnapshotNotFound, match="vacuum"):
        then.commit("scores", rows(2), mode="append", key="id")
    assert then.commit("scores", rows(7)).version == 2, "to replace rows nobody needs the old ones"


def test_a_folder_without_pins_is_refused(tmp_path):
    with pytest.raises(ReplayInvalid, match="cannot be read"):
        read_pins(tmp_path)
    (tmp_path / "replay.json").write_text('{"format": 9}')
    with pytest.raises(ReplayInvalid, match="format 9"):
        read_pins(tmp_path)
    (tmp_path / "replay.json").write_text('{"format": 1, "snapshots": {"flights": 3}, "models": {"delay": 1}}')
    assert read_pins(tmp_path) == Pins(snapshots={"flights": 3}, models={"delay": 1})


def test_a_write_in_a_run_notes_the_digest_of_its_own_rows_whatever_their_order(lake, tmp_path, monkeypatch):
    monkeypatch.setenv("MLOPS_NB_RUN_ID", "r1")
    digests = []
    for turn, frame in enumerate((rows(3, 1, 2), rows(1, 2, 3), rows(1, 2, 4))):
        folder = tmp_path / f"run{turn}"
        folder.mkdir()
        monkeypatch.setenv(RUN_DIR, str(folder))
        other = Lake(tmp_path / f"lake{turn}")
        other.commit("scores", rows(*range(10 + turn, 20)))
        other.commit("scores", frame, mode="append", key="id")
        digests.append(brought(folder)["scores@2"])
        assert len(other.read("scores")) > 3
        assert read_notes(folder)[-1] | {"at": ""} == {"io": "read", "ref": "scores@2", "as": "scores", "at": ""}
    assert digests[0] == digests[1] != digests[2]


def attempt(uri: str, run: str, rows_of: str, values: list[int]) -> None:
    os.environ |= {"MLOPS_NB_RUN_ID": run, "MLOPS_NB_ROWS_OF": rows_of}
    for value in values:
        Lake(uri).commit("scores", rows(value, value), mode="append")


@pytest.mark.parametrize(("run", "rows_of"), [("r1", ""), ("r2", "r1")])
def test_a_retried_and_a_resumed_run_never_double_their_rows(lake, run, rows_of):
    spawn = multiprocessing.get_context("spawn")

    def work(*words) -> None:
        process = spawn.Process(target=attempt, args=(str(lake.place.root), *words))
        process.start()
        process.join()
        assert process.exitcode == 0

    work("other", "", [7])
    work("r1", "", [1])  # and then it died, before its second append
    work(run, rows_of, [1, 2])
    assert sorted(lake.read("scores")["id"]) == [1, 1, 2, 2, 7, 7]
    work(run, rows_of, [1, 2])
    assert sorted(lake.read("scores")["id"]) == [1, 1, 2, 2, 7, 7]
