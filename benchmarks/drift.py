"""How often a drift rule cries wolf, and what it finds: ours beside whylogs' own scores, Evidently, NannyML, PSI and W1/sd.

    python benchmarks/drift.py --folder /tmp/drift            # the tuning sets, then the verdict; the folder keeps what is done
    python benchmarks/drift.py --folder /tmp/drift --hold-out # the sets that no constant was chosen on
    python benchmarks/drift.py --folder /tmp/drift --sets flights --only found --repeats 5
    python benchmarks/drift.py --folder /tmp/drift --show     # nothing is run: tables and verdict of all that is in the folder
    python benchmarks/drift.py --quick                        # two sets, few windows, some minutes

Five questions, each answered as the share of (feature, window) pairs that a rule flags:

1. `alarms`: windows drawn at random from one heap. Any flag is a false alarm.
2. `clustered`: some even days against the odd days around them: the same time, but clustered. Any flag is a false alarm.
3. `clustered` too: all even days of a month against its odd ones.
4. `found`: windows of 1,000 rows (or 1,000 values) with one thing done to them that a person would want to hear of.
5. `found` too: a shift of .02 sd in a huge window: true, and nobody wants to hear of it.

All rules but two see the same whylogs profiles. Ours also sees the windows on both sides one by one, as it does in use; two more
rows show what it is without. Evidently and NannyML see the rows, in environments of their own (`watch_peers.py`); they are slow,
and look at the first `--peer-looks` windows of each cell only.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from drift_data import HOLD_OUT, LOAD, TIME, TUNING
from watch_peers import PEERS, Peer

from mlops_nb.profile.sketch import merge, profile
from mlops_nb.profile.summary import ColumnSummary, summarize
from mlops_nb.watch.columns import CODES
from mlops_nb.watch.drift import drift

Frame = pd.DataFrame
Flags = dict[str, bool]
Rule = Callable[["Case"], Flags]
ROWS = 1_000  # of a window in which something is to be found


class Case:
    "A window against its reference: profiles, the summaries the hand-made rules need, the rows for those that want rows."

    def __init__(self, reference: list[Any], window: list[Any], rows: tuple[Frame, Frame] | None = None):
        self.parts, self.days, self.rows = reference, window, rows
        self.whole, self.window = merge(reference), merge(window)
        self.ref, self.win = summarize(self.whole), summarize(self.window)

    def columns(self, kind: str) -> Iterator[tuple[str, ColumnSummary, ColumnSummary]]:
        for name, ref in self.ref.items():
            win = self.win.get(name)
            if win is not None and ref.kind == kind == win.kind and min(ref.n - ref.nulls, win.n - win.nulls) > 0:
                yield name, ref, win


# ---- the rules -------------------------------------------------------------------------------------------------


def _flagged(reference: Any, window: Any) -> Flags:
    return {f: d.verdict in ("changed", "drifted") for f, d in drift(reference, window).features.items()}


def ours(case: Case) -> Flags:
    return _flagged(case.parts, case.days)


def ours_window_in_one(case: Case) -> Flags:
    return _flagged(case.parts, case.window)


def ours_both_in_one(case: Case) -> Flags:
    return _flagged(case.whole, case.window)


def _whylogs(algorithm: str, kind: str, found: Callable[[Any], bool]) -> Rule:
    def rule(case: Case) -> Flags:
        from whylogs.viz.drift import column_drift_algorithms as algorithms

        score = getattr(algorithms, algorithm)()
        out = {}
        for name, _, _ in case.columns(kind):
            result = score.calculate(case.window.get_column(name), case.whole.get_column(name), with_thresholds=False)
            out[name] = result is not None and found(result)
        return out

    return rule


def _psi(limit: float) -> Rule:
    "Population stability index over the reference's deciles, or over the categories; empty cells count as 1e-4."

    def rule(case: Case) -> Flags:
        out = {}
        for name, ref, win in case.columns("numeric"):
            cuts = np.unique(ref.quantiles(np.linspace(0, 1, 11)[1:-1]))
            a, b = (np.diff(np.concatenate([[0.0], s.cdf(cuts), [1.0]])) for s in (ref, win))
            out[name] = _psi_of(a, b) >= limit
        for name, ref, win in case.columns("categorical"):
            x, y = dict(ref.items), dict(win.items)
            every = sorted({*x, *y})
            a, b = (np.array([t.get(k, 0) for k in every], dtype=float) for t in (x, y))
            out[name] = _psi_of(a / a.sum(), b / b.sum()) >= limit
        return out

    return rule


def _psi_of(a: np.ndarray, b: np.ndarray) -> float:
    a, b = np.maximum(a, 1e-4), np.maximum(b, 1e-4)
    return float(((b - a) * np.log(b / a)).sum())


def shift_rule(case: Case) -> Flags:
    "Wasserstein distance over the standard deviation, at least .1 (the default of Evidently for large samples)."
    at = (np.arange(128) + 0.5) / 128
    out = {}
    for name, ref, win in case.columns("numeric"):
        sd = ref.sd or 0.0
        out[name] = bool(sd > 0 and np.abs(ref.quantiles(at) - win.quantiles(at)).mean() / sd >= 0.1)
    return out


RULES: dict[str, Rule] = {
    "ours": ours,
    "ours, window in one piece": ours_window_in_one,
    "ours, both in one piece": ours_both_in_one,
    "whylogs KS p < .05": _whylogs("KS", "numeric", lambda r: r.pvalue < 0.05),
    "whylogs Hellinger ≥ .15": _whylogs("Hellinger", "numeric", lambda r: r.statistic >= 0.15),
    "whylogs chi-square p < .05": _whylogs("ChiSquare", "categorical", lambda r: r.pvalue < 0.05),
    "PSI ≥ .1": _psi(0.1),
    "PSI ≥ .2": _psi(0.2),
    "W1/sd ≥ .1": shift_rule,
}


# ---- what is done to a window ----------------------------------------------------------------------------------


def numbers(frame: Frame) -> list[str]:
    "Numeric columns that are measures, not flags or codes: a shift of a quarter sd means something there."
    return [c for c in frame if pd.api.types.is_numeric_dtype(frame[c]) and frame[c].nunique() > CODES]


def words(frame: Frame) -> list[str]:
    return [c for c in frame if not pd.api.types.is_numeric_dtype(frame[c])]


def shifted(by: float, sds: pd.Series) -> Callable[[Frame, Any], Frame]:
    return lambda f, rng: f.assign(**{c: f[c] + by * sds[c] for c in numbers(f) if sds.get(c, 0) > 0})


def in_other_units(by: float, half: bool = False) -> Callable[[Frame, Any], Frame]:
    "`half`: only features of which half the rows hold a value other than 0; in the others most rows stay what they were."
    return lambda f, rng: f.assign(**{c: f[c] * by for c in numbers(f) if not half or (f[c].fillna(0) != 0).mean() >= 0.5})


def swapped(f: Frame, rng: Any) -> Frame:
    "The commonest category and the rarest of the five commonest exchange their labels."
    out = {}
    for c in words(f):
        top = f[c].value_counts().index[:5]
        if len(top) > 1:
            out[c] = f[c].replace({top[0]: top[-1], top[-1]: top[0]})
    return f.assign(**out)


def with_news(share: float) -> Callable[[Frame, Any], Frame]:
    return lambda f, rng: f.assign(
        **{c: f[c].astype(object).mask(rng.random(len(f)) < share, "never seen before") for c in words(f)}
    )


def with_nulls(f: Frame, rng: Any) -> Frame:
    return f.assign(**{c: f[c].astype(object if c in words(f) else float).mask(rng.random(len(f)) < 0.05) for c in f})


# ---- the questions ---------------------------------------------------------------------------------------------


class Tally:
    "Flags and looks, by column kind and by rule; windows with any flag, by rule; what ours said of each feature."

    def __init__(self, peers: list[Peer], looks: int):
        self.flags: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        self.peers, self.left = peers, looks

    def see(self, case: Case, only: set[str] | None = None) -> None:
        kinds = {n: k for k in ("numeric", "categorical") for n, _, _ in case.columns(k)}
        for rule, judge in RULES.items():
            self._count(rule, [judge(case)], kinds, only)
        if case.rows is not None and self.left > 0:
            self.left -= 1
            for peer in self.peers:
                self._count(peer.name, self._asked(peer, case, kinds), kinds, only)

    def _asked(self, peer: Peer, case: Case, kinds: dict[str, str]) -> list[Flags]:
        assert case.rows is not None
        before, after = case.rows
        names = [[n for n, k in kinds.items() if k == kind] for kind in ("numeric", "categorical")]
        chunk = min(len(after), len(before) // 10)  # NannyML learns from the chunks of the reference how far chunks stray
        answer = peer.ask(before, [after.iloc[: len(after) // chunk * chunk]], *names, chunk=chunk)
        if "error" in answer:
            print(f"{peer.name}: {answer['error']}", file=sys.stderr)
        return answer.get("flags", [])

    def _count(self, rule: str, windows: list[Flags], kinds: dict[str, str], only: set[str] | None) -> None:
        for flags in windows:
            looked = [n for n in flags if n in kinds and (only is None or n in only)]
            for n in looked:
                self.add((rule, kinds[n]), flags[n])
                if rule == "ours":
                    self.add((rule, f"feature {n}"), flags[n])
            if looked:
                self.add((rule, "any"), any(flags[n] for n in looked))

    def add(self, key: tuple[str, str], flag: bool) -> None:
        self.flags[key][0] += bool(flag)
        self.flags[key][1] += 1

    def kept(self) -> list[list[Any]]:
        return [[rule, kind, *count] for (rule, kind), count in self.flags.items()]


def days(frame: Frame) -> list[Frame]:
    return [f.drop(columns=TIME) for _, f in frame.groupby(frame[TIME].dt.date)]


def chunks(frame: Frame, count: int) -> list[Any]:
    return [profile(frame.iloc[part]) for part in np.array_split(np.arange(len(frame)), count)]


def iid(frame: Frame, rows: int, repeats: int, rng: np.random.Generator, out: Tally) -> Tally:
    "Random windows of `rows` rows against thirty random reference windows."
    for _ in range(repeats):
        order = rng.permutation(len(frame))
        window, rest = frame.iloc[order[:rows]], frame.iloc[order[rows:][: max(60_000, rows)]]
        out.see(Case(chunks(rest, 30), [profile(window)], (rest, window)))
    return out


def odd_even(frame: Frame, out: Tally) -> Tally:
    "The even days of each month against its odd days."
    for _, month in frame.groupby(frame[TIME].dt.to_period("M")):
        odd = month[TIME].dt.day % 2 == 1
        reference, window = days(month[odd]), days(month[~odd])
        if len(reference) >= 10 and window:
            out.see(
                Case([profile(d) for d in reference], [profile(d) for d in window], (pd.concat(reference), pd.concat(window)))
            )
    return out


def clustered(
    every: list[Frame], rows: int, repeats: int, rng: np.random.Generator, out: Tally, whole: bool = False
) -> Tally | None:
    """`rows` rows of neighbouring even days against all odd days around them; None when there are too few days for it.

    The last day is cut where the rows are full; `whole`: it is taken whole, as windows are in use.
    """
    need = int(np.ceil(rows / (sum(map(len, every)) / len(every))))
    span = max(2 * need, 30)
    if span > len(every):
        return None
    for _ in range(repeats):
        first = int(rng.integers(0, len(every) - span + 1))
        odd, even = every[first : first + span : 2], every[first + 1 : first + span : 2]
        at = int(rng.integers(0, len(even) - min(need, len(even)) + 1))
        window: list[Frame] = []
        for day in even[at : at + need + 1]:
            left = rows - sum(map(len, window))
            window += [day if whole else day.iloc[:left]] if left > 0 else []
        out.see(Case([profile(d) for d in odd], [profile(d) for d in window], (pd.concat(odd), pd.concat(window))))
    return out


def found(
    frame: Frame,
    reference: list[Any],
    before: Frame,
    done: Callable[[Frame, Any], Frame],
    rows: int,
    repeats: int,
    rng: Any,
    which: str,
    out: Tally,
) -> Tally:
    "Windows of `rows` random rows after something was `done` to them; only the features it was done to."
    for _ in range(repeats):
        window = frame.iloc[rng.choice(len(frame), rows, replace=False)]
        after = done(window, rng)
        touched = {c for c in window if not after[c].equals(window[c])}
        names = set(numbers(window)) if which == "numeric" else set(words(window)) if which == "categorical" else set(window)
        if touched & names:
            out.see(Case(reference, [profile(after)], (before, after)), touched & names)
    return out


def found_in_values(
    frame: Frame, reference: list[Any], before: Frame, by: float, sds: pd.Series, values: int, repeats: int, rng: Any, out: Tally
) -> Tally:
    "A shift in windows so long that the feature has so many values in each; one feature at a time where there are gaps."
    share = frame[numbers(frame)].notna().mean()
    for group in [[c for c in share.index if share[c] > 0.98], *([c] for c in share.index if 0.02 < share[c] <= 0.98)]:
        rows = min(len(frame), int(np.ceil(values / share[group].min()))) if group else 0
        done = shifted(by, sds[group])
        for _ in range(repeats if group else 0):
            window = frame.iloc[rng.choice(len(frame), rows, replace=False)]
            after = done(window, rng)
            touched = {
                c for c in group if not after[c].equals(window[c])
            }  # few distinct values in a window are codes, not measures
            if touched:
                out.see(Case(reference, [profile(after)], (before, after)), touched)
    return out


# ---- one set ---------------------------------------------------------------------------------------------------


def study(name: str, only: list[str], repeats: int, seed: int, sizes: list[int], peers: list[Peer], looks: int) -> dict[str, Any]:
    "The answers to the questions on one set, as they go into the folder."
    frame = LOAD[name]()
    frame = frame.drop(columns="arr_delay") if "arr_delay" in frame else frame
    flat = frame.drop(columns=TIME) if TIME in frame else frame
    about = f"{len(flat):,} rows, {len(numbers(flat))} measures, {len(words(flat))} categorical, {flat.shape[1]} columns"
    out: dict[str, Any] = {
        "set": name,
        "hold_out": name in HOLD_OUT,
        "about": about,
        "repeats": repeats,
        "seed": seed,
        "cells": {},
    }

    def keep(part: str, cell: str, tally: Tally | None) -> None:
        if tally is not None:
            out["cells"][f"{part}: {cell}"] = tally.kept()
            print(f"{name}, {part}: {cell} ({time.perf_counter() - begin:.0f} s)", file=sys.stderr, flush=True)

    def fresh() -> Tally:
        return Tally(peers, looks)

    def few(rows: int) -> int:
        return repeats if rows < 100_000 else max(2, repeats // 4)

    begin, fit = time.perf_counter(), [r for r in sizes if r <= len(flat) / 3]
    if "alarms" in only:
        rng = np.random.default_rng([seed, 1])
        for rows in fit:
            keep("alarms", f"{rows:,} rows", iid(flat, rows, few(rows), rng, fresh()))
    if "clustered" in only and TIME in frame:
        rng, every = np.random.default_rng([seed, 2]), days(frame)
        for rows in [r for r in fit if r >= 1_000]:
            keep("clustered", f"{rows:,} rows", clustered(every, rows, few(rows), rng, fresh()))
        keep("clustered", "odd/even days", odd_even(frame, fresh()))
        rng = np.random.default_rng([seed, 4])
        for rows in [r for r in fit if r >= 1_000]:
            keep("whole days", f"{rows:,} rows", clustered(every, rows, few(rows), rng, fresh(), whole=True))
    if "found" in only:
        _search(flat, repeats, np.random.default_rng([seed, 3]), fresh, keep)
    return out


def _search(flat: Frame, repeats: int, rng: Any, fresh: Callable[[], Tally], keep: Callable[[str, str, Tally], None]) -> None:
    order = rng.permutation(len(flat))
    half = len(flat) // 2
    before, rest = flat.iloc[order[:half][:60_000]], flat.iloc[order[half:]]
    reference, sds = chunks(before, 30), rest[numbers(rest)].std()
    rows, many = min(ROWS, len(rest) // 3), min(100_000, len(rest))
    done: dict[str, tuple[Callable[[Frame, Any], Frame], str]] = {
        **{f"{by} sd": (shifted(by, sds), "numeric") for by in (0.1, 0.25, 0.5)},
        "× 1.609": (in_other_units(1.609344), "numeric"),
        "× 1.609, half not 0": (in_other_units(1.609344, half=True), "numeric"),
        "labels swapped": (swapped, "categorical"),
        "2 % new category": (with_news(0.02), "categorical"),
        "5 % new category": (with_news(0.05), "categorical"),
        "5 % new nulls": (with_nulls, "all"),
    }
    for cell, (change, which) in done.items():
        if which != "categorical" or words(rest):
            keep("found", cell, found(rest, reference, before, change, rows, repeats, rng, which, fresh()))
    keep("found", "0.25 sd, 1,000 values", found_in_values(rest, reference, before, 0.25, sds, ROWS, repeats, rng, fresh()))
    keep(
        "better not",
        f".02 sd, {many:,} rows",
        found(rest, reference, before, shifted(0.02, sds), many, 2, rng, "numeric", fresh()),
    )


# ---- tables ----------------------------------------------------------------------------------------------------

Cells = dict[str, dict[tuple[str, str], tuple[int, int]]]  # part: cell -> (rule, kind) -> flags, looks


def cells_of(result: dict[str, Any]) -> Cells:
    return {cell: {(r, k): (hit, seen) for r, k, hit, seen in rows} for cell, rows in result["cells"].items()}


def _rate(counts: list[tuple[int, int]]) -> str:
    hit, seen = (sum(c[k] for c in counts) for k in (0, 1))
    return f"{100 * hit / seen:.1f}" if seen else "–"


def table(title: str, columns: dict[str, dict[tuple[str, str], tuple[int, int]]], kind: str) -> None:
    rules = [r for r in (*RULES, *PEERS) if any((r, kind) in c for c in columns.values())]
    if rules:
        print(f"\n{title}\n\n| % flagged | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for rule in rules:
        print(f"| {rule} | " + " | ".join(_rate([c[rule, kind]] if (rule, kind) in c else []) for c in columns.values()) + " |")


def show(result: dict[str, Any]) -> None:
    "The tables of one set."
    cells = cells_of(result)
    print(
        f"\n## {result['set']}{' (hold-out)' if result['hold_out'] else ''}: {result['about']}; {result['repeats']} windows a cell"
    )
    alarms = {c.replace(": ", ", "): v for c, v in cells.items() if c.startswith(("alarms", "clustered", "whole days"))}
    for kind in ("numeric", "categorical", "any"):
        table({"any": "false alarms, any feature of a window"}.get(kind, f"false alarms, {kind} features"), alarms, kind)
    sought = {c.partition(": ")[2]: v for c, v in cells.items() if c.startswith(("found", "better not"))}
    for kind in ("numeric", "categorical"):
        table(
            f"found in {ROWS:,} rows, {kind} (.02 sd: better not)",
            {c: v for c, v in sought.items() if any(k == kind for _, k in v)},
            kind,
        )
    missed = {
        c: {
            k.removeprefix("feature "): v
            for (r, k), v in cells[f"found: {c}"].items()
            if k.startswith("feature ") and v[0] < v[1]
        }
        for c in sought
        if c.startswith("0.25 sd") and f"found: {c}" in cells
    }
    for cell, names in missed.items():
        if names:
            print(f"\nmissed at {cell}: " + ", ".join(f"{n} {seen - hit} of {seen}" for n, (hit, seen) in names.items()))


AIMS: list[
    tuple[str, str, str, tuple[str, ...], float]
] = [  # words, cells that begin so, kind, all of them, at most / at least in %
    ("false alarms, independent rows", "alarms: ", "≤", ("numeric", "categorical"), 1.0),
    ("false alarms, clustered days", "clustered: ", "≤", ("numeric", "categorical"), 1.0),
    (".25 sd in 1,000 rows", "found: 0.25 sd", "≥", ("numeric",), 99.0),
    (".25 sd in 1,000 values", "found: 0.25 sd, 1,000 values", "≥", ("numeric",), 99.0),
    ("unit change (× 1.609), every measure", "found: × 1.609", "=", ("numeric",), 100.0),
    ("unit change, half the rows not 0 or empty", "found: × 1.609, half not 0", "=", ("numeric",), 100.0),
    ("5 % new category", "found: 5 % new category", "=", ("categorical",), 100.0),
]


def _chosen(cells: Cells, begin: str, rows: str = "") -> list[str]:
    exact = [c for c in cells if c == begin]
    return exact or [c for c in cells if begin.endswith(": ") and c.startswith(begin) and rows in c and "300 rows" not in c]


def verdict(results: list[dict[str, Any]]) -> None:
    "Each aim on each set, the worst cell of it; then all rules over all sets."
    everything = [(r["set"] + (" *" if r["hold_out"] else ""), cells_of(r)) for r in results]
    print("\n## Aims (* hold-out; the worst size of window counts; flags/looks; open: over the aim, perhaps by chance)\n")
    print("| set | " + " | ".join(a[0] for a in AIMS) + " |")
    print("|---|" + "---|" * len(AIMS))
    for name, cells in everything:
        print(f"| {name} | " + " | ".join(_aim(cells, *aim[1:]) for aim in AIMS) + " |")
    print("\n| all sets together, % | " + " | ".join(a[0] for a in AIMS) + " | looks |\n|---|" + "---|" * (len(AIMS) + 1))
    for rule in (*RULES, *PEERS):
        counts = [
            [v[rule, k] for _, c in everything for cell in _chosen(c, begin) for k in kinds for v in [c[cell]] if (rule, k) in v]
            for _, begin, _, kinds, _ in AIMS
        ]
        if any(counts):
            print(f"| {rule} | " + " | ".join(map(_rate, counts)) + f" | {sum(n for c in counts for _, n in c):,} |")


def _aim(cells: Cells, begin: str, sign: str, kinds: tuple[str, ...], aim: float) -> str:
    counts = [cells[c]["ours", k] for c in _chosen(cells, begin) for k in kinds if ("ours", k) in cells[c]]
    if not counts:
        return "–"
    worst = (max if sign == "≤" else min)(counts, key=lambda c: c[0] / c[1])
    rate = 100 * worst[0] / worst[1]
    if rate <= aim if sign == "≤" else rate >= aim:
        return f"{rate:.1f} ({worst[0]}/{worst[1]})"
    wrong = worst[0] if sign == "≤" else worst[1] - worst[0]
    return f"{rate:.1f} ({worst[0]}/{worst[1]}) " + (
        "**missed**" if _sure(wrong, worst[1], abs(aim - 100 * (sign != "≤")) / 100) else "open"
    )


def _sure(wrong: int, looks: int, allowed: float) -> bool:
    "Whether chance would go so far over what is allowed in less than 5 % of such tables."
    if wrong > 10 + 5 * allowed * looks:  # beyond doubt, and beyond what `comb` times a float can hold
        return True
    return sum(comb(looks, k) * allowed**k * (1 - allowed) ** (looks - k) for k in range(wrong)) > 0.95


def machine(peers: list[Peer]) -> None:
    cpu = next(
        (line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")),
        platform.processor(),
    )
    about = [f"{k} {version(k)}" for k in ("numpy", "pandas", "whylogs")] + [f"{p.name} {p.version}" for p in peers]
    print(f"{datetime.now(UTC):%Y-%m-%d} · {cpu}, {platform.system()}, Python {platform.python_version()}, {', '.join(about)}")


def speed(seed: int, times: int = 9) -> None:
    "One report: forty features, thirty reference windows; half the features moved, so that the days are asked."
    rng = np.random.default_rng(seed)

    def frame(rows: int, by: float) -> Frame:
        measures = {f"n{k}": rng.normal(by * (k % 2), 1, rows) for k in range(30)}
        return pd.DataFrame(measures | {f"c{k}": rng.choice(list("abcdefghij"), rows) for k in range(10)})

    reference, window = [profile(frame(1_000, 0.0)) for _ in range(30)], profile(frame(3_000, 1.0))
    wall, cpu = [], []
    for _ in range(times):
        start = time.perf_counter(), time.process_time()
        drift(reference, window)
        wall.append(time.perf_counter() - start[0])
        cpu.append(time.process_time() - start[1])
    print("\n## one report, 40 features, 30 reference windows\n")
    print(f"median {np.median(wall):.3f} s on the clock, {np.median(cpu):.3f} s of the processor, best {min(wall):.3f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hold-out", action="store_true", help="the sets no constant was chosen on")
    parser.add_argument("--sets", nargs="+", choices=sorted(LOAD))
    parser.add_argument(
        "--only", nargs="+", choices=["alarms", "clustered", "found", "speed"], default=["alarms", "clustered", "found", "speed"]
    )
    parser.add_argument("--sizes", nargs="+", type=int, default=[300, 1_000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--peer-looks", type=int, default=4, help="windows of a cell that Evidently and NannyML look at; 0: none")
    parser.add_argument("--seed", type=int, default=2013)
    parser.add_argument(
        "--folder",
        type=Path,
        help="keeps results (a file for each set and part; those that are there are not run again) and environments",
    )
    parser.add_argument("--show", action="store_true", help="run nothing, show what the folder has")
    parser.add_argument(
        "--quick", action="store_true", help="two sets, sizes to 10,000, three windows a cell, one look of the peers"
    )
    args = parser.parse_args()
    if args.quick:
        args.repeats, args.sizes, args.peer_looks, args.sets = (
            3,
            [1_000, 10_000],
            min(1, args.peer_looks),
            args.sets or ["moody", "weather"],
        )
    with tempfile.TemporaryDirectory(prefix="drift-") as scratch:
        folder = args.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        peers = [] if args.show or not args.peer_looks else [Peer(name, folder) for name in PEERS]
        machine(peers)
        if "speed" in args.only and not args.show:
            speed(args.seed)
        results: dict[str, dict[str, Any]] = {}
        for name in args.sets or ((*TUNING, *HOLD_OUT) if args.show else HOLD_OUT if args.hold_out else TUNING):
            for part in [p for p in args.only if p != "speed"]:
                place = folder / f"drift-{name}-{part}.json"
                if not place.exists() and not args.show:
                    place.write_text(json.dumps(study(name, [part], args.repeats, args.seed, args.sizes, peers, args.peer_looks)))
                if place.exists():
                    one = json.loads(place.read_text())
                    known = results.setdefault(name, one)
                    known["cells"] |= one["cells"]
            if name in results:
                show(results[name])
        verdict(list(results.values()))
        for peer in peers:
            peer.close()


if __name__ == "__main__":
    main()
