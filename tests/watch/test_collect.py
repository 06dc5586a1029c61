"""The collector: each answer and label once, with its window, out of files in any state."""

import os
import resource
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from mlops_nb.core.errors import Busy, StoreUnavailable
from mlops_nb.profile.rows import from_rows, summaries
from mlops_nb.profile.sketch import is_hashed, profile
from mlops_nb.profile.summary import summarize
from mlops_nb.store import lake_served as served
from mlops_nb.store import spool_form
from mlops_nb.store.lake import Lake
from mlops_nb.store.spool import HEADER, LABELS, PREDICTION, Facts, SpoolWriter, read_segment, segments
from mlops_nb.watch.collect import Collector, age
from mlops_nb.watch.unpack import instant_us
from mlops_nb.watch.windows import MOST_SEGMENTS, OTHERS

NOON = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
US = int(NOON.timestamp()) * 1_000_000
FACTS = {"features": ["carrier", "gust"], "types": ["string", "float"], "classes": [0, 1], "segments": ["carrier"], "id": "flight_id"}


def record(name, *, ref="delay/1", role="live", log="features", at=US, carrier="UA", gust=20.0, event=None, late=0, entity=None):
    parts = ([[carrier], [gust]], [event] if event is not None else None, [entity] if entity else None, None, [late], [(0.8, 0.2)])
    return (PREDICTION, ref, "delay", "champion", role, name, at, 310, "k", log, 1, *parts)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path


def writer(root: Path, name="worker-0", **words) -> SpoolWriter:
    made = SpoolWriter(root / "spool", name, **words)
    for ref in ("delay/1", "delay/2", "price/1"):
        made.describe(ref, FACTS)
    return made


def collector(root: Path, **words) -> Collector:
    return Collector(Lake(root / "lake"), root / "spool", **({"key": b"k", "clock": lambda: NOON} | words))


def ids(root: Path, model="delay") -> list[str]:
    return sorted(served.read(Lake(root / "lake").place, "predictions", model)["request_id"].to_pylist())


def profiled(root: Path, model="delay", **equal) -> pa.Table:
    rows = served.read(Lake(root / "lake").place, "profiles", model)
    for name, value in ({"segment": ""} | equal).items():
        rows = rows.filter(pc.equal(rows[name], value))
    return rows


def counted(root: Path, model="delay", column="gust", **equal) -> int:
    rows = profiled(root, model, **equal)
    return pc.sum(rows.filter(pc.equal(rows["column"], column))["n"]).as_py() or 0


@pytest.mark.parametrize("piece", [300, 8 << 20])
def test_living_and_dead_writers_are_drained_once(root, piece):
    dead, alive = writer(root, "w0", segment_bytes=900), writer(root, "w1", segment_bytes=900)
    for n in range(60):
        (dead, alive)[n % 2].append(record(f"r{n}", ref=f"delay/{1 + n % 2}" if n < 50 else "price/1"))
    dead.close()
    it = collector(root, piece_bytes=piece)
    done = it.collect()
    assert (done.predictions, done.profiled, done.labels, done.damaged, done.models) == (60, 60, 0, 0, ("delay", "price"))
    assert segments(root / "spool") == [alive.path] and done.waiting_bytes == 0 and done.files > 3
    assert ids(root) == sorted(f"r{n}" for n in range(50)) and ids(root, "price") == sorted(f"r{n}" for n in range(50, 60))
    assert counted(root) == 50 and counted(root, column="score") == 50 and counted(root, version="delay/2") == 25
    for again in (it, collector(root)):
        assert (again.collect().predictions, again.collect().files) == (0, 0)
    alive.append(record("later"))
    assert collector(root, piece_bytes=piece).collect().predictions == 1 and len(ids(root)) == 51
    alive.close()
    assert it.collect().files == 1 and segments(root / "spool") == [] and counted(root) == 51


