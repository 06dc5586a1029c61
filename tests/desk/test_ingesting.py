"""Loads from outside: files, a web server, S3, databases. What is good stays; what is wrong is named; no secret is told."""

import contextlib
import gzip
import http.server
import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import s3 as s3_server
from waiting import until

from mlops_nb import Workspace
from mlops_nb.core.errors import ContractViolated, ExtraMissing, MlopsError, SchemaChanged, UsageError
from mlops_nb.store.sources import SourceNotFound, SourceRefused, SourceTooLarge, SourceUnavailable, SourceUnreadable

ROWS = [(i, "UA" if i % 3 else "DL", 100.5 + 7 * i, f"2013-01-{i % 28 + 1:02}") for i in range(1, 101)]
HEAD = "flight_id,carrier,distance,day"
PASSWORD = "pw-hunter2-xyz"


def lines(rows: list[Any], separator: str = ",") -> str:
    return "\n".join([HEAD.replace(",", separator), *(separator.join(map(str, row)) for row in rows)])


@pytest.fixture
def ws(tmp_path, monkeypatch) -> Workspace:
    place = tmp_path / "Flüge 2013"
    place.mkdir()
    monkeypatch.chdir(place)
    return Workspace(place)


class Web(http.server.ThreadingHTTPServer):
    """Answers what `pages` says: path -> (status, headers, body); remembers what it was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[tuple[str, str]] = []
        super().__init__(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        web: Any = self.server
        web.asked.append((self.path, self.headers.get("Authorization", "")))
        status, headers, body = web.pages.get(self.path.partition("?")[0], (404, {}, b"nothing here"))
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_csv_parquet_and_json_lines_are_the_same_rows_and_again_changes_nothing(ws) -> None:
    outside = ws.root.parent / "outside"
    outside.mkdir()
    (outside / "flights.csv").write_text(lines(ROWS), encoding="utf-8")
    first = ws.ingest("flights", outside / "flights.csv")
    assert (first.snapshot.ref, first.rows, first.changed) == ("flights@1", 100, True)
    frame = pd.DataFrame(ROWS, columns=HEAD.split(","))
    frame.assign(day=pd.to_datetime(frame["day"]).dt.date).to_parquet(outside / "flights.parquet")
    (outside / "flights.jsonl").write_text("\n".join(json.dumps(dict(zip(HEAD.split(","), r, strict=True))) for r in ROWS))
    (outside / "flights.csv.gz").write_bytes(gzip.compress(lines(ROWS).encode()))
    (outside / "semi.csv").write_text(lines(ROWS, ";"))
    for name, how in (("flights.csv", {}), ("flights.parquet", {}), ("flights.csv.gz", {}), ("semi.csv", {"separator": ";"})):
        again = ws.ingest("flights", (outside / name).as_uri() if name.endswith("csv") else outside / name, **how)
        assert (again.snapshot.ref, again.changed) == ("flights@1", False), name
    part = ws.ingest("part", outside / "flights.jsonl", query="select carrier, flight_id from source where flight_id > 90")
    assert part.rows == 10 and list(part.snapshot.schema) == ["carrier", "flight_id"]


def test_an_append_adds_a_load_once(ws) -> None:
    (ws.root / "a.csv").write_text(lines(ROWS[::2]))
    (ws.root / "b.csv").write_text(lines(ROWS[1::2]))
    loads = [ws.ingest("log", name, mode="append").snapshot.rows for name in ("a.csv", "b.csv", "a.csv", "b.csv")]
    assert loads == [50, 100, 100, 100]
    (ws.root / "b.csv").write_text(lines([*ROWS[1::2], (1001, "UA", 1.0, "2013-01-04"), (7, "DL", 2.0, "2013-01-09")]))
    keyed = ws.ingest("keyed", "a.csv", mode="append", key="flight_id")
    keyed = ws.ingest("keyed", "b.csv", mode="append", key="flight_id")  # ids have grown beyond what was seen: no breach
    assert keyed.snapshot.rows == 101 and ws.read("keyed").set_index("flight_id").loc[7, "distance"] == 2.0


def test_text_stays_text(ws) -> None:
    (ws.root / "a.csv").write_text("plz,n\n01067,1\nK1A,2\n")
    (ws.root / "b.csv").write_text("plz,n\n01067,1\n10115,2\n")
    ws.ingest("places", "a.csv")
    assert ws.ingest("places", "b.csv").changed and ws.read("places")["plz"].tolist() == ["01067", "10115"]


def test_whole_numbers_fit_where_fractions_were(ws) -> None:
    (ws.root / "a.csv").write_text("id,x\n1,1.5\n2,2.5\n")
    (ws.root / "b.csv").write_text("id,x\n1,1\n2,2\n")
    ws.ingest("numbers", "a.csv")
    assert ws.ingest("numbers", "b.csv").snapshot.schema["x"] == "double"


def test_a_breach_leaves_the_last_good_snapshot_an_alert_and_no_secret(ws) -> None:
    file = ws.root / "flights.csv"
    file.write_text(lines(ROWS))
    ws.ingest("flights", file)
    bad = [*ROWS[:97], (98, PASSWORD, -40_000, "2013-01-02"), (99, "UA", "", "2013-01-02"), (100, "token-abcdef", 9e9, "2013-01-03")]
    file.write_text(lines([*bad, *[(i, PASSWORD, "", "2013-01-05") for i in range(200, 230)]]))
    for _ in range(2):
        with pytest.raises(ContractViolated) as caught:
            ws.ingest("flights", file)
    alert = ws.alerts()[0]
    assert len(ws.alerts()) == 1 and (alert.kind, alert.count) == ("ingest_rejected", 2)
    assert "flights@1 stays" in alert.message and "distance" in alert.message and "31 of 130" in alert.message
    assert "are none of the 2 known ones" in alert.message
    assert PASSWORD not in str(alert.to_dict()) + str(caught.value) and "token-abcdef" not in alert.message
    assert ws.read("flights")["flight_id"].max() == 100 and len(ws.history("flights")) == 1

    file.write_text(lines([*ROWS, (101, "UA", 300.0, "2013-01-09")]))
    good = ws.ingest("flights", file)
    assert good.resolved == 1 and good.snapshot.version == 2 and ws.alerts() == []


def test_a_written_contract_holds_from_the_first_load(ws) -> None:
    (ws.root / "contracts").mkdir()
    text = "format: 1\ncolumns:\n  distance: {type: float, max_null_ratio: 0, min: 0, max: 500}\n"
    (ws.root / "contracts" / "flights.yaml").write_text(text)
    (ws.root / "flights.csv").write_text(lines(ROWS))
    with pytest.raises(ContractViolated, match="above 500"):
        ws.ingest("flights", "flights.csv")
    assert ws.tables() == [] and "no snapshot yet" in ws.alerts()[0].message
    assert ws.ingest("flights", "flights.csv", contract=False).contract == "none, as asked"
    with pytest.raises(UsageError, match=r"no contract file gone\.yaml"):
        ws.ingest("flights", "flights.csv", contract="gone.yaml")


def test_other_columns_are_refused_and_told(ws) -> None:
    (ws.root / "a.csv").write_text(lines(ROWS))
    ws.ingest("flights", "a.csv")
    (ws.root / "a.csv").write_text(lines(ROWS).replace(HEAD, HEAD + ",gate").replace("\n", ",1\n").replace("gate,1", "gate") + ",1")
    with pytest.raises(SchemaChanged):
        ws.ingest("flights", "a.csv")
    assert ws.alerts()[0].kind == "ingest_failed" and "flights@1 stays" in ws.alerts()[0].message


@pytest.mark.parametrize(
    ("name", "content", "error", "words"),
    [
        ("empty.csv", b"", SourceUnreadable, "is empty (0 bytes)"),
        ("page.csv", b"\n<!DOCTYPE html><html><body>Log in</body></html>", SourceUnreadable, "is a web page"),
        ("latin.csv", "city,n\nMünchen,1\n".encode("cp1252"), SourceUnreadable, 'byte 8 cannot be read. Say what it is: encoding="cp'),
        ("wide.csv", "city,n\nx,1\n".encode("utf-16"), SourceUnreadable, 'encoding="utf-16"'),
        ("semi.csv", b"id;late\n1;true\n", SourceUnreadable, 'separator=";"'),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n", SourceUnreadable, "cannot be read"),
        ("broken.parquet", b"PAR1 and then nothing", SourceUnreadable, "cannot be read"),
        ("broken.csv.gz", b"\x1f\x8b\x08 no", SourceUnreadable, "damaged gzip"),
        ("half.jsonl", b'{"a": 1}\n{"a": ', SourceUnreadable, "cannot be read"),
        ("book.xlsx", b"PK\x03\x04", UsageError, ".xlsx is not read"),
        ("head.csv", b"a,b\n", MlopsError, "no rows"),
    ],
)
def test_a_file_that_is_no_table_says_why(ws, name, content, error, words) -> None:
    (ws.root / name).write_bytes(content)
    with pytest.raises(error) as caught:
        ws.ingest("t", name)
    assert words in str(caught.value) and ws.tables() == []


def test_bounds_hold_also_for_what_unpacks(ws, web, monkeypatch) -> None:
    monkeypatch.setenv("MLOPS_NB_INGEST_LIMIT_MB", "0.1")
    small = Workspace(ws.root)
    (ws.root / "bomb.csv.gz").write_bytes(gzip.compress(b"x\n" + b"1\n" * 500_000))
    (ws.root / "large.csv").write_bytes(b"x\n" + b"1\n" * 100_000)
    web.pages["/told.csv"] = (200, {}, b"x\n" + b"1\n" * 100_000)
    web.pages["/untold.csv"] = (200, {"Content-Length": "", "Connection": "close"}, b"x\n" + b"1\n" * 100_000)
    with sqlite3.connect(ws.root / "ops.db") as base:
        base.execute("create table t (x)")
        base.executemany("insert into t values (?)", [(i,) for i in range(5_000)])
    for source in ("bomb.csv.gz", "large.csv", f"{web.url}/told.csv", f"{web.url}/untold.csv", f"sqlite:///{ws.root / 'ops.db'}"):
        with pytest.raises(SourceTooLarge, match=r"ingest_limit_mb is 0\.1"):
            small.ingest("t", source, query="select * from t" if "sqlite" in source else None)


def test_the_web_with_credentials_and_its_faults(ws, web) -> None:
    web.pages["/flights.csv"] = (200, {"Content-Type": "text/csv"}, lines(ROWS).encode())
    address = web.url.replace("http://", f"http://ana:{PASSWORD}@") + "/flights.csv?sig=s3cr3tsig"
    done = ws.ingest("flights", address)
    assert done.rows == 100 and done.source == f"{web.url}/flights.csv?…"
    assert web.asked[-1][0].endswith("?sig=s3cr3tsig") and web.asked[-1][1].startswith("Basic ")
    web.pages["/login"] = (200, {"Content-Type": "text/html"}, b"<html>Log in</html>")
    web.pages["/moved"] = (302, {"Location": "/flights.csv"}, b"")
    web.pages["/half"] = (200, {"Content-Length": "5000"}, b"a,b\n1,2\n")
    web.pages["/closed"] = (403, {}, b"")
    web.pages["/down"] = (500, {}, b"")
    assert not ws.ingest("flights", f"{web.url}/moved").changed
    wrong = [("/gone", SourceNotFound, "HTTP 404"), ("/closed", SourceRefused, "403"), ("/down", SourceUnavailable, "500")]
    wrong += [("/login", SourceUnreadable, "web page"), ("/half", SourceUnavailable, "broke off after 8 of 5,000")]
    for path, error, words in wrong:
        with pytest.raises(error, match=words) as caught:
            ws.ingest("flights", address.replace("/flights.csv", path))
        assert PASSWORD not in str(caught.value) and "s3cr3tsig" not in str(caught.value)
    assert PASSWORD not in str(ws.alerts()) and "s3cr3tsig" not in str(ws.alerts()) and ws.alerts()[0].count == 5


@pytest.mark.parametrize("place", ["http://169.254.169.254/latest", "http://10.0.0.7/x", "file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_redirect_leads_nowhere_private(ws, web, place) -> None:
    web.pages["/trap"] = (302, {"Location": place}, b"")
    with pytest.raises(SourceRefused, match="redirects to"):
        ws.ingest("t", f"{web.url}/trap")


def test_credentials_do_not_follow_a_redirect(ws, web) -> None:
    web.pages["/moved"] = (302, {"Location": f"{web.url}/flights.csv"}, b"")
    web.pages["/flights.csv"] = (200, {}, lines(ROWS).encode())
    ws.ingest("t", web.url.replace("http://", f"http://ana:{PASSWORD}@") + "/moved")
    assert [bool(header) for _, header in web.asked] == [True, False]


def test_a_server_that_is_silent_or_absent(ws, web, monkeypatch) -> None:
    monkeypatch.setenv("MLOPS_NB_INGEST_TIMEOUT_S", "0.2")
    short = Workspace(ws.root)
    import socket

    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with pytest.raises(SourceUnavailable, match=r"within 0\.2 s"):
            short.ingest("t", f"http://127.0.0.1:{mute.getsockname()[1]}/x.csv")
    with socket.socket() as held:  # so that nobody else takes the port; without `listen` it refuses
        held.bind(("127.0.0.1", 0))
        with pytest.raises(SourceUnavailable):
            short.ingest("t", f"http://127.0.0.1:{held.getsockname()[1]}/x.csv")


def test_databases_read_and_their_faults(ws, postgres) -> None:
    where = f"sqlite:///{ws.root / 'ops.db'}"
    with sqlite3.connect(ws.root / "ops.db") as base:
        base.execute("create table flights (flight_id integer, carrier text, distance real)")
        base.executemany("insert into flights values (?, ?, ?)", [row[:3] for row in ROWS])
    assert ws.ingest("lite", where, query="select * from flights").rows == 100
    with pytest.raises(SourceUnreadable, match="no such table"):
        ws.ingest("lite", where, query="select * from nowhere")
    with pytest.raises(SourceUnreadable):
        ws.ingest("lite", where, query="delete from flights")
    assert sqlite3.connect(ws.root / "ops.db").execute("select count(*) from flights").fetchone() == (100,)
    with pytest.raises(SourceNotFound, match="no SQLite file"):
        ws.ingest("lite", f"sqlite:///{ws.root / 'gone.db'}", query="select 1")
    assert not (ws.root / "gone.db").exists()

    url = postgres.database()
    try:
        import psycopg

        with psycopg.connect(url) as base:
            made = "select i as id, now() as at, i * 1.5 as x, md5(i::text)::uuid as u from generate_series(1, 2000) i"
            base.execute(f"create table f as {made}")
            base.execute("create sequence s")
        done = ws.ingest("pg", url, query="select id, at, x::float8 as x, u from f where u::text like '%' order by id")
        assert done.rows == 2000 and done.snapshot.schema["at"].startswith("timestamp") and postgres.password not in str(done.to_dict())
        with pytest.raises(SourceUnreadable, match="read-only"):
            ws.ingest("pg", url, query="select nextval('s') as n")
        with pytest.raises(SourceUnavailable, match="cannot be reached") as caught:
            ws.ingest("pg", url.replace(postgres.password, PASSWORD), query="select 1")
        assert PASSWORD not in str(caught.value)
    finally:
        postgres.drop(url)


def test_s3_and_what_needs_an_extra(ws, monkeypatch) -> None:
    import boto3

    server = s3_server.Server()
    try:
        for name, value in server.options.items():
            monkeypatch.setenv(name, value)
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": s3_server.SECRET, "region_name": "us-east-1"}
        client = boto3.client("s3", endpoint_url=server.url, **keys)
        client.put_object(Bucket="lake-bucket", Key="in/flights.csv", Body=lines(ROWS).encode())
        assert ws.ingest("flights", "s3://lake-bucket/in/flights.csv").rows == 100
        with pytest.raises(SourceNotFound):
            ws.ingest("flights", "s3://lake-bucket/in/gone.csv")
    finally:
        server.stop()
    import fsspec

    with fsspec.open("memory://in/flights.csv", "wb") as out:
        out.write(lines(ROWS).encode())
    assert not ws.ingest("flights", "memory://in/flights.csv").changed
    with pytest.raises(ExtraMissing, match=r"mlops_nb\[ingest\]"):
        ws.ingest("flights", "gs://bucket/flights.csv")
    with pytest.raises(ExtraMissing, match="driver"):
        ws.ingest("flights", "oracle://host/base", query="select 1")


def test_the_notebook_runs_it_and_a_secret_address_is_nowhere(ws, web, monkeypatch) -> None:
    jobs = Path(__file__).resolve().parents[2] / "nbs" / "jobs" / "ingest.ipynb"
    web.pages["/flights.csv"] = (200, {}, lines(ROWS).encode())
    monkeypatch.setenv("FLIGHTS_AT", web.url.replace("http://", f"http://ana:{PASSWORD}@") + "/flights.csv")
    run = ws.run(jobs, table="flights", source="secret://FLIGHTS_AT").wait()[0]
    assert run.status == "finished", run.error
    assert run.output == "flights@1" and run.results["rows"] == 100 and run.results["changed"] is True
    web.pages["/flights.csv"] = (200, {}, lines([*ROWS[:-1], (100, "UA", -9e9, "2013-01-02")]).encode())
    failed = ws.run(jobs, table="flights", source="secret://FLIGHTS_AT").wait()[0]
    assert failed.status == "failed" and "ContractViolated" in failed.error
    assert failed.results["rejected"][0]["column"] == "distance" and ws.alerts()[0].kind == "ingest_rejected"
    until(lambda: not list((ws.settings.state_dir / "runs" / ".open").glob("*")), "both runs are in the index and in MLflow")
    for file in ws.settings.state_dir.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # a draft of the warm process, which is at its place meanwhile
            assert PASSWORD.encode() not in (file.read_bytes() if file.is_file() else b""), file
