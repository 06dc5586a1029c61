"""What the digest and a commit cost, beside the same work without them.

    python benchmarks/lake.py [rows]

Peers in the same run: SHA-256 over a Parquet file of the frame (a digest that depends on layout), and deltalake's own
`write_deltalake` of the same table. Medians of five; one million rows of ten columns unless told otherwise.
"""

import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import write_deltalake

from mlops_nb.store.lake import Lake
from mlops_nb.store.lake_digest import tally
from mlops_nb.store.lake_frames import to_table

def frame(n: int) -> pd.DataFrame:
    "Six float, two integer and two text columns."
    rng = np.random.default_rng(0)
    floats = {f"f{i}": rng.random(n) for i in range(6)}
    integers = {f"i{i}": rng.integers(0, 1000, n) for i in range(2)}
    texts = {f"s{i}": rng.choice(["EWR", "JFK", "LGA", "N14228-long"], n) for i in range(2)}
    return pd.DataFrame(floats | integers | texts)


def median(work: Callable[[], object], times: int = 5, clock: Callable[[], float] = time.perf_counter) -> float:
    "Seconds, the median of several; with `time.process_time` of the processor, which a busy machine does not stretch as much."
    taken = []
    for _ in range(times):
        start = clock()
        work()
        taken.append(clock() - start)
    return statistics.median(taken)


def main(n: int) -> None:
    data = frame(n)
    table = to_table(data)
    with tempfile.TemporaryDirectory() as folder:

        def parquet_digest() -> str:
            path = Path(folder, "peer.parquet")
            pq.write_table(table, path)
            return hashlib.sha256(path.read_bytes()).hexdigest()

        lake, count = Lake(Path(folder, "lake")), iter(range(1000))
        lake.commit("same", data)
        normal, digest, peer = median(lambda: to_table(data)), median(lambda: tally(table)), median(parquet_digest)
        busy = median(lambda: tally(table), clock=time.process_time)
        raw = median(lambda: write_deltalake(Path(folder, f"raw{next(count)}"), table))
        fresh = median(lambda: lake.commit(f"t{next(count)}", data))
        again = median(lambda: lake.commit("same", data))
        read = median(lambda: lake.read("same"))
        small = lake.commit("grow", pa.table({"k": [-1]}), mode="append", key="k")
        grow = median(lambda: lake.commit("grow", pa.table({"k": [next(count)]}), mode="append", key="k"), 20)
    print(f"{n:,} rows x {len(data.columns)} columns, {small.table} with one row a commit")
    print(f"pandas -> Arrow, checked     {normal:7.3f} s")
    print(f"digest                       {digest:7.3f} s   {n / digest / 1e6:.2f}M rows/s")
    print(f"digest, processor time       {busy:7.3f} s   {n / busy / 1e6:.2f}M rows/s")
    print(f"SHA-256 over a Parquet file  {peer:7.3f} s   digest / this: {digest / peer:.2f}")
    print(f"write_deltalake              {raw:7.3f} s")
    print(f"commit, new content          {fresh:7.3f} s   / write_deltalake: {fresh / raw:.2f}")
    print(f"commit, same content         {again:7.3f} s   / write_deltalake: {again / raw:.2f}")
    print(f"read to pandas               {read:7.3f} s")
    print(f"append one row by key        {grow:7.3f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