def test_an_empty_or_missing_spool_is_nothing_to_do(root):
    done = collector(root).collect()
    assert (done.predictions, done.files, done.waiting_bytes, done.lag_s, done.models) == (0, 0, 0, 0.0, ())
    assert not (root / "lake").exists()


def test_only_one_collects(root):
    taken = []

    @contextmanager
    def lease():
        if taken:
            raise Busy("“collect” is being done by somebody.")
        taken.append(1)
        yield
        taken.clear()

    with writer(root) as it:
        it.append(record("r0"))
    taken.append(1)
    with pytest.raises(Busy):
        collector(root, lease=lease).collect()
    assert len(segments(root / "spool")) == 1
    taken.clear()
    assert collector(root, lease=lease).collect().predictions == 1 and taken == []


def test_what_a_deployment_does_not_log_is_not_there(root):
    with writer(root) as it:
        for n, log in enumerate(["features", "profile", "off"] * 4):
            it.append(record(f"r{n}", log=log))
    done = collector(root).collect()
    assert (done.predictions, done.profiled) == (4, 8) and counted(root) == 8 and len(ids(root)) == 4
    assert segments(root / "spool") == []


def test_dropped_columns_are_nowhere(root):
    with writer(root) as it:
        whole = record("r0")
        it.append((*whole[:11], [None, [20.0]], *whole[12:]))
        it.append(record("r1"))
    assert collector(root).collect().predictions == 2
    frame = served.expanded(served.read(Lake(root / "lake").place, "predictions", "delay")).sort_values("request_id")
    assert frame["carrier"].tolist()[1] == "UA" and frame["carrier"].isna().tolist() == [True, False]
    # what is not kept is not counted as missing either
    assert counted(root, column="gust") == 2


def damage(path: Path, start: int, size: int = 4) -> None:
    raw = bytearray(path.read_bytes())
    raw[start : start + size] = bytes(b ^ 0x55 for b in raw[start : start + size])
    path.write_bytes(raw)


def test_damage_is_set_aside_and_never_stops_the_rest(root):
    with writer(root) as it:
        for n in range(10):
            it.append(record(f"r{n}"))
    path = segments(root / "spool")[0]
    ends = [end for end, _ in read_segment(path).records]
    damage(path, ends[3] + 20)  # r3
    raw = path.read_bytes()
    path.write_bytes(raw[:-7])  # r9 was being written when its writer died
    with writer(root, "w1") as it:
        it.append(record("other"))
    done = collector(root).collect()
    assert (done.predictions, done.damaged, done.torn) == (9, 1, 1) and segments(root / "spool") == []
    assert ids(root) == sorted(["other", *(f"r{n}" for n in range(10) if n not in (3, 9))])
    aside = list((root / "spool").glob("*.damaged"))
    assert len(aside) == 1 and aside[0].read_bytes() == raw[ends[3] : ends[4]] and aside[0].name.startswith(path.name)
    assert aside[0].stat().st_mode & 0o777 == 0o600


def test_records_that_are_not_as_they_should_be_are_set_aside(root):
    with writer(root) as it:
        whole = record("r1")
        it.append(record("r0"))
        it.append((*whole[:11], [["UA"]], *whole[12:]))  # a column is missing
        it.append((*whole[:11], [["UA"], [1.0, 2.0]], *whole[12:]))  # a row too many
        it.append((*whole[:15], [], None))  # no answer
        it.append(record("r2"))
        it._file.write(spool_form.frame(record("r3", ref="unheard/1")))  # of a version nobody described
        it._file.write(spool_form.frame((9, "what is this")))
        it.append(record("r4"))
    done = collector(root).collect()
    assert ids(root) == ["r0", "r2", "r4"] and done.damaged == 5 and counted(root) == 3
    assert len(list((root / "spool").glob("*.damaged"))) == 5


def test_facts_that_were_damaged_are_taken_from_another_file(root):
    for name in ("w0", "w1"):
        with writer(root, name) as it:
            it.append(record(name))
    second = segments(root / "spool")[1]
    assert isinstance(read_segment(second).records[0][1], Facts)
    damage(second, len(HEADER) + 10)
    done = collector(root).collect()
    assert ids(root) == ["w0", "w1"] and done.damaged == 1


