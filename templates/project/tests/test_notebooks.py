"""The notebooks, run one after the other in a workspace of their own: from no data to a model under watch."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODEL = "late-parcel"


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    "A workspace with this project's notebooks; the project's own, and any MLflow server that is named outside, stay as they are."
    from mlops_nb import Workspace

    place = tmp_path_factory.mktemp("workspace")
    for name in ("nbs", "dashboards"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    (place / "settings.ini").write_text("[mlops_nb]\nname = tests\n")
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("MLOPS_NB_") or name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
                patch.delenv(name)
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])))
        patch.setenv("MLOPS_NB_POOL_IDLE", "20")  # the process that runs are copies of ends soon after the tests
        yield Workspace(place)


def done(ws, notebook, **parameters):
    "The run, when it finished."
    (run,) = ws.run(notebook, **parameters).wait()
    assert run.status == "finished", run.error
    return run


@pytest.fixture(scope="module")
def version(ws):
    return ws.version(f"{MODEL}/{done(ws, 'train.ipynb').results['version']}")


def test_a_version_is_trained_and_proven(version):
    assert version.state == "proven" and version.aliases == ("champion",)
    assert version.metrics["auc"] > 0.6


def test_it_may_go_to_production(ws, version):
    report = ws.check(version.ref)  # what `mlops-nb check` asks
    assert report.passed, ws.draw_check(report)


def test_a_month_is_scored_once_however_often(ws, version):
    from my_project.parcels import parcels

    first, again = (done(ws, "score.ipynb", month=7) for _ in range(2))
    assert first.results["rows"] == again.results["rows"] == len(parcels(7))
    assert len(ws.read("late-parcel-scored")) == len(parcels(7))
    assert first.verdict in ("ok", "changed")


def test_the_monitor_sees_a_second_town(ws, version):
    done(ws, "score.ipynb", month=10)
    run = done(ws, "monitor.ipynb", month=10)
    assert "distance_km" in run.results["moved"]


def test_the_dashboard_shows_the_model(ws, version):
    run = done(ws, str(ws.root / "dashboards" / "overview.ipynb"))
    assert MODEL in (Path(run.folder) / "executed.ipynb").read_text()


def test_the_index_runs(ws):
    done(ws, "index.ipynb", month=5)
