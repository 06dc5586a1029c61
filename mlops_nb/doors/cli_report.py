import textwrap
from typing import Any

import click

from mlops_nb.doors.frame import output, say, watch, workspace
from mlops_nb.doors.text import table

WIDE = 100
SIGNS = {
    "ok": "✓", "changed": "◐", "drifted": "●", "failing": "✗", "unlabelled": "?", "silent": "○", "unknown": "–", "none": "–",
}  # fmt: skip
_SHOWN, _WINDOWS = 20, 60  # features, windows


def _wrapped(text: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(text, WIDE, initial_indent=first, subsequent_indent=rest or " " * len(first), break_on_hyphens=False)


def _said(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _number(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return "–"
    half = "" if figure["low"] is None or figure["high"] is None else f" ±{(figure['high'] - figure['low']) / 2:.3f}"
    return f"{figure['value']:.3f}{half}"


def _some(names: list[str], width: int) -> str:
    "As many names as there is room for, and how many more."
    for shown in range(len(names), 0, -1):
        rest = len(names) - shown
        text = ", ".join(names[:shown]) + (f" +{rest}" if rest else "")
        if len(text) <= width:
            return text
    return f"{len(names)} features" if names else "–"


def _windows(report: dict[str, Any]) -> str:
    shown, name = report["windows"][-_WINDOWS:], report["headline"] or "metric"
    several = len({w["version"] for w in shown}) > 1
    rows = []
    for w in shown:
        rows.append({
            "window": w["label"], "state": f"{SIGNS[w['state']]} {w['state']}", "version": w["version"].rpartition("/")[2],
            "answers": _said(w["rows"], ","), "known": _said(w["coverage"], ".0%"), name: _number(w["realised"]),
            "estimated": _said(w["estimated"]["value"], ".3f"), "change": _said(w["score"], ".2f"), "alerts": str(len(w["alerts"]) or ""),
        })  # fmt: skip
    columns = ["window", "state", *(["version"] if several else []), "answers", "known", name, "estimated", "change", "alerts"]
    room = max(WIDE - 2 - max(len(line) for line in table(rows, columns).splitlines()[1:2]), 12)
    moved = [{"moved": _some([*w["drifted"], *w["changed"]], room)} for w in shown]
    return table([row | more for row, more in zip(rows, moved, strict=True)], [*columns, "moved"])

def heat_text(report: dict[str, Any]) -> str:
    "A character for each feature and window."
    shown, skip = report["features"][:_SHOWN], max(len(report["windows"]) - _WINDOWS, 0)
    windows = report["windows"][skip:]
    if not shown or not windows:
        return ""
    months = len(windows[0]["label"]) == 7
    labels = [w["label"][-2:] if months else w["label"][8:10] for w in windows]
    gap = "  " if len(windows) <= 20 else ""
    names = [f["name"] if len(f["name"]) <= 24 else f["name"][:23] + "…" for f in shown]
    wide = max(*(len(n) for n in names), 8)
    leans = ["" if f["share"] is None or f["is_answer"] else f"{f['share']:.0%}" for f in shown]
    head = f"{'':{wide}}  {'leans':>5}  " + (" ".join(labels) if gap else "".join(n[0] for n in labels))
    lines = [head] if gap else [head, f"{'':{wide}}  {'':>5}  " + "".join(n[1] for n in labels)]
    for feature, name, lean in zip(shown, names, leans, strict=True):
        signs = ["·" if c["verdict"] == "ok" else SIGNS[c["verdict"]] for c in feature["cells"][skip:]]
        row = f"{name:{wide}}  {lean:>5}  " + (" ".join(f"{s:>2}" for s in signs) if gap else "".join(signs))
        lines.append(row.rstrip())
    rest = len(report["features"]) - len(shown)
    lines += [f"… and {rest:,} more features"] if rest else []
    first, last = windows[0]["label"], windows[-1]["label"]
    title = f"Drift by feature and window, {first} to {last}\n● drifted, ◐ changed, · as in training, – unknown"
    return "\n".join([title, *lines])


def _alerts(report: dict[str, Any], most: int = 6) -> str:
    ordered = sorted(report["alerts"], key=lambda a: a["resolved_at"] is not None)
    if not ordered:
        return "Alerts: none was raised."
    still = sum(a["resolved_at"] is None for a in ordered)
    lines = [f"Alerts: {len(ordered)}, of which {still} {'is' if still == 1 else 'are'} open"]
    for a in ordered[:most]:
        at = (a.get("window_start") or a["at"] or "")[:10]
        state = "" if a["resolved_at"] is None else " (resolved)"
        sign = {"critical": "✗", "warning": "▲"}.get(a["severity"], "i")
        lines.append(_wrapped(f"{sign} {at} {a['message']}{state} [{a['id']}]", rest="    "))
        lines += [_wrapped(a["hint"], "    → ")] if a["hint"] and not state else []
        run = (a.get("evidence") or {}).get("run")
        lines += [f"    → mlops-nb runs show {run}"] if run else []
    lines += [f"… and {len(ordered) - most} more: mlops-nb watch alerts --all"] if len(ordered) > most else []
    return "\n".join(lines)


def _next(report: dict[str, Any]) -> str:
    "Commands that lead on from here."
    model, newest = report["model"], report["windows"][-1] if report["windows"] else None
    steps = []
    if newest is None or report["state"] == "silent":
        steps.append(("mlops-nb status", "whether anything is deployed and asked"))
    if report["state"] == "unlabelled" or (newest and not newest["coverage"]):
        steps.append((f"mlops-nb labels add {model} FILE", "tells what turned out to be true"))
    if report["state"] in ("drifted", "failing", "changed"):
        steps.append((f"mlops-nb watch performance {model} --window 7d", "when it began"))
    steps.append((f"mlops-nb watch report {model} --html report.html", "this as a page"))
    width = max(len(s) for s, _ in steps)
    return "\n".join(["Next", *(f"  {s:{width}}  {why}" for s, why in steps)])

def report_text(report: dict[str, Any]) -> str:
    "The report for a terminal of a hundred columns."
    held = f" ({report['alias']}{' since ' + report['since'][:10] if report['since'] else ''})" if report["alias"] else ""
    head = f"{SIGNS[report['state']]} {report['version'] or report['model']}{held}: {report['state']}"
    parts = [f"{head}\n{_wrapped(report['means'])}", "\n".join(_wrapped(s, "• ") for s in report["summary"])]
    if report["windows"]:
        told = any(w["estimated"]["value"] is not None for w in report["windows"])
        known = next((w["estimated"]["note"] for w in report["windows"] if w["estimated"]["value"] is not None), "")
        notes = [f"Estimated values: {known}."] if told else []
        notes += [f"The newest {_WINDOWS} of {len(report['windows'])} windows."] if len(report["windows"]) > _WINDOWS else []
        parts.append("\n".join([_windows(report), *notes]))
        parts.append(heat_text(report))
    parts += [_alerts(report), "\n".join(_wrapped(f"Note: {n}") for n in report["notes"]), _next(report)]
    return "\n\n".join(p for p in parts if p)


@watch.command("report")
@click.argument("model")
@click.option("--window", default="month", show_default=True, help="month, or a length: 7d, 1d.")
@click.option("--last", default=None, help="Only windows this long before the end of the newest: 90d.")
@click.option("--html", "file", type=click.Path(dir_okay=False), default=None, help="Write it to this file, as one page.")
@output
def watch_report(model: str, window: str, last: str | None, file: str | None, out: str) -> None:
    "How a model is and was: drift, performance, alerts and changes of production (MODEL or MODEL/VERSION)."
    ws = workspace()
    report = ws.watch(model, window=window, last=last)
    place = ws.draw_report(report, file) if file else None
    short = f"{report.version or report.model}: {report.state}. {report.means}\n{place}"
    say(out, report, lambda: short if place else report_text(report.to_dict()))
