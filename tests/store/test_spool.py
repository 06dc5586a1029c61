"""Spool files: what was appended is read again, whatever became of the writer, the disk or the clock."""

import errno
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from waiting import until

from mlops_nb.core.errors import UsageError
from mlops_nb.store import spool, spool_form
from mlops_nb.store.spool import (
    HEADER,
    LABELS,
    PREDICTION,
    Facts,
    Labels,
    Piece,
    Prediction,
    SegmentTooNew,
    SpoolFull,
    SpoolWriter,
    is_writing,
    read_segment,
    segments,
    writer_of,
)

FACTS = {"features": ["carrier", "gust"], "types": ["string", "float"], "kind": "binary", "classes": [0, 1]}
ROOT = Path(__file__).resolve().parents[2]


def record(name: str, ref: str = "delay/1", pad: int = 0) -> tuple:
    columns = [["UA" + "x" * pad], [20.5]]
    return (PREDICTION, ref, "delay", "champion", "live", name, 1, 310, "k", "features", 1, columns, None, None, None, [1], [(0.4, 0.6)])


def writer(folder: Path, name: str = "worker-0", **words) -> SpoolWriter:
    made = SpoolWriter(folder, name, **words)
    made.describe("delay/1", FACTS)
    return made


def ids(piece: Piece) -> list[str]:
    return [r.request_id for _, r in piece.records if isinstance(r, Prediction)]


def everything(folder: Path, limit: int = 4 << 20) -> list[str]:
    """All request ids of a folder, read piece by piece as the collector does."""
    found = []
    for path in segments(folder):
        at, more = 0, True
        while more:
            piece = read_segment(path, at, limit=limit)
            found += ids(piece)
            at, more = piece.end, piece.more
            assert not piece.damaged and not piece.torn
    return found


@pytest.mark.parametrize("limit", [1, 500, 4 << 20])
def test_what_was_appended_is_read_in_order_from_files_that_each_stand_alone(tmp_path, limit):
    with writer(tmp_path, segment_bytes=700) as it:
        it.describe("delay/2", FACTS | {"features": ["other", "gust"]})
        for n in range(30):
            assert it.append(record(f"r{n}", f"delay/{1 + n % 2}"))
        assert it.bytes_waiting == sum(path.stat().st_size for path in segments(tmp_path))
    assert everything(tmp_path, limit) == [f"r{n}" for n in range(30)]
    assert len(segments(tmp_path)) > 5 and {writer_of(path) for path in segments(tmp_path)} == {"worker-0"}
    for path in segments(tmp_path):
        known: set[str] = set()
        for _, r in read_segment(path).records:
            if isinstance(r, Facts):
                known.add(r.ref)
            else:
                assert isinstance(r, Prediction) and r.ref in known, "a record before what has to be known of it"
        assert path.stat().st_size <= 700 and path.stat().st_mode & 0o777 == 0o600


def test_values_arrive_as_they_were(tmp_path):
    import numpy as np

    columns = [["ü", None, "日本"], np.array([1.5, np.nan, -0.0]), None]
    whole = (PREDICTION, "delay/1", "d", "r", "canary", "id", 2**53, 3, "", "profile", 3, columns, [None, 5, 6], None, [["UA", "B6", None]],
             [True, False, True], None)  # fmt: skip
    with writer(tmp_path) as it:
        it.append(whole)
        it.append((LABELS, "delay", "delay", 7, "k", [("r1", None, 0, "late", None), (None, "F-1", 2, 1.5, 9)]))
    _, (_, found), (_, labels) = read_segment(segments(tmp_path)[0]).records
    assert isinstance(found, Prediction) and isinstance(labels, Labels)
    assert found.columns[0] == columns[0] and found.columns[2] is None and str(found.columns[1]) == "[1.5, nan, -0.0]"
    assert (found.predictions, found.segments, found.event_times) == ([True, False, True], [["UA", "B6", None]], [None, 5, 6])
    assert labels.labels == [("r1", None, 0, "late", None), (None, "F-1", 2, 1.5, 9)]


