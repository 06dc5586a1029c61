"""What every command does alike: a remark of ours is a sentence, a library's keeps its form, and stdout has neither."""

import warnings
from pathlib import Path

import click
import pytest

from mlops_nb.doors import cli as door

def test_a_remark_is_a_note_on_stderr(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    @click.command()
    def remarks() -> None:
        warnings.warn_explicit("cell 3 was edited.", UserWarning, door.__file__, 1)
        warnings.warn_explicit("will be removed", FutureWarning, "/somewhere/else.py", 7)
        click.echo("done")

    monkeypatch.setitem(door.cli.commands, "remarks", remarks)
    before = warnings.showwarning
    assert door.main(["remarks"]) == 0
    out, err = capsys.readouterr()
    assert out == "done\n" and err == "Note: cell 3 was edited.\n/somewhere/else.py:7: FutureWarning: will be removed\n"
    assert warnings.showwarning is before


def test_a_range_that_runs_backwards_is_refused_with_the_one_that_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert door.main(["schedules", "add", "score.ipynb", "--every", "1h", "--grid", "month=5..3"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "The range 5..3 is empty" in err and "`3..5`?" in err


def test_dashboards_say_what_they_lack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("mlops_nb.desk.dashboards.find_spec", lambda name: None)  # a machine without Voila
    assert door.main(["-C", str(tmp_path), "dashboard", "--no-browser", "--port=0"]) == 1
    out, err = capsys.readouterr()
    assert out == "" and "need Voila" in err and "pip install 'voila" in err and list(tmp_path.iterdir()) == []
