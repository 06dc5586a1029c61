"""`mlops-nb schedules …` as processes, with a real agent."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from agents import command, left_alone, wait_until, workspace_at

CELLS = [("month = 1", ["parameters"]), ("print(month)", [])]


def test_a_schedule_from_the_command_line(tmp_path: Path) -> None:
    place = workspace_at(tmp_path / "Flüge 2013")
    cells = [{"cell_type": "code", "source": s, "metadata": {"tags": t}, "outputs": [], "execution_count": None} for s, t in CELLS]
    (place.root / "score.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))

    def said(*words: str, code: int = 0) -> dict:
        return json.loads(command("schedules", *words, "-o", "json", cwd=place.root, code=code).stdout)

    wrong = {
        "every": ("add", "score.ipynb", "--every", "0.1s"),
        "cron": ("add", "score.ipynb", "--cron", "0 0 31 2 *"),
        "timezone": ("add", "score.ipynb", "--cron", "@daily", "--timezone", "Europe/Pari"),
        "trigger": ("add", "score.ipynb"),
        "notebook": ("add", "scor.ipynb", "--every", "1m"),
        "months": ("add", "score.ipynb", "--every", "1m", "-p", "months=3"),
        "name": ("pause", "nightly"),
    }
    for field, words in wrong.items():
        error = said(*words, code=1)["error"]
        assert error["field"] == field and error["hint"], error
    assert said("remove", "nightly")["changed"] is False and said("list")["items"] == []

    zone = "America/New_York" if datetime.now(ZoneInfo("Europe/Paris")).hour in (4, 5) else "Europe/Paris"  # not due while this runs
    with left_alone(place):
        add = ("add", "score.ipynb", "--cron", "0 6 * * 1-5", "--timezone", zone, "-p", "month=3", "--name", "nightly")
        text = command("schedules", *add, cwd=place.root).stdout
        assert text.startswith(f"nightly: score.ipynb every weekday at 06:00 {zone}, next ")
        again = said(*add)
        assert again["changed"] is False and again["parameters"] == {"month": 3} and again["digest"].startswith("sha256:")
        differs = said("add", "score.ipynb", "--every", "1m", "--name", "nightly", code=1)["error"]
        assert differs["code"] == "conflict" and "schedules remove nightly" in differs["hint"]
        times = said("next", "nightly")["items"]
        assert len(times) == 3 and times == sorted(times) and again["next_at"] == times[0]
        assert wait_until(lambda: "every weekday at 06:00" in command("status", cwd=place.root).stdout, words="the agent is warm")

        assert said("run", "nightly")["reason"].startswith("asked for by ")
        (done,) = wait_until(lambda: [f for f in said("history", "nightly")["items"] if f["state"] == "done"])
        assert len(done["runs"]) == 1 and said("list")["items"][0]["last_state"] == "done"
        assert said("pause", "nightly")["state"] == "paused" and said("next", "nightly")["items"] == []
        assert said("resume", "nightly")["next_at"] in times
        assert said("remove", "nightly")["changed"] is True
