"""Pipelines of real notebooks: what runs, what is passed over, what a failure does, and what another process sees."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat.v4 as v4
import pytest

from mlops_nb import Pipeline, Step, Workspace
from mlops_nb.batch.pipeline import PipelineInvalid
from mlops_nb.batch.pipeline_record import PipelineRecord

def write(place: Path, name: str, body: str, parameters: str = "n = 3\nrows = ''") -> None:
    cells = [v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}), v4.new_code_cell(body)]
    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "python3"}}
    (place / f"{name}.ipynb").write_text(json.dumps(v4.new_notebook(cells=cells, metadata=kernel)), encoding="utf-8")


OPEN = "from mlops_nb import Workspace\nws = Workspace()\n"
CLEAN = OPEN + "ws.commit('clean', {'x': [v * n for v in ws.read('raw')['x'].tolist()]})"
TRAIN = OPEN + "total = int(ws.read(rows)['x'].sum())\nws.record(ref=rows, total=total)\nws.commit('trained', {'total': [total]})"


@pytest.fixture
def ws(tmp_path, monkeypatch):
    place = tmp_path / "Flüge 2013"
    place.mkdir()
    monkeypatch.chdir(place)
    made = Workspace(place)
    made.commit("raw", {"x": [1, 2, 3]})
    write(place, "clean", CLEAN)
    write(place, "train", TRAIN)
    write(place, "boom", "raise ValueError('password=hunter2 broke')")
    write(place, "quiet", "print(n)")
    return made


CHAIN = (
    Step("clean", "clean.ipynb", reads="raw", writes="clean"),
    Step("train", "train.ipynb", {"rows": {"snapshot": "clean"}}, writes="trained"),
)


def statuses(record: PipelineRecord) -> dict[str, str]:
    return {state.name: state.status for state in record.steps}


def test_outputs_feed_inputs_and_an_unchanged_step_is_passed_over(ws) -> None:
    chain = Pipeline("chain", CHAIN)
    first = ws.run_pipeline(chain, n=2)
    seen = [(state.name, state.status) for state in first]
    done = first.wait()
    assert done.status == "finished" and seen[-1] == ("train", "finished") and ("clean", "running") in seen
    run = ws.get_run(done.state("train").runs[0])
    assert run.results == {"ref": "clean@1", "total": 12} and run.because == "pipeline chain/train"

    again = ws.run_pipeline(chain, n=2).wait()
    assert statuses(again) == {"clean": "unchanged", "train": "unchanged"}
    assert again.state("clean").since == done.state("clean").runs[0] and again.state("clean").outputs == ("clean@1",)
    third = ws.run_pipeline(chain, n=2).wait()  # passed over twice: it still names the run that did the work
    assert third.state("train").since == run.id

    ws.commit("raw", {"x": [1, 2, 4]})
    moved = ws.run_pipeline(chain, n=2).wait()
    assert statuses(moved) == {"clean": "finished", "train": "finished"}
    assert ws.get_run(moved.state("train").runs[0]).results["ref"] == "clean@2"

    ws.commit("trained", {"total": [0]})  # somebody else wrote over its output
    healed = ws.run_pipeline(chain, n=2).wait()
    assert statuses(healed) == {"clean": "unchanged", "train": "finished"}
    write(ws.root, "clean", CLEAN + "\n# another thought: +0")
    edited = ws.run_pipeline(chain, n=2).wait()  # its rows came out the same, so what follows is unchanged
    assert statuses(edited) == {"clean": "finished", "train": "unchanged"}
    forced = ws.run_pipeline(chain, force=True, n=2).wait()
    assert statuses(forced) == {"clean": "finished", "train": "finished"}


def test_a_failing_branch_stops_what_follows_and_nothing_else(ws) -> None:
    write(ws.root, "tell", OPEN + "ws.commit('told', {'x': [1]})")
    graph = Pipeline(
        "branches",
        (
            Step("boom", "boom.ipynb", if_failed="tell.ipynb"),
            Step("behind", "quiet.ipynb", after="boom"),
            Step("far behind", "quiet.ipynb", after="behind"),
            Step("forgiven", "boom.ipynb", on_failure="continue"),
            Step("goes on", "quiet.ipynb", after="forgiven"),
            Step("clean", "clean.ipynb", reads="raw", writes="clean", if_failed="tell.ipynb"),
            Step("liar", "quiet.ipynb", writes="nothing"),
        ),
    )
    done = ws.run_pipeline(graph).wait()
    assert statuses(done) == {
        "boom": "failed",
        "boom failed": "finished",
        "behind": "blocked",
        "far behind": "blocked",
        "forgiven": "failed",
        "goes on": "finished",
        "clean": "finished",
        "clean failed": "unneeded",
        "liar": "failed",
    }
    assert done.status == "failed" and "boom.ipynb" in done.state("boom").error and "did not" in done.state("liar").error
    assert "hunter2" not in (Path(done.folder) / "pipeline.json").read_text()
    assert ws.read("told")["x"].tolist() == [1]


def test_a_retry_is_the_next_attempt_and_a_grid_repeats_only_what_failed(ws) -> None:
    once = "from pathlib import Path\nmark = Path(f'odd-{n}')\nfirst = not mark.exists()\nmark.touch()\n"
    write(ws.root, "odd", once + "assert n != 2 or not first")
    odd = Step("odd", "odd.ipynb", {"n": [1, 2, 3]}, retries=2, backoff_s=0.01)
    graph = Pipeline("again", (odd, Step("hopeless", "boom.ipynb", retries=1, backoff_s=0)))
    done = ws.run_pipeline(graph, parallel=2).wait()
    runs = [ws.get_run(id) for id in done.state("odd").runs]
    found = [(r.parameters["n"], r.attempt, r.status) for r in runs]
    assert found == [(1, 1, "finished"), (2, 1, "failed"), (3, 1, "finished"), (2, 2, "finished")]
    lost = done.state("hopeless")
    assert (lost.status, lost.attempt, len(lost.runs)) == ("failed", 2, 2)


def test_a_step_that_takes_too_long_fails_and_cancel_ends_the_rest(ws) -> None:
    write(ws.root, "slow", "import time\ntime.sleep(120)")
    timed = ws.run_pipeline(Pipeline("timed", (Step("slow", "slow.ipynb", timeout_s=3),))).wait()
    assert statuses(timed) == {"slow": "failed"}

    started = ws.run_pipeline(Pipeline("stopped", (Step("slow", "slow.ipynb"), Step("next", "quiet.ipynb", after="slow"))))
    next(state for state in started if state.runs)
    ended = started.cancel()
    assert ended.status == "cancelled" and statuses(ended) == {"slow": "cancelled", "next": "cancelled"}
    assert ws.get_run(ended.state("slow").runs[0]).status == "cancelled"


def test_a_named_pipeline_by_file_and_what_is_wrong_starts_nothing(ws) -> None:
    (ws.root / "pipelines").mkdir()
    text = "steps:\n  quiet: {notebook: ../quiet.ipynb, parameters: {n: 1}}\n"
    (ws.root / "pipelines" / "small.yaml").write_text(text)
    done = ws.run_pipeline("small", wait=True)
    assert done.status == "finished" and ws.get_pipeline_run("small").id == done.record.id
    (ws.root / "pipelines" / "small.yaml").write_text(text + "  train: {notebook: ../train.ipynb, reads: nowhere}\n")
    with pytest.raises(PipelineInvalid, match="train reads nowhere"):
        ws.run_pipeline("small")
    assert len(ws.pipelines()) == 1 and len(ws.runs()) == 1


def call(*words: str, cwd: Path, code: int = 0) -> str:
    line = [sys.executable, "-c", "import sys; from mlops_nb.doors.cli import main; sys.exit(main())", *words]
    outside = {k: v for k, v in os.environ.items() if not k.startswith("MLOPS_NB_")}
    done = subprocess.run(line, cwd=cwd, env=outside, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_command_line_runs_lists_and_shows(ws) -> None:
    folder = ws.root / "pipelines"
    folder.mkdir()
    (folder / "small.yaml").write_text("steps:\n  quiet: {notebook: ../quiet.ipynb}\n  boom: {notebook: ../boom.ipynb, after: quiet}\n")
    assert "small" in call("pipelines", "list", cwd=ws.root)
    shown = call("pipelines", "show", "small", cwd=ws.root)
    assert "quiet" in shown and "boom" in shown and "has not run" in shown
    value = json.loads(call("pipelines", "run", "small", "-p", "n=5", "-o", "json", cwd=ws.root, code=1))
    assert value["status"] == "failed" and [s["status"] for s in value["steps"]] == ["finished", "failed"]
    assert ws.get_run(value["steps"][0]["runs"][0]).parameters == {"n": 5}
    text = call("pipelines", "show", value["id"][:20], cwd=ws.root)
    assert "✓ quiet" in text and "✗ boom" in text and "ValueError" in text
    listed = json.loads(call("pipelines", "list", "-o", "json", cwd=ws.root))
    assert [(item["name"], item["status"]) for item in listed["items"]] == [("small", "failed")]
    error = json.loads(call("pipelines", "run", "smal", "-o", "json", cwd=ws.root, code=1))["error"]
    assert error["code"] == "pipeline_not_found" and "small" in error["hint"]


def test_a_killed_pipeline_is_seen_as_such(ws) -> None:
    write(ws.root, "slow", "import time\ntime.sleep(120)")
    script = (
        "from mlops_nb import Workspace, Pipeline, Step\n"
        "run = Workspace('.').run_pipeline(Pipeline('killed', (Step('slow', 'slow.ipynb'), Step('next', 'quiet.ipynb', after='slow'))))\n"
        "next(state for state in run if state.runs)\nprint(run.record.id, flush=True)\nrun.wait()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ws.root, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    id = process.stdout.readline().strip()
    assert ws.get_pipeline_run(id).status == "running"
    process.send_signal(signal.SIGKILL)
    process.wait()
    died = ws.get_pipeline_run("killed")
    assert (died.id, died.status) == (id, "failed") and statuses(died) == {"slow": "failed", "next": "blocked"}