def test_a_file_of_a_newer_format_is_left_and_named(root):
    with writer(root) as it:
        it.append(record("r0"))
    path = segments(root / "spool")[0]
    raw = path.read_bytes()
    path.write_bytes(spool_form._header(9) + raw[len(HEADER) :])
    with writer(root, "w1") as it:
        it.append(record("r1"))
    done = collector(root).collect()
    assert ids(root) == ["r1"] and segments(root / "spool") == [path] and "Upgrade" in done.notes[0]
    path.write_bytes(raw)
    assert collector(root).collect().predictions == 1


def test_a_lake_that_cannot_be_written_costs_nothing_but_time(root):
    with writer(root) as it:
        for n in range(3000):
            it.append(record(f"{n:032x}"))
    it = collector(root)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(StoreUnavailable, match="is full"):
            it.collect()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(segments(root / "spool")) == 1
    assert it.collect().predictions == 3000 and len(set(ids(root))) == 3000 and counted(root) == 3000


def test_labels_of_every_kind(root):
    with writer(root) as it:
        it.append((LABELS, "delay", "delay", US, "k", [("early", None, 0, 1, None), (None, "UA-7", 0, "late", US - 5)]))
        it.append(record("early", entity="UA-6"))
        it.append((LABELS, "delay", "delay", US + 1, "k", [("early", None, None, True, "2026-03-01T00:00Z"), (None, None, 0, 1, None)]))
        it.append(record("r1", entity="UA-7"))
    done = collector(root).collect()
    assert (done.labels, done.predictions) == (3, 2) and "neither" in done.notes[0]
    place = Lake(root / "lake").place
    held = served.latest_labels(served.read(place, "labels", "delay"))
    frame = served.labelled(served.expanded(served.read(place, "predictions", "delay")), held).set_index("request_id")
    assert frame.loc["early", "label"] == 1.0 and frame.loc["r1", "label"] == "late"
    assert frame.loc["r1", "labelled_at"] == NOON - timedelta(microseconds=5) + timedelta(0)
    assert collector(root).collect().labels == 0


def test_windows_are_by_event_time_source_and_segment(root):
    with writer(root) as it:
        it.append(record("a"))
        it.append(record("b", at=US + 60_000_000))
        it.append(record("c", role="shadow"))
        it.append(record("d", event=US - 5 * 3600 * 10**6, carrier="B6"))
        it.append(record("e", event="2013-11-03T07:45:00Z", carrier="B6"))
        it.append(record("f", event="2013-11-03T22:45:00Z", carrier=None))
        it.append(record("g", event=US + 40 * 86_400 * 10**6))
    assert collector(root).collect().profiled == 7
    rows = profiled(root, column="gust")
    seen = {(r["source"], r["every"], f"{r['window_start']:%Y-%m-%d %H:%M}", r["n"]) for r in rows.to_pylist()}
    assert seen == {
        ("live", "minute", "2026-03-02 12:00", 1),
        ("live", "minute", "2026-03-02 12:01", 1),
        ("shadow", "minute", "2026-03-02 12:00", 1),
        ("live", "hour", "2026-03-02 07:00", 1),
        ("live", "day", "2013-11-03 00:00", 2),
        ("live", "day", "2026-04-11 00:00", 1),
    }
    of_segments = served.read(Lake(root / "lake").place, "profiles", "delay").filter(pc.field("column") == "gust")
    found = {(r["segment"], r["every"]) for r in of_segments.to_pylist() if r["segment"]}
    assert found == {("carrier=UA", "hour"), ("carrier=UA", "day"), ("carrier=B6", "hour"), ("carrier=B6", "day"), ("carrier=", "day")}
    assert set(of_segments["window_end"].to_pylist()) > {NOON.replace(minute=1, second=0)}