def test_a_version_must_be_described_first(tmp_path):
    it = SpoolWriter(tmp_path, "worker-0")
    with pytest.raises(UsageError, match=r"delay/1.*describe"):
        it.append(record("r0"))
    it.describe("delay/1", FACTS)
    assert it.append(record("r0"))
    it.describe("delay/1", FACTS | {"classes": ["on time", "late"]})
    it.append(record("r1"))
    it.close()
    said = [r.facts["classes"] for _, r in read_segment(segments(tmp_path)[0]).records if isinstance(r, Facts)]
    assert said == [[0, 1], ["on time", "late"]]


def test_names_go_on_growing_when_the_clock_is_set_back(tmp_path, monkeypatch):
    clock = [2_000_000_000_000_000_000]
    monkeypatch.setattr(spool_form.time, "time_ns", lambda: clock[0])
    made = []
    for n, step in enumerate([0, -10**18, 5, -1, 0]):
        clock[0] += step
        with writer(tmp_path, f"w{n % 2}") as it:
            it.append(record(f"r{n}"))
            made.append(it.path)
    assert made == segments(tmp_path) and len(set(made)) == 5
    assert everything(tmp_path) == [f"r{n}" for n in range(5)]
    for path in made:
        path.unlink()
    with writer(tmp_path, "w0") as it:
        it.append(record("again"))
        assert it.path not in made, "the lake remembers names"


def test_a_writer_is_alive_until_it_closes(tmp_path):
    it = writer(tmp_path)
    assert segments(tmp_path) == [] and it.path is None, "nothing was written, so there is no file"
    it.append(record("r0"))
    assert is_writing(it.path)
    path = it.path
    it.close()
    it.close()
    assert not is_writing(path) and not is_writing(tmp_path / "gone") and it.append(record("r1")) and it.path != path


@pytest.mark.parametrize("full", ["refuse", "drop"])
def test_the_limit_of_all_files_together(tmp_path, full):
    it = writer(tmp_path, segment_bytes=1000, limit_bytes=3000, full=full)
    kept = []
    for n in range(30):
        if full == "refuse":
            try:
                kept += [f"r{n}"] if it.append(record(f"r{n}")) else []
            except SpoolFull as problem:
                assert problem.kind == "unavailable" and problem.retry_after > 0 and "collector" in problem.hint
        elif it.append(record(f"r{n}")):
            kept.append(f"r{n}")
    assert 5 < len(kept) < 30 and it.dropped == (30 - len(kept) if full == "drop" else 0)
    assert everything(tmp_path) == kept and sum(p.stat().st_size for p in segments(tmp_path)) <= 3000
    assert not any(map(is_writing, segments(tmp_path))), "closed, so that the collector can make room"
    segments(tmp_path)[0].unlink()
    it.full = "drop"
    until(lambda: it.append(record("later")), "it looks at the folder at most every 50 ms")
    assert everything(tmp_path)[-1] == "later"


@pytest.mark.parametrize("segment", range(400, 1_400, 90))
def test_the_limit_holds_with_what_a_new_file_begins_with(tmp_path, segment):
    it = writer(tmp_path, segment_bytes=segment, limit_bytes=3_000)
    with pytest.raises(SpoolFull):
        for n in range(1_000):
            it.append(record(f"r{n}"))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3_000


@pytest.mark.parametrize("full", ["refuse", "drop"])
def test_a_full_disk_leaves_nothing_half_written(tmp_path, full):
    """The kernel lets no file grow past 2 kB: a write is cut off in the middle of a frame."""
    it = writer(tmp_path, full=full)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    kept, refused = [], 0
    try:
        for n in range(60):
            try:
                done = it.append(record(f"r{n}"))
            except SpoolFull as problem:
                assert "may not grow" in problem.message or "full" in problem.message
                done = False
            kept += [f"r{n}"] if done else []
            refused += not done
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refused >= 2 and len(kept) + refused == 60
    assert it.append(record("after"))
    it.close()
    assert everything(tmp_path) == [*kept, "after"], "kept means kept, refused means not there"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, None])
