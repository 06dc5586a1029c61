"""Deployments, keys and alerts from the command line: their words, their JSON, their exit codes; without servers."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from agents import left_alone
from ports import free_port
from sklearn.linear_model import LinearRegression
from stores import Stores, open_stores

from mlops_nb.core.snippets import python
from mlops_nb.desk.deploying import put, stop
from mlops_nb.desk.production import promote
from mlops_nb.desk.registering import register
from mlops_nb.doors.cli import main

Shell = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    made = open_stores(tmp_path_factory.mktemp("Flüge 2013"))
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4], "y": [2.0, 4, 6, 8]})
    for _ in range(2):
        register(made, LinearRegression().fit(frame[["x"]], frame["y"]), "double", train=frame, target="y")
    return made


@pytest.fixture
def shell(place: Stores, capsys: pytest.CaptureFixture[str]) -> Shell:
    "One command in the workspace: exit code, standard output, standard error."

    def run(*words: Any) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["-C", str(place.settings.root), *map(str, words)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def told(shell: Shell, *words: Any, code: int = 0) -> Any:
    exit_code, out, err = shell(*words, "-o", "json")
    assert exit_code == code, out + err
    return json.loads(out)


def test_a_workspace_without_deployments_says_how_to_make_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = ["-C", str(open_stores(tmp_path).settings.root)]
    assert main([*here, "deployments", "list"]) == 0 and "mlops-nb deploy MODEL" in capsys.readouterr().out
    assert main([*here, "deployments", "list", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"format": 1, "items": [], "next": None}


def test_what_is_not_deployed_is_left_alone(shell: Shell) -> None:
    gone = told(shell, "undeploy", "nothing")
    assert (gone["changed"], gone["state"], gone["revision"]) == (False, "stopped", 0)
    assert shell("undeploy", "nothing") == (0, "Unchanged: nothing is not deployed.\n", "")
    assert told(shell, "deployments", "show", "nothing", code=1)["error"]["code"] == "deployment_not_found"
    assert told(shell, "rollback", "nothing", code=1)["error"]["code"] == "model_not_found"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["deploy", "double", "--canary", "challenger"], "usage", "name=percent"),
        (["deploy", "double", "--canary", "2=ten"], "usage", "name=percent"),
        (["deploy", "double", "--canary", "2=100"], "usage", "The share of 2 is 100"),
        (["deploy", "double", "--option", "contract"], "usage", "name=value"),
        (["deploy", "double", "--option", "contrakt=log"], "usage", "no option 'contrakt'"),
        (["deploy", "double", "--option", "columns.z=drop"], "usage", "no column 'z'"),
        (["deploy", "double", "--threshold", "0.5"], "usage", "two classes"),
        (["deploy", "double", "--probabilities"], "usage", "no probabilities"),
        (["deploy", "double", "--log", "rows"], "usage", "'rows'"),
        (["deploy", "double", "--name", "a/b"], "name_invalid", "part of a URL"),
        (["deploy", "double/9"], "version_not_found", "no version 9"),
        (["keys", "create", "--role", "root"], "usage", "'root'"),
        (["keys", "revoke", "none"], "key_not_found", "no key none"),
        (["watch", "alerts", "--resolve", "none"], "alert_not_found", "no alert none"),
    ],
)
def test_a_wrong_word_is_named(shell: Shell, place: Stores, words: list[str], code: str, said: str) -> None:
    before = place.control.receipts(), place.control.keys()
    error = told(shell, *words, code=2 if code == "usage" else 1)["error"]
    assert error["code"] == code and said in error["message"] and error["hint"]
    assert (place.control.receipts(), place.control.keys()) == before


def test_what_answers_and_how_it_came_to_be(shell: Shell, place: Stores) -> None:
    put(place, "double", reason="go live", log="profile")
    put(place, "double", canary={2: 10}, shadow=[], reason="a tenth")
    (row,) = [d for d in told(shell, "deployments", "list")["items"] if d["name"] == "double"]
    assert (row["name"], row["revision"], row["log"], row["state"]) == ("double", 2, "profile", "stopped")
    assert "mlops-nb up" in row["note"], "nobody follows"
    shown = told(shell, "deployments", "show", "double")
    assert shown["example"]["dataframe_split"]["columns"] == ["x"] and [r["version"] for r in shown["routes"]] == ["double/1", "double/2"]
    assert "champion double/1 (90 %), v2 double/2 (10 %, canary)" in shell("deployments", "show", "double")[1]
    past = told(shell, "deployments", "history", "double")["items"]
    assert [(d["revision"], d["reason"]) for d in past] == [(2, "a tenth"), (1, "go live")]
    assert "running" in shell("deployments", "history", "double")[1]
    conflict = told(shell, "deploy", "double/2", "--expected-revision", "1", code=1)["error"]
    assert conflict["code"] == "conflict" and "at revision 2, not at revision 1" in conflict["message"]
    stop(place, "double")
    assert "is stopped" in shell("deployments", "show", "double")[1]


def test_going_back_says_before_what_will_change(shell: Shell, place: Stores) -> None:
    put(place, "double/1", name="once", reason="go live")
    code, out, err = shell("rollback", "once", "-o", "json", "--reason", "too early")
    assert code == 0 and err.startswith("once stops answering (undoes the deployment by ") and "“go live”" in err
    assert json.loads(out)["reason"] == "too early" and place.control.deployment("once").state == "stopped"


def on_a_terminal(place: Stores, answer: str, *words: str) -> tuple[int, str]:
    "A real process whose standard input is a terminal."
    ours, theirs = pty.openpty()
    script = "import sys; from mlops_nb.doors.cli import main; sys.exit(main())"
    line = [sys.executable, "-c", script, "-C", str(place.settings.root), *words]
    process = subprocess.Popen(line, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    os.write(ours, answer.encode())
    out, _ = process.communicate(timeout=300)
    os.close(ours)
    os.close(theirs)
    return process.returncode, out


def test_a_person_is_asked_and_a_script_is_not(shell: Shell, place: Stores) -> None:
    promote(place, "double/2", reason="more winter days")
    stop(place, "double")
    promote(place, "double/1")
    code, out = on_a_terminal(place, "n\n", "rollback", "double")
    assert code == 1 and "double@champion goes from version 1 back to version 2 (undoes the promotion by " in out
    assert "Nothing was changed." in out and place.control.holder("double", "champion") == 1
    code, out = on_a_terminal(place, "y\n", "rollback", "double")
    assert code == 0 and "Do it?" in out and place.control.holder("double", "champion") == 2
    code, out, _ = shell("rollback", "double", "--yes")
    assert code == 0 and "Receipt " in out and place.control.holder("double", "champion") == 1


def test_a_key_is_printed_once_for_scripts(shell: Shell, place: Stores) -> None:
    code, out, err = shell("keys", "create", "--role", "predict", "--name", "gates", "--deployment", "double", "--per-minute", 60)
    assert code == 0 and out.startswith("mnb_") and len(out.split()) == 1 and "not shown again" in err
    whole = told(shell, "keys", "create", "--role", "admin")
    listed = told(shell, "keys", "list")["items"]
    assert [k["role"] for k in listed] == ["admin", "predict"] and {k["token"] for k in listed} == {""}
    assert listed[1]["deployments"] == ["double"] and listed[1]["per_minute"] == 60
    assert out.strip() not in shell("keys", "list")[1]
    assert told(shell, "keys", "revoke", whole["id"])["revoked_at"]
    assert "gates opens nothing any more" in shell("keys", "revoke", out.strip())[1]
    assert place.control.open_keys() == []


def test_alerts_are_listed_and_settled(shell: Shell, place: Stores) -> None:
    assert shell("watch", "alerts")[1] == "No alerts are open.\n"
    for _ in range(3):
        alert = place.control.raise_alert("deployment_failed", "double/2 does not load.", deployment="double", hint="Look.")
    (row,) = told(shell, "watch", "alerts")["items"]
    assert (row["id"], row["count"], row["hint"]) == (alert.id, 3, "Look.") and "double/2 does not load." in shell("watch", "alerts")[1]
    assert told(shell, "watch", "alerts", "--resolve", alert.id)["items"] == []
    (closed,) = told(shell, "watch", "alerts", "--all")["items"]
    assert closed["resolved_at"]


def test_what_is_deployed_answers_to_what_is_pasted(shell: Shell, place: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    "With a real agent and a real server: the snippet as it is shown, in an interpreter of its own."
    monkeypatch.setenv("MLOPS_NB_PORT", str(free_port()))
    with left_alone(place.settings):
        made = told(shell, "deploy", "double/1", "--name", "pasted", "--reason", "go live")
        assert (made["state"], made["revision"], made["changed"]) == ("ready", 1, True), made
        again = shell("deploy", "double/1", "--name", "pasted")[1]
        assert again.startswith("pasted is ready: unchanged, revision 1, v1 double/1 (100 %).")
        shown = told(shell, "deployments", "show", "pasted")
        *lines, last = python(shown["url"], shown["example"]).splitlines()
        done = subprocess.run([sys.executable, "-I", "-c", "\n".join([*lines, f"print({last})"])], capture_output=True, text=True)
        assert done.stdout.startswith("{'predictions': ["), done.stderr
        stopped = told(shell, "undeploy", "pasted")
        assert (stopped["state"], stopped["changed"]) == ("stopped", True) and told(shell, "undeploy", "pasted")["changed"] is False
        assert told(shell, "deployments", "show", "pasted")["state"] == "stopped"
        failed = subprocess.run(done.args, capture_output=True, text=True)
        assert failed.returncode == 1 and failed.stdout == "", "it answers no more"
