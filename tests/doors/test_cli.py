"""The command line as a stranger meets it: a real process, its words, its exit codes."""

import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from ports import free_port
from waiting import until

HEAVY = ("mlflow", "pandas", "numpy", "sklearn", "whylogs", "pyarrow", "polars", "sqlalchemy", "deltalake", "papermill", "rich")


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "Flüge 2013"
    folder.mkdir()
    return folder


def shell(*words, cwd, env=None, code=0):
    "One command; its standard output. Shows both streams when the exit code is another."
    line = [sys.executable, "-c", "import sys; from mlops_nb.doors.cli import main; sys.exit(main())", *map(str, words)]
    outside = {k: v for k, v in os.environ.items() if not k.startswith("MLOPS_NB_")}
    done = subprocess.run(line, cwd=cwd, env={**outside, "HOME": str(cwd), **(env or {})}, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def error_of(*words, cwd, env=None, code=1):
    done = shell(*words, "-o", "json", cwd=cwd, env=env, code=code)
    error = json.loads(done.stdout)["error"]
    assert set(error) == {"code", "message", "field", "hint"} and error["message"]
    assert "Traceback" not in done.stderr
    return error


def test_help_waits_for_nothing_heavy(place):
    script = "import sys; from mlops_nb.doors.cli import main; main(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], cwd=place, capture_output=True, text=True, check=True)
    loaded = eval(done.stderr)
    assert [m for m in HEAVY if m in loaded] == []
    assert "demo" in done.stdout and "doctor" in done.stdout


def test_a_file_becomes_a_table_that_can_be_listed_shown_and_compared(place):
    (place / "planes.csv").write_text("tail,seats\nN101,150\nN102,189\n", encoding="utf-8")
    first = json.loads(shell("data", "commit", "Flugzeuge ✈", "planes.csv", "-o", "json", cwd=place).stdout)
    assert (first["table"], first["version"], first["rows"], first["changed"]) == ("Flugzeuge ✈", 1, 2, True)
    again = shell("data", "commit", "Flugzeuge ✈", "planes.csv", cwd=place)
    assert again.stdout.strip() == "unchanged, Flugzeuge ✈@1"

    (place / "more.csv").write_text("tail,seats\nN102,190\nN103,50\n", encoding="utf-8")
    refused = error_of("data", "commit", "Flugzeuge ✈", "more.csv", "--mode", "append", cwd=place, code=2)
    assert "key" in refused["hint"] or "key" in refused["message"]
    shell("data", "commit", "Flugzeuge ✈", "more.csv", "--mode", "append", "--key", "tail", cwd=place)
    listed = json.loads(shell("data", "list", "-o", "json", cwd=place).stdout)
    assert listed["format"] == 1 and listed["next"] is None and [t["rows"] for t in listed["items"]] == [3]
    diff = json.loads(shell("data", "diff", "Flugzeuge ✈@1", "Flugzeuge ✈", "--key", "tail", "-o", "json", cwd=place).stdout)
    assert (diff["added"], diff["removed"], diff["changed"]) == (1, 0, 1)
    shown = shell("data", "show", "Flugzeuge ✈@1", cwd=place).stdout
    assert "N101" in shown and "N103" not in shown
    assert error_of("data", "show", "Flugzeug ✈", cwd=place)["hint"].startswith("Did you mean Flugzeuge ✈")
    shell("data", "compact", "Flugzeuge ✈", cwd=place)
    gone = json.loads(shell("data", "vacuum", "Flugzeuge ✈", "--keep", "1", "-o", "json", cwd=place).stdout)
    assert gone["removed"] == [1]
    assert "vacuum" in error_of("data", "show", "Flugzeuge ✈@1", cwd=place)["message"]


def test_lists_that_are_empty_teach_the_next_step(place):
    shell("init", cwd=place)
    assert "mlops-nb data commit" in shell("data", "list", cwd=place).stdout
    assert "ws.register" in shell("models", "list", cwd=place).stdout
    assert "mlops-nb run" in shell("runs", "list", cwd=place).stdout
    assert "No receipts" in shell("models", "receipts", cwd=place).stdout
    for noun in ("data", "models", "runs"):
        assert json.loads(shell(noun, "list", "-o", "json", cwd=place).stdout) == {"format": 1, "items": [], "next": None}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["modles"], "usage", "modles"),
        (["data", "commit", "x"], "usage", "FILE"),
        (["demo", "--months", "1-4"], "usage", "March to December"),
        (["run", "x.ipynb", "-p", "month"], "usage", "name=value"),
    ],
)
def test_a_wrong_command_is_named_and_exits_with_2(place, words, code, said):
    error = error_of(*words, cwd=place, code=2)
    assert error["code"] == code and said in error["message"]
    assert error["hint"]


def test_what_is_not_there_is_named_with_what_is(place):
    shell("init", cwd=place)
    assert error_of("models", "show", "flight-delay", cwd=place)["code"] == "model_not_found"
    assert error_of("runs", "show", "2013", cwd=place)["code"] == "run_not_found"
    assert error_of("data", "show", "flights", cwd=place)["code"] == "table_not_found"
    assert error_of("run", "scroe.ipynb", cwd=place)["code"] == "notebook_not_found"
    assert error_of("rollback", "flight-delay", cwd=place)["message"]


