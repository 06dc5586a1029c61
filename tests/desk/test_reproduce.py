"""A run is repeated on what it saw, long after everything around it has moved on; and nothing of that shows in production."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat.v4 as v4
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from waiting import until

from mlops_nb.batch.order import read_run
from mlops_nb.core.environment import environment_diff, read_environment
from mlops_nb.core.errors import SnapshotNotFound
from mlops_nb.core.gitstate import CommitGone
from mlops_nb.core.interpreters import rebuilt
from mlops_nb.core.lineage import Manifest
from mlops_nb.core.records import Run
from mlops_nb.core.secret import SecretMissing
from mlops_nb.desk.replaying import EvidenceMissing, packages_changed, pins_of, read_recorded
from mlops_nb.desk.reproducing import compare
from mlops_nb.desk.workspace import Workspace

random = np.random.default_rng(7)
N = 400
FLIGHTS = pd.DataFrame({"id": range(N), "distance": random.gamma(3, 300, N).round(), "departs": random.integers(300, 1380, N)})
FLIGHTS["late"] = random.random(N) < FLIGHTS["departs"] / 2000
SCORE = """from mlops_nb import Workspace
from features import bound
ws = Workspace()
flights = ws.read("flights", where=[("id", "<", 40 * month)])
answers = ws.predict("delay", flights)
ws.commit("scores", flights[["id"]].assign(score=answers["score"]), mode="append", key="id")
ws.record(mean=answers["score"].mean(), rows=len(ws.read("scores")), over=int((answers["score"] > bound).sum()))
open("note.txt", "w").write("beside the notebook")"""
TRAIN = """from sklearn.linear_model import LogisticRegression
from mlops_nb import Workspace
ws = Workspace()
flights = ws.read("flights")
model = LogisticRegression(C=.1).fit(flights[["departs"]], flights["late"])
version = ws.register(model, "delay", train=flights, test=flights[:200], target="late")
ws.promote(version.ref, alias="challenger")
ws.record(version=version.version, champion=ws.version("delay").version)"""
DRAWS = "import os, json\nimport random\nfrom mlops_nb.batch.order import record_result\n"


def notebook(path: Path, *cells: str, parameters: str = "month = 1") -> Path:
    made = [v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}), *map(v4.new_code_cell, cells)]
    path.write_text(json.dumps(v4.new_notebook(cells=made)), encoding="utf-8")
    return path


def git(root: Path, *words: str) -> None:
    me = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    subprocess.run(["git", "-C", str(root), *me, *words], check=True, capture_output=True, env=clean)


def ran(ws: Workspace, path: Path, **parameters) -> Run:
    (run,) = ws.run(path, wait=True, **parameters).runs
    assert run.status == "finished", (run.error, (Path(run.folder) / "log.txt").read_text()[-2000:])
    return run


def published(ws: Workspace) -> None:
    "Waits until ended runs are in the index and in MLflow, which happens after they were answered."
    until(lambda: not list((ws.settings.state_dir / "runs" / ".open").glob("*")), "ended runs are published")


def production(ws: Workspace) -> dict[str, str]:
    "Every byte of lake, registry, artifacts and control, but for the index of runs, which lists the repetition."
    published(ws)
    state = ws.settings.state_dir
    files = [p for part in ("lake", "artifacts") for p in (state / part).rglob("*") if p.is_file() and ".locks" not in p.parts]
    found = {str(p.relative_to(state)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    for name in ("mlflow.db", "control.db"):
        with sqlite3.connect(f"file:{state / name}?mode=ro", uri=True) as database:
            lines = [line for line in database.iterdump() if not any(f'INTO "mlops_{t}"' in line for t in ("runs", "pins"))]
        found[name] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert sum(name.startswith("lake/") for name in found) > 4
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Workspace:
    root = tmp_path_factory.mktemp("ws") / "Flüge 2013"
    (root / "nbs").mkdir(parents=True)
    git(root, "init", "--quiet")
    ws = Workspace(root)
    ws.commit("flights", FLIGHTS)
    ws.commit("scores", pd.DataFrame({"id": [-1], "score": [0.5]}))
    model = LogisticRegression().fit(FLIGHTS[["distance", "departs"]], FLIGHTS["late"])
    assert ws.register(model, "delay", train=FLIGHTS, target="late", id="id").state == "proven"
    (root / "nbs" / "features.py").write_text("bound = .4\n")
    notebook(root / "nbs" / "score.ipynb", SCORE)
    notebook(root / "nbs" / "train.ipynb", TRAIN)
    git(root, "add", "settings.ini", "nbs")
    git(root, "commit", "--quiet", "-m", "Score")
    (root / "nbs" / "features.py").write_text("bound = .3\n")  # not committed: in the patch
    return ws


@pytest.fixture(scope="module")
def recorded(place) -> dict[str, Run]:
    "Two runs, after which everything they used has moved on."
    runs = {"score": ran(place, place.root / "nbs" / "score.ipynb", month=2)}
    (place.root / "nbs" / "note.txt").unlink()
    runs["train"] = ran(place, place.root / "nbs" / "train.ipynb")
    place.commit("flights", FLIGHTS.assign(distance=1.0))
    place.commit("scores", pd.DataFrame({"id": [7], "score": [0.0]}), mode="append", key="id")
    place.promote("delay/2", force=True, reason="newer")
    (place.root / "nbs" / "features.py").write_text("bound = 9\n")
    notebook(place.root / "nbs" / "score.ipynb", "raise SystemExit('rewritten')")
    git(place.root, "commit", "--quiet", "-am", "Rewritten")
    return runs


def test_a_run_knows_what_it_brought_and_used(place, recorded):
    score, train = recorded["score"], recorded["train"]
    assert score.models == ("delay/1",) and score.outputs == ("scores@2",) and train.registered == ("delay/2",)
    assert set(score.digests) == {"scores@2"} and read_run(score.folder).digests == score.digests
    line = json.loads((Path(score.folder) / "scored.jsonl").read_text())
    assert line["digest"].startswith("sha256:")
    pins, appended = pins_of(read_recorded(score), place.stores.lake)
    assert (pins.snapshots, pins.models, pins.bases, appended) == ({"flights": 1}, {"delay": 1}, {"scores": 1}, ("scores",))
    assert pins_of(read_recorded(train), place.stores.lake)[0].registered == {"delay": 2}


def test_scoring_and_training_are_identical_and_production_is_as_it_was(place, recorded):
    before, head = production(place), place.stores.control.head()
    scored = place.reproduce(recorded["score"].id)
    assert scored.identical, scored.differs
    assert {"scores (1 snapshot)", "3 results", "predictions of delay/1"} <= set(scored.compared)
    again = place.get_run(scored.by)
    assert again.because == f"reproduces {recorded['score'].id}" and again.results == recorded["score"].results
    assert again.digests == recorded["score"].digests, "the same rows, under the same version number"
    assert not (place.settings.state_dir / "replays" / scored.by).exists(), "cleared away"
    assert not (place.root / "nbs" / "note.txt").exists(), "what it writes beside itself stays in the work tree"

    trained = place.reproduce(recorded["train"].id)
    assert trained.identical, trained.differs
    assert "metrics of delay/2" in trained.compared
    assert place.get_run(trained.by).results == {"version": 2, "champion": 1}

    assert production(place) == before and place.stores.control.head() == head
    assert [v.version for v in place.versions("delay")] == [2, 1] and place.version("delay").version == 2
    trees = subprocess.run(["git", "-C", str(place.root), "worktree", "list"], capture_output=True, text=True, check=True).stdout
    assert len(trees.splitlines()) == 1


def test_a_snapshot_that_was_vacuumed_and_a_commit_that_is_gone_are_named(place, recorded, tmp_path):
    copy = tmp_path / "copy"
    published(place)  # a journal or a draft that is listed and gone again cannot be copied
    shutil.copytree(place.root, copy, symlinks=True, ignore=shutil.ignore_patterns("pool"))
    run = replace(recorded["score"], folder=str(copy / ".mlops" / "runs" / recorded["score"].id))
    (Path(run.folder) / "run.json").write_text(json.dumps(run.to_dict()))
    ws = Workspace(copy)
    ws.stores.control.put_run(run)
    shutil.rmtree(copy / ".git")
    git(copy, "init", "--quiet")
    with pytest.raises(CommitGone, match=r"not in this repository.*--here"):
        ws.reproduce(run.id)
    ws.stores.lake.vacuum("flights", keep=1)
    with pytest.raises(SnapshotNotFound, match=r"flights@1.*vacuum"):
        ws.reproduce(run.id)
    (Path(run.folder) / "manifest.json").unlink()
    with pytest.raises(EvidenceMissing, match=r"manifest\.json"):
        ws.reproduce(run.id)


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Workspace:
    "A workspace outside of any repository."
    return Workspace(tmp_path_factory.mktemp("bare"))


def command(*words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-c", "import sys; from mlops_nb.doors.cli import main; sys.exit(main())", *words]
    return subprocess.run(line, cwd=cwd, capture_output=True, text=True, timeout=300)


def test_random_numbers_without_a_seed_are_caught_and_with_the_seed_of_the_run_they_are_not(bare):
    loose = ran(bare, notebook(bare.root / "loose.ipynb", DRAWS + "record_result({'share': random.SystemRandom().random(), 'rows': 3})"))
    found = bare.reproduce(loose.id)
    assert found.identical is False
    (differs,) = found.differs
    assert (differs.kind, differs.what, differs.recorded) == ("output", "result share", loose.results["share"])
    assert differs.by == abs(differs.now - differs.recorded) > 0
    assert bare.reproduction(found.by) == found and Path(found.replay).is_dir()
    done = command("runs", "reproduce", loose.id, "-o", "json", cwd=bare.root)
    told = json.loads(done.stdout)
    assert done.returncode == 3 and told["identical"] is False, done.stderr
    assert {"kind", "what", "recorded", "now"} <= set(told["differs"][0]) and told["differs"][0]["what"] == "result share"

    seeded = DRAWS + "draw = random.Random(int(os.environ['MLOPS_NB_SEED'])).random()\n"
    seeded += "record_result({'share': draw, 'sets': str({'a', 'b', 'c'})})"
    kept = ran(bare, notebook(bare.root / "seeded.ipynb", seeded), month=3)
    (bare.root / "seeded.ipynb").unlink()  # its stored copy is enough
    assert bare.reproduce(kept.id).identical, "the seed and the hash seed are those of the run"


def test_where_nothing_was_written_the_printed_output_is_compared(bare):
    run = ran(bare, notebook(bare.root / "prints.ipynb", "import os\nprint('rows', 3)\nos.getpid()"))
    found = bare.reproduce(run.id)
    assert found.compared == ("printed output",) and not found.identical
    assert [d.what for d in found.differs if d.kind == "output"] == ["printed by cell 2"]


def test_secrets_that_are_not_there_are_named_before_anything_starts(bare, recorded):
    source = recorded["train"]
    folder = bare.settings.state_dir / "runs" / "with-a-secret"
    shutil.copytree(source.folder, folder)
    order = json.loads((folder / "order.json").read_text()) | {"parameters": {"url": "secret://NO_SUCH_URL"}, "secrets": ["url"]}
    (folder / "order.json").write_text(json.dumps(order))
    run = replace(source, id="with-a-secret", folder=str(folder))
    (folder / "run.json").write_text(json.dumps(run.to_dict()))
    bare.stores.control.put_run(run)
    with pytest.raises(SecretMissing, match="NO_SUCH_URL"):
        bare.reproduce("with-a-secret")


def test_differences_stand_in_the_order_in_which_they_explain_each_other(place, recorded, tmp_path):
    was = read_recorded(recorded["score"])
    shutil.copytree(was.folder, tmp_path / "now")
    manifest = json.loads((tmp_path / "now" / "manifest.json").read_text())
    manifest["environment"]["distributions"]["numpy"] = "1.0"
    manifest["cells_digest"] = "sha256:00"
    manifest["parameters"]["month"] = 9
    (tmp_path / "now" / "manifest.json").write_text(json.dumps(manifest))
    line = json.loads((tmp_path / "now" / "scored.jsonl").read_text()) | {"digest": "sha256:11"}
    (tmp_path / "now" / "scored.jsonl").write_text(json.dumps(line) + "\n")
    other = {"inputs": ("flights@9",), "models": ("delay/2",), "digests": {"scores@2": "sha256:22"}}
    now = replace(was.run, id="now", folder=str(tmp_path / "now"), **other)
    found = compare(was, now, [])
    assert not found.identical
    assert [(d.kind, d.what) for d in found.differs] == [
        ("environment", "numpy"),
        ("data", "snapshots read"),
        ("data", "models used"),
        ("code", "parameter month"),
        ("code", "cells"),
        ("output", "rows written to scores"),
        ("output", "predictions of delay/1"),
    ]
    (environment,) = [d for d in found.differs if d.kind == "environment"]
    assert environment.now == "1.0" and environment.recorded == np.__version__
    same = compare(was, replace(was.run, folder=str(tmp_path / "now"), inputs=("flights@9",)), [])
    assert [d.what for d in same.differs] == ["numpy", "snapshots read", "parameter month", "cells", "predictions of delay/1"]
    (tmp_path / "now" / "scored.jsonl").write_text((was.folder / "scored.jsonl").read_text())
    unmoved = compare(was, replace(was.run, folder=str(tmp_path / "now")), [])
    assert unmoved.identical and not unmoved.differs and [d.what for d in unmoved.despite] == ["numpy", "parameter month", "cells"]


def test_a_recorded_environment_is_rebuilt_with_this_package_beside_it(recorded, tmp_path):
    was = read_recorded(recorded["score"])
    assert not packages_changed(was), environment_diff(was.manifest.environment, read_environment())
    environment = replace(was.manifest.environment, distributions=was.manifest.environment.distributions | {"msgspec": "0.0.1"})
    assert packages_changed(replace(was, manifest=replace(was.manifest, environment=environment)))

    few = {name: was.manifest.environment.distributions[name] for name in ("threadpoolctl", "msgspec")} | {"mlops-nb": "0"}
    python = rebuilt(tmp_path / "environments", few, was.manifest.environment.python)
    assert rebuilt(tmp_path / "environments", few, was.manifest.environment.python) == python, "made once"
    script = "import json, sys, msgspec, mlops_nb, mlops_nb.core.environment as e\n"
    script += "print(json.dumps([mlops_nb.__file__, e.distributions(), sys.prefix]))"
    outside = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run([str(python), "-c", script], capture_output=True, text=True, cwd=tmp_path, env=outside, check=True)
    where, installed, prefix = json.loads(done.stdout)
    import mlops_nb

    assert Path(where).resolve() == Path(str(mlops_nb.__file__)).resolve() and prefix != sys.prefix
    assert {n: v for n, v in installed.items() if n in few and n != "mlops-nb"} == {n: v for n, v in few.items() if n != "mlops-nb"}
    assert "numpy" not in installed, "nothing else is there"


def test_a_manifest_lists_digests_and_versions_and_an_older_one_is_read(recorded):
    text = json.loads((Path(recorded["score"].folder) / "manifest.json").read_text())
    new = Manifest.from_dict(text | {"digests": {"scores@2": "sha256:1"}, "models": ["delay/1"]})
    assert new.digests == {"scores@2": "sha256:1"} and new.models == ("delay/1",)
    for field in ("digests", "models", "registered"):
        text.pop(field, None)
    assert Manifest.from_dict(text).models == ()
