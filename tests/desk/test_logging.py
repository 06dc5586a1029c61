"""What a notebook scores, labels, looks at and forgets: on a real workspace, with a real model."""

import json
import os
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from mlops_nb.core.errors import ColumnNotFound, DataInvalid, ModelNotFound, ReadOnly, UsageError
from mlops_nb.core.records import Receipt
from mlops_nb.desk.logging import make_collector
from mlops_nb.desk.workspace import Workspace, make_workspace
from mlops_nb.doors.cli import main
from mlops_nb.store import lake_served as served
from mlops_nb.store.spool import LABELS, PREDICTION, SpoolWriter, segments

random = np.random.default_rng(3)
N = 600
FRAME = pd.DataFrame(
    {
        "flight_id": np.arange(1000, 1000 + N),
        "scheduled": pd.date_range("2013-01-01", periods=N, freq="1h"),
        "departs": random.integers(300, 1400, N),
        "distance": random.gamma(3, 300, N).round(),
        "carrier": random.choice(["UA", "B6", "AA"], N),
    }
)
FRAME["late"] = random.random(N) < FRAME["departs"] / 1400
FEATURES = ["departs", "distance"]
FACTS = {"features": FEATURES, "types": ["int", "float"], "classes": [False, True], "id": "flight_id", "segments": ["carrier"]}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a registered model; nothing was asked of it."""
    ws = Workspace(make_workspace(tmp_path_factory.mktemp("wörk space")).root)
    fit = LogisticRegression(max_iter=300).fit(FRAME[FEATURES], FRAME["late"])
    words = {"target": "late", "id": "flight_id", "time": "scheduled", "segments": ("carrier",)}
    assert ws.register(fit, "delay", train=FRAME, **words).state == "proven"
    return ws.root


@pytest.fixture
def ws(made: Path) -> Workspace:
    """The workspace, with an empty lake and spool of its own for each test."""
    ws = Workspace(made)
    for area in served.AREAS:
        served_folder = Path(ws.settings.lake) / area
        if served_folder.exists():
            served_folder.rename(served_folder.with_name(f"{area}-{len(list(served_folder.parent.iterdir()))}"))
    for path in segments(ws.settings.state_dir / "spool"):
        path.unlink()
    return ws


def online(ws: Workspace, count: int = 5) -> SpoolWriter:
    """What a worker of the online server leaves."""
    it = SpoolWriter(ws.settings.state_dir / "spool", "worker-0")
    it.describe("delay/1", FACTS)
    now = int(pd.Timestamp.now("UTC").timestamp() * 1e6)
    for n in range(count):
        row = FRAME.iloc[n]
        columns = [[int(row["departs"])], [float(row["distance"])]]
        it.append((PREDICTION, "delay/1", "delay", "champion", "live", f"online-{n}", now, 300, "k", "features", 1, columns, None,
                   [str(row["flight_id"])], [[row["carrier"]]], [False], [(0.7, 0.3)]))  # fmt: skip
    return it


def test_a_frame_is_logged_like_online_traffic(ws: Workspace) -> None:
    answers = ws.predict("delay", FRAME[:50])
    with online(ws):
        pass
    assert ws.collect().predictions == 5
    seen = ws.predictions("delay")
    assert seen["role"].value_counts().to_dict() == {"local": 50, "live": 5} and seen["request_id"].nunique() == 6
    local = seen[seen["role"] == "local"].sort_values("row")
    assert local["entity_id"].tolist() == [str(i) for i in FRAME["flight_id"][:50]]
    assert local["prediction"].astype(bool).tolist() == answers["prediction"].tolist()
    assert np.allclose([s[1] for s in local["scores"]], answers["score"])
    assert local["event_time"].dt.tz_convert(None).tolist() == FRAME["scheduled"][:50].tolist()
    assert local[FEATURES].to_numpy().tolist() == FRAME[FEATURES][:50].to_numpy().tolist()
    assert local["latency_ms"].isna().all()
    windows = ws.profiles("delay", columns=["departs", "score"])
    assert windows.groupby(["source", "column"])["n"].sum().to_dict() == {
        ("live", "departs"): 5, ("live", "score"): 5, ("local", "departs"): 50, ("local", "score"): 50}  # fmt: skip
    assert ws.profiles("delay", source="local", segment="carrier=UA")["n"].max() > 0


def test_log_says_what_is_kept(ws: Workspace) -> None:
    ws.predict("delay", FRAME[:3], log="off")
    ws.predict("delay", FRAME[:4], log="profile")
    assert len(ws.predictions("delay", last=None)) == 0 and set(ws.profiles("delay")["n"]) == {4}
    looking = Workspace(ws.root, read_only=True)
    assert len(looking.predict("delay", FRAME[:3])) == 3 and set(ws.profiles("delay")["n"]) == {4}, "who only looks leaves nothing"
    for call in (lambda: looking.label("delay", FRAME), lambda: looking.collect(), lambda: looking.forget("delay", "entity_id = 1")):
        with pytest.raises(ReadOnly):
            call()


def test_inside_a_run_it_is_a_batch(ws: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLOPS_NB_RUN_ID", "run-20130301")
    monkeypatch.setenv("MLOPS_NB_RUN_DIR", str(tmp_path))
    ws.predict("delay", pl.from_pandas(FRAME[:10]))
    seen = ws.predictions("delay")
    assert set(seen["role"]) == {"batch"} and seen["request_id"].str.startswith("run-20130301-").all()
    assert json.loads((tmp_path / "scored.jsonl").read_text())["rows"] == 10, "and the run has its profile"


def test_a_large_frame_is_one_commit(ws: Workspace) -> None:
    big = pd.concat([FRAME] * 200, ignore_index=True)
    ws.predict("delay", big)
    place = ws.stores.lake.place
    assert served.read(place, "predictions", "delay", columns=["row"]).num_rows == len(big)
    assert served.open_table(served.in_area(place, "predictions"), "delay").version() == 1
    truth = big[["late"]].assign(flight_id=big.index)
    done = ws.label("delay", truth)
    assert done.accepted == len(big) and done.matched == N - 0 - sum(i >= len(big) for i in FRAME["flight_id"])


def test_labels_by_business_key_and_by_request(ws: Workspace) -> None:
    ws.predict("delay", FRAME[:20])
    truth = FRAME[["flight_id", "late"]][:22].astype({"late": object})
    truth.loc[3, "late"] = None
    done = ws.label("delay", truth.astype({"flight_id": float}))  # a float column with whole numbers names the same flights
    assert (done.on, done.accepted, done.repeated, done.matched, done.unknown, done.missing) == ("flight_id", 21, 0, 19, 2, 1)
    assert ws.label("delay", truth).repeated == 21
    request = ws.predictions("delay")["request_id"].iloc[0]
    by_request = pd.DataFrame({"request_id": request, "row": [0, 3], "label": [True, True], "labelled_at": pd.Timestamp.now("UTC")})
    assert ws.label("delay", by_request, on="request_id").matched == 2
    seen = ws.predictions("delay", labels=True).sort_values("row")
    expected = FRAME["late"][:20].astype(float).tolist()
    expected[0] = expected[3] = 1.0
    assert seen["label"].tolist() == expected
    old = by_request.assign(label=False, labelled_at=pd.Timestamp("2013-02-01"))
    assert ws.label("delay", old).accepted == 2
    assert ws.predictions("delay", labels=True).sort_values("row")["label"].tolist() == expected, "an older truth does not win"


def test_labels_that_cannot_be_understood_store_nothing(ws: Workspace) -> None:
    with pytest.raises(ColumnNotFound, match="Did you mean late"):
        ws.label("delay", FRAME[["flight_id"]].assign(latee=1).rename(columns={"latee": "lates"}))
    with pytest.raises(ColumnNotFound, match="flight_id"):
        ws.label("delay", FRAME, on="flightid")
    with pytest.raises(UsageError, match="on="):
        ws.label("delay", FRAME[["late"]])
    with pytest.raises(DataInvalid):
        ws.label("delay", FRAME[:0])
    with pytest.raises(ModelNotFound):
        ws.label("delays", FRAME)
    assert ws.label("delay", FRAME[:5].assign(late=None)).to_dict() == {
        "model": "delay", "on": "flight_id", "accepted": 0, "repeated": 0, "matched": 0, "unknown": 0, "missing": 5}  # fmt: skip
    assert served.read(ws.stores.lake.place, "labels", "delay").num_rows == 0


def test_looking_at_part_of_it(ws: Workspace) -> None:
    for n in range(3):
        ws.predict("delay", FRAME[n * 10 : n * 10 + 10])
    newest = ws.predictions("delay/1", limit=10)
    assert len(newest) == 10 and set(newest["departs"]) == set(FRAME["departs"][20:30])
    assert len(ws.predictions("delay", last=timedelta(0))) == 0 and len(ws.predictions("delay@champion", last="2d")) == 30
    with pytest.raises(UsageError, match="1h"):
        ws.predictions("delay", last="soon")
    with pytest.raises(ModelNotFound):
        ws.predictions("nobody")


def test_one_collects_at_a_time(ws: Workspace) -> None:
    with online(ws):
        pass
    with ws.stores.control.lease("collect", "the background process"):
        done = ws.collect()
        assert done.predictions == 0 and "the background process" in done.notes[0] and len(segments(ws.settings.state_dir / "spool")) == 1
    assert ws.collect().predictions == 5 and make_collector(ws.stores).collect().predictions == 0


def test_forgetting_reaches_the_spool_and_leaves_a_receipt(ws: Workspace) -> None:
    ws.predict("delay", FRAME[:10])
    ws.label("delay", FRAME[:10])
    it = online(ws)
    who = str(FRAME["flight_id"][2])
    it.append((LABELS, "delay", "delay", 1, "k", [(None, who, 0, True, None)]))
    receipt: Receipt = ws.forget("delay", f"entity_id = {who}", reason="asked")
    assert (receipt.action, receipt.state, receipt.reason) == ("forget", "done", "asked") and receipt.actor is not None
    assert (receipt.evidence["predictions"], receipt.evidence["labels"]) == (2, 2) and who not in json.dumps(receipt.evidence)
    assert who not in set(ws.predictions("delay")["entity_id"]) and len(ws.predictions("delay")) == 13
    it.close()
    ws.collect()
    assert who not in set(ws.predictions("delay")["entity_id"]), "what was collected is not collected again"
    assert {f.state for f in ws.verify()} == {"ok"} and ws.receipts("delay")[0].id == receipt.id
    assert ws.version("delay").version == 1
    with pytest.raises(UsageError, match="no column"):
        ws.forget("delay", [("customer", "=", 1)])


def test_the_commands(ws: Workspace, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ws.predict("delay", FRAME[:5])
    FRAME[["flight_id", "late"]][:6].to_csv(tmp_path / "labels.csv", index=False)

    def told(*words: str) -> dict:
        assert main(["-C", str(ws.root), *words, "-o", "json"]) == 0, capsys.readouterr()
        return json.loads(capsys.readouterr().out)

    done = told("labels", "add", "delay", str(tmp_path / "labels.csv"))
    assert (done["accepted"], done["matched"], done["unknown"]) == (6, 5, 1)
    listed = told("predictions", "list", "delay", "-n", "3", "--labels")["items"]
    assert len(listed) == 3 and {"departs", "label", "prediction"} <= set(listed[0])
    assert main(["-C", str(ws.root), "predictions", "list", "delay"]) == 0
    assert "entity id" in capsys.readouterr().out
    assert main(["-C", str(ws.root), "labels", "add", "delay", str(tmp_path / "labels.csv")]) == 0
    assert "6 known already" in capsys.readouterr().out
    assert told("data", "forget", "delay", "--where", "entity_id = 1000", "--yes")["evidence"]["predictions"] == 1
    assert main(["-C", str(ws.root), "data", "forget", "delay", "--where", "entity_id = 1001"]) == 2, "nobody to ask"
    assert "1001" in set(ws.predictions("delay")["entity_id"]) and os.environ.get("MLOPS_NB_RUN_ID") is None


def test_a_file_or_a_table_is_answered_from_a_terminal(ws: Workspace, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def run(*words: str) -> str:
        assert main(["-C", str(ws.root), "predict", *words]) == 0, capsys.readouterr()
        return capsys.readouterr().out

    said = ws.predict("delay", FRAME[:5], log="off")["prediction"].tolist()
    FRAME[:5].to_csv(tmp_path / "flüge.csv", index=False)
    found = json.loads(run("delay", str(tmp_path / "flüge.csv"), "-o", "json"))["items"]
    assert [row["prediction"] for row in found] == said and {"departs", "score"} <= set(found[0])
    assert ws.predictions("delay")["entity_id"].tolist() == [str(i) for i in FRAME["flight_id"][:5]], "logged with ids and times"
    FRAME[:3].to_json(tmp_path / "flüge.jsonl", orient="records", lines=True)
    assert "3 rows answered by delay/1" in (text := run("delay/1", str(tmp_path / "flüge.jsonl"), "--log", "off")) and "prediction" in text
    ws.commit("today", FRAME[:4])
    for name, read in (("out.csv", pd.read_csv), ("out.parquet", pd.read_parquet)):
        text = run("delay@champion", "today@1", "--log", "off", "--out", str(tmp_path / name))
        assert text.strip() == f"4 rows answered by delay@champion: {tmp_path / name}"
        assert read(tmp_path / name)["prediction"].tolist() == said[:4]
    assert len(ws.predictions("delay")) == 5, "with --log off nothing is kept"
    for wrong, words in (
        (("delay", "none.csv"), "no file none.csv"),
        (("delay", "none"), "no table none"),
        (("dely", "today"), "no model"),
        (("delay", "today", "--out", str(tmp_path / "x.xlsx")), "no form that can be written"),
        (("delay", "today", "--out", str(tmp_path / "no" / "x.csv")), "There is no folder"),
    ):
        assert main(["-C", str(ws.root), "predict", *wrong]) in (1, 2)
        assert words in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["flüge.csv", "flüge.jsonl", "out.csv", "out.parquet"]
    assert len(ws.predictions("delay")) == 5, "what could not be written was not answered"
