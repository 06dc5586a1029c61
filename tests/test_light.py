"""What opening the door costs: heavy libraries are loaded by what needs them, not by an import."""

import json
import subprocess
import sys

HEAVY = ("mlflow", "whylogs", "pandas", "pyarrow", "sklearn", "sqlalchemy", "matplotlib", "papermill")
LOOK = "import json, sys; {}; print(json.dumps([name for name in sys.argv[1:] if name in sys.modules]))"


def loaded_by(line: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", LOOK.format(line), *HEAVY], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_the_package_and_its_workspace_load_nothing_heavy() -> None:
    assert loaded_by("import mlops_nb") == []
    assert loaded_by("from mlops_nb import Workspace") == []
    assert loaded_by("from mlops_nb.doors.cli import main") == []
