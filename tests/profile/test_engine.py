"""Importing whylogs must be quick, silent, and must leave numpy alone. Each in a process of its own."""

import subprocess
import sys
import textwrap

def run(code: str, **env: str) -> str:
    import os

    kept = {k: v for k, v in os.environ.items() if k != "WHYLOGS_NO_ANALYTICS"}
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, env=kept | env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_numpy_stays_as_it_was() -> None:
    out = run("""
        import numpy as np
        before = set(vars(np))
        import mlops_nb.profile.engine as engine
        import pandas as pd
        engine.whylogs.log(pd.DataFrame({"s": ["a", None], "f": [1.0, 2.0]})).view().serialize()
        assert not hasattr(np, "unicode_")
        print(sorted(name for name in set(vars(np)) - before if "unicode" in name))
    """)
    assert out.strip() == "[]"


def test_scikit_learn_is_imported_only_when_used() -> None:
    run("""
        import sys
        from mlops_nb.profile.engine import DatasetProfileView
        from mlops_nb.profile.sketch import profile
        import pandas as pd
        view = profile(pd.DataFrame({"s": ["a", None], "f": [1.0, 2.0]}))
        DatasetProfileView.deserialize(view.serialize())
        assert "sklearn" not in sys.modules and "scipy" not in sys.modules
        from whylogs.core.stubs import sklc, sp
        assert sklc.KMeans(2).n_clusters == 2 and sp.sparse.eye(2).shape == (2, 2)
    """)


def test_nothing_is_sent_home() -> None:
    run("""
        import http.client, urllib.request, socket
        def refuse(*args, **kwargs):
            raise SystemExit("a connection was opened")
        urllib.request.urlopen = socket.socket.connect = refuse
        import mlops_nb, os, pandas as pd
        os.environ.pop("WHYLOGS_NO_ANALYTICS", None)  # the package sets it, too
        from mlops_nb.profile.engine import whylogs
        whylogs.log(pd.DataFrame({"a": [1]}))
        assert os.environ["WHYLOGS_NO_ANALYTICS"]
        from whylogs.api import usage_stats
        assert usage_stats._TELEMETRY_DISABLED and not usage_stats._TRACKED_EVENTS
    """)


def test_a_whylogs_that_was_there_first_is_repaired_too() -> None:
    run(
        """
        import whylogs
        from mlops_nb.profile import engine
        import pandas as pd
        assert engine.whylogs is whylogs
        whylogs.log(pd.DataFrame({"s": ["a", None]}))
        """,
        WHYLOGS_NO_ANALYTICS="1",
    )


def test_the_package_itself_imports_nothing_heavy() -> None:
    out = run("""
        import mlops_nb, sys
        print([m for m in ("numpy", "pandas", "whylogs", "pyarrow", "sklearn") if m in sys.modules])
    """)
    assert out.strip() == "[]"


def test_a_fitted_step_is_loaded_and_used_without_whylogs(tmp_path) -> None:  # type: ignore[no-untyped-def]  # fixture
    run(f"""
        import pickle, numpy as np
        from mlops_nb.profile.transformer import ProfileTransformer
        step = ProfileTransformer().fit(np.arange(6.0).reshape(3, 2))
        pickle.dump(step, open({str(tmp_path / "step.pkl")!r}, "wb"))
    """)
    run(f"""
        import pickle, sys, numpy as np
        step = pickle.load(open({str(tmp_path / "step.pkl")!r}, "rb"))
        step.transform(np.arange(4.0).reshape(2, 2))
        assert "whylogs" not in sys.modules
        assert step.profile_.get_column("x1").get_metric("counts").n.value == 3
    """)
