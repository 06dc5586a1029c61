"""`mlops-nb check`, `replay` and the gate of `models promote`, as a script meets them."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from test_cli import error_of, shell

from mlops_nb import Workspace

@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("Flüge 2013")
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"departs": random.uniform(5, 23, 1_500), "distance": random.gamma(3, 300, 1_500)})
    frame["late"] = random.random(1_500) < frame["departs"] / 30
    train, test = frame[:1_000], frame[1_000:]
    ws = Workspace(folder)
    columns = ["departs", "distance"]
    for labels in (train["late"], train["late"], ~train["late"]):
        model = LogisticRegression(max_iter=500).fit(train[columns], labels)
        ws.register(model, "delay", train=train, test=test, target="late")
    return folder


def test_a_check_exits_with_3_when_it_says_no(place: Path) -> None:
    said = shell("check", "delay/3", cwd=place, code=3).stdout
    assert "No: metrics auc, champion" in said and "✗ fail" in said
    report = json.loads(shell("check", "delay/2", "-o", "json", cwd=place).stdout)
    assert report["passed"] is True and report["digest"].startswith("sha256:")
    shell("check", "delay/3", "--format", "junit", "--out", "check.xml", cwd=place, code=3)
    assert int(ET.parse(place / "check.xml").getroot().get("failures", "0")) >= 2
    assert "gates/delay.yaml" in shell("check", "delay", "--write-gate", cwd=place).stdout
    (place / "gates" / "delay.yaml").write_text("leek: {}\n")
    assert "Did you mean leak" in str(error_of("check", "delay/2", cwd=place)["hint"])
    (place / "gates" / "delay.yaml").unlink()


def test_a_promotion_shows_its_check_and_is_refused_with_3(place: Path) -> None:
    error = error_of("models", "promote", "delay/3", cwd=place, code=3)
    assert error["code"] == "check_failed" and "--force" in error["hint"]
    assert error_of("models", "promote", "delay/3", "--force", cwd=place, code=2)["field"] == "reason"
    receipt = json.loads(shell("models", "promote", "delay/2", "-o", "json", cwd=place).stdout)
    assert receipt["evidence"]["check"]["passed"] is True and receipt["to_version"] == 2
    assert "Nothing can be said" in shell("replay", "delay/3", cwd=place, code=1).stdout
