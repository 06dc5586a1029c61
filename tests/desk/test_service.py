"""A deployment is looked at every minute (here: every two seconds): by the agent, by Prometheus, and by nobody while the agent is dead."""

import json
import os
import shutil
import signal
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
import yaml
from agents import command, kill, left_alone, wait_until, workspace_at
from ports import free_port
from sklearn.linear_model import LogisticRegression

from mlops_nb.core.errors import MlopsError
from mlops_nb.core.records import now
from mlops_nb.core.serving import Deployment
from mlops_nb.desk.agent_client import ensure_agent, read_card
from mlops_nb.desk.exporting import OLD, Exporter
from mlops_nb.desk.probing import Prober
from mlops_nb.desk.service import metrics_port, service_measures, service_minutes, service_objectives
from mlops_nb.desk.workspace import Workspace
from mlops_nb.serve.plan import statuses, supervisor_of

MISSING = "There is no prometheus or promtool here; `sh tools/packages` installs them or says how."
random = np.random.default_rng(5)
FRAME = pd.DataFrame({"departs": random.integers(0, 1440, 400).astype(float), "distance": random.integers(100, 2500, 400).astype(float)})
FRAME["late"] = FRAME["departs"] > 900
ROW = {"dataframe_split": {"columns": ["departs", "distance"], "data": [[1000.0, 500.0]]}}
WRONG = {"dataframe_split": {"columns": ["departs"], "data": [["noon"]]}}


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    place = workspace_at(tmp_path_factory.mktemp("ws") / "Flüge 2013", port=free_port(neighbours=1), collect_every=0.5, service_every=2)
    found = Workspace(place.root)
    fit = LogisticRegression(max_iter=2_000).fit(FRAME[["departs", "distance"]], FRAME["late"])
    assert found.register(fit, "delay", train=FRAME, target="late").state == "proven"
    with left_alone(place):
        yield found


@pytest.fixture(scope="module")
def delay(ws: Workspace) -> Deployment:
    made = ws.deploy("delay")
    assert made.state == "ready", made.note
    return made


def test_a_port_that_is_taken_is_said_and_an_old_page_is_not_served(tmp_path: Path) -> None:
    port = free_port(neighbours=1)
    place = workspace_at(tmp_path, port=port)
    prober = Prober(place, lambda: [])
    first, second = Exporter(place, prober, lambda: []), Exporter(place, prober, lambda: [])
    try:
        first.look()
        url = f"http://127.0.0.1:{port + 1}/metrics"
        assert "mlops_nb_agent_start_timestamp_seconds" in get(url).text and get(url[:-1]).status_code == 404
        second.look()
        assert f"port {port + 1}" in second.problem and "set metrics_port" in second.problem
        made = Workspace(tmp_path, read_only=True).monitoring(tmp_path / "out")
        assert made.notes == (second.problem,) and len(json.loads((tmp_path / "out" / "dashboard.json").read_text())["panels"]) > 10
        first.page.at -= 2 * OLD  # nobody could renew it
        assert get(url).status_code == 503
        assert metrics_port(replace(place, metrics="off")) == 0 and metrics_port(replace(place, metrics_port=9)) == 9
    finally:
        first.close()
        second.close()


def test_a_mistake_in_the_file_of_service_levels_is_named(tmp_path: Path) -> None:
    place = workspace_at(tmp_path)
    (tmp_path / "watch").mkdir()
    file = tmp_path / "watch" / "delay.yaml"
    for text, words in (("service: {availability: 99.9}", "service.availability is 99.9"), ("service: [", "cannot be read")):
        file.write_text(text)
        with pytest.raises(MlopsError, match=words) as problem:
            service_objectives(place, "delay")
        assert str(file) in problem.value.message
    file.write_text("service: {latency_ms: 100, deployments: {delay-eu: {latency_ms: 50}}}")
    assert [service_objectives(place, "delay", name).latency_ms for name in ("delay", "delay-eu")] == [100, 50]


