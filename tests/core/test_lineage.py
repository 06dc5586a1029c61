"""The manifest: real repositories in every state, secrets that do not get through, environments, notes of a killed run, actors."""

import importlib.metadata
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlops_nb.core import lineage
from mlops_nb.core.environment import (
    Environment,
    distributions,
    environment_diff,
    lock_digest,
    normalized,
    read_environment,
)
from mlops_nb.core.errors import NotebookInvalid, NotebookNotFound, SettingsInvalid
from mlops_nb.core.gitstate import GitState, read_git
from mlops_nb.core.lineage import (
    Manifest,
    ManifestInvalid,
    capture_manifest,
    cells_digest,
    code_cells,
    current_actor,
    manifest_diff,
    note_read,
    note_write,
    read_io,
    reads,
    writes,
)
from mlops_nb.core.records import Actor
from mlops_nb.core.scrub import HIDDEN, scrub

Git = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Git]]:
    """An empty repository in a folder with a space and an accent, and `git` inside it."""
    for name in [n for n in os.environ if n.startswith("GIT_")]:
        monkeypatch.delenv(name)
    root = tmp_path / "vols d'été 2013"
    root.mkdir()
    options = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]

    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", str(root), *options, *arguments], check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet", "--initial-branch=main")
    yield root, git


def commit(root: Path, git: Git, **files: str) -> str:
    for name, text in files.items():
        (root / f"{name}.py").write_text(text)
    git("add", "-A")
    git("commit", "--quiet", "--message=Change")
    return git("rev-parse", "HEAD")


# -- git


def test_no_repository_and_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_git(tmp_path) == GitState(False, "not a git repository")
    assert read_git(tmp_path / "absent").available is False
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_git(tmp_path) == GitState(False, "git is not installed")
    manifest = capture_manifest(tmp_path, cells=["1 + 1"])  # goes on without
    assert manifest.git.reason == "git is not installed" and manifest.cells == 1


