"""Which warm process a command is handed to."""

import json
import sys

from mlops_nb.doors.front import _cards

def test_the_one_with_the_command_line_loaded_comes_first(tmp_path):
    pool = tmp_path / ".mlops" / "pool"
    pool.mkdir(parents=True)
    for name, after, at in (("ours", "mlops_nb.desk.settling", "2026-01-01T10:00:00Z"), ("papermill's", "", "2026-01-01T11:00:00Z")):
        card = {"python": sys.executable, "prefix": sys.prefix, "variables": {}, "after": after, "started_at": at, "address": name}
        (pool / f"{name}.json").write_text(json.dumps(card))
    assert [card["address"] for card in _cards({}, str(tmp_path))] == ["ours", "papermill's"]
