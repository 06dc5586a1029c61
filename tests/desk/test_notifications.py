"""What fails is told: a real HTTP server and a real mail server, once each, signed, without a secret in any log."""

import json
import logging
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from agents import workspace_at
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from mlops_nb.core.records import Run, now
from mlops_nb.core.schedules import Schedule
from mlops_nb.desk import notifying
from mlops_nb.desk.notifying import MOST_TRIES, deliver, of_failure, sign, tell_alerts, webhook_secret
from mlops_nb.desk.workspace import Workspace

@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    "Who is told lives in this very process, which may stand still."
    monkeypatch.setattr(notifying, "TIMEOUT_S", 300.0)


class Hook:
    """A receiver of calls that answers what it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []  # for the next calls; then 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.calls.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                code = hook.answers.pop(0) if hook.answers else 200
                self.send_response(code)
                if code == 302:
                    self.send_header("Location", f"http://127.0.0.1:{hook.port}/elsewhere")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *words: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.server.shutdown()
    made.server.server_close()


class Box:
    """What a mail server took."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], str]] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_DATA(self, server, session, envelope) -> str:
        self.mails.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 taken"

    def login(self, server, session, envelope, mechanism, data) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=True)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[tuple[Box, int]]:
    "A mail server that offers STARTTLS, and takes a login only over it."
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=mail", "-keyout"]
    subprocess.run([*words, key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    made = Box()
    told = {"authenticator": made.login, "auth_require_tls": True}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(made, hostname="127.0.0.1", port=port, tls_context=context, ready_timeout=300, **told)
    controller.start()
    yield made, port
    controller.stop()


def failure(ws: Workspace, id: str = "score-7", error: str = "score.ipynb cell [2]: ValueError: no such airport"):
    nightly = Schedule("nightly", "score.ipynb")
    return of_failure(ws.settings, nightly, f"due {id}", [Run(id, "score.ipynb", status="failed", error=error)], error)


def test_a_call_is_signed_and_made_once(tmp_path: Path, hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "secret").write_text("a secret of the receiver\n")
    url = f"http://127.0.0.1:{hook.port}/services/T0/hidden-part"
    ws = Workspace(workspace_at(tmp_path / "Flüge 2013", notify_webhook=url, notify_secret_file=tmp_path / "secret").root)
    control = ws.stores.control
    for _ in range(3):
        control.notify(failure(ws))
    assert deliver(ws.settings, control) == 1 and deliver(ws.settings, control) == 0
    ((headers, body),) = hook.calls
    said = json.loads(body)
    assert (said["event"], said["cell"], said["error"], said["run"]) == ("run_failed", 2, "ValueError: no such airport", "score-7")
    assert said["workspace"] == "Flüge 2013" and said["id"] == headers["X-Mlops-Nb-Id"] and headers["X-Mlops-Nb-Event"] == "run_failed"
    assert headers["X-Mlops-Nb-Signature"] == sign("a secret of the receiver", headers["X-Mlops-Nb-Timestamp"], body)
    assert headers["X-Mlops-Nb-Signature"] != sign("another", headers["X-Mlops-Nb-Timestamp"], body)

    caplog.set_level(logging.DEBUG)
    control.notify(failure(ws, "score-8"))
    hook.answers = [500, 302, 404]
    at = now()
    for n in range(3):
        at += timedelta(hours=1)
        assert deliver(ws.settings, control, at) == 0
        error = next(note for note in control.notifications() if note.state == "waiting").error
        assert ("500", "redirect", "404")[n] in error
    assert len(hook.calls) == 4, "a redirect is not followed"
    (alert,) = control.alerts()
    assert alert.kind == "notification_failed" and "404" in alert.message
    everything = caplog.text + alert.message + "".join(note.error for note in control.notifications())
    assert "127.0.0.1" in everything and "hidden-part" not in everything and "secret of" not in everything
    assert deliver(ws.settings, control, at + timedelta(hours=1)) == 1 and control.alerts() == []
    ids = [headers["X-Mlops-Nb-Id"] for headers, _ in hook.calls[1:]]
    assert len(set(ids)) == 1, "the same id each time, so that a receiver can drop what it has"


def test_without_a_file_the_workspaces_key_signs(tmp_path: Path, hook: Hook) -> None:
    ws = Workspace(workspace_at(tmp_path / "ws", notify_webhook=f"http://127.0.0.1:{hook.port}").root)
    ws.stores.control.notify(failure(ws))
    deliver(ws.settings, ws.stores.control)
    ((headers, body),) = hook.calls
    secret = webhook_secret(ws.settings)
    assert headers["X-Mlops-Nb-Signature"] == sign(secret, headers["X-Mlops-Nb-Timestamp"], body)
    assert secret != (ws.settings.key_file).read_text().strip()


def test_who_is_not_there_is_asked_again_and_at_last_given_up(tmp_path: Path) -> None:
    ws = Workspace(workspace_at(tmp_path / "ws", notify_webhook="http://127.0.0.1:9/x").root)
    control, at = ws.stores.control, now()
    control.notify(failure(ws))
    waits = []
    for _ in range(MOST_TRIES):
        at += timedelta(hours=3)
        assert deliver(ws.settings, control, at) == 0
        (note,) = control.notifications()
        waits.append((note.next_at - at).total_seconds())
    assert note.state == "failed" and "ConnectionRefusedError" in note.error
    assert waits[:3] == [10, 20, 40] and max(waits[:-1]) == 3600
    assert deliver(ws.settings, control, at + timedelta(days=9)) == 0


def test_a_mail_goes_encrypted_with_a_login(tmp_path: Path, box: tuple[Box, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_NB_SMTP_USER", "mlops")
    monkeypatch.setenv("MLOPS_NB_SMTP_PASSWORD", "s3cret")
    received, port = box
    told = {"notify_smtp": f"127.0.0.1:{port}", "notify_to": "mary@example.org, tom@example.org", "notify_from": "runs@example.org"}
    ws = Workspace(workspace_at(tmp_path / "ws", **told).root)
    control = ws.stores.control
    control.notify(failure(ws, error="score.ipynb cell [2]: ValueError: flüge\r\nBcc: eve@example.org"))
    assert deliver(ws.settings, control) == 1 and deliver(ws.settings, control) == 0
    assert received.logins == [(b"mlops", b"s3cret")], "over TLS, or the server would have refused"
    ((people, text),) = received.mails
    assert people == ["mary@example.org", "tom@example.org"], "nobody was smuggled in"
    (note,) = control.notifications()
    assert f"<{note.id}@mlops-nb>" in text and "From: runs@example.org" in text and "s3cret" not in text
    assert "cell: 2" in text


def test_a_critical_alert_is_told_once_while_it_is_open(tmp_path: Path, hook: Hook) -> None:
    ws = Workspace(workspace_at(tmp_path / "ws", notify_webhook=f"http://127.0.0.1:{hook.port}").root)
    control = ws.stores.control
    control.raise_alert("cusum", "not so bad", severity="info")
    opened = control.raise_alert("server_failed", "The server ends at its start.", severity="critical")
    for _ in range(2):
        tell_alerts(ws.settings, control, set())  # two agents, who know nothing of each other
        control.raise_alert("server_failed", "The server ends at its start.", severity="critical")
    deliver(ws.settings, control)
    ((_, body),) = hook.calls
    assert json.loads(body)["alert"] == opened.id and json.loads(body)["event"] == "alert"
    control.resolve_alert(opened.id)
    control.raise_alert("server_failed", "Again.", severity="critical")
    tell_alerts(ws.settings, control, set())
    deliver(ws.settings, control)
    assert len(hook.calls) == 2


def test_nothing_is_kept_where_nobody_wants_to_be_told(tmp_path: Path) -> None:
    ws = Workspace(workspace_at(tmp_path / "ws").root)
    ws.stores.control.raise_alert("server_failed", "x", severity="critical")
    tell_alerts(ws.settings, ws.stores.control, set())
    assert failure(ws) == [] and ws.stores.control.notifications() == [] and deliver(ws.settings, ws.stores.control) == 0
