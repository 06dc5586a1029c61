"""How long logging a version takes, beside `mlflow.sklearn.log_model`, in the same run and on the same store.

    python benchmarks/register.py [rounds]

*Logged* ends when the version can be seen in the registry, in the state `proving`; *registered* when it is proven, measured and
champion or not. MLflow's own call is timed as people write it (it finds the requirements out by loading the model in another process),
and with the requirements given. MLflow and scikit-learn are imported before the clocks start; rounds alternate, medians count.
"""

import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from mlops_nb.core.settings import init, workspace_key
from mlops_nb.desk import registering
from mlops_nb.desk.flights import flights
from mlops_nb.store.control import Control
from mlops_nb.store.models import Models

FEATURES = ["carrier", "origin", "dest", "weekday", "departs", "arrives", "distance"]


def main(rounds: int = 5) -> None:
    warnings.simplefilter("ignore")
    settings = init(tempfile.mkdtemp(), "bench")
    control = Control(settings.control, workspace_key(settings))
    stores = SimpleNamespace(settings=settings, control=control, models=Models(settings, control))
    began = time.perf_counter()
    client = stores.models.client
    print(f"first start of the store  {time.perf_counter() - began:6.2f} s")

    frame = flights(1).dropna(subset=["late"]).astype({"late": bool})
    train, test = frame[:20_000], frame[20_000:]
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", min_frequency=20, sparse_output=False), FEATURES[:3]), remainder="passthrough"
    )
    pipe = make_pipeline(encode, HistGradientBoostingClassifier(random_state=0)).fit(train[FEATURES], train["late"])

    logged: list[float] = []
    original = registering._prove_and_measure

    def seen(*given: Any) -> Any:
        logged.append(time.perf_counter() - began)
        return original(*given)

    registering._prove_and_measure = seen
    mlflow.set_tracking_uri(settings.tracking_uri)
    experiment = client.create_experiment("peer", artifact_location=(Path(settings.artifacts) / "peer").as_uri())
    times: dict[str, list[float]] = {"ours, logged": logged, "ours, registered": [], "mlflow": [], "mlflow, requirements given": []}
    for number in range(rounds):
        began = time.perf_counter()
        version = registering.register(stores, pipe, "ours", train=train, test=test, target="late", id="flight_id", time="scheduled")
        times["ours, registered"].append(time.perf_counter() - began)
        assert version.state == "proven", version.reason
        for name, options in (("mlflow", {}), ("mlflow, requirements given", {"pip_requirements": ["scikit-learn", "pandas"]})):
            began = time.perf_counter()
            with mlflow.start_run(experiment_id=experiment):
                options |= {"serialization_format": "cloudpickle", "input_example": train[FEATURES].head()}
                mlflow.sklearn.log_model(pipe, name="model", registered_model_name="theirs", **options)
            times[name].append(time.perf_counter() - began)
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    ours = statistics.median(logged)
    for name, values in times.items():
        middle = statistics.median(values)
        print(f"{name:28}{middle:6.2f} s   {middle / ours:5.1f} x   ({min(values):.2f} to {max(values):.2f})")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
