"""`mlops-nb tutorials`: in a folder that is no workspace, and never over what is there."""

import json
from pathlib import Path

import pytest

from mlops_nb.desk.tutorials import tutorials
from mlops_nb.doors.cli import main

def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_copies_to_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = ("-C", str(tmp_path))
    code, out, _ = call(capsys, *here, "tutorials", "list", "-o", "json")
    assert code == 0 and [one["name"] for one in json.loads(out)["items"]] == [one.name for one in tutorials()]
    code, out, _ = call(capsys, *here, "tutorials", "copy", "monitoring", "3")
    assert code == 0 and "2 copied, 04_monitoring.ipynb, 03_batch.ipynb" in out
    mine = tmp_path / "tutorials" / "03_batch.ipynb"
    mine.write_text("my notes")
    code, out, _ = call(capsys, *here, "tutorials", "copy", "--all", "-o", "json")
    made = json.loads(out)
    assert code == 0 and made["left"] == ["03_batch.ipynb", "04_monitoring.ipynb"] and mine.read_text() == "my notes"
    assert sorted(path.stem for path in mine.parent.iterdir()) == [one.name for one in tutorials()]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tutorials"], "no workspace was made"


MISTAKES = [((), "Which tutorials?"), (("1", "--all"), "Which"), (("monitorin",), "Did you mean monitoring?")]


@pytest.mark.parametrize(("words", "says"), MISTAKES)
def test_what_was_not_understood_copies_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    code, out, err = call(capsys, "-C", str(tmp_path), "tutorials", "copy", *words)
    assert code in (1, 2) and out == "" and says in err and list(tmp_path.iterdir()) == []
