"""What a user gets: the wheel, built and installed where there is no Node."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_nb.desk.new import template_files, template_folder

ROOT = Path(__file__).resolve().parent.parent.parent
UV = Path(sys.executable).parent / "uv"
HEAVY = {"mlflow", "pandas", "polars", "pyarrow", "numpy", "sklearn", "sqlalchemy", "whylogs", "deltalake", "papermill", "IPython"}
Run = Callable[..., str]


def without_node(folder: Path) -> str:
    """A PATH with every program of the machine's but Node's: a folder of links, as a real machine would have."""
    folder.mkdir()
    for place in dict.fromkeys(os.environ["PATH"].split(os.pathsep)):
        for program in Path(place).glob("*") if Path(place).is_dir() else ():
            link = folder / program.name
            if program.name not in ("node", "nodejs", "npm", "npx", "corepack", "jlpm", "yarn") and not link.is_symlink():
                link.symlink_to(program)
    return str(folder)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = without_node(tmp_path_factory.mktemp("machine") / "bin")
    assert shutil.which("node", path=path) is None and shutil.which("npm", path=path) is None

    def call(*words: str | Path, cwd: Path, **more: str) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLOPS_NB_", "PYTHON", "JUPYTER"))}
        done = subprocess.run(
            [str(word) for word in words],
            cwd=cwd,
            env=kept | {"PATH": path} | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}"
        return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)

    return call


@pytest.fixture(scope="session")
def wheel(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from what git would give a stranger, so that nothing built before can slip in."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    assert not (source / "mlops_nb" / "labextension").exists() and not (source / "mlops_nb" / "drawings").exists()
    run(UV, "build", "--wheel", "--python", sys.executable, "--out-dir", out, cwd=source)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def home(run: Run, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it."""
    folder = tmp_path_factory.mktemp("stranger")
    run(UV, "venv", "--python", sys.executable, folder / "env", cwd=folder)
    run(UV, "pip", "install", "--python", folder / "env" / "bin" / "python", wheel, cwd=folder)
    return folder


def test_the_wheel_holds_what_it_should(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    extension = [name for name in names if "share/jupyter/labextensions/mlops-nb/" in name]
    assert any(name.endswith("/install.json") for name in extension)
    assert any(re.search(r"/static/remoteEntry\..+\.js$", name) for name in extension)
    assert not any(name.endswith(".map") for name in extension), "a development build"
    assert any(name.endswith("etc/jupyter/jupyter_server_config.d/mlops_nb.json") for name in names)
    assert {"mlops_nb/py.typed", "mlops_nb/jobs/train.ipynb", "mlops_nb/jobs/score.ipynb"} <= set(names)
    assert {"mlops_nb/drawings/widget.js", "mlops_nb/drawings/widget.css"} <= set(names)
    assert {"mlops_nb/jobs/ingest.ipynb", "mlops_nb/jobs/investigate.ipynb"} <= set(names)
    template = {f"mlops_nb/templates/project/{path.relative_to(template_folder())}" for path in template_files(template_folder())}
    assert template == {name for name in names if name.startswith("mlops_nb/templates/")} and len(template) > 20
    assert {f"mlops_nb/dashboards/{name}.ipynb" for name in ("fleet", "model", "runs", "data")} <= set(names)
    lessons = {f"mlops_nb/tutorials/{path.name}" for path in (ROOT / "nbs" / "tutorials").glob("*.ipynb")}
    assert lessons == {name for name in names if name.startswith("mlops_nb/tutorials/")} and len(lessons) >= 8
    pages = {name.rpartition("/")[2] for name in names if "share/jupyter/voila/templates/mlops-nb/" in name}
    assert pages == {"conf.json", "index.html.j2", "page.css", "page.js"}
    assert not [name for name in names if name.startswith(("mlops_nb/labextension", "tests", "nbs", "node_modules"))]


def test_the_panel_is_small(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        scripts = [info for info in archive.infolist() if "labextensions" in info.filename and info.filename.endswith(".js")]
    assert len(scripts) > 5  # documents are loaded when they are opened
    assert sum(info.compress_size for info in scripts) < 300_000


def test_one_version_everywhere(wheel: Path) -> None:
    import mlops_nb

    package = json.loads((ROOT / "labextension" / "package.json").read_text())
    lock = json.loads((ROOT / "labextension" / "package-lock.json").read_text())
    assert wheel.name.split("-")[1] == mlops_nb.__version__ == package["version"] == lock["version"]


def test_the_lockfile_names_no_address() -> None:
    assert not re.search(r"https?://[^\"]*\.tgz", (ROOT / "labextension" / "package-lock.json").read_text())


def test_jupyter_finds_both_extensions(run: Run, home: Path) -> None:
    server = run(home / "env/bin/jupyter", "server", "extension", "list", cwd=home)
    assert re.search(r"mlops_nb enabled\n.*Validating mlops_nb\.\.\.\n\s+mlops_nb \S+ OK", server), server
    lab = run(home / "env/bin/jupyter", "labextension", "list", cwd=home)
    assert re.search(r"mlops-nb v\S+ enabled OK", lab), lab


def test_the_command_answers_without_loading_the_stack(run: Run, home: Path) -> None:
    """Quick because of what it does not import: a clock would measure the machine."""
    call = "from mlops_nb.doors.cli import main; main(['--help'])"
    out = run(home / "env/bin/python", "-X", "importtime", "-c", call, cwd=home)
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in out.splitlines() if line.startswith("import time:")}
    assert "click" in loaded, "the reader of the import times sees nothing"
    assert loaded & HEAVY == set()
    assert "Usage: mlops-nb" in out
    assert "Usage: mlops-nb" in run(home / "env/bin/mlops-nb", "--help", cwd=home)


def test_a_stranger_makes_a_workspace(run: Run, home: Path) -> None:
    work = home / "my work"
    work.mkdir()
    run(home / "env/bin/mlops-nb", "init", cwd=work)
    (work / "a.csv").write_text("x,y\n1,2\n3,4\n")
    assert "a@1: 2 rows" in run(home / "env/bin/mlops-nb", "data", "commit", "a", "a.csv", cwd=work)


def test_a_stranger_finds_the_tutorials(run: Run, home: Path) -> None:
    said = run(home / "env/bin/mlops-nb", "tutorials", "copy", "monitoring", "--to", "lessons", cwd=home)
    assert "1 copied, 04_monitoring.ipynb" in said and (home / "lessons" / "04_monitoring.ipynb").stat().st_size > 10_000


def test_a_stranger_makes_a_project(run: Run, home: Path) -> None:
    assert "make test" in run(home / "env/bin/mlops-nb", "new", "demo2", "--no-git", cwd=home)
    made = {path.relative_to(home / "demo2").as_posix() for path in template_files(home / "demo2")}
    assert {name.replace("my_project", "demo2") for name in map(str, relative(template_folder()))} == made
    assert os.access(home / "demo2" / "tools" / "setup", os.X_OK)


def relative(folder: Path) -> list[Path]:
    return [path.relative_to(folder) for path in template_files(folder)]
