"""How long a whylogs profile takes: `why.log`, ours, and describing the frame with pandas and polars.

    python benchmarks/profiles.py [--rows 1000000] [--repeats 5]

The four run in turn, again and again, in one process, so that whatever else the machine does hurts all of them;
medians of wall and of processor time are printed, and the ratios. Then: one row, a thousand rows, other kinds of
frames, and the extra memory at the peak (in a process of its own, from the kernel's high-water mark).
"""

from __future__ import annotations

import argparse
import gc
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

def frame_of(rows: int, seed: int = 0) -> pd.DataFrame:
    "Six floats (one of them rounded, one skewed, one with NaN), two integers, two strings."
    rng = np.random.default_rng(seed)
    floats = {f"f{i}": rng.normal(size=rows) for i in range(3)}
    floats["rounded"] = np.round(rng.normal(20, 8, rows), 1)
    floats["amount"] = rng.lognormal(3, 1, rows)
    floats["gaps"] = np.where(rng.random(rows) < 0.05, np.nan, rng.normal(size=rows))
    carriers = np.array(["UA", "B6", "EV", "DL", "AA", "MQ", "US", "9E", "WN", "VX", "FL", "AS", "F9", "YV", "HA", "OO"])
    tails = np.array([f"N{i:05d}" for i in range(4_000)])
    return pd.DataFrame(
        {
            **floats,
            "minute": rng.integers(0, 1_440, rows),
            "id": rng.integers(0, 2**40, rows),
            "carrier": carriers[np.minimum(rng.geometric(0.2, rows) - 1, 15)],
            "tail": tails[rng.integers(0, 4_000, rows)],
        }
    )


def in_turn(contenders: dict[str, Callable[[], Any]], repeats: int) -> dict[str, tuple[float, float]]:
    "Median wall and processor seconds of each; one warm-up, then all of them one after the other, `repeats` times."
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for turn in range(repeats + 1):
        for name, call in contenders.items():
            gc.collect()
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            if turn or repeats == 0:
                times[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    return {name: (statistics.median(w for w, _ in t), statistics.median(c for _, c in t)) for name, t in times.items()}


def table(title: str, found: dict[str, tuple[float, float]], rows: int, base: str) -> None:
    print(f"\n### {title}\n\n| | wall ms | processor ms | million rows/s | times {base} (wall / processor) |\n|---|---|---|---|---|")
    for name, (wall, cpu) in found.items():
        ratios = f"{found[base][0] / wall:.1f} / {found[base][1] / cpu:.1f}"
        print(f"| {name} | {1000 * wall:,.1f} | {1000 * cpu:,.1f} | {rows / wall / 1e6:.2f} | {ratios} |")


def speed(rows: int, repeats: int) -> None:
    import polars as pl
    import pyarrow as pa

    from mlops_nb.profile.engine import whylogs
    from mlops_nb.profile.sketch import profile

    frame = frame_of(rows)
    lazy, arrow = pl.from_pandas(frame), pa.Table.from_pandas(frame, preserve_index=False)
    contenders = {
        "why.log": lambda: whylogs.log(frame).view(),
        "profile": lambda: profile(frame),
        "pandas describe": lambda: frame.describe(include="all"),
        "polars describe": lambda: lazy.describe(),
    }
    table(f"{rows:,} rows x 10 columns (6 float, 2 int, 2 string)", in_turn(contenders, repeats), rows, "why.log")
    objects = frame.astype({"carrier": object, "tail": object})
    kinds = {"pandas": frame, "pandas, object strings": objects, "polars": lazy, "arrow": arrow}
    unique = pd.DataFrame({"pnr": [f"PNR{i:08d}" for i in range(rows)]})
    ours = {f"profile, {kind}": (lambda f=f: profile(f)) for kind, f in kinds.items()}  # type: ignore[misc]  # bound now
    table(f"{rows:,} rows, kinds of frames", in_turn(ours, repeats), rows, "profile, pandas")
    found = in_turn({"why.log": lambda: whylogs.log(unique).view(), "profile": lambda: profile(unique)}, repeats)
    table(f"{rows:,} different strings, one column", found, rows, "why.log")
    for small in (1, 1_000):
        few = frame.head(small).copy()
        found = in_turn({"why.log": lambda few=few: whylogs.log(few).view(), "profile": lambda few=few: profile(few)}, 30)  # type: ignore[misc]  # bound now
        table(f"{small:,} row{'s' * (small > 1)} x 10 columns", found, small, "why.log")


def kilobytes(name: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1])


def memory(rows: int, kind: str) -> None:
    "Extra memory at the peak of one profile, as a share of the frame. Linux."
    from mlops_nb.profile.sketch import profile

    frame: Any = frame_of(rows)
    size = frame.memory_usage(deep=True, index=False).sum()
    if kind == "objects":
        frame = frame.astype({"carrier": object, "tail": object})
        size = frame.memory_usage(deep=True, index=False).sum()
    if kind == "polars":
        import polars as pl

        frame = pl.from_pandas(frame)
    profile(frame.head(1_000))
    gc.collect()
    before = kilobytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # resets the high-water mark
    profile(frame)
    extra = (kilobytes("VmHWM") - before) * 1024
    print(f"| {kind} | {size / 1e6:.0f} | {extra / 1e6:.1f} | {100 * extra / size:.1f} % |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--memory", metavar="KIND", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.memory:
        return memory(asked.rows, asked.memory)
    libraries = ", ".join(f"{n} {version(n)}" for n in ("whylogs", "numpy", "pandas", "polars", "pyarrow"))
    print(f"Python {platform.python_version()}, {libraries}; {platform.machine()}, medians of {asked.repeats} turns")
    speed(asked.rows, asked.repeats)
    print("\n### Extra memory at the peak\n\n| frame | MB | extra MB | share |\n|---|---|---|---|", flush=True)
    for kind in ("pandas", "objects", "polars"):
        subprocess.run([sys.executable, __file__, "--rows", str(asked.rows), "--memory", kind], check=True)
    print(f"\nPeak of the whole benchmark: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:,.0f} MB")


if __name__ == "__main__":
    main()