def test_profiles_have_features_answers_and_what_the_reference_shows(root):
    tails = [f"N{n}" for n in range(500)]
    reference = profile(pa.table({"carrier": ["UA", "B6"] * 300, "tail": (tails + tails)[:600], "gust": np.arange(600.0)}))
    facts = {"features": ["carrier", "tail", "gust"], "types": ["string", "string", "float"], "classes": ["no", "yes"]}
    with SpoolWriter(root / "spool", "w") as it:
        it.describe("delay/1", facts)
        for n in range(40):
            whole = record(f"r{n}", late=("no", "yes")[n % 2])
            it.append((*whole[:11], [["UA"], [tails[n]], [None if n % 4 == 0 else float(n)]], *whole[12:]))
    collector(root, reference={"delay/1": reference}.get).collect()
    seen = summaries(profiled(root))
    assert set(seen) == {"carrier", "tail", "gust", "prediction", "score"} and {s.n for s in seen.values()} == {40}
    assert seen["prediction"].items == [("no", 20), ("yes", 20)] and seen["score"].mean == pytest.approx(0.2)
    assert seen["carrier"].items == [("UA", 40)] and all(is_hashed(item) for item, _ in seen["tail"].items)
    assert seen["gust"].nulls == 10 and seen["gust"].maximum == 39.0


def test_many_classes_and_many_outputs(root):
    facts = {"features": ["x"], "types": ["float"], "kind": "multiclass", "classes": ["a", "b", "c"]}
    with SpoolWriter(root / "spool", "w") as it:
        it.describe("kind/1", facts)
        it.describe("pair/1", facts | {"classes": [], "kind": "regression"})
        for n in range(3):
            head = ("d", "r", "live", f"r{n}", US, 3, "", "features", 2, [[1.0, 2.0]], None, None, None)
            it.append((PREDICTION, "kind/1", *head, ["a", "b"], [(0.5, 0.3, 0.2), (0.1, 0.8, 0.1)]))
            it.append((PREDICTION, "pair/1", *head, [[1.0, 10.0], [2.0, 20.0]], None))
    assert collector(root).collect().predictions == 12
    seen = summaries(profiled(root, "kind"))
    assert {"prediction", "p(a)", "p(b)", "p(c)"} <= set(seen) and seen["p(b)"].mean == pytest.approx(0.55)
    pair = summaries(profiled(root, "pair"))
    assert pair["prediction 1"].mean == 15.0 and pair["prediction 0"].n == 6
    rows = served.read(Lake(root / "lake").place, "predictions", "pair")
    assert sorted(rows["prediction"].to_pylist()) == [[1.0, 10.0]] * 3 + [[2.0, 20.0]] * 3 and set(rows["row"].to_pylist()) == {0, 1}


def test_a_registry_that_is_away_does_not_stop_the_collection(root):
    def away(ref):
        raise StoreUnavailable("MLflow does not answer.")

    with writer(root) as it:
        it.append(record("r0", carrier="secret"))
    done = collector(root, reference=away).collect()
    assert done.predictions == 1 and "without its reference" in done.notes[0]
    assert is_hashed(summarize(from_rows(profiled(root)))["carrier"].items[0][0]), "one value: not shown without a reference"


def test_segments_stay_few(root):
    with writer(root) as it:
        for n in range(200):
            it.append(record(f"r{n}", carrier=f"C{n:03}"))
    collector(root).collect()
    with writer(root) as it:
        for n in range(150, 250):
            it.append(record(f"s{n}", carrier=f"C{n:03}"))
    collector(root).collect()  # another process: it knows the segments from the lake
    rows = served.read(Lake(root / "lake").place, "profiles", "delay").filter(pc.field("column") == "gust")
    found = set(rows["segment"].to_pylist()) - {""}
    assert len(found) <= MOST_SEGMENTS + 1 and f"carrier={OTHERS}" in found
    assert sum(r["n"] for r in rows.to_pylist() if r["segment"]) == 300, "nobody is left out"


