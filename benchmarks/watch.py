"""What watching costs, whatever the traffic; how long labels take to be joined; how often a month wakes somebody for nothing.

    python benchmarks/watch.py --folder /tmp/watch                 # all parts; the folder keeps what is done and the environments
    python benchmarks/watch.py --folder /tmp/watch --only labels   # one of: drift traffic labels alerts shifts peers
    python benchmarks/watch.py --folder /tmp/watch --show          # nothing is run: the table of what is there
    python benchmarks/watch.py --quick                             # all parts in small, some minutes

- `drift`: drift measures of 1,000 features over 30 windows, from profiles in memory. Aim: 2 s.
- `traffic`: the same 30 windows holding 10,000 and 10,000,000 predictions, from the lake's table of profiles. Aim: within 10 %.
- `labels`: 1,000,000 answers and their labels joined, alone and with all metrics of 30 days; then four times as many of both.
  Aim: 5 s, and memory that does not follow the tables: at most twice
  (one part, and the next while it is read). Beside it pandas, reading both tables and merging them.
- `alerts`: months in which nothing happens, 20 features watched daily (`worlds.py`), the default rules. Aims: at most one alert per
  model and month, 1 % of feature-days flagged.
- `shifts`: days until the default rules alert when something did happen to one feature, three weeks after the watch began.
- `peers`: 30 windows with Evidently (a report each) and NannyML (30 chunks), in environments of their own, on the same rows.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from watch_peers import PEERS, Peer
from worlds import KINDS, World

from mlops_nb.core.measures import Measure
from mlops_nb.profile.sketch import profile
from mlops_nb.profile.summary import summarize
from mlops_nb.watch.alarms import evaluate
from mlops_nb.watch.measures import drift_measures
from mlops_nb.watch.rules import default_rules

PARTS = ("drift", "traffic", "labels", "alerts", "shifts", "peers")
FIRST = datetime(2025, 3, 3, tzinfo=UTC)
DAYS = 30
MODEL = "delay"

Row = dict[str, Any]  # what, aim, measured, met (None: no aim), beside


def row(what: str, aim: str, measured: str, met: bool | None, beside: str = "") -> Row:
    return {"what": what, "aim": aim, "measured": measured, "met": met, "beside": beside}


def timed(call: Callable[[], Any], times: int) -> list[tuple[float, float]]:
    "Wall and processor seconds of each call."
    out = []
    for _ in range(times):
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        out.append((time.perf_counter() - wall, time.process_time() - cpu))
    return out


def middle(times: Sequence[tuple[float, float]], which: int = 0) -> float:
    return statistics.median(t[which] for t in times)


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


# ---- the pass over windows ---------------------------------------------------------------------------------------


def windows_of(profiles: Sequence[Any]) -> list[tuple[datetime, datetime, Any]]:
    return [(FIRST + timedelta(days=k), FIRST + timedelta(days=k + 1), p) for k, p in enumerate(profiles)]


def pass_over(reference: Sequence[Any], windows: Sequence[Any], importance: dict[str, float] | None = None) -> list[Measure]:
    "What the watch keeps of these windows."
    return drift_measures(list(reference), windows_of(windows), importance=importance, model=MODEL, version=f"{MODEL}/1")


def flagged(measures: Iterable[Measure]) -> dict[str, set[int]]:
    "The windows in which each feature was flagged; features that never were are there too."
    out: dict[str, set[int]] = {}
    for m in measures:
        if m.feature:
            out.setdefault(m.feature, set()).update([(m.start - FIRST).days] if m.verdict in ("changed", "drifted") else [])
    return out


def many_features(count: int, windows: int, rows: int, seed: int) -> tuple[list[Any], list[Any]]:
    "Reference and windows as summaries: nine tenths numbers, one tenth words; one in fifty moves by .5 sd in the last third."
    rng = np.random.default_rng(seed)

    def made(moved: bool) -> Any:
        columns: dict[str, Any] = {}
        for k in range(count):
            if k % 10 == 9:
                columns[f"f{k}"] = np.array(list("abcdefgh"), dtype=object)[np.minimum(rng.geometric(0.3, rows) - 1, 7)]
            else:
                columns[f"f{k}"] = rng.normal(0.5 * (moved and k % 50 == 0), 1, rows)
        return summarize(profile(pd.DataFrame(columns)))

    return [made(False) for _ in range(30)], [made(3 * k >= 2 * windows) for k in range(windows)]


def part_drift(given: argparse.Namespace) -> list[Row]:
    features, windows = (100, 10) if given.quick else (given.features, given.windows)
    reference, later = many_features(features, windows, 1_000, given.seed)
    say(f"drift: {features} features x {windows} windows are made")
    found: list[Any] = []
    cold = timed(lambda: found.append(pass_over(reference, later)), 1)
    warm = timed(lambda: pass_over(reference, later), 2 if given.quick else 3)
    aim = 2.0 * features * windows / 30_000
    moved = sum(map(len, flagged(found[0]).values()))
    words = f"{cold[0][0]:.2f} s the first time, {middle(warm):.2f} s again ({middle(warm, 1):.2f} s of the processor)"
    return [
        row(f"drift of {features:,} features x {windows} windows", f"≤ {aim:.2g} s", words, cold[0][0] <= aim, f"{moved} flagged")
    ]


# ---- traffic -----------------------------------------------------------------------------------------------------


def flights_like(rows: int, rng: np.random.Generator) -> pd.DataFrame:
    floats = {f"n{k}": rng.normal(k, 1 + k, rows) for k in range(6)} | {"amount": rng.lognormal(2, 0.6, rows)}
    whole = {"minute": rng.integers(0, 1_440, rows)}
    words = {
        "carrier": np.array(list("ABCDEFGHIJKLMNOP"), dtype=object)[np.minimum(rng.geometric(0.2, rows) - 1, 15)],
        "origin": np.array(["EWR", "JFK", "LGA"], dtype=object)[rng.integers(0, 3, rows)],
    }
    return pd.DataFrame(floats | whole | words)


def part_traffic(given: argparse.Namespace) -> list[Row]:
    import pyarrow as pa

    from mlops_nb.profile.rows import summaries, to_rows
    from mlops_nb.store import lake_served as served
    from mlops_nb.store.lake import Lake

    few, many = (10_000, 500_000) if given.quick else (10_000, 10_000_000)
    rng = np.random.default_rng(given.seed)
    reference = [summarize(profile(flights_like(1_000, rng))) for _ in range(30)]
    with tempfile.TemporaryDirectory(prefix="traffic-") as folder:
        place = Lake(Path(folder)).place
        for total in (few, many):
            for k in range(DAYS):
                view, start = profile(flights_like(total // DAYS, rng)), FIRST + timedelta(days=k)
                rows = to_rows(
                    view,
                    window_start=start,
                    window_end=start + timedelta(days=1),
                    version=f"{MODEL}/1",
                    source="live",
                    segment="",
                )
                rows = rows.append_column("every", pa.array(["1d"] * rows.num_rows)).append_column(
                    "date", pa.array([start.date()] * rows.num_rows, pa.date32())
                )
                served.append(place, "profiles", f"m{total}", rows, {})
            say(f"traffic: {total:,} predictions are profiled")

        def look(total: int) -> None:
            rows = served.read(place, "profiles", f"m{total}").sort_by("window_start")
            size = rows.num_rows // DAYS
            pass_over(reference, [summaries(rows.slice(k * size, size)) for k in range(DAYS)])

        look(few), look(many)
        times: dict[int, list[tuple[float, float]]] = {few: [], many: []}
        for _ in range(3 if given.quick else 9):
            for total in times:
                times[total] += timed(lambda total=total: look(total), 1)
    ratio = middle(times[many], 1) / middle(times[few], 1)
    words = f"{middle(times[few]):.3f} s, {middle(times[many]):.3f} s on the clock; {ratio - 1:+.0%} of the processor"
    return [
        row(
            f"30 windows x 10 features holding {few:,}, and {many:,}",
            "within 10 %",
            words,
            ratio <= 1.1,
            f"{many // few:,} x the traffic",
        )
    ]


# ---- labels ------------------------------------------------------------------------------------------------------


def fill(root: Path, rows: int, seed: int) -> None:
    "A workspace with a model, `rows` answers of 30 days, and their labels: weeks late, in no order, one in twenty corrected."
    import pyarrow as pa
    from sklearn.linear_model import LogisticRegression

    from mlops_nb.desk.workspace import Workspace, make_workspace
    from mlops_nb.store import lake_served as served

    rng = np.random.default_rng(seed)
    ws = Workspace(make_workspace(root).root)
    frame = pd.DataFrame(rng.normal(size=(2_000, 10)), columns=[f"x{k}" for k in range(10)])
    frame["flight_id"] = [f"UA-{k}" for k in range(2_000)]
    frame["late"] = frame["x0"] + rng.normal(size=2_000) > 0
    features = [f"x{k}" for k in range(10)]
    fit = LogisticRegression().fit(frame[features][:1_000], frame["late"][:1_000])
    assert ws.register(fit, MODEL, train=frame[:1_000], test=frame[1_000:], target="late", id="flight_id").state == "proven"
    place, first = ws.stores.lake.place, int(FIRST.timestamp()) * 1_000_000
    for begin in range(0, rows, 250_000):
        n = min(250_000, rows - begin)
        at = np.arange(begin, begin + n)
        score = rng.random(n)
        event = first + (at * (DAYS * 86_400_000_000 // rows))
        columns = {
            "request_id": pa.array([f"r{i // 1000:08x}" for i in at.tolist()]),
            "row": pa.array(at % 1000, pa.int32()),
            "received_at": pa.array(event + 1_000, pa.int64()).cast(served.instant()),
            "event_time": pa.array(event, pa.int64()).cast(served.instant()),
            "entity_id": pa.array([f"UA-{i:09}" for i in at.tolist()]),
            "model": pa.array([MODEL] * n),
            "version": pa.array(np.ones(n, np.int64)),
            "role": pa.array(["live"] * n),
            "prediction": pa.array((score > 0.5).astype(float)),
            "scores": pa.ListArray.from_arrays(
                np.arange(0, 2 * n + 1, 2, dtype=np.int32), np.column_stack([1 - score, score]).ravel()
            ),
            "features": pa.StructArray.from_arrays([pa.array(rng.normal(size=n)) for _ in features], features),
            "date": pa.array([date.fromtimestamp(t) for t in (event // 1_000_000).tolist()], pa.date32()),
        }
        served.append(place, "predictions", MODEL, pa.table(columns), {})
        who = np.concatenate([at, rng.choice(at, n // 20)])
        rng.shuffle(who)
        told = first + 40 * 86_400_000_000 + np.arange(len(who)) * 1_000
        labels = {
            "entity_id": pa.array([f"UA-{i:09}" for i in who.tolist()]),
            "label": pa.array((rng.random(len(who)) > 0.5).astype(float)),
            "labelled_at": pa.array(told, pa.int64()).cast(served.instant()),
            "received_at": pa.array(told, pa.int64()).cast(served.instant()),
            "date": pa.array([date.fromtimestamp(t) for t in (told // 1_000_000).tolist()], pa.date32()),
        }
        served.append(place, "labels", MODEL, pa.table(labels), {})


def memory(name: str) -> float:
    "VmRSS or VmHWM (the peak) of this process in MB."
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


def warm(place: Any) -> None:
    "Reads a table that is not there and answers from a frame of one row, so that everything is imported before clocks and memory are read."
    from mlops_nb.store import lake_served as served

    served.latest_labels(served.read(place, "labels", "nobody"))
    served.read(place, "labels", MODEL, columns=["row"]).slice(0, 1).to_pandas()


def child_join(root: Path) -> dict[str, float]:
    from mlops_nb.desk.labelling import Answers, Truth
    from mlops_nb.desk.workspace import Workspace

    place = Workspace(root).stores.lake.place
    warm(place)
    base, begin, used = memory("VmRSS"), time.perf_counter(), time.process_time()
    seen = known = 0
    for part in Answers(place, MODEL, timedelta(days=1)).parts(Truth(place, MODEL)):
        seen += len(part.start)
        known += sum(len(c) - c.null_count for c in part.label)
        del part  # or it is there while the next one is read
    seconds, used = time.perf_counter() - begin, time.process_time() - used
    return {"cpu": used, "seconds": seconds, "mb": memory("VmHWM") - base, "rows": seen, "known": known}


def child_performance(root: Path) -> dict[str, float]:
    from mlops_nb.desk.workspace import Workspace

    ws = Workspace(root)
    ws.stores.models.evidence(ws.stores.models.get(f"{MODEL}/1"))  # what that needs is imported before the clock starts
    warm(ws.stores.lake.place)
    base, begin, used = memory("VmRSS"), time.perf_counter(), time.process_time()
    report = ws.performance(MODEL, window="1d")
    seconds, used = time.perf_counter() - begin, time.process_time() - used
    rows, known = sum(w.n for w in report.windows), sum(w.labelled for w in report.windows)
    return {"cpu": used, "seconds": seconds, "mb": memory("VmHWM") - base, "rows": rows, "known": known}


def child_pandas(root: Path) -> dict[str, float]:
    from deltalake import DeltaTable

    from mlops_nb.store.lake import Lake

    warm(Lake(root / ".mlops" / "lake").place)
    base, begin, used = memory("VmRSS"), time.perf_counter(), time.process_time()
    answers = DeltaTable(str(next((root / ".mlops" / "lake" / "predictions").iterdir()))).to_pandas(
        columns=["request_id", "row", "entity_id", "event_time", "received_at", "version", "prediction", "scores"]
    )
    labels = DeltaTable(str(next((root / ".mlops" / "lake" / "labels").iterdir()))).to_pandas(
        columns=["entity_id", "label", "labelled_at", "received_at"]
    )
    newest = labels.sort_values(["labelled_at", "received_at"]).drop_duplicates("entity_id", keep="last")
    joined = answers.merge(newest[["entity_id", "label"]], on="entity_id", how="left")
    return {
        "cpu": time.process_time() - used,
        "seconds": time.perf_counter() - begin,
        "mb": memory("VmHWM") - base,
        "rows": len(joined),
        "known": int(joined["label"].notna().sum()),
    }


CHILDREN: dict[str, Callable[[Path], dict[str, float]]] = {
    "join": child_join,
    "performance": child_performance,
    "pandas": child_pandas,
}


def in_child(which: str, root: Path, rounds: int) -> dict[str, float]:
    "The median of some processes of their own: a peak of memory is that of a process."
    found = []
    for _ in range(rounds):
        done = subprocess.run([sys.executable, __file__, "--child", which, str(root)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr[-2000:])
        found.append(json.loads(done.stdout.strip().splitlines()[-1]))
    return {k: statistics.median(f[k] for f in found) for k in found[0]}


def part_labels(given: argparse.Namespace) -> list[Row]:
    rows, rounds = (100_000, 1) if given.quick else (given.rows, given.rounds)
    found: dict[tuple[str, int], dict[str, float]] = {}
    for times in (1, 4):
        with tempfile.TemporaryDirectory(prefix="labels-") as folder:
            fill(Path(folder), rows * times, given.seed)
            say(f"labels: {rows * times:,} answers and labels are there")
            for which in CHILDREN:
                found[which, times] = in_child(which, Path(folder), rounds)
                assert found[which, times]["rows"] == found[which, times]["known"] == rows * times, found[which, times]
                say(f"labels: {which}, {rows * times:,}: {found[which, times]}")
    seconds, mb = ({k: v[name] for k, v in found.items()} for name in ("seconds", "mb"))

    def said(which: str, times: int) -> str:
        cpu = found[which, times]["cpu"]
        return f"{seconds[which, times]:.2f} s ({cpu:.2f} s of the processor), {mb[which, times]:,.0f} MB at the peak"

    aim, slower = 5 * rows / 1e6, seconds["pandas", 1] / seconds["join", 1]
    pandas = f"pandas, both read whole and merged: {said('pandas', 1)} ({slower:.1f} x as long); four times as many: {said('pandas', 4)}"
    return [
        row(f"labels joined to {rows:,} answers", f"≤ {aim:g} s", said("join", 1), seconds["join", 1] <= aim, pandas),
        row("with all metrics of 30 days", f"≤ {aim:g} s", said("performance", 1), seconds["performance", 1] <= aim),
        row(
            f"memory at {4 * rows:,}, join",
            "≤ 2 x",
            f"{said('join', 4)}: {mb['join', 4] / mb['join', 1]:.2f} x",
            mb["join", 4] <= 2 * mb["join", 1],
        ),
        row(
            f"memory at {4 * rows:,}, with metrics",
            "≤ 2 x",
            f"{said('performance', 4)}: {mb['performance', 4] / mb['performance', 1]:.2f} x",
            mb["performance", 4] <= 2 * mb["performance", 1],
        ),
    ]


# ---- alerts ------------------------------------------------------------------------------------------------------

K, N = 2, 3  # the touchy rule beside the default ones: any feature flagged in K of the last N windows


def by_rules(measures: Sequence[Measure]) -> list[int]:
    "The windows with which the default rules raise an alert."
    return [(a.raised - FIRST).days for a in evaluate(default_rules("binary"), measures)]


def touchy(measures: Sequence[Measure], feature: str = "") -> list[int]:
    "The windows with which the touchy rule does; all features of a model are one alert."
    days = [d for f, d in flagged(measures).items() if not feature or f == feature]
    due = [any(len(d & set(range(at - N + 1, at + 1))) >= K for d in days) for at in range(DAYS)]
    return [at for at in range(DAYS) if due[at] and not (at and due[at - 1])]


def days_of(world: World, rows: int, count: int) -> list[Any]:
    return [summarize(profile(world.day(rows))) for _ in range(count)]


def part_alerts(given: argparse.Namespace) -> list[Row]:
    months, out = 2 if given.quick else given.months, []
    for rows in (1_000,) if given.quick else (1_000, 10_000):
        for kind in KINDS:
            alerts = soft = flags = 0
            for model in range(-(-months // 3)):
                world = World(kind, given.seed + model)
                reference = days_of(world, rows, 60)
                for _ in range(min(3, months - 3 * model)):
                    measures = pass_over(reference, days_of(world, rows, DAYS))
                    alerts, soft = alerts + len(by_rules(measures)), soft + len(touchy(measures))
                    flags += sum(map(len, flagged(measures).values()))
            share = 100 * flags / (months * DAYS * len(world.names))
            beside = f"any feature flagged in {K} of {N} windows: {soft / months:.2f} a month"
            what = f"nothing happens, {kind} days of {rows:,} rows, {months} months"
            out.append(row(f"{what}: alerts", "≤ 1 a month", f"{alerts / months:.2f} a month", alerts <= months, beside))
            out.append(row(f"{what}: flags", "≤ 1 %", f"{share:.2f} % of feature-days", share <= 1))
            say(f"alerts: {out[-2]} {out[-1]}")
    return out


WEIGHT = {"n2": 0.3, "c3": 0.3}  # of all attention; the others share the rest
SHIFTS: dict[str, tuple[str, Callable[[World, int], pd.DataFrame]]] = {
    ".25 sd": ("n2", lambda world, rows: world.day(rows, {"n2": 0.25})),
    ".5 sd": ("n2", lambda world, rows: world.day(rows, {"n2": 0.5})),
    "1 sd": ("n2", lambda world, rows: world.day(rows, {"n2": 1.0})),
    "another unit (× 1.609)": ("n2", lambda world, rows: world.day(rows).assign(n2=lambda f: 1.609344 * f["n2"])),
    "5 % in a new category": (
        "c3",
        lambda world, rows: world.day(rows).assign(c3=lambda f: f["c3"].mask(f.index < rows // 20, "new")),
    ),
}


def part_shifts(given: argparse.Namespace) -> list[Row]:
    times, out, rows, limit, known = 2 if given.quick else given.times, [], 1_000, 14, 21  # days after it, and days before
    for kind in ("calm", "moody", "inert"):
        for words, (feature, done) in SHIFTS.items():
            waited: dict[str, list[int]] = {"touchy": [], "rules": []}
            for k in range(times):
                world = World(kind, given.seed + 1_000 + k)
                others = {n: (1 - sum(WEIGHT.values())) / (len(world.names) - len(WEIGHT)) for n in world.names}
                reference, before = days_of(world, rows, 60), days_of(world, rows, known)
                days = [*before, *(summarize(profile(done(world, rows))) for _ in range(limit))]
                measures = pass_over(reference, days, others | WEIGHT)
                for which, raised in (("touchy", touchy(measures, feature)), ("rules", by_rules(measures))):
                    waited[which].append(next((at - known + 1 for at in raised if at >= known), limit + 1))
            said = {which: _waited(sorted(w), limit) for which, w in waited.items()}
            beside = f"flagged in {K} of {N} windows: {said['touchy']}"
            out.append(
                row(
                    f"{words} of a feature that has 30 % of the attention, {kind} days of {rows:,} rows",
                    "",
                    said["rules"],
                    None,
                    beside,
                )
            )
            say(f"shifts: {kind}, {words}: {said}")
    return out


def _waited(days: list[int], limit: int) -> str:
    never, middle_ = sum(d > limit for d in days), days[len(days) // 2]
    if never == len(days):
        return f"not in {limit} days"
    most = days[-1] if not never else f"{never} of {len(days)} not in {limit}"
    return f"day {middle_ if middle_ <= limit else '–'} (the last: {most})"


# ---- peers -------------------------------------------------------------------------------------------------------


def part_peers(given: argparse.Namespace) -> list[Row]:
    features, windows, rows = (20, 5, 1_000) if given.quick else (given.peer_features, 30, 1_000)
    rng = np.random.default_rng(given.seed)
    numeric, words = [f"n{k}" for k in range(features - features // 10)], [f"c{k}" for k in range(features // 10)]

    def made(n: int) -> pd.DataFrame:
        return pd.DataFrame(
            {c: rng.normal(size=n) for c in numeric} | {c: rng.choice(np.array(list("abcdefgh"), dtype=object), n) for c in words}
        )

    days = [made(rows) for _ in range(30)]
    before, later = pd.concat(days, ignore_index=True), [made(rows) for _ in range(windows)]
    views = [[summarize(profile(f)) for f in frames] for frames in (days, later)]
    pass_over(views[0], views[1][:1])
    from_profiles = timed(lambda: pass_over(*views), 1 if given.quick else 3)
    with_rows = timed(
        lambda: pass_over([summarize(profile(d)) for d in days], [summarize(profile(d)) for d in later]), 1 if given.quick else 3
    )
    ours, whole = middle(from_profiles), middle(with_rows)
    out = [
        row(
            f"drift of {features} features x {windows} windows of {rows:,} rows",
            "",
            f"{ours:.2f} s from profiles, {whole:.2f} s from rows",
            None,
        )
    ]
    for name in PEERS:
        peer = Peer(name, given.folder)
        answer = peer.ask(before, later, numeric, words, chunk=rows)
        if "error" in answer:
            sys.exit(f"{name}: {answer['error']}")
        flags = sum(sum(f.values()) for f in answer["flags"])
        beside = f"{flags} of {features * windows} flagged, nothing happened"
        out.append(
            row(
                f"the same, {name} {peer.version}",
                "",
                f"{answer['seconds']:.2f} s: {answer['seconds'] / ours:,.0f} x ours from profiles, "
                f"{answer['seconds'] / whole:,.1f} x ours from rows",
                None,
                beside,
            )
        )
        peer.close()
        say(f"peers: {name}: {answer['seconds']:.2f} s")
    return out


# ---- the table ---------------------------------------------------------------------------------------------------


def machine() -> str:
    cpu = next(
        (line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")),
        platform.processor(),
    )
    load = Path("/proc/loadavg").read_text().split()[0]
    about = ", ".join(f"{k} {version(k)}" for k in ("numpy", "pandas", "pyarrow", "deltalake", "whylogs"))
    return f"{datetime.now(UTC):%Y-%m-%d} · {cpu}, {platform.system()}, Python {platform.python_version()}, {about}; load {load} before"


def show(rows: Iterable[Row]) -> None:
    print("\n| what | aim | measured | | beside |\n|---|---|---|---|---|")
    for r in rows:
        met = "" if r["met"] is None else "reached" if r["met"] else "**missed**"
        print(f"| {r['what']} | {r['aim']} | {r['measured']} | {met} | {r['beside']} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument(
        "--folder", type=Path, help="keeps the results of parts (which are not run again) and the peers' environments"
    )
    parser.add_argument("--show", action="store_true", help="run nothing, show what the folder has")
    parser.add_argument("--quick", action="store_true", help="everything in small; says nothing about the aims but that it runs")
    parser.add_argument("--features", type=int, default=1_000)
    parser.add_argument("--windows", type=int, default=30)
    parser.add_argument("--rows", type=int, default=1_000_000, help="answers whose labels are joined; then four times as many")
    parser.add_argument("--rounds", type=int, default=3, help="processes of each kind for the labels; medians count")
    parser.add_argument("--months", type=int, default=60, help="in each world")
    parser.add_argument("--times", type=int, default=30, help="how often each shift happens")
    parser.add_argument("--peer-features", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2025)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(CHILDREN[given.child[0]](Path(given.child[1]))))
        return
    with tempfile.TemporaryDirectory(prefix="watch-") as scratch:
        given.folder = given.folder or Path(scratch)
        given.folder.mkdir(parents=True, exist_ok=True)
        rows: list[Row] = []
        for part in given.only:
            place = given.folder / f"watch-{part}{'-quick' if given.quick else ''}.json"
            if not place.exists() and not given.show:
                about = machine()
                say(f"{part} …")
                place.write_text(json.dumps({"about": about, "rows": globals()[f"part_{part}"](given)}))
            if place.exists():
                kept = json.loads(place.read_text())
                print(f"{part}: {kept['about']}")
                rows += [r | {"met": None} for r in kept["rows"]] if given.quick else kept["rows"]  # the aims are for the whole
        show(rows)


if __name__ == "__main__":
    main()
