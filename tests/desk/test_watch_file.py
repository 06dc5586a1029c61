"""One watch file for a model, whatever it is called: rules, service levels and retraining read the same."""

from pathlib import Path

from mlops_nb.desk.retraining import policy_of
from mlops_nb.desk.service import service_objectives
from mlops_nb.desk.watch_file import rules_of, watch_path
from mlops_nb.desk.workspace import Workspace, make_workspace

TEXT = """
rules: {drift: {k: 4}}
service: {availability: 0.95}
retrain: {notebook: learn.ipynb}
"""


def test_all_who_read_it_find_it(tmp_path: Path) -> None:
    ws, model = Workspace(make_workspace(tmp_path / "w").root), "Größe ✈ x"
    path = watch_path(ws.root, model)
    path.parent.mkdir()
    path.write_text(TEXT, encoding="utf-8")
    assert next(rule.k for rule in rules_of(ws.stores, model) if rule.name == "drift") == 4
    assert service_objectives(ws.settings, model).availability == 0.95
    assert policy_of(ws.stores, model).notebook == "learn.ipynb"