def test_windows_age_once_whatever_is_repeated(root):
    it = collector(root)
    spool = writer(root)
    for n in range(30):  # thirty collections of one minute, and ten of one long past day
        spool.append(record(f"r{n}", at=US + n * 10**6))
        if n % 3 == 0:
            spool.append(record(f"old{n}", event="2013-11-03T07:45:00Z"))
        it.collect()
    place = Lake(root / "lake").place
    before = counted(root)
    assert before == 40 and profiled(root, column="gust").num_rows <= 40
    assert age(place, "delay", NOON) >= 1 and age(place, "delay", NOON) == 0, "parts are joined, once"
    fresh = profiled(root, column="gust")
    assert sorted(zip(fresh["every"].to_pylist(), fresh["n"].to_pylist(), strict=True)) == [("day", 10), ("minute", 30)]
    for later, every in ((timedelta(hours=4), "hour"), (timedelta(days=3), "day")):
        age(place, "delay", NOON + later)
        rows = profiled(root, column="gust", every=every)
        assert counted(root) == before and 30 in rows["n"].to_pylist()
    assert set(profiled(root)["every"].to_pylist()) == {"day"}
    whole = summaries(profiled(root))
    assert whole["gust"].n == 40 and whole["carrier"].items[0][1] == 40


def test_upkeep_runs_by_itself_and_old_answers_go(root):
    clock = [NOON]
    it = collector(root, clock=lambda: clock[0], retain_days=7)
    spool = writer(root)
    for n in range(served.MANY_FILES + 2):
        spool.append(record(f"r{n}"))
        it.collect()
    place = Lake(root / "lake").place
    files = len(list((root / "lake" / "predictions").rglob("*.parquet")))
    joined = served.open_table(served.in_area(place, "predictions"), "delay").get_add_actions().num_rows
    assert joined < files / 4 and len(ids(root)) == served.MANY_FILES + 2
    spool.append((LABELS, "delay", "delay", US, "k", [("r1", None, 0, 1, None)]))
    clock[0] = NOON + timedelta(days=8)
    spool.append(record("new", at=int(clock[0].timestamp() * 1e6)))
    it.collect()
    assert ids(root) == ["new"] and served.read(place, "labels", "delay").num_rows == 0
    assert counted(root) == served.MANY_FILES + 3, "profiles stay"


def test_a_clock_that_jumps_back_loses_nothing(root, monkeypatch):
    clock = [2_000_000_000_000_000_000]
    monkeypatch.setattr(spool_form.time, "time_ns", lambda: clock[0])
    it, spool = collector(root), writer(root, segment_bytes=600)
    for n in range(20):
        clock[0] -= 10**15
        spool.append(record(f"r{n}", at=US - n * 3_600_000_000))
        it.collect()
    spool.close()
    it.collect()
    assert ids(root) == sorted(f"r{n}" for n in range(20)) and segments(root / "spool") == [] and counted(root) == 20


def test_a_file_that_grows_while_it_is_read_is_not_deleted(root):
    it, spool = collector(root), writer(root)
    spool.append(record("r0"))
    real = it._commit

    def commit(*words):
        spool.append(record("meanwhile"))
        spool.close()
        return real(*words)

    it._commit = commit
    assert it.collect().predictions == 1 and len(segments(root / "spool")) == 1
    it._commit = real
    assert it.collect().predictions == 1 and ids(root) == ["meanwhile", "r0"] and segments(root / "spool") == []


def test_event_times_as_clients_write_them():
    assert instant_us("2013-11-03T12:00:00+01:00") == instant_us("2013-11-03 11:00") == 1383476400_000000
    assert instant_us(1383476400) == instant_us(1383476400.0) == instant_us(1383476400_000) == instant_us(1383476400_000000)
    for wrong in ("", "yesterday", None, True, float("nan"), float("inf"), 1e40, -(10**30), "0001-01-01", {}, b"2013"):
        assert instant_us(wrong) is None
    assert os.environ.get("MLOPS_NB_ARMED") is None
