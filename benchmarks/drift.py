"""How often a drift rule cries wolf, and what it finds: ours beside whylogs' own scores, PSI and W1/sd.

    python benchmarks/drift.py                 # the tuning sets
    python benchmarks/drift.py --hold-out      # the sets that no constant was chosen on
    python benchmarks/drift.py --sets flights --repeats 5

Four questions, each answered as the share of (feature, window) pairs that a rule flags:

1. Windows drawn at random from one heap: any flag is a false alarm.
2. The even days of a month against its odd days: the same month, but clustered. Any flag is a false alarm.
3. The same with every 1,000-row window: one thing done to it that a person would want to hear of.
4. A shift of .02 sd in a huge window: true, and nobody wants to hear of it.

All rules see the same whylogs profiles. Ours also sees the windows on both sides one by one, as it does in use; two more
rows show what it is without.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from drift_data import HOLD_OUT, LOAD, TIME, TUNING

from mlops_nb.profile.sketch import merge, profile
from mlops_nb.profile.summary import ColumnSummary, summarize
from mlops_nb.watch.compare import CODES
from mlops_nb.watch.drift import drift

Frame = pd.DataFrame
Flags = dict[str, bool]
Rule = Callable[["Case"], Flags]


class Case:
    "A window against its reference: profiles, and the summaries the hand-made rules need."

    def __init__(self, reference: list[Any], window: list[Any]):
        self.parts, self.days = reference, window
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
    return lambda f, rng: f.assign(**{c: f[c] + by * sds[c] for c in numbers(f) if sds[c] > 0})


def in_other_units(f: Frame, rng: Any) -> Frame:
    return f.assign(**{c: f[c] * 1.609344 for c in numbers(f)})


def swapped(f: Frame, rng: Any) -> Frame:
    "The commonest category and the rarest of the five commonest exchange their labels."
    out = {}
    for c in words(f):
        top = f[c].value_counts().index[:5]
        if len(top) > 1:
            out[c] = f[c].replace({top[0]: top[-1], top[-1]: top[0]})
    return f.assign(**out)


def with_news(f: Frame, rng: Any) -> Frame:
    return f.assign(**{c: f[c].mask(rng.random(len(f)) < 0.02, "never seen before") for c in words(f)})


def with_nulls(f: Frame, rng: Any) -> Frame:
    return f.assign(**{c: f[c].astype(object if c in words(f) else float).mask(rng.random(len(f)) < 0.05) for c in f})


# ---- the four questions ----------------------------------------------------------------------------------------


class Tally:
    "Flags and looks, by column kind and by rule; windows with any flag, by rule."

    def __init__(self) -> None:
        self.flags: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])

    def see(self, case: Case, only: set[str] | None = None) -> None:
        kinds = {n: k for k in ("numeric", "categorical") for n, _, _ in case.columns(k)}
        for rule, judge in RULES.items():
            flags = judge(case)
            looked = [n for n in flags if n in kinds and (only is None or n in only)]
            for n in looked:
                self.add((rule, kinds[n]), flags[n])
            if looked:
                self.add((rule, "any"), any(flags[n] for n in looked))

    def add(self, key: tuple[str, str], flag: bool) -> None:
        self.flags[key][0] += bool(flag)
        self.flags[key][1] += 1

    def rate(self, rule: str, kind: str) -> str:
        hit, seen = self.flags.get((rule, kind), (0, 0))
        return f"{100 * hit / seen:.1f}" if seen else "–"


def days(frame: Frame) -> list[Frame]:
    return [f.drop(columns=TIME) for _, f in frame.groupby(frame[TIME].dt.date)]


def chunks(frame: Frame, count: int) -> list[Any]:
    return [profile(frame.iloc[part]) for part in np.array_split(np.arange(len(frame)), count)]


def iid(frame: Frame, rows: int, repeats: int, rng: np.random.Generator) -> Tally:
    "Random windows of `rows` rows against thirty random reference windows."
    out = Tally()
    for _ in range(repeats):
        order = rng.permutation(len(frame))
        window, rest = frame.iloc[order[:rows]], frame.iloc[order[rows:][: max(60_000, rows)]]
        out.see(Case(chunks(rest, 30), [profile(window)]))
    return out


def odd_even(frame: Frame) -> Tally:
    "The even days of each month against its odd days."
    out = Tally()
    for _, month in frame.groupby(frame[TIME].dt.to_period("M")):
        odd = month[TIME].dt.day % 2 == 1
        reference, window = days(month[odd]), days(month[~odd])
        if len(reference) >= 10 and window:
            out.see(Case([profile(d) for d in reference], [profile(d) for d in window]))
    return out


def found(
    frame: Frame, reference: list[Any], done: Callable[[Frame, Any], Frame], rows: int, repeats: int, rng: Any, which: str
) -> Tally:
    "Windows of `rows` random rows after something was `done` to them; only the features it was done to."
    out = Tally()
    for _ in range(repeats):
        window = frame.iloc[rng.choice(len(frame), rows, replace=False)]
        after = done(window, rng)
        touched = {c for c in window if not after[c].equals(window[c])}
        names = set(numbers(window)) if which == "numeric" else set(words(window)) if which == "categorical" else set(window)
        if touched & names:
            out.see(Case(reference, [profile(after)]), touched & names)
    return out


def table(title: str, columns: dict[str, tuple[Tally, str]]) -> None:
    print(f"\n{title}\n")
    shown = [r for r in RULES if any(t.rate(r, k) != "–" for t, k in columns.values())]
    print("| % flagged | " + " | ".join(columns) + " |")
    print("|---|" + "---|" * len(columns))
    for rule in shown:
        print(f"| {rule} | " + " | ".join(t.rate(rule, k) for t, k in columns.values()) + " |")


def study(name: str, repeats: int, seed: int) -> None:
    frame = LOAD[name]()
    frame = frame.drop(columns="arr_delay") if "arr_delay" in frame else frame
    rng = np.random.default_rng(seed)
    flat = frame.drop(columns=TIME) if TIME in frame else frame
    print(f"\n## {name}: {len(flat):,} rows, {len(numbers(flat))} measures, {len(words(flat))} categorical, {flat.shape[1]} columns")
    sizes = [r for r in (300, 1_000, 10_000, 100_000) if r <= len(flat) / 3]
    alarms = {r: iid(flat, r, repeats if r < 100_000 else max(2, repeats // 4), rng) for r in sizes}
    clustered = odd_even(frame) if TIME in frame else None
    for kind in ("numeric", "categorical", "any"):
        columns = {f"{r:,} rows": (t, kind) for r, t in alarms.items()} | ({"odd/even days": (clustered, kind)} if clustered else {})
        table({"any": "false alarms, any feature of a window"}.get(kind, f"false alarms, {kind} features"), columns)
    order = rng.permutation(len(flat))
    half = len(flat) // 2
    reference, rest = chunks(flat.iloc[order[:half][:60_000]], 30), flat.iloc[order[half:]]
    sds = rest[numbers(rest)].std()
    rows = min(1_000, len(rest) // 3)
    many = min(100_000, len(rest))
    numeric = {f"{by} sd": (found(rest, reference, shifted(by, sds), rows, repeats, rng, "numeric"), "numeric") for by in (0.1, 0.25, 0.5)}
    numeric["× 1.609"] = (found(rest, reference, in_other_units, rows, repeats, rng, "numeric"), "numeric")
    numeric[f".02 sd, {many:,} rows"] = (found(rest, reference, shifted(0.02, sds), many, 2, rng, "numeric"), "numeric")
    table(f"found in {rows:,} rows, numeric (last column: better not)", numeric)
    if words(rest):
        table(f"found in {rows:,} rows, categorical", {
            "labels swapped": (found(rest, reference, swapped, rows, repeats, rng, "categorical"), "categorical"),
            "2 % new category": (found(rest, reference, with_news, rows, repeats, rng, "categorical"), "categorical"),
        })  # fmt: skip
    nulls = found(rest, reference, with_nulls, rows, repeats, rng, "all")
    table(f"found in {rows:,} rows, 5 % new nulls", {"numeric": (nulls, "numeric"), "categorical": (nulls, "categorical")})


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
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--seed", type=int, default=2013)
    args = parser.parse_args()
    speed(args.seed)
    for name in args.sets or (HOLD_OUT if args.hold_out else TUNING):
        study(name, args.repeats, args.seed)


if __name__ == "__main__":
    main()
