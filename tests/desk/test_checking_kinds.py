"""Models of several classes and of numbers through the gate, from the command line: champion, challenger, and the report read back."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from mlops_nb import Workspace
from mlops_nb.doors.cli import main
from mlops_nb.watch.report import CheckReport, report_digest

random = np.random.default_rng(9)
N = 1_500
FRAME = pd.DataFrame({
    "flight_id": np.arange(N),
    "scheduled": pd.date_range("2013-01-01", periods=N, freq="30min"),
    "departs": random.normal(0, 1, N),
    "distance": random.normal(0, 1, N),
    "carrier": random.choice(["UA", "AA", "DL"], N),
})  # fmt: skip
DEPARTS, DISTANCE = (FRAME[c] + random.normal(0, 0.5, N) for c in ("departs", "distance"))
FRAME["band"] = np.where(DEPARTS > 0.6, "late", np.where(DISTANCE > 0.5, "early", "on time"))
FRAME["minutes"] = 20 + 8 * FRAME["departs"] + 3 * FRAME["distance"] + random.normal(0, 2, N)
TRAIN, TEST = FRAME[:900], FRAME[900:]
BOTH = ["departs", "distance"]
MODELS = {"band": LogisticRegression(max_iter=300), "minutes": LinearRegression()}
HEADLINES = {"band": "accuracy", "minutes": "r2"}


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Two models, each with a champion of two columns and a challenger of one."""
    ws = Workspace(tmp_path_factory.mktemp("ws"))
    for model, estimator in MODELS.items():
        for columns in (BOTH, BOTH[:1]):
            about = {"target": model, "id": "flight_id", "time": "scheduled", "segments": ("carrier",)}
            version = ws.register(estimator.fit(TRAIN[columns], TRAIN[model]), model, train=TRAIN, test=TEST, **about)
            assert version.state == "proven", version.reason
    return ws


@pytest.mark.parametrize("model", MODELS)
def test_a_challenger_is_judged_and_the_report_read_back(
    ws: Workspace, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(*words: str) -> tuple[int, str]:
        code = main(["-C", str(ws.root), "check", *words])
        return code, capsys.readouterr().out

    code, text = check(f"{model}/2", "-o", "json")
    report = CheckReport.from_dict(json.loads(text))
    found = {c.name: c for c in report.checks}
    head = HEADLINES[model]
    assert code == 3 and not report.passed and report.against == f"{model}/1" and report_digest(report) == report.digest
    assert report.to_dict() == ws.checks(model)[0].to_dict(), "what was printed is what was kept"
    assert (report.rows, report.data) == (len(TEST), f"held-out rows of {model}/2")
    assert found[f"metrics {head}"].state == "ok" and head in found[f"metrics {head}"].detail
    rival = found["champion"]  # it asks for a column that the challenger gave up
    here, there = (ws.load(f"{model}/{n}").score(TEST[c], TEST[model]) for n, c in ((2, BOTH[:1]), (1, BOTH)))
    assert rival.state == "fail" and rival.value == pytest.approx(here - there) and rival.low < rival.value < rival.high < 0
    assert {p["segment"] for p in found["segments"].parts} == {"carrier=UA", "carrier=AA", "carrier=DL"}
    assert found["calibration"].state == found["leak"].state == found["overlap"].state == "ok", text

    assert [check(f"{model}/1", "--against", f"{model}/2", "-o", "json")[0], check(f"{model}/1", "--against", "")[0]] == [0, 0]
    code, text = check(f"{model}/2")
    assert code == 3 and f"{model}/2 against {model}/1: No: champion" in text and "✗ fail    champion" in text
    page = tmp_path / "report.html"
    assert check(f"{model}/2", "--format", "html", "--out", str(page))[0] == 3
    assert f"<h1>{model}/2 against {model}/1</h1>" in page.read_text("utf-8") and "carrier=DL" in page.read_text("utf-8")
    suite = ElementTree.fromstring(check(f"{model}/2", "--format", "junit")[1])
    assert [c.get("name") for c in suite if c.find("failure") is not None][:1] == ["champion"]
