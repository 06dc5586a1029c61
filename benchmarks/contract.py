"""Contracts: one row beside pydantic and MLflow's schema enforcement, a million rows beside hand-written pandas masks.

`python benchmarks/contract.py` prints medians of interleaved rounds and ratios. The peers check less: pydantic and MLflow
know no shares of nulls or unseen values, the pandas masks give counts without examples.
"""

import statistics
import timeit
from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from mlflow.models.utils import _enforce_schema
from mlflow.types.schema import ColSpec, Schema
from pydantic import BaseModel, Field, create_model

from mlops_nb.core.columns import ColumnRule
from mlops_nb.core.contract import Contract

CODES = ("AA", "B6", "DL", "EV", "UA")


def medians(rounds: int, *calls: tuple[str, int, Callable[[], object]]) -> dict[str, float]:
    """Seconds a call, the median of rounds in which every call had its turn."""
    seen: dict[str, list[float]] = {name: [] for name, _, _ in calls}
    for _ in range(rounds):
        for name, times, call in calls:
            seen[name].append(timeit.timeit(call, number=times) / times)
    return {name: statistics.median(values) for name, values in seen.items()}


def one_row() -> dict[str, float]:
    contract = Contract(
        {f"x{i}": ColumnRule("float", min=0, max=10, max_null_ratio=0) for i in range(5)}
        | {f"n{i}": ColumnRule("int", min=0, max=9, max_null_ratio=0) for i in range(2)}
        | {f"c{i}": ColumnRule("string", categories=CODES, max_null_ratio=0) for i in range(3)}
    )
    row = {name: {"float": 1.5, "int": 3, "string": "UA"}[rule.type] for name, rule in contract.columns.items()}
    kinds = {
        "float": Annotated[float, Field(ge=0, le=10, strict=True)],
        "int": Annotated[int, Field(ge=0, le=9, strict=True)],
        "string": Literal[CODES],
    }
    model: type[BaseModel] = create_model("Row", **{name: (kinds[rule.type], ...) for name, rule in contract.columns.items()})
    mlflow_types = {"float": "double", "int": "long", "string": "string"}
    schema = Schema([ColSpec(mlflow_types[rule.type], name) for name, rule in contract.columns.items()])
    frame = pd.DataFrame([row])
    columns = {name: [value] for name, value in row.items()}
    assert not contract.validate_row(row) and not contract.validate(columns)
    return medians(
        9,
        ("contract, a row", 5_000, lambda: contract.validate_row(row)),
        ("contract, columns of one value", 5_000, lambda: contract.validate(columns)),
        ("pydantic", 5_000, lambda: model.model_validate(row)),
        ("MLflow enforce_schema", 50, lambda: _enforce_schema(frame, schema)),
    )


def many_rows(n: int = 1_000_000) -> dict[str, float]:
    chance = np.random.default_rng(2013)
    frame = pd.DataFrame(
        {f"x{i}": chance.normal(5, 1, n).clip(0, 10) for i in range(5)}
        | {f"n{i}": chance.integers(0, 10, n) for i in range(2)}
        | {f"c{i}": chance.choice(CODES, n) for i in range(3)}
    )
    frame.loc[0, ["x0", "n0", "c0"]] = [11.0, 12, "ZZ"]
    contract = Contract(
        {f"x{i}": ColumnRule("float", min=0, max=10, max_null_ratio=0) for i in range(5)}
        | {f"n{i}": ColumnRule("int", min=0, max=9, max_null_ratio=0) for i in range(2)}
        | {f"c{i}": ColumnRule("string", categories=CODES, max_null_ratio=0) for i in range(3)}
    )

    def masks() -> int:
        found = 0
        for name, rule in contract.columns.items():
            column = frame[name]
            found += int(column.isna().sum())
            found += int((~column.isin(CODES)).sum() if rule.type == "string" else (~column.between(rule.min, rule.max)).sum())
        return found

    assert masks() == sum(v.count for v in contract.validate(frame)) == 3
    return medians(5, ("contract", 1, lambda: contract.validate(frame)), ("pandas masks", 1, masks))


if __name__ == "__main__":
    for title, unit, scale, found in (("one row x 10 columns", "µs", 1e6, one_row()), ("1M rows x 10 columns", "ms", 1e3, many_rows())):
        ours = next(iter(found.values()))
        print(title)
        for name, seconds in found.items():
            print(f"  {name:32} {seconds * scale:9.2f} {unit}   {seconds / ours:7.2f} x")
