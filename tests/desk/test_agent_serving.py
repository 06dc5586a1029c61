"""What is deployed, through a real agent, supervisor and workers: followed, kept when the new one fails, taken over after a crash."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from agents import command, end, kill, left_alone, wait_until, workspace_at
from ports import free_port
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from mlops_nb.core.errors import UsageError
from mlops_nb.core.serving import Deployment, DeploymentFailed
from mlops_nb.core.settings import load
from mlops_nb.desk.agent_client import ensure_agent, read_card
from mlops_nb.desk.workspace import Workspace
from mlops_nb.serve.plan import statuses, supervisor_of
from mlops_nb.store.models import facts_of

random = np.random.default_rng(5)
FRAME = pd.DataFrame({"departs": random.integers(0, 1440, 600).astype(float), "carrier": random.choice(["UA", "AA", "B6"], 600)})
FRAME["late"] = (FRAME["departs"] > 900) ^ (random.random(600) < 0.1)
ROW = {"dataframe_split": {"columns": ["departs", "carrier"], "data": [[1000.0, "UA"]]}}
STRANGE = {"dataframe_split": {"columns": ["departs", "carrier"], "data": [[1000.0, "ZZ"]]}}


def model(unknown: str = "ignore", c: float = 1.0) -> Any:
    shape = make_column_transformer((OneHotEncoder(handle_unknown=unknown), ["carrier"]), remainder="passthrough")
    return make_pipeline(shape, LogisticRegression(C=c, max_iter=2_000)).fit(FRAME[["departs", "carrier"]], FRAME["late"])


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    "Four versions: two that work, one that refuses new categories, one that is going to be tampered with."
    place = workspace_at(tmp_path_factory.mktemp("ws") / "Flüge 2013", port=free_port(neighbours=1), collect_every=0.5)
    found = Workspace(place.root)
    for made in (model(), model(c=0.5), model("error"), model(c=0.1)):
        assert found.register(made, "delay", train=FRAME, target="late").state == "proven"
    with left_alone(place):
        yield found


def live(ws: Workspace) -> Deployment:
    return next(d for d in ws.deployments() if d.name == "delay")


class Traffic:
    """Requests without a pause, until the block ends; what became of them."""

    def __init__(self, url: str, body: dict[str, Any]):
        self.url, self.body = url, body
        self.codes: Counter[Any] = Counter()
        self.versions: Counter[str] = Counter()
        self.ids: list[str] = []
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._go)

    def _go(self) -> None:
        with httpx.Client(timeout=300) as client:
            while not self._ends.is_set():
                try:
                    answer = client.post(f"{self.url}/invocations", json=self.body)
                except httpx.TransportError as problem:
                    self.codes[repr(problem)] += 1
                    continue
                self.codes[answer.status_code] += 1
                if answer.status_code == 200:
                    self.versions[answer.headers["x-model-version"]] += 1
                    self.ids.append(answer.headers["x-request-id"])
                self._ends.wait(0.005)

    def __enter__(self) -> "Traffic":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join(300)


def asked(url: str, body: dict[str, Any]) -> httpx.Response:
    return httpx.post(f"{url}/invocations", json=body, timeout=300)


def test_deploy_gives_a_url_that_answers_and_logs(ws: Workspace) -> None:
    made = ws.deploy("delay")
    assert (made.state, made.revision, made.routes[0].version, made.routes[0].state) == ("ready", 1, "delay/1", "ready"), made.note
    answers = [asked(made.url, made.example or ROW) for _ in range(5)]
    assert [a.status_code for a in answers] == [200] * 5 and answers[0].headers["x-model-version"] == "1"
    ids = {a.headers["x-request-id"] for a in answers}
    wait_until(lambda: ids <= set(ws.predictions("delay", last=None)["request_id"]), words="the agent collects")
    status = ws.status()
    assert status.running and status.url and [d.state for d in status.deployments] == ["ready"] and len(status.workers) == 1
    assert status.alerts == () and status.was_down is None and status.collected_at is not None and status.note == ""
    assert ws.deploy("delay").changed is False
    assert "delay is ready, revision 1" in "\n".join(ws.logs("agent"))
    assert made.url in command("status", cwd=ws.root).stdout


def test_an_alias_is_followed_without_a_failed_request(ws: Workspace) -> None:
    with Traffic(live(ws).url, ROW) as traffic:
        wait_until(lambda: traffic.versions["1"])
        ws.promote("delay/2", force=True, reason="what is tested is what follows")
        wait_until(lambda: traffic.versions["2"] > 20, words="the new champion answers")
        ws.promote("delay/1", force=True, reason="what is tested is what follows")
        before = traffic.versions["1"]
        wait_until(lambda: traffic.versions["1"] > before + 20, words="and the old one again")
    assert set(traffic.codes) == {200}, traffic.codes
    wait_until(lambda: live(ws).state == "ready")


def test_an_alias_that_is_moved_in_mlflow_is_followed_where_the_house_says_so(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_NB_EXTERNAL_ALIAS", "adopt")
    ws.down()
    mine = Workspace(ws.root)
    ensure_agent(mine.settings, timeout=300)
    wait_until(lambda: live(mine).state == "ready")
    with Traffic(live(mine).url, ROW) as traffic:
        wait_until(lambda: traffic.versions["1"])
        mine.stores.models.client.set_registered_model_alias("delay", "champion", "2")
        wait_until(lambda: traffic.versions["2"] > 20, words="what MLflow shows answers")
    assert set(traffic.codes) == {200}, traffic.codes
    alert = wait_until(lambda: [a for a in mine.alerts(model="delay") if a.kind == "alias_adopted"], words="an alert, once it is done")[0]
    receipt = mine.receipts("delay")[0]
    assert (receipt.action, receipt.actor, receipt.forced, receipt.to_version) == ("adopt", None, True, 2)
    assert alert.evidence["receipt"] == receipt.id and "rollback delay" in alert.hint
    assert mine.rollback("delay", reason="nobody checked it").to_version == 1 and mine.stores.models.aliases("delay")["champion"] == 1
    mine.resolve_alert(alert.id)
    mine.down()
    monkeypatch.undo()
    ensure_agent(ws.settings, timeout=300)
    wait_until(lambda: live(ws).state == "ready")


def test_a_version_that_was_tampered_with_never_serves(ws: Workspace) -> None:
    version = ws.version("delay/4")
    shutil.rmtree(ws.settings.state_dir / "serving" / version.digest.removeprefix("sha256:")[:32], ignore_errors=True)
    (evidence,) = Path(ws.settings.artifacts).rglob(Path(facts_of(ws.stores.models, version).evidence).name)
    (evidence / "answers.json").write_text((evidence / "answers.json").read_text().replace("true", "false"))
    with Traffic(live(ws).url, ROW) as traffic:
        ws.promote("delay/4", force=True, reason="newer")
        seen = wait_until(lambda: (d := live(ws)).state == "degraded" and d, words="it is found out")
        assert "delay/4 failed" in seen.note and "still is" in seen.note and seen.routes[0].state == "failed"
        alert = wait_until(lambda: [a for a in ws.alerts() if a.kind == "deployment_failed"], words="an alert")[0]
        assert (alert.deployment, alert.version, alert.severity) == ("delay", "delay/4", "warning") and "rollback" in alert.hint
        assert len([a for a in ws.alerts() if a.kind == "deployment_failed"]) == 1
        with pytest.raises(DeploymentFailed, match="delay/4"):
            ws.deploy("delay/4")
        ws.rollback("delay")
        ws.promote("delay/1", force=True, reason="what is tested is what follows")
        wait_until(lambda: live(ws).state == "ready", words="all is well again")
        wait_until(lambda: not [a for a in ws.alerts() if a.kind == "deployment_failed"], words="the alert is closed")
    assert set(traffic.codes) == {200} and set(traffic.versions) == {"1"}, (traffic.codes, traffic.versions)


def test_a_canary_that_fails_is_taken_back(ws: Workspace) -> None:
    options = {"contract": "log", "canary_min_requests": 10}
    made = ws.deploy("delay", canary={"3": 50}, options=options)
    assert [r.version for r in made.routes] == ["delay/1", "delay/3"] and made.state == "ready"
    with Traffic(made.url, STRANGE):
        wait_until(lambda: live(ws).revision > made.revision, words="the guard acts")
        wait_until(lambda: live(ws).state == "ready")
    taken = live(ws)
    assert [r.version for r in taken.routes] == ["delay/1"] and "failed" in taken.reason
    receipt = ws.receipts("delay")[0]
    assert receipt.actor.kind == "agent" and receipt.action == "rollback"
    told = wait_until(lambda: [a.version for a in ws.alerts() if a.kind == "canary_taken_back"], words="an alert, once it is done")
    assert told == ["delay/3"]
    assert asked(made.url, STRANGE).status_code == 200
    assert ws.deploy("delay", options={}).state == "ready"


def test_servers_outlive_the_agent_and_the_next_one_takes_over(ws: Workspace) -> None:
    first, before = read_card(ws.settings), supervisor_of(ws.settings.state_dir)
    with Traffic(live(ws).url, ROW) as traffic:
        kill(first)
        assert "goes on answering" in ws.status().note
        count = traffic.codes[200]
        wait_until(lambda: traffic.codes[200] > count + 20, words="requests are answered")
        ws.promote("delay/2", force=True, reason="what is tested is what follows")  # finds no agent, and starts one
        second = ensure_agent(ws.settings, timeout=300)
        wait_until(lambda: traffic.versions["2"] > 5, words="the new agent follows")
        ws.promote("delay/1", force=True, reason="what is tested is what follows")
        alert = wait_until(lambda: next((a for a in ws.alerts() if a.kind == "agent_was_down"), None), words="it says what was missed")
        status = ws.status()
    assert second.pid != first.pid and set(traffic.codes) == {200}, traffic.codes
    after = supervisor_of(ws.settings.state_dir)
    assert (after.pid, after.began) == (before.pid, before.began), "adopted, not replaced"
    assert alert.severity == "info" and "requests went on being answered" in alert.message and status.was_down.missed
    wait_until(lambda: set(traffic.ids) <= set(ws.predictions("delay", last=None)["request_id"]), words="nothing answered is lost")


def test_a_killed_supervisor_is_replaced_while_workers_answer(ws: Workspace) -> None:
    wait_until(lambda: live(ws).state == "ready")
    before = supervisor_of(ws.settings.state_dir)
    with Traffic(live(ws).url, ROW) as traffic:
        end(before.pid, before.began)
        after = wait_until(
            lambda: (s := supervisor_of(ws.settings.state_dir)) and s.pid != before.pid and s.ready and s, words="another supervisor"
        )
        count = traffic.codes[200]
        wait_until(lambda: traffic.codes[200] > count + 20)
    assert set(traffic.codes) == {200}, traffic.codes
    wait_until(lambda: {w.supervisor for w in statuses(ws.settings.state_dir)} == {after.id}, words="the orphans have gone")
    wait_until(lambda: live(ws).state == "ready", words="the agent sees it")


def test_undeploy_ends_the_server_and_down_ends_the_agent(ws: Workspace) -> None:
    url = live(ws).url
    stopped = ws.undeploy("delay")
    assert stopped.state == "stopped" and stopped.changed
    wait_until(lambda: supervisor_of(ws.settings.state_dir) is None and not statuses(ws.settings.state_dir), words="the server ends")
    with pytest.raises(httpx.ConnectError):
        asked(url, ROW)
    assert ws.down().changed and not ws.down().changed and ws.undeploy("delay").changed is False


def test_a_port_that_is_taken_is_named_and_got_over(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("MLOPS_NB_PORT", str(other.getsockname()[1]))
        mine = Workspace(ws.root)
        with pytest.raises(DeploymentFailed, match=f"Port {other.getsockname()[1]} is taken"):
            mine.deploy("delay")
        wait_until(lambda: [a.kind for a in mine.alerts() if a.severity == "critical"] == ["server_failed"], words="an alert")
        assert "is taken" in mine.status().note
    wait_until(lambda: live(mine).state == "ready", words="once the port is free")
    assert asked(live(mine).url, ROW).status_code == 200
    wait_until(lambda: not [a for a in mine.alerts() if a.kind == "server_failed"], words="the alert to be over")
    assert mine.down().changed


def test_nobody_else_gets_in_without_keys_and_tls(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ws.down()
    monkeypatch.setenv("MLOPS_NB_HOST", "0.0.0.0")
    mine, before = Workspace(ws.root), live(ws)
    with pytest.raises(UsageError, match="mlops-nb keys create --role predict; then set tls_cert"):
        mine.deploy("delay/2")
    assert live(ws) == before and not ws.status().running, "refused before anything was changed"
    with pytest.raises(UsageError, match="without keys and TLS"):
        mine.serve("delay/2")


def test_one_model_in_the_foreground_without_an_agent(ws: Workspace) -> None:
    ws.down()
    port = free_port()
    line = [sys.executable, "-c", "import sys; from mlops_nb.doors.cli import main; sys.exit(main(sys.argv[1:]))"]
    words = ["serve", "delay/2", "--port", str(port), "--workers", "2", "--log", "off"]
    process = subprocess.Popen([*line, *words], cwd=ws.root, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: process.poll() is not None or len(_answering(ws, port)) == 2, words="two workers answer")
        assert supervisor_of(ws.settings.state_dir).pid == process.pid, "a container looks after this very process"
        answer = asked(f"http://127.0.0.1:{port}/models/delay", ROW)
        assert (answer.status_code, answer.headers["x-model-version"]) == (200, "2")
        assert "serves what is deployed" in command("serve", "delay", cwd=ws.root, code=1).stderr
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0 and f"delay/2: http://127.0.0.1:{port}/models/delay/invocations" in said
        assert statuses(ws.settings.state_dir) == []
    finally:
        process.kill()
        process.wait(300)
        process.stderr.close()  # and not read to its end: workers that a failure leaves behind hold it open
        for worker in statuses(ws.settings.state_dir):
            end(worker.pid, worker.began)
    assert load(ws.root).port != port and os.path.exists(ws.settings.state_dir / "agent.lock")


def _answering(ws: Workspace, port: int) -> list[Any]:
    "A worker that is alone takes connections after a second, whether it has loaded its model or not."
    return [w for w in statuses(ws.settings.state_dir) if w.accepting and w.port == port and "delay" in w.deployments]


def test_what_serves_a_workspace_that_was_removed_ends(ws: Workspace) -> None:
    ws.deploy("delay/1")
    card, supervisor, (worker,) = read_card(ws.settings), supervisor_of(ws.settings.state_dir), statuses(ws.settings.state_dir)
    ws.settings.state_dir.rename(ws.root / "elsewhere")
    try:
        wait_until(lambda: not (card.is_alive or supervisor.is_alive or worker.is_alive), words="all have ended")
        assert not Path(card.socket).exists()
    finally:
        for one in (card, supervisor, worker):
            end(one.pid, one.began)