def test_a_git_that_fails_or_hangs_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "git"
    fake.write_text("#!/bin/sh\necho 'fatal: broken by https://ada:love@host/x' >&2\nexit 128\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    fake.chmod(0o755)
    assert read_git(tmp_path) == GitState(False, f"broken by https://{HIDDEN}@host/x")
    monkeypatch.setattr("mlops_nb.core.gitstate._SECONDS", 0.3)
    fake.write_text("#!/bin/sh\nexec sleep 900\n")
    assert "did not answer" in read_git(tmp_path).reason
    fake.chmod(0o644)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_git(tmp_path).available is False


def test_states_of_a_repository(repository: tuple[Path, Git]) -> None:
    root, git = repository
    empty = read_git(root)
    assert (empty.available, empty.commit, empty.branch, empty.dirty, empty.untracked) == (True, "", "main", False, ())

    (root / "train.py").write_text("rows = 1\n")
    assert read_git(root).untracked == ("train.py",)
    git("add", "train.py")
    (root / "train.py").write_text("rows = 2\n")
    staged = read_git(root)
    assert staged.dirty and "+rows = 2" in staged.patch and staged.commit == ""

    first = commit(root, git, train="rows = 3\n")
    clean = read_git(root)
    assert (clean.commit, clean.branch, clean.dirty, clean.patch, clean.patch_digest) == (first, "main", False, "", "")

    git("checkout", "--quiet", "--detach")
    assert (read_git(root).branch, read_git(root).commit) == ("", first)
    git("checkout", "--quiet", "-b", "fix/été")
    assert read_git(root).branch == "fix/été"

    git("mv", "train.py", "fit model.py")
    (root / "données.csv").write_text("1\n")
    renamed = read_git(root)
    assert renamed.dirty and renamed.untracked == ("données.csv",)
    (root / "? odd").write_text("a line\n" * 9)
    git("add", "-A")
    git("commit", "--quiet", "--message=Odd")
    git("mv", "? odd", "even")
    assert read_git(root).untracked == ()

    inside = root / "nbs" / "deep er"
    inside.mkdir(parents=True)
    assert read_git(inside).commit == git("rev-parse", "HEAD") != first


def test_the_patch_is_what_git_would_apply(repository: tuple[Path, Git], tmp_path: Path) -> None:
    root, git = repository
    first = commit(root, git, train="rows = 1\nseed = 7\n")
    (root / "train.py").write_text("rows = 2\nseed = 7\n")
    state = read_git(root)
    other = tmp_path / "other"
    git("clone", "--quiet", str(root), str(other))
    (tmp_path / "saved.patch").write_text(state.patch)
    subprocess.run(["git", "-C", str(other), "apply", str(tmp_path / "saved.patch")], check=True)
    assert state.commit == first and (other / "train.py").read_text() == "rows = 2\nseed = 7\n"


def test_the_limit_holds_and_hides_nothing_by_halves(repository: tuple[Path, Git]) -> None:
    root, git = repository
    commit(root, git, train="")
    block = "-----BEGIN PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEA\n" * 400 + "-----END PRIVATE KEY-----\n"
    (root / "train.py").write_text("x = 1\n" * 20 + block + "y = 2\n" * 3000)
    small, large = read_git(root, patch_limit_kb=2), read_git(root, patch_limit_kb=1000)
    assert small.truncated and len(small.patch.encode()) <= 2048
    assert not large.truncated and large.patch.count("+y = 2") == 3000
    assert small.patch_digest == large.patch_digest != ""
    for state in (small, large):
        assert "MIIE" not in state.patch and HIDDEN in state.patch
    none = read_git(root, patch_limit_kb=0)
    assert none.truncated and none.patch == "" and none.patch_digest == small.patch_digest


def test_binary_and_odd_files_do_not_stop_it(repository: tuple[Path, Git]) -> None:
    root, git = repository
    (root / "model.bin").write_bytes(bytes(range(256)) * 50)
    (root / "latin.txt").write_bytes("été\n".encode("latin-1"))
    commit(root, git)
    (root / "model.bin").write_bytes(bytes(range(255, -1, -1)) * 50)
    (root / "latin.txt").write_bytes("hiver é\n".encode("latin-1"))
    one = read_git(root)
    (root / "model.bin").write_bytes(b"\0\1" * 6400)
    two = read_git(root)
    assert one.dirty and "Binary files" in one.patch and one.patch_digest != two.patch_digest
    json.dumps(one.to_dict())


def test_many_untracked_names_are_counted(repository: tuple[Path, Git]) -> None:
    root, _ = repository
    for i in range(205):
        (root / f"f{i:03}.txt").touch()
    state = read_git(root)
    assert len(state.untracked) == 200 and state.untracked_more == 5


def test_git_is_asked_and_never_runs_what_a_repository_says(repository: tuple[Path, Git], monkeypatch: pytest.MonkeyPatch) -> None:
    root, git = repository
    commit(root, git, train="rows = 1\n")
    (root / "train.py").write_text("rows = 2\n")
    trap, sprung = root.parent / "trap.sh", root.parent / "sprung"
    trap.write_text(f"#!/bin/sh\ntouch {sprung}\n")
    trap.chmod(0o755)
    (root / ".gitattributes").write_text("*.py diff=trap\n")
    for name in ("core.fsmonitor", "diff.external", "diff.trap.command", "diff.trap.textconv", "core.pager"):
        git("config", name, str(trap))
    git("update-index", "--fsmonitor")
    sprung.unlink(missing_ok=True)
    index = (root / ".git" / "index").stat().st_mtime_ns
    os.utime(root / "train.py", ns=(1, 1))  # git would refresh the index now, if it might
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # as a hook or a rebase would set it
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(trap))
    state = read_git(root)
    assert state.available and "+rows = 2" in state.patch
    assert (root / ".git" / "index").stat().st_mtime_ns == index and not (root / ".git" / "index.lock").exists()
    assert not sprung.exists()
    monkeypatch.delenv("GIT_DIR")
    git("status")
    assert sprung.exists()  # the trap is a good one


# -- secrets