def get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=300)


def counts(ws: Workspace) -> tuple[int, int]:
    "Requests and probes that were stored."
    found = service_minutes(ws.stores, "delay")
    return sum(m.requests for m in found), sum(m.probes for m in found)


def missed(ws: Workspace) -> int:
    "Probes that got no answer in time, as those of a server that stood still; no other was answered badly."
    found = [m for m in service_minutes(ws.stores, "delay") if m.answered < m.probes]
    assert {m.note for m in found} <= {"no answer (TimeoutError)"}, found
    return sum(m.probes - m.answered for m in found)


def send(delay: Deployment, well: int, wrong: int = 0) -> None:
    for body, count in ((ROW, well), (WRONG, wrong)):
        for _ in range(count):
            code = httpx.post(f"{delay.url}/invocations", json=body, timeout=300).status_code
            assert code == (200 if body is ROW else 422) or (body is WRONG and 400 <= code < 500)


def test_what_is_served_is_counted_and_probes_are_not(ws: Workspace, delay: Deployment) -> None:
    wait_until(lambda: counts(ws)[1] >= 2, words="the agent looks")
    send(delay, 20, 4)
    wait_until(lambda: counts(ws)[0] == 24, words="what was answered is in the lake")
    wait_until(lambda: len(ws.predictions("delay", last=None)) == 20, words="the agent collects")
    report = wait_until(lambda: (r := ws.service("delay", window="1d")).state not in ("unknown", "down") and r, words="it answers")
    whole = [w for w in report.windows if not w.version and w.requests]  # of one day, or of two when it is midnight
    probes, late = sum(w.probes for w in report.windows if not w.version), missed(ws)
    assert report.state == "ok" or late, report.summary
    assert sum(w.requests for w in whole) == 24 and {w.error_share for w in whole} == {0.0}
    assert sum(w.client_share * w.requests for w in whole) == pytest.approx(4) and all(w.p95_ms is not None and w.p95_ms > 0 for w in whole)
    assert round(sum(w.uptime * w.probes for w in report.windows if not w.version and w.probes)) >= probes - late
    assert get(f"{delay.url}/probe").json()["version"] == "delay/1"
    text = get(delay.url.partition("/models")[0] + "/metrics").text
    answered = [float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith("mlops_nb_requests_total{")]
    assert sum(answered) == 24 and len(ws.predictions("delay", last=None)) == 20  # not one probe among them
    words = ("watch", "service", "delay")
    told = wait_until(
        lambda: (t := json.loads(command(*words, "-o", "json", cwd=ws.root).stdout))["state"] not in ("unknown", "down") and t,
        words="it answers while the command looks",
    )
    assert told["state"] == "ok" or missed(ws)
    wait_until(lambda: f"delay is {told['state']}" in command(*words, cwd=ws.root).stdout or missed(ws), words="the same in words")
    found = {m.name: m for m in service_measures(ws.stores, model="delay", window="1d")}
    assert (found["uptime"].value == 1.0 and found["burn_uptime_1h"].verdict == "ok") or missed(ws)


class Prometheus:
    "Debian's, with a configuration and a folder of its own."

    def __init__(self, folder: Path, config: Path):
        if shutil.which("prometheus") is None or shutil.which("promtool") is None:
            pytest.fail(MISSING)
        self.url = f"http://127.0.0.1:{free_port()}"
        words = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={self.url[7:]}"]
        with (folder / "prometheus.log").open("wb") as log:
            self.process = subprocess.Popen(["prometheus", *words], stdout=log, stderr=log, cwd=folder)

    def ask(self, path: str, **words: str) -> Any:
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(words)}", timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            assert self.process.poll() is None, "prometheus ended"
            return {}

    def value(self, query: str) -> float | None:
        found = self.ask("query", query=query).get("result")
        return float(found[0]["value"][1]) if found else None

    def alert(self, name: str) -> str:
        found = self.ask("alerts").get("alerts")
        return "no answer" if found is None else next((a["state"] for a in found if a["labels"]["alertname"] == name), "")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(300)


