"""BentoML's service of the benchmark, as its guide to adaptive batching has it."""

import json
import os
from typing import Annotated, Any

import bentoml
import joblib
import numpy as np
import pandas as pd
from bentoml.validators import DataframeSchema
from model import FEATURES, SKY

OPTIONS = json.loads(os.environ["BENCH_BENTO"])
BATCH = {"batchable": True, "max_batch_size": OPTIONS["max_batch_size"], "max_latency_ms": OPTIONS["max_latency_ms"]}


@bentoml.service(
    workers=1,
    traffic={"timeout": 60},
    logging={"access": {"enabled": False}},
    metrics={"enabled": True},
)
class Delay:
    def __init__(self) -> None:
        self.model = joblib.load(os.environ["BENCH_MODEL"])

    def answer(self, frame: pd.DataFrame) -> np.ndarray:
        return self.model.predict_proba(frame.astype(dict.fromkeys(SKY, "float64")))

    if OPTIONS["input"] == "frame":

        @bentoml.api(**BATCH)
        def predict(self, rows: Annotated[pd.DataFrame, DataframeSchema(orient=OPTIONS["orient"], columns=FEATURES)]) -> np.ndarray:
            return self.answer(rows)

    else:

        @bentoml.api(**BATCH)
        def predict(self, rows: list[list[Any]]) -> list[list[float]]:
            return self.answer(pd.DataFrame(rows, columns=FEATURES)).tolist()