SECRETS = [
    ("AKIAIOSFODNN7EXAMPLE", "{}"),
    ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = {}"),
    ("hunter2!", "password='{}'"),
    ("hunter2!", 'PASSWORD = "{}"'),
    ("hunter2", "DB_PASS={}"),
    ("a b, c;d", "export DB_PASSWORD={}"),
    ("a b, c;d", "+  password: {}"),
    ("x-1/y+z==", "    - api-key: {}"),
    ("abc123", '{{"apiKey": "{}"}}'),
    ("abc123", "{{'client_secret': '{}', 'n': 1}}"),
    ("abc123", 'os.environ["API_TOKEN"] = "{}"'),
    ("abc123", 'def f(token: str = "{}"):'),
    ("abc123", 'token = f"{}"'),
    ("line1\nline2", 'secret = """{}"""'),
    ("abc123", "connect(host, passwd={}, port=1)"),
    ("abc123", "https://example.org/x?token={}&page=2"),
    ("abc123", "run --api-token {} --dry"),
    ("abc123", "run --password='{}' --dry"),
    ("love%40lace", "postgresql://ada:{}@db:5432/x"),
    ("p/w:d", "redis://:{}@cache/0"),
    ("0123456789abcdef", "https://{}@example.org/x.git"),
    ("abcdefgh.ijkl-mn", "Authorization: Bearer {}"),
    ("YWRhOmxvdmVsYWNl", '"Authorization": "Basic {}"'),
    ("YWRhOmxvdmVsYWNl", "headers={{'authorization': '{}'}}"),
    ("abcdefgh.ijkl-mn", "-H 'X-Auth: bearer {}'"),
    ("ghp_" + "a1" * 18, "git clone {}"),
    ("github_pat_" + "a1" * 20, "{}"),
    ("glpat-" + "a1" * 10, "{}"),
    ("xoxb-123456789012-abc", "{}"),
    ("sk-proj-" + "a1" * 20, "{}"),
    ("hf_" + "a1" * 15, "{}"),
    ("AIza" + "a" * 35, "{}"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4", "{}"),
    ("T000/B000/XXXX", "https://hooks.slack.com/services/{}"),
    ("AbCd+/==", "DefaultEndpointsProtocol=https;AccountKey={};EndpointSuffix=x"),
    ("MIIEow", "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----"),
    ("MIIEow", '+    "-----BEGIN RSA PRIVATE KEY-----\\n{}'),
]


@pytest.mark.parametrize(("secret", "line"), SECRETS)
def test_a_secret_is_hidden(secret: str, line: str) -> None:
    text = line.format(secret)
    for setting in ("{}", "before\n{}\nafter", "+{}", "    {}"):
        clean = scrub(setting.format(text))
        assert secret not in clean and HIDDEN in clean
    notebook = json.dumps({"cells": [{"source": [text + "\n"], "outputs": [{"text": text}]}]}, indent=1)  # as a diff of a notebook has it
    assert json.dumps(secret)[1:-1] not in scrub(notebook)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=0x17F, exclude_characters="\"'`\\\x7f"), min_size=6, max_size=30))
@example("None-but-a-password")
@example("true.colours")
def test_any_quoted_password_is_hidden(secret: str) -> None:
    lines = [f'password = "{secret}"', f"db.connect(password='{secret}', port=5432)", f'{{"secret": "{secret}"}}']
    for line in lines if secret.startswith("=") else [*lines, f"API_KEY={secret}"]:  # `token == x` is a comparison
        clean = scrub(line)
        assert secret not in clean or secret in line.replace(secret, "", 1) or secret in HIDDEN, clean


@given(st.text())
def test_scrubbing_twice_changes_nothing(text: str) -> None:
    assert scrub(scrub(text)) == scrub(text)


def test_ordinary_code_stays() -> None:
    code = """
df = df.sort_values(key=lambda s: s.str.lower())
primary_key = ["flight_id"]
def fetch(url, token=None, password: str | None = None): ...
api_key = os.environ["API_KEY"]
secret: str
git clone ssh://git@example.org/flights.git
# compare http://localhost:8888/tree with https://example.org/@ada
assert tokens == 3 and bypass != 1
"""
    assert scrub(code) == code


WORST = ["QUJD", "token ", "password", "password=", "token: a", "token:", "--", "-- ", "https://", "eyJ", "bearer "]
WORST += ["\\", "'", "a.b-", "=", "\n"]


