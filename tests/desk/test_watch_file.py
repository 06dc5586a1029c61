"""One watch file for a model, whatever it is called: rules, service levels and retraining read the same."""

from pathlib import Path

import pytest

from mlops_nb.core.errors import MlopsError
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
    for part in ("rules: {drift: {q: 4}}", "service: {availability: none}", "retrain: {when: 7}", "alerts: {}", "rules: ["):
        path.write_text(part, encoding="utf-8")
        said = set()
        for ask, of in ((rules_of, ws.stores), (service_objectives, ws.settings), (policy_of, ws.stores)):
            with pytest.raises(MlopsError) as problem:
                ask(of, model)
            said.add((problem.value.code, problem.value.message, problem.value.hint))
        assert len(said) == 1 and str(path) in str(said), "a mistake in any part is told the same by all who read it"