def test_a_write_that_fails_or_is_cut_short_is_taken_back(tmp_path, monkeypatch, number):
    it, real, armed = writer(tmp_path), os.write, [False]

    def write(handle, data):
        if not armed[0] or len(data) < 50:
            return real(handle, data)
        real(handle, data[: len(data) // 2])
        if number is not None:
            raise OSError(number, os.strerror(number))
        return len(data) // 2

    it.append(record("r0"))
    monkeypatch.setattr(spool.os, "write", write)
    armed[0] = True
    with pytest.raises(SpoolFull):
        it.append(record("r1"))
    armed[0] = False
    it.append(record("r2"))
    it.close()
    assert everything(tmp_path) == ["r0", "r2"]


def test_a_folder_that_goes_away_is_made_again(tmp_path):
    it = writer(tmp_path / "a" / "spool")
    it.append(record("r0"))
    it.close()
    segments(tmp_path / "a" / "spool")[0].unlink()
    (tmp_path / "a" / "spool").rmdir()
    assert it.append(record("r1")) and everything(tmp_path / "a" / "spool") == ["r1"]


def test_many_threads(tmp_path):
    it = writer(tmp_path, segment_bytes=5_000, fsync="batch")

    def work(k):
        for n in range(200):
            it.append(record(f"{k}-{n}"))
            if n % 20 == 0:
                it.sync()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    it.sync()
    it.close()
    found = everything(tmp_path)
    assert sorted(found) == sorted(f"{k}-{n}" for k in range(4) for n in range(200))
    for k in range(4):
        assert [i for i in found if i.startswith(f"{k}-")] == [f"{k}-{n}" for n in range(200)]


def test_sync_waits_for_the_disk_once_for_many(tmp_path, monkeypatch):
    synced, real = [], os.fdatasync
    monkeypatch.setattr(spool.os, "fdatasync", lambda handle: (synced.append(handle), real(handle)))
    with writer(tmp_path, "off") as lazy:
        lazy.append(record("r0"))
        lazy.sync()
        assert synced == []
    it = writer(tmp_path, "batch", fsync="batch", segment_bytes=2_000)
    for n in range(3):
        it.append(record(f"r{n}"))
    it.sync()
    it.sync()
    assert len(synced) == 1
    while len(segments(tmp_path)) < 3:
        it.append(record("more"))
    assert len(synced) == 2, "a file that is left is on the disk before the next is begun"
    it.close()
    assert len(synced) == 3


SCRIPT = """
import sys
from mlops_nb.store.spool import PREDICTION, SpoolWriter
it = SpoolWriter(sys.argv[1], "worker-0", segment_bytes=3000)
it.describe("delay/1", {"features": ["carrier"], "types": ["string"]})
n = 0
while True:
    it.append((PREDICTION, "delay/1", "d", "r", "live", f"r{n}", n, 1, "", "features", 1, [["UA"]], None, None, None, [1], None))
    print(f"r{n}", flush=True)
    n += 1
"""


@pytest.mark.parametrize("armed", ["", "spool-before-write:40", "spool-after-write:40"])
def test_a_killed_writer_has_lost_nothing_it_acknowledged(tmp_path, armed):
    environment = os.environ | {"MLOPS_NB_ARMED": armed, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout
    told = [process.stdout.readline().strip() for _ in range(30)]
    if not armed:
        until(lambda: any(map(is_writing, segments(tmp_path))), "it may just be between two files")
        process.kill()
    told += process.stdout.read().split("\n")
    assert process.wait(300) == -signal.SIGKILL
    told = [name for name in told if name]
    found = everything(tmp_path)
    assert found[: len(told)] == told
    if armed:  # killed behind the write, it could no longer say so
        assert len(found) - len(told) == armed.startswith("spool-after")
    assert not any(map(is_writing, segments(tmp_path)))


def test_a_worker_needs_nothing_heavy():
    heavy = ["numpy", "pandas", "pyarrow", "mlflow", "sqlalchemy", "deltalake", "whylogs", "sklearn"]
    script = f"import sys, mlops_nb.store.spool; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_a_file_cut_anywhere_is_read_up_to_there(tmp_path):
    with writer(tmp_path) as it:
        for n in range(4):
            it.append(record(f"r{n}"))
    path = segments(tmp_path)[0]
    whole, ends = path.read_bytes(), [end for end, _ in read_segment(path).records]
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        piece, waiting = read_segment(path), read_segment(path, final=False)
        assert ids(piece) == ids(waiting) == [f"r{n}" for n in range(4) if ends[n + 1] <= size] and not piece.damaged
        assert piece.end == size and (piece.torn > 0) == (size not in (len(HEADER), *ends) and size > 0)
        assert waiting.torn == 0 and waiting.end == max([0, *(e for e in (len(HEADER), *ends) if e <= size)])
    path.write_bytes(whole + b"\0" * 100)  # what a file system may leave after a power cut
    assert ids(read_segment(path)) == ["r0", "r1", "r2", "r3"] and read_segment(path).torn == 100


def test_a_frame_longer_than_a_piece_and_damage_longer_than_a_window(tmp_path):
    with writer(tmp_path) as it:
        it.append(record("r0"))
        it.append(record("big", pad=3_000_000))
        it.append(record("r2"))
    path = segments(tmp_path)[0]
    assert everything(tmp_path, limit=1000) == ["r0", "big", "r2"]
    whole, start = bytearray(path.read_bytes()), read_segment(path).records[1][0]
    whole[start : start + 8] = os.urandom(8)  # its length is not known either: the next frame has to be looked for
    path.write_bytes(whole)
    hurt = read_segment(path)
    assert ids(hurt) == ["r0", "r2"] and len(hurt.damaged) == 1 and hurt.damaged[0][1] - hurt.damaged[0][0] > 3_000_000


def test_a_newer_format_is_left_alone(tmp_path):
    with writer(tmp_path) as it:
        it.append(record("r0"))
    path = segments(tmp_path)[0]
    path.write_bytes(spool_form._header(2) + path.read_bytes()[len(HEADER) :])
    with pytest.raises(SegmentTooNew, match="format 2"):
        read_segment(path)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_costs_more_than_what_it_touches(data):
    """Bytes are changed, added and removed anywhere. What ends before the first change is read; nothing is read that was never written."""
    with tempfile.TemporaryDirectory() as folder:
        with writer(Path(folder)) as it:
            for n in range(12):
                it.append(record(f"r{n}"))
        path = segments(folder)[0]
        whole = bytearray(path.read_bytes())
        ends = [end for end, _ in read_segment(path).records]
        first, shift = len(whole), False
        for _ in range(data.draw(st.integers(1, 4), label="changes")):
            at = data.draw(st.integers(0, max(len(whole) - 1, 0)), label="at")
            what = data.draw(st.sampled_from(["change", "insert", "remove", "cut"]), label="what")
            if what == "change":
                whole[at : at + 1] = bytes([(whole[at] if at < len(whole) else 0) ^ data.draw(st.integers(1, 255))])
            elif what == "insert":
                whole[at:at] = data.draw(st.binary(min_size=1, max_size=40))
            elif what == "remove":
                del whole[at : at + data.draw(st.integers(1, 40))]
            else:
                del whole[at:]
            first, shift = min(first, at), shift or what != "change"
        path.write_bytes(whole)
        final, limit = data.draw(st.booleans(), label="final"), data.draw(st.sampled_from([1, 64, 1 << 20]), label="limit")
        found, at, more, hurt = [], 0, True, []
        while more:
            piece = read_segment(path, at, limit=limit, final=final)
            assert piece.end >= at and (piece.end > at or not piece.more)
            found, at, more, hurt = found + ids(piece), piece.end, piece.more, hurt + piece.damaged
        sure = [f"r{n}" for n in range(12) if ends[n + 1] <= first]
        assert found[: len(sure)] == sure
        assert set(found) <= {f"r{n}" for n in range(12)}
        if final:
            assert at == len(whole)
        assert all(start < end for start, end in hurt) and hurt == sorted(hurt)