@pytest.mark.parametrize("block", WORST)
def test_scrubbing_is_linear(block: str) -> None:
    """A quarter of a megabyte of the worst text; a pattern that backtracks would take hours, so the interpreter's own alarm ends it."""

    def late(*_: object) -> None:
        raise TimeoutError(f"scrub hangs on {block!r}")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(30)
    try:
        scrub(block * (262_144 // len(block)))
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# -- cells


def notebook(*cells: dict[str, object]) -> str:
    return json.dumps({"cells": list(cells), "nbformat": 4})


def code(source: str | list[str], **more: object) -> dict[str, object]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": []} | more


def test_only_code_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(notebook(code(["x = 1\n", "y = 2"]), {"cell_type": "markdown", "source": "# one"}, code("x + y")))
    first = code_cells(path)
    assert first == ["x = 1\ny = 2", "x + y"]
    injected = code("x = 5", metadata={"tags": ["injected-parameters"]})
    path.write_text(notebook(code("x = 1\ny = 2\n", outputs=[{"text": "3"}], execution_count=7), injected, code("x + y"), code("")))
    assert cells_digest(code_cells(path)) == cells_digest(first)
    assert cells_digest(["x = 1\ny = 2x + y"]) != cells_digest(first) != cells_digest(first[::-1])
    assert cells_digest(["if a:\n  b"]) != cells_digest(["if a:\nb"])


@given(st.lists(st.text(alphabet="ab \n#é", max_size=8), max_size=5))
def test_cells_cannot_run_into_each_other(cells: list[str]) -> None:
    assert cells_digest(cells) == cells_digest([c + "  \n" for c in cells])
    full = [c for c in cells if c.strip()]
    if len(full) > 1:
        assert cells_digest(full) != cells_digest(["\n".join(full)])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": [1]}', '{"cells": [{"cell_type": "code"}]}', '{"cells": 3}'])
def test_what_is_no_notebook(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.ipynb").write_text(text)
    with pytest.raises(NotebookInvalid, match=r"a\.ipynb"):
        capture_manifest(tmp_path, notebook="a.ipynb")
    with pytest.raises(NotebookNotFound):
        capture_manifest(tmp_path, notebook="b.ipynb")


# -- environment


def test_distributions_are_what_importlib_finds() -> None:
    found = distributions()
    assert found.keys() == {normalized(d.metadata["Name"]) for d in importlib.metadata.distributions()}
    for name, version in found.items():
        assert version == importlib.metadata.version(name)


def test_an_installation_in_mid_session_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path), str(tmp_path / "absent"), ""])
    before = distributions()
    (tmp_path / "new_thing-1.0.dist-info").mkdir()
    old = tmp_path / "Old.Thing.egg-info"
    old.mkdir()
    (old / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: Old.Thing\nVersion: 0.3\n")
    os.utime(tmp_path, ns=(1, 1))  # file systems with coarse clocks: make the change visible
    after = distributions()
    assert after.items() - before.items() == {("new-thing", "1.0"), ("old-thing", "0.3")}
    assert lock_digest(after) != lock_digest(before)

    (tmp_path / "numpy-0.1.dist-info").mkdir()  # further back on the path than the real one
    os.utime(tmp_path, ns=(2, 2))
    assert distributions()["numpy"] == importlib.metadata.version("numpy")


def environment_of(code: str, **variables: str) -> Environment:
    script = f"{code}\nimport json\nfrom mlops_nb.core.environment import read_environment\nprint(json.dumps(read_environment().to_dict()))"
    outside = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run([sys.executable, "-c", script], env=outside | variables, capture_output=True, text=True, check=True)
    return Environment.from_dict(json.loads(done.stdout))


def test_threads_seed_and_blas_of_a_real_process() -> None:
    plain = environment_of("", PYTHONHASHSEED="7", OMP_NUM_THREADS="1")
    assert plain.blas == () and plain.hash_seed == "7" and plain.threads == {"OMP_NUM_THREADS": "1"}
    loaded = environment_of("import numpy", PYTHONHASHSEED="random", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    assert loaded.hash_seed == "random" and loaded.lock == plain.lock == lock_digest(plain.distributions)
    assert loaded.blas and all(b.threads == 1 and b.library for b in loaded.blas)
    names = [d.name for d in environment_diff(plain, loaded)]
    assert names[0] == "hash_seed" and "threads OPENBLAS_NUM_THREADS" in names and "numpy" not in names


def test_a_difference_names_what_is_gone_and_what_is_new() -> None:
    one = replace(read_environment(), distributions={"numpy": "2.0", "gone": "1"})
    two = replace(one, distributions={"numpy": "2.1", "new": "3"}, python="3.99.1")
    assert [str(d) for d in environment_diff(one, two)] == [
        f"python: {one.python} → 3.99.1",
        "numpy: 2.0 → 2.1",
        "gone: 1 → absent",
        "new: absent → 3",
    ]
    assert environment_diff(one, one) == []


# -- notes


def test_notes_survive_a_kill(tmp_path: Path) -> None:
    script = """
import os, signal
from mlops_nb.core.lineage import note_read, note_write
note_read("flights@1"); note_read("flights@1"); note_write("scores@4"); note_read("scores@4")
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], env=os.environ | {"MLOPS_NB_RUN_DIR": str(tmp_path)})
    assert done.returncode == -signal.SIGKILL
    assert read_io(tmp_path) == (["flights@1", "scores@4"], ["scores@4"])
    assert len((tmp_path / "io.jsonl").read_text().splitlines()) == 3
    with (tmp_path / "io.jsonl").open("a") as file:
        file.write('{"io": "read", "ref": "half')
    assert read_io(tmp_path) == (["flights@1", "scores@4"], ["scores@4"])
    assert read_io(tmp_path / "absent") == ([], [])


def test_processes_of_one_run_share_the_file(tmp_path: Path) -> None:
    script = "import sys\nfrom mlops_nb.core.lineage import note_read\nfor i in range(200): note_read(f'{sys.argv[1]}@{i}')"
    children = [
        subprocess.Popen([sys.executable, "-c", script, name], env=os.environ | {"MLOPS_NB_RUN_DIR": str(tmp_path)}) for name in "abc"
    ]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert sorted(read_io(tmp_path)[0]) == sorted(f"{name}@{i}" for name in "abc" for i in range(200))


def test_notes_without_a_run_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage, "_seen", {})
    monkeypatch.delenv("MLOPS_NB_RUN_DIR", raising=False)
    note_read("b@1")
    note_write("c@2")
    note_read("a@1")
    assert (reads(), writes()) == (["b@1", "a@1"], ["c@2"])
    assert capture_manifest(".", cells=[]).snapshots == ("b@1", "a@1")


def test_what_was_read_in_another_lake_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage, "_seen", {})
    note_read("flights@2", "/here/.mlops/lake")
    note_read("flights@2", "s3://there/lake")
    note_read("scored@1", "s3://there/lake")
    note_read("by hand@1")
    assert reads() == ["flights@2", "scored@1", "by hand@1"]
    assert reads("/here/.mlops/lake") == ["flights@2", "by hand@1"] and writes("s3://there/lake") == []


# -- actors


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("MLOPS_NB_ACTOR", "JUPYTERHUB_USER", "JPY_SESSION_NAME", "JPY_PARENT_PID", "JPY_INTERRUPT_EVENT"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_who(nobody: pytest.MonkeyPatch) -> None:
    nobody.setenv("LOGNAME", "ada")
    assert current_actor() == Actor("os", "ada")
    nobody.setenv("JPY_SESSION_NAME", "/home/ada/score.ipynb")
    assert current_actor() == Actor("jupyter", "ada")
    nobody.setenv("JUPYTERHUB_USER", "lovelace")
    assert current_actor() == Actor("jupyter", "lovelace")
    nobody.setenv("MLOPS_NB_ACTOR", "key: reporting:eu ")
    assert current_actor() == Actor("key", "reporting:eu")
    for wrong in ("robot:x", "key:", "key", ":x"):
        nobody.setenv("MLOPS_NB_ACTOR", wrong)
        with pytest.raises(SettingsInvalid, match="kind:id"):
            current_actor()


def test_a_user_without_a_name(nobody: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        nobody.delenv(name, raising=False)
    nobody.setattr("pwd.getpwuid", lambda uid: (_ for _ in ()).throw(KeyError(uid)))
    assert current_actor() == Actor("os", f"uid {os.getuid()}")


def test_a_hashed_name_depends_on_the_key(nobody: pytest.MonkeyPatch) -> None:
    nobody.setenv("LOGNAME", "ada")
    one, two, same = (current_actor(True, key).id for key in (b"one", b"two", b"one"))
    assert one == same != two and re.fullmatch(r"sha256:[0-9a-f]{16}", one)
    assert current_actor(True).id not in (one, two)


# -- the whole


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(-1e9, 1e9), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(parameters=st.dictionaries(st.text(max_size=6), json_values, max_size=4), seeds=st.dictionaries(st.text(max_size=5), st.integers()))
def test_a_manifest_round_trips(parameters: dict[str, object], seeds: dict[str, int]) -> None:
    blank = replace(TEMPLATE, parameters=parameters, seeds=seeds)
    assert Manifest.from_json(blank.to_json()) == blank
    assert manifest_diff(blank, Manifest.from_json(blank.to_json())) == []


TEMPLATE = Manifest(
    notebook="nbs/jobs/score.ipynb",
    cells=2,
    cells_digest="sha256:0",
    parameters={},
    git=GitState(True, commit="c" * 40, branch="main", dirty=True, patch="+x\n", patch_digest="sha256:1", untracked=("é.csv",)),
    snapshots=("flights@1",),
    written=("scores@2",),
    environment=replace(read_environment(), distributions={"numpy": "2.4.6", "flights-tools": "0+local"}),
    seeds={},
    start=datetime(2013, 3, 1, tzinfo=UTC),
    end=None,
    actor=Actor("os", "ada"),
)


def test_parameters_never_hold_a_secret(tmp_path: Path) -> None:
    given = {"month": 3, "db": {"password": "hunter2", "host": "db"}, "urls": ["s3://ada:hunter2@b"], "pin": "hunter2", "token": None}
    manifest = capture_manifest(tmp_path, parameters=given, secrets=["pin"], snapshots=[], written=[])
    assert "hunter2" not in manifest.to_json()
    assert manifest.parameters["month"] == 3 and manifest.parameters["db"]["host"] == "db" and manifest.parameters["token"] is None


def test_paths_are_from_the_root(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "n.ipynb").write_text(notebook(code("1")))
    root = tmp_path / "root"
    root.mkdir()
    assert capture_manifest(tmp_path, notebook="a b/n.ipynb").notebook == "a b/n.ipynb"
    assert capture_manifest(tmp_path, notebook=tmp_path / "a b" / "n.ipynb").notebook == "a b/n.ipynb"
    assert capture_manifest(root, notebook="../a b/n.ipynb").notebook == "../a b/n.ipynb"
    assert str(tmp_path) not in capture_manifest(root, notebook="../a b/n.ipynb").notebook


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "1"}', '{"format": 2}', '{"format": 1}', '{"format": 1, "git": {}}', "nul"])
def test_what_is_no_manifest(text: str) -> None:
    with pytest.raises(ManifestInvalid):
        Manifest.from_json(text)


def test_a_newer_manifest_is_refused_by_its_number() -> None:
    with pytest.raises(ManifestInvalid, match="format 2"):
        Manifest.from_dict(TEMPLATE.to_dict() | {"format": 2, "sparkle": 1})
    assert Manifest.from_dict(TEMPLATE.to_dict() | {"sparkle": 1}) == TEMPLATE  # a word that was added within the format


def test_what_differs_comes_in_order_of_likelihood() -> None:
    other = replace(
        TEMPLATE,
        cells_digest="sha256:9",
        parameters={"month": 4},
        snapshots=("flights@2",),
        environment=replace(TEMPLATE.environment, hash_seed="77"),
    )
    assert [d.name for d in manifest_diff(TEMPLATE, other)] == ["cells", "parameter month", "snapshots", "hash_seed"]