def test_a_broken_settings_file_is_named_with_its_line_and_not_touched(place):
    text = "[mlops_nb]\nname = flights\nparallel 4\n"
    (place / "settings.ini").write_text(text)
    error = error_of("data", "list", cwd=place)
    assert error["code"] == "settings_invalid" and "line 3" in error["message"]
    assert (place / "settings.ini").read_text() == text
    shell("init", "--force", cwd=place)
    assert (place / "settings.ini.bak").read_text() == text
    shell("data", "list", cwd=place)


def test_keys_of_an_nbdev_project_do_not_leak(place):
    (place / "settings.ini").write_text("[DEFAULT]\nname = other\nport = not a port\nlib_path = x\n")
    shell("init", "--name", "flights", cwd=place)
    assert json.loads(shell("init", "-o", "json", cwd=place).stdout)["name"] == "flights"
    assert (place / "settings.ini").read_text().startswith("[DEFAULT]\nname = other")


def test_a_state_folder_that_cannot_be_written_is_named(place):
    (place / "file").write_text("in the way")
    env = {"MLOPS_NB_STATE_DIR": str(place / "file" / "state")}
    error = error_of("init", cwd=place, env=env)
    assert error["code"] == "workspace_not_writable" and "MLOPS_NB_STATE_DIR" in error["hint"]


def test_doctor_names_a_remedy_for_each_fault_and_exits_with_1(place):
    good = json.loads(shell("doctor", "-o", "json", cwd=place).stdout)["items"]
    states = {f["name"]: f["state"] for f in good}
    assert {"versions", "state folder", "lake", "control", "mlflow", "git", "clock", "port", "key"} <= set(states)
    assert states["lake"] == states["control"] == "ok", good
    key = next(place.rglob("key"))
    key.chmod(0o644)
    bad = json.loads(shell("doctor", "-o", "json", cwd=place, code=1).stdout)["items"]
    assert [f["name"] for f in bad if f["state"] == "fail"] == ["key"]
    assert all(f["remedy"] for f in bad if f["state"] != "ok")


def test_a_run_is_shown_with_its_verdict_and_a_failing_one_exits_with_1(place):
    import nbformat.v4 as v4

    cells = [v4.new_code_cell("month = 1", metadata={"tags": ["parameters"]}), v4.new_code_cell("assert month < 5, 'too late'")]
    (place / "spring.ipynb").write_text(json.dumps(v4.new_notebook(cells=cells)))
    done = shell("run", "spring.ipynb", "--grid", "month=4..5", "--parallel", "2", "-o", "json", cwd=place, code=1)
    items = json.loads(done.stdout)["items"]
    assert [(r["parameters"]["month"], r["status"], r["verdict"]) for r in items] == [(4, "finished", "none"), (5, "failed", "none")]
    assert items[1]["error"] == "spring.ipynb cell [3]: AssertionError: too late"  # [2] is the cell with the given parameters
    listed = json.loads(shell("runs", "list", "--status", "failed", "-o", "json", cwd=place).stdout)["items"]
    assert [r["id"] for r in listed] == [items[1]["id"]]
    shown = json.loads(shell("runs", "show", items[1]["id"][:-2], "-o", "json", cwd=place).stdout)
    assert shown["error"] == items[1]["error"]
    assert error_of("run", "spring.ipynb", "-p", "mnoth=3", cwd=place)["hint"] == "Did you mean month?"
    assert (Path(shown["folder"]) / "error.txt").exists()


def test_no_git_on_the_machine_is_no_obstacle(place):
    empty = place / "bin"
    empty.mkdir()
    findings = json.loads(shell("doctor", "-o", "json", cwd=place, env={"PATH": str(empty)}).stdout)["items"]
    assert {f["name"]: f["state"] for f in findings}["git"] == "warn"


def test_lab_opens_jupyterlab_on_the_workspace(place, tmp_path):
    shell("init", cwd=place)
    (place / "below").mkdir()
    port = free_port()
    line = [sys.executable, "-c", "from mlops_nb.doors.cli import main; main()", "lab", "--no-browser", "--port", str(port)]
    own = {"HOME": tmp_path, "JUPYTER_CONFIG_DIR": tmp_path / "config", "JUPYTER_RUNTIME_DIR": tmp_path / "runtime", "JUPYTER_TOKEN": "t"}
    words = {name: str(value) for name, value in own.items()}
    process = subprocess.Popen(line, cwd=place / "below", env=os.environ | words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def shown():
        assert process.poll() is None, "it ended"
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/api/contents/?token=t", timeout=60) as answer:
            return [entry["name"] for entry in json.load(answer)["content"]]
        return []

    try:
        assert "below" in until(shown, "JupyterLab answers")
    finally:
        process.terminate()
        process.wait(300)
    assert error_of("lab", cwd=tmp_path)["code"] == "workspace_not_found"
