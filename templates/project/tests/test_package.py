"""The package, and that it is what the notebooks say."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.base import clone

from my_project.features import FEATURES, Rush
from my_project.parcels import parcels

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "my_project"


def test_a_month_is_the_same_table_again():
    frame = parcels(4)
    assert frame.equals(parcels(4)) and not frame.equals(parcels(5))
    assert frame["parcel_id"].is_unique and frame["promised"].is_monotonic_increasing
    assert 0.05 < frame["late"].mean() < 0.5
    with pytest.raises(ValueError, match="no month 13"):
        parcels(13)


def test_rush_learns_from_training_rows_alone():
    rush = Rush().fit(parcels(4))
    before = rush.transform(parcels(5))
    rush.transform(parcels(6))
    assert before.equals(rush.transform(parcels(5)))
    assert list(before) == list(rush.get_feature_names_out())


def test_rush_is_a_transformer_like_any_other():
    frame = parcels(4)
    copy = clone(Rush(hour="hour"))
    assert copy.get_params() == {"depot": "depot", "hour": "hour"}
    assert copy.fit_transform(frame).equals(Rush().fit(frame).transform(frame))


def test_a_depot_that_was_never_seen_is_no_failure():
    rush = Rush().fit(parcels(4))
    assert rush.transform(parcels(4).assign(depot="airport"))["busy"].eq(1.0).all()


def test_the_model_sees_nothing_that_is_known_too_late():
    assert not {"late", "parcel_id", "promised"} & set(FEATURES)


def test_the_package_is_what_the_notebooks_export(tmp_path):
    for name in ("nbs", PACKAGE):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    subprocess.run([Path(sys.executable).with_name("nbdev-export")], cwd=tmp_path, check=True)
    modules = [path.name for path in (tmp_path / PACKAGE).glob("*.py") if path.name != "_modidx.py"]
    assert {"parcels.py", "features.py"} <= set(modules)
    for name in modules:
        assert (ROOT / PACKAGE / name).read_text() == (tmp_path / PACKAGE / name).read_text(), f"run `make package` and commit {name}"


@pytest.mark.parametrize("name", ["index", "train", "score", "monitor"])
def test_a_notebook_has_one_cell_with_parameters(name):
    cells = json.loads((ROOT / "nbs" / f"{name}.ipynb").read_text())["cells"]
    (tagged,) = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    assert all(isinstance(line, ast.Assign) for line in ast.parse("".join(tagged["source"])).body)
