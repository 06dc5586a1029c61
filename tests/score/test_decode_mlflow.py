"""The same bodies to MLflow's own scoring server and to ours: the same answers, but for what stands on a list with its reason."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from starlette.testclient import TestClient  # comes with MLflow, whose server is built on it

from mlops_nb.core.serving import ServingOptions
from mlops_nb.score.decode import DecodeError, Decoder
from mlops_nb.score.signature import Input, Signature
from mlops_nb.serve.protocols import refusal, write_mlflow

KINDS = {"distance": "float", "hour": "int", "carrier": "string", "holiday": "bool"}
SIGNATURE = Signature(tuple(Input(name, kind, nullable=kind != "int") for name, kind in KINDS.items()))
FLIGHT: dict[str, Any] = {"distance": 400.5, "hour": 8, "carrier": "UA", "holiday": True}
OTHER: dict[str, Any] = {"distance": 1400.0, "hour": 17, "carrier": "AA", "holiday": False}
Ask = Callable[[bytes, str], tuple[int, dict[str, Any]]]
DTYPES = {"distance": "float64", "hour": "int64", "carrier": object, "holiday": bool}


def flights(n: int = 400) -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "distance": random.gamma(3, 300, n),
            "hour": random.integers(5, 23, n),
            "carrier": random.choice(["UA", "AA", "DL"], n),
            "holiday": random.random(n) < 0.3,
        }
    )


@pytest.fixture(scope="module")
def model() -> Any:
    frame = flights()
    late = ((frame["hour"] > 12) ^ (frame["distance"] > 900) ^ (frame["carrier"] == "UA")).map({True: "late", False: "on time"})
    encoded = make_column_transformer((OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["carrier"]), remainder="passthrough")
    return make_pipeline(encoded, HistGradientBoostingClassifier(max_iter=40, random_state=0)).fit(frame, late)


@pytest.fixture(scope="module")
def theirs(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    import mlflow
    from mlflow.models import infer_signature
    from mlflow.pyfunc import scoring_server

    place: Path = tmp_path_factory.mktemp("model") / "flights"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        signature = infer_signature(flights(50))
        mlflow.sklearn.save_model(model, place, signature=signature, serialization_format="cloudpickle", pip_requirements=["scikit-learn"])
        client = TestClient(scoring_server.init(mlflow.pyfunc.load_model(str(place))), raise_server_exceptions=False)

    def ask(body: bytes, content_type: str) -> tuple[int, dict[str, Any]]:
        answer = client.post("/invocations", content=body, headers={"content-type": content_type})
        return answer.status_code, answer.json() if answer.headers.get("content-type", "").endswith("json") else {"message": answer.text}

    return ask


@pytest.fixture(scope="module")
def ours(model: Any) -> Ask:
    decoder = Decoder(SIGNATURE)

    def ask(body: bytes, content_type: str) -> tuple[int, dict[str, Any]]:
        try:
            rows = decoder.mlflow(body, content_type)
        except DecodeError as problem:
            status, refused, _ = refusal(problem, "mlflow", "r-1")
            return status, json.loads(refused)
        frame = pd.DataFrame({name: pd.Series(rows.columns[i], dtype=object) for i, name in enumerate(KINDS)})
        frame = frame.astype({"distance": "float64", "hour": "int64", "holiday": "float64"})
        labels = model.predict(frame).tolist() if rows.n else []
        return 200, json.loads(write_mlflow(rows, (labels, None), ServingOptions()))

    return ask


def split(*rows: list[Any], columns: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"dataframe_split": {"columns": list(KINDS) if columns is None else columns, "data": list(rows), **more}}


def one(**change: Any) -> dict[str, Any]:
    return split(list((FLIGHT | change).values()))


ROW, ROW2 = list(FLIGHT.values()), list(OTHER.values())
HEADER = ",".join(KINDS) + "\n"
LINE = "400.5,8,UA,True\n"

# Answered alike: the same status and the same predictions; or refused by both (by MLflow with 400, by us with 400 or 422).
ALIKE: dict[str, Any] = {
    "split": one(),
    "two rows": split(ROW, ROW2),
    "index": split(ROW, index=["a"]),
    "no index": split(ROW, index=None),
    "reordered columns": split(ROW[::-1], columns=list(KINDS)[::-1]),
    "extra column": split([*ROW, 7], columns=[*KINDS, "wing"]),
    "unseen category": one(carrier="✈"),
    "records": {"dataframe_records": [FLIGHT, OTHER]},
    "records with another column": {"dataframe_records": [FLIGHT, OTHER | {"wing": 1}]},
    "instances": {"instances": [FLIGHT, OTHER]},
    "instances by column": {"instances": {k: [FLIGHT[k], OTHER[k]] for k in KINDS}},
    "instances, one": {"instances": FLIGHT},
    "inputs": {"inputs": {k: [FLIGHT[k], OTHER[k]] for k in KINDS}},
    "inputs, one": {"inputs": FLIGHT},
    "inputs by row": {"inputs": [FLIGHT, OTHER]},
    "params": one() | {"params": {"seed": 1}},
    "no params": one() | {"params": None},
    "something else beside": one() | {"note": "hello"},
    "no records": {"dataframe_records": []},
    "no instances": {"instances": []},
    "int for double": one(distance=400),
    "bool for double": one(distance=True),
    "text that is a number for double": one(distance="400.5"),
    "null for double": one(distance=None),
    "NaN for double": one(distance=float("nan")),
    "infinite number": one(distance=float("inf")),
    "huge number": one(distance=10**30),
    "text for double": one(distance="far"),
    "list for double": one(distance=[1]),
    "whole float for long": one(hour=8.0),
    "bool for long": one(hour=True),
    "text that is a number for long": one(hour="8"),
    "null for long": one(hour=None),
    "2**63-1 for long": one(hour=2**63 - 1),
    "2**70 for long": one(hour=2**70),
    "0 for boolean": one(holiday=0),
    "null for string": one(carrier=None),
    "missing column": split(ROW[:3], columns=list(KINDS)[:3]),
    "no columns": {"dataframe_split": {"data": [ROW]}},
    "columns by number": split(ROW, columns=[0, 1, 2, 3]),
    "column twice": split([*ROW, 1.0], columns=[*KINDS, "distance"]),
    "shorter row": split(ROW[:3]),
    "longer row": split([*ROW, 1]),
    "flat row": {"dataframe_split": {"columns": list(KINDS), "data": ROW}},
    "unknown part of split": split(ROW, more=1),
    "instances as bare rows": {"instances": [ROW]},
    "ragged instances": {"instances": {k: [1] for k in KINDS} | {"hour": [1, 2]}},
    "ragged inputs": {"inputs": {k: [1] for k in KINDS} | {"hour": [1, 2]}},
    "records that are none": {"dataframe_records": FLIGHT},
    "two forms": one() | {"instances": [FLIGHT]},
    "no form": {"rows": [FLIGHT]},
    "a list": [FLIGHT],
    "not JSON": b"{",
    "empty": b"",
    "not UTF-8": b'{"inputs": "\xff"}',
    "byte order mark": b"\xef\xbb\xbf" + json.dumps(one()).encode(),
    "key twice": b'{"dataframe_split": 1, ' + json.dumps(one()).encode()[1:],
}
ALIKE_BY_TYPE: dict[str, tuple[str, str]] = {
    "csv": (HEADER + LINE, "text/csv"),
    "csv in UTF-8": (HEADER + LINE, "text/csv; charset=utf-8"),
    "csv of Windows": ((HEADER + LINE + LINE).replace("\n", "\r\n"), "text/csv"),
    "csv with quotes": (HEADER + '400.5,8,"U,""A\n",True\n', "text/csv"),
    "csv with empty lines": (HEADER + "\n" + LINE + "\n", "text/csv"),
    "csv without a number": (HEADER + ",8,UA,True\n", "text/csv"),
    "csv without text": (HEADER + "1,8,,True\n", "text/csv"),
    "csv without a long": (HEADER + "1,,UA,True\n", "text/csv"),
    "csv with text for double": (HEADER + "far,8,UA,True\n", "text/csv"),
    "csv of a lower true": (HEADER + "1,8,UA,true\n", "text/csv"),
    "csv with another column": ("wing," + HEADER + "1," + LINE, "text/csv"),
    "csv of nothing": ("", "text/csv"),
    "csv with NA": (HEADER + "1,8,NA,True\n", "text/csv"),
    "csv of a short row": (HEADER + "1,8\n", "text/csv"),
    "csv with an open quote": (HEADER + '1,8,"UA,True\n', "text/csv"),
    "csv of a long row": (HEADER + LINE + "1,8,UA,True,9\n", "text/csv"),
    "csv without a column": ("distance,hour,carrier\n1,8,UA\n", "text/csv"),
    "charset": (json.dumps(one()), "application/json; charset=utf-8"),
    "another charset": (json.dumps(one()), "application/json; charset=latin-1"),
    "another parameter": (json.dumps(one()), "application/json; v=1"),
    "plain text": (json.dumps(one()), "text/plain"),
}


def raw(document: Any) -> bytes:
    if isinstance(document, bytes):
        return document
    return (document if isinstance(document, str) else json.dumps(document)).encode()


BODIES: dict[str, tuple[bytes, str]] = {name: (raw(document), "application/json") for name, document in ALIKE.items()}
BODIES |= {name: (raw(text), kind) for name, (text, kind) in ALIKE_BY_TYPE.items()}

# Answered differently: theirs, ours, why.
DIFFERENT: dict[str, tuple[Any, str, int, int, str]] = {
    "ragged rows": (split(ROW, ROW2[:2]), "", 200, 400, "MLflow fills a short row with nulls, and null in a boolean becomes false"),
    "no rows": (split(), "", 400, 200, "an empty batch has an empty answer; there it depends on the model"),
    "no rows by column": ({"inputs": {k: [] for k in KINDS}}, "", 400, 200, "as above"),
    "csv of a header": (HEADER, "text/csv", 400, 200, "as above"),
    "record without a column": ({"dataframe_records": [FLIGHT, {"hour": 8, "carrier": "UA"}]}, "", 200, 422, "a ragged row, too"),
    "index of another length": (split(ROW, ROW2, index=[1]), "", 400, 200, "an index names rows; MLflow answers one row twice for [1, 2]"),
    "single value beside lists": ({"inputs": {k: [v] for k, v in FLIGHT.items()} | {"hour": 8}}, "", 200, 400, "a ragged column"),
    "fraction for long": (one(hour=8.5), "", 200, 422, "MLflow cuts it off: another flight is judged"),
    "2**63 for long": (one(hour=2**63), "", 200, 422, "MLflow makes a negative number of it"),
    "2 for boolean": (one(holiday=2), "", 200, 422, "MLflow takes it for true"),
    "text for boolean": (one(holiday="false"), "", 200, 422, "MLflow takes the word false for true"),
    "number for string": (one(carrier=17), "", 200, 422, "a category nobody has seen, where “17” may be one"),
    "rows that are objects": (split(FLIGHT), "", 200, 400, "not the form; MLflow's pandas happens to take it"),
    "params that are none": (one() | {"params": [1]}, "", 200, 400, "not the form; MLflow drops them silently"),
    "capitals": (one(), "Application/JSON", 415, 200, "media types know no capitals (RFC 9110, 8.3.1)"),
    "deep": (b'{"inputs": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", "", 500, 400, "MLflow fails"),
}


def test_the_same_bodies_are_answered_alike(theirs: Ask, ours: Ask) -> None:
    unlike = {}
    for name, (body, content_type) in BODIES.items():
        (status, answer), (status_ours, answer_ours) = theirs(body, content_type), ours(body, content_type)
        same = status_ours == status or (status == 400 and status_ours == 422)
        if not same or answer.get("predictions") != answer_ours.get("predictions"):
            unlike[name] = (status, answer), (status_ours, answer_ours)
    assert unlike == {}
    assert len(BODIES) >= 70


@pytest.mark.filterwarnings("ignore:Constructing a DataFrame")
def test_the_list_of_differences_is_true(theirs: Ask, ours: Ask) -> None:
    for name, (document, content_type, status, status_ours, reason) in DIFFERENT.items():
        kind = content_type or "application/json"
        assert (theirs(raw(document), kind)[0], ours(raw(document), kind)[0]) == (status, status_ours), name
        assert status != status_ours and reason


def test_predictions_are_of_both_kinds(ours: Ask) -> None:
    "Otherwise equal predictions would say little."
    assert ours(json.dumps(split(ROW, ROW2)).encode(), "application/json")[1]["predictions"] == ["late", "on time"]


def test_a_refusal_has_what_their_clients_read_and_repeats_nothing(theirs: Ask, ours: Ask) -> None:
    body = json.dumps(one(distance="SECRET")).encode()
    (status, answer), (status_ours, answer_ours) = theirs(body, "application/json"), ours(body, "application/json")
    assert (status, status_ours) == (400, 422)
    assert {"error_code", "message"} <= answer.keys() & answer_ours.keys()
    assert answer_ours["error_code"] == "INVALID_PARAMETER_VALUE"
    assert "SECRET" in json.dumps(answer), "MLflow has become careful: say so in score.cells"
    assert "SECRET" not in json.dumps(answer_ours)
    assert answer_ours["error"]["field"] == "$.dataframe_split.data[0][0]"