@pytest.fixture
def prometheus(ws: Workspace, delay: Deployment, tmp_path: Path) -> Iterator[Prometheus]:
    made = ws.monitoring(tmp_path / "monitoring")
    assert made.notes == () and made.agent == f"127.0.0.1:{metrics_port(ws.settings)}"
    config = yaml.safe_load((tmp_path / "monitoring" / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    rules = tmp_path / "monitoring" / "rules.yml"
    for kind, file in (("rules", rules), ("config", tmp_path / "monitoring" / "prometheus.yml")):
        checked = subprocess.run(["promtool", "check", kind, str(file)], capture_output=True, text=True, timeout=300)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    rules.write_text(rules.read_text().replace("for: 1m", "for: 2s"))
    place = tmp_path / "monitoring" / "quick.yml"
    place.write_text(yaml.safe_dump(config))
    found = Prometheus(tmp_path, place)
    yield found
    found.stop()


def test_prometheus_scrapes_and_its_alarm_rings_when_the_server_hangs(ws: Workspace, delay: Deployment, prometheus: Prometheus) -> None:
    wait_until(lambda: prometheus.value('mlops_nb_up{deployment="delay"}') == 1.0, words="Prometheus hears that it answers")
    send(delay, 5)
    served = 'sum(mlops_nb_requests_total{job="mlops_nb_server",model="delay",code="200"})'
    wait_until(lambda: (prometheus.value(served) or 0) >= 5, words="the server's own counters")
    for query in (
        'mlops_nb_burn_rate{deployment="delay",objective="uptime",window="1h"}',
        'mlops_nb_alerts_open{model="delay",severity="critical"}',
    ):
        wait_until(lambda query=query: (value := prometheus.value(query)) == 0.0 or (value and missed(ws)), words=f"{query} is 0")
    for name in ("MlopsNbDown", "MlopsNbAgentAway"):
        wait_until(lambda name=name: prometheus.alert(name) == "", words=f"{name} is not told where all is well")
    supervisor = supervisor_of(ws.settings.state_dir)
    assert supervisor is not None
    frozen = [supervisor.pid, *(w.pid for w in statuses(ws.settings.state_dir))]
    try:
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: prometheus.alert("MlopsNbDown") in ("pending", "firing"), words="the alarm is pending")
        wait_until(lambda: ws.service("delay").state == "down", words="the lake knows it, too")
        wait_until(lambda: prometheus.alert("MlopsNbDown") == "firing", words="the alarm rings")
        wait_until(lambda: prometheus.value('mlops_nb_burning{objective="uptime",rule="1h"}') == 1.0, words="the allowance burns")
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    wait_until(lambda: prometheus.alert("MlopsNbDown") == "", words="it ends with the trouble")


def test_an_agent_that_is_killed_leaves_a_gap_and_no_request_is_counted_twice(ws: Workspace, delay: Deployment) -> None:
    before = counts(ws)[0]
    send(delay, 3)
    wait_until(lambda: counts(ws)[0] == before + 3, words="they are stored")
    kill(read_card(ws.settings))
    killed, probes = now(), counts(ws)[1]
    send(delay, 8)
    wait_until(lambda: ws.service("delay").state == "unknown", words="nobody looks, and it says so")
    assert counts(ws) == (before + 3, probes)
    ensure_agent(ws.settings, timeout=300)
    wait_until(lambda: counts(ws)[1] > probes and counts(ws)[0] >= before + 11, words="the next agent looks, and collects")
    assert counts(ws)[0] == before + 11
    gap = next(m for m in service_minutes(ws.stores, "delay") if m.end > killed)
    assert (gap.requests, gap.probes) == (8, 0) and gap.width > 1.0  # what was answered is known, and that nobody looked
