"""What a folder says of a run, at the moment at which the run ends."""

import os
import threading
from dataclasses import replace
from pathlib import Path

from mlops_nb.batch.order import read_run, write_run
from mlops_nb.core.records import Run
from mlops_nb.desk.running import truth

def test_a_run_that_ends_between_two_looks_has_not_failed(tmp_path: Path) -> None:
    run = write_run(Run("score-1", "score.ipynb", {}, "running", folder=str(tmp_path)))
    os.mkfifo(tmp_path / "pid")  # who reads whether its process lives has read the record already, and waits for the writer

    def end() -> None:
        with (tmp_path / "pid").open("w") as pid:
            write_run(replace(run, status="finished"))
            pid.write("0 gone")

    ends = threading.Thread(target=end)
    ends.start()
    seen = truth(run)
    ends.join()
    assert (seen.status, seen.error) == ("finished", "") and read_run(tmp_path).status == "finished"


def test_a_run_whose_process_is_gone_has_failed(tmp_path: Path) -> None:
    run = write_run(Run("score-1", "score.ipynb", {}, "running", folder=str(tmp_path)))
    (tmp_path / "pid").write_text("0 gone")
    assert truth(run).error == "score.ipynb: its process ended before it did." and read_run(tmp_path).status == "failed"
