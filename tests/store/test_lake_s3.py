"""The lake on S3."""

import threading

import pandas as pd
import pytest
from s3 import SECRET

from mlops_nb.core.errors import SnapshotNotFound, StoreUnavailable, TableNotFound
from mlops_nb.store.lake import Lake

FRAME = pd.DataFrame({"id": [1, 2, 3], "dest": ["ATL", "ü b", None]})


def test_everything_works_as_on_a_disk(options):
    lake = Lake("s3://lake-bucket/a prefix", options)
    assert lake.tables() == [] and lake.check().state == "ok"
    assert lake.commit("flügel 1", FRAME, partition_by="dest").ref == "flügel 1@1"
    assert not lake.commit("flügel 1", FRAME.iloc[::-1]).changed
    grown = lake.commit("flügel 1", FRAME.assign(id=[1, 2, 9]), mode="append", key="id")
    assert (grown.ref, grown.rows) == ("flügel 1@2", 4)
    assert lake.read("flügel 1@1", where=[("dest", "=", "ü b")])["id"].tolist() == [2]
    assert lake.scan("flügel 1").filter(id=9).collect().height == 1
    assert lake.tables() == ["flügel 1"]
    lake.commit("flügel 1", FRAME.assign(id=[7, 8, 9]), mode="append", run_id="r")
    lake.compact("flügel 1")
    assert lake.vacuum("flügel 1", keep=1, pinned=["flügel 1@1"]).removed == (2,)
    assert len(lake.read("flügel 1@1")) == 3 and len(lake.read("flügel 1")) == 7
    with pytest.raises(SnapshotNotFound):
        lake.read("flügel 1@2")
    with pytest.raises(TableNotFound):
        lake.read("nothing")
    assert lake.check().state == "ok" and lake.tables() == ["flügel 1"]


def test_credentials_from_the_environment(options, monkeypatch):
    for name, value in options.items():
        monkeypatch.setenv(name, value)
    lake = Lake("s3://lake-bucket/env")
    lake.commit("t", FRAME)
    assert len(Lake("s3://lake-bucket/env").read("t")) == 3


def test_writers_at_once_lose_nothing(options):
    """No lock file here: only the bucket's refusal to write the same log entry twice."""
    lake = Lake("s3://lake-bucket/crowd", options)
    gate, failed = threading.Barrier(4), []

    def write(who):
        gate.wait()
        try:
            for k in range(3):
                lake.commit("t", pd.DataFrame({"id": [f"{who}-{k}"], "k": [k]}), mode="append", key="id")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and sorted(lake.read("t")["id"]) == sorted(f"{w}-{k}" for w in range(4) for k in range(3))


def test_what_does_not_answer_is_said_soon_and_without_secrets(options):
    for uri, changed in [
        ("s3://no-such-bucket/x", {}),
        ("s3://lake-bucket/x", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}),
    ]:
        lake = Lake(uri, options | changed)
        finding = lake.check()
        assert finding.state == "fail" and finding.remedy and SECRET not in str(finding)
        with pytest.raises(StoreUnavailable) as caught:
            lake.commit("t", FRAME)
        assert SECRET not in str(caught.value) and SECRET not in repr(lake) + repr(lake.place)
