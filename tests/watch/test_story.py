"""A report says how a model is in words, numbers and one page, and never says that all is well where nothing is known."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise

import measured
import pytest
from measured import MODEL, SHARES, VERSION

from mlops_nb.core.errors import UsageError
from mlops_nb.core.measures import Measure
from mlops_nb.core.records import Actor, Receipt
from mlops_nb.doors import cli_report
from mlops_nb.watch import watched
from mlops_nb.watch.report_page import page
from mlops_nb.watch.story import WatchReport, story
from mlops_nb.watch.watched import ESTIMATE, MEANS, SIGNS, Shape

DAY = timedelta(days=1)
JULY = datetime(2013, 7, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def measures() -> list[Measure]:
    return measured.year()


@pytest.fixture(scope="module")
def report(measures: list[Measure]) -> WatchReport:
    made = datetime(2013, 3, 2, tzinfo=UTC)
    receipt = Receipt("r1", 1, "promote", MODEL, "champion", None, 1, "done", Actor("os", "ada"), "the first", at=made)
    told = {"alerts": measured.alerts(), "receipts": [receipt], "holder": VERSION, "alias": "champion", "since": made}
    return story(measures, model=MODEL, importance=SHARES, **told)


def a_day(i: int = 0, **more: object) -> list[Measure]:
    "A day on which all is as it should be; `more` changes the measure of that kind."
    at = {"model": "m", "version": "m/1", "start": JULY + i * DAY, "end": JULY + (i + 1) * DAY, "n": 900}
    out = [
        Measure(kind="volume", name="rows", value=900, **at),
        Measure(kind="drift", name="score", value=0.0, threshold=0.3, verdict="ok", **at),
        Measure(kind="drift", name="cdf_gap", feature="temp", value=0.01, verdict="ok", **at),
        Measure(kind="estimate", name="auc", value=0.74, low=0.72, high=0.76, reference=0.75, **at),
        Measure(kind="performance", name="auc", value=0.75, low=0.73, high=0.77, reference=0.75, verdict="ok", **at),
        Measure(kind="concept", name="cusum", value=1.0, verdict="ok", **at),
    ]
    return [replace(m, **more[m.kind]) if m.kind in more else m for m in out]


def daily(found: list[Measure], **more: object) -> WatchReport:
    return story(found, model="m", window="1d", **more)


NO_LABELS = {"value": None, "low": None, "high": None, "verdict": "none", "reason": "no labels"}


@pytest.mark.parametrize(
    ("state", "more"),
    [
        ("ok", {}),
        ("unlabelled", {"performance": NO_LABELS}),
        ("changed", {"drift": {"verdict": "changed"}}),
        ("changed", {"concept": {"verdict": "changed", "reason": "errors creep up"}}),
        ("drifted", {"drift": {"verdict": "drifted"}}),
        ("failing", {"performance": {"value": 0.6, "verdict": "drifted"}}),
        ("failing", {"concept": {"name": "diverging", "verdict": "drifted"}}),
        ("ok", {"performance": {"value": 0.9, "verdict": "changed"}}),  # better than it was is not failing
        ("unknown", {"drift": {"verdict": "none"}, "performance": NO_LABELS}),
        ("silent", {"volume": {"value": 0}}),
    ],
)
def test_the_state_is_the_worst_of_what_is_known(state: str, more: dict[str, dict[str, object]]) -> None:
    found = daily(a_day(**more))
    assert (found.state, found.windows[-1].state) == (state, state)
    assert found.means == MEANS[state] and found.summary


def test_nothing_known_is_never_green() -> None:
    empty = daily([])
    assert empty.state == "silent" and empty.now is None and "not good news" in empty.summary[0]
    gap = daily([*a_day(0), *a_day(3)])
    assert [w.state for w in gap.windows] == ["ok", "silent", "silent", "ok"], "days of which nothing is known were silent"
    assert "not good news" in page(empty) and "0 in this report" in page(daily(a_day()))


def test_what_stands_open_counts() -> None:
    ringing = measured.alert("a", JULY, "It rings.")
    assert daily(a_day(), alerts=[ringing]).state == "changed"
    assert daily(a_day(), alerts=[replace(ringing, severity="critical")]).state == "failing"
    assert daily(a_day(), alerts=[replace(ringing, severity="critical", resolved_at=JULY)]).state == "ok"
    assert daily(a_day(), alerts=[replace(ringing, severity="info")]).state == "ok"
    slow = Measure("m", "service", "p95_ms", 400, JULY + 900 * DAY, JULY + 901 * DAY, deployment="m", threshold=50, verdict="drifted")
    late = daily([*a_day(), slow])
    assert late.state == "failing" and late.now == JULY and len(late.windows) == 1, "the clock on the wall is another time axis"


def test_outcomes_are_late() -> None:
    late = [m for i in range(6) for m in a_day(i, **({"performance": NO_LABELS} if i > 3 else {}))]
    assert daily(late).state == "ok" and "4 July 2013 was 0.750" in daily(late).summary[1]
    later = [m for i in range(9) for m in a_day(i, **({"performance": NO_LABELS} if i > 3 else {}))]
    assert daily(later).state == "unlabelled", "what was known five days ago does not speak for today"
    assert daily(a_day(performance=NO_LABELS)).windows[0].realised.note == "no labels"


def test_the_later_pass_holds() -> None:
    twice = daily([*a_day(performance=NO_LABELS), *a_day()])
    assert twice.windows[0].realised.value == 0.75 and twice.windows[0].rows == 900


def test_roles_and_versions_are_not_mixed() -> None:
    live = [replace(m, source="live") for m in a_day()]
    shadow = [replace(m, source="shadow", value=m.value and m.value * 3, verdict="drifted") for m in a_day()]
    seen = daily([*shadow, *live])
    assert (seen.state, seen.windows[0].rows) == ("ok", 900)
    second = [replace(m, version="m/2", value=1_000 if m.kind == "volume" else 0.8) for m in a_day(1)]
    both = daily([*a_day(0), *[replace(m, value=100) if m.kind == "volume" else m for m in a_day(1)], *second])
    assert [w.version for w in both.windows] == ["m/1", "m/2"] and both.windows[1].realised.value == 0.8
    assert [w.version for w in daily([*a_day(0), *second], version="m/1").windows] == ["m/1"]
    counts = [replace(a_day()[0], source=role, version=v, value=n) for role, v, n in (("live", "m/1", 900), ("shadow", "m/2", 900))]
    beside = [replace(m, version="m/2", value=0.2, verdict="drifted") for m in a_day() if m.kind != "volume"]
    assert daily([*counts, *[m for m in a_day() if m.kind != "volume"], *beside]).windows[0].version == "m/1", "a shadow answers nobody"
    assert daily([replace(m, segment="hub=EWR") for m in a_day()]).state == "silent", "a segment does not speak for all rows"


def test_a_year_reads_well_at_its_end(report: WatchReport) -> None:
    assert [w.label for w in report.windows] == [f"2013-{m:02d}" for m in range(3, 13)]
    assert report.now == datetime(2013, 12, 1, tzinfo=UTC) and report.state == "drifted"
    assert "temp, dewp and dest differ from training; the model leans 36 % on them" in report.summary[0]
    assert "0.48, bound 0.30" in report.summary[0]
    assert report.windows[4].state == "failing" and report.windows[4].realised.value == pytest.approx(0.66, abs=0.01)
    assert "Nothing was answered on 2 of 31 days." in report.windows[7].problems
    assert [w.alerts for w in report.windows][3] == ("a1f3",) and "1 alert is open" in report.summary[-1]
    assert report.features[0].is_answer and report.features[1].name == "temp" and report.features[1].share == pytest.approx(0.17)


def test_a_month_is_not_judged_by_one_odd_day() -> None:
    days = [m for i in range(31) for m in a_day(i, **({"drift": {"verdict": "drifted", "severity": 0.4}} if i < 3 else {}))]
    few = story(days, model="m")
    assert few.windows[0].verdict == "ok" and few.features[0].cells[0].moved == 3
    days[-5:-3] = [replace(m, verdict="drifted") for m in days[-5:-3]]
    assert story(days, model="m").windows[0].verdict == "drifted"


def test_an_estimate_always_says_that_it_is_one(report: WatchReport) -> None:
    for w in report.to_dict()["windows"]:
        assert w["estimated"]["value"] is None or w["estimated"]["note"] == ESTIMATE
    told = [s for s in report.summary if "put at" in s or "estimate" in s]
    assert told and all(ESTIMATE in s for s in told)
    assert f"Estimated values: {ESTIMATE}." in cli_report.report_text(report.to_dict())
    none = daily(a_day(estimate={"value": None, "low": None, "high": None, "reason": "no estimate: regression"}))
    assert "no estimate: regression" in page(none)


def test_the_digest_is_that_of_what_is_said(report: WatchReport, measures: list[Measure]) -> None:
    again = story(measures, model=MODEL, importance=SHARES)
    assert again.digest == story(measures, model=MODEL, importance=SHARES).digest != report.digest
    assert WatchReport.from_dict(json.loads(json.dumps(report.to_dict()))).to_dict() == report.to_dict()


def test_windows_are_named_or_refused(measures: list[Measure]) -> None:
    for wrong in ("", "0d", "1y", "7 d", "-1d"):
        with pytest.raises(UsageError, match="window="):
            story(measures, model=MODEL, window=wrong)
    weeks = story(measures, model=MODEL, window="7d", last=timedelta(days=60))
    assert {w.end - w.start for w in weeks.windows} == {7 * DAY} and len(weeks.windows) in (8, 9)


class Read(HTMLParser):
    "What a screen reader and a browser would meet: elements with their attributes and text."

    def __init__(self, text: str):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br", "link", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open:
            self.text.append((self.open[-1], data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.found if name == tag]


def check_page(text: str) -> Read:
    "What holds of every page: nothing is fetched, nothing runs, and it can be read without seeing it."
    read = Read(text)
    assert read.open == [], "every element is closed"
    assert len(text.encode()) <= 500_000
    assert not {tag for tag, _ in read.found} & {"script", "link", "iframe", "object", "embed", "img", "form", "base"}
    for tag, attrs in read.found:
        for name, value in attrs.items():
            assert not name.startswith("on"), f"{tag} {name}"
            if name in ("src", "href", "xlink:href", "srcset", "data", "action"):
                assert not re.match(r"[a-z]+:|//", value or "", re.I), value
    assert not re.search(r"url\(|@import", text, re.I)
    assert read.all("html") == [{"lang": "en"}] and len(read.all("main")) == 1 and len(read.all("h1")) == 1
    ids = [attrs["id"] for _, attrs in read.found if "id" in attrs]
    assert len(ids) == len(set(ids)), "no id twice"
    for tag, attrs in read.found:
        if "aria-labelledby" in attrs:
            assert set(str(attrs["aria-labelledby"]).split()) <= set(ids), tag
    for svg in read.all("svg"):
        assert svg.get("aria-hidden") == "true" or (svg.get("role") == "img" and svg.get("aria-labelledby"))
    assert len(read.all("caption")) == len(read.all("table"))
    assert all(th.get("scope") in ("col", "row") for th in read.all("th"))
    assert all(d.get("tabindex") == "0" and d.get("aria-label") for d in read.all("div") if d.get("role") == "region")
    levels = [int(tag[1]) for tag, _ in read.found if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and all(b <= a + 1 for a, b in pairwise(levels)), "no heading level is left out"
    assert "prefers-color-scheme" in text and "@media print" in text
    return read


def test_the_page_needs_nothing_else_and_can_be_read_by_all(report: WatchReport) -> None:
    read = check_page(page(report))
    said = " ".join(text for _, text in read.text)
    for words in (MODEL, "drifted", "champion since 2 March 2013", "Key", "0.743", ESTIMATE, "How to read this", report.digest):
        assert words in said or words in page(report)
    assert len(read.all("tr")) >= 10 + 12


def test_no_colour_stands_alone(report: WatchReport) -> None:
    cells = re.findall(r"<td class=(?:s\d|no)[^>]*>(.*?)</td>", page(report))
    assert len(cells) == 10 * len(report.features)
    for inner in cells:
        sign, _, word = inner.partition("<span class=vh>")
        assert sign.strip()[:1] in "·◐●–" and re.search(r"ok|changed|drifted|nothing", word)
    assert set(SIGNS.values()) and all(f"{SIGNS[w.state]} {w.state}" in page(report) for w in report.windows)


NASTY = ['<script>alert("1")</script>', '"><img src=x onerror=alert(1)>', "a & b' OR 1=1", "\u202eabc", "]]>", "x" * 300, "{{7*7}}", ""]


def test_names_from_the_data_stay_text(measures: list[Measure]) -> None:
    days = [replace(m, feature=NASTY[i % 7], reason=NASTY[i % 7], verdict="drifted", severity=0.2, name="cdf_gap" + NASTY[i % 7])
            for i, m in enumerate(m for d in range(9) for m in a_day(d) if m.kind == "drift")]  # fmt: skip
    days += [m for d in range(9) for m in a_day(d) if m.kind != "drift"]
    bad = [measured.alert(NASTY[0], JULY, NASTY[1], hint=NASTY[0], evidence={"run": NASTY[1], "challenger": NASTY[0]})]
    found = replace(story(days, model="m", window="1d", alerts=bad, notes=NASTY), model=NASTY[1], workspace=NASTY[0])
    bars = tuple(Shape(n, n, names=tuple(NASTY), reference=(0.1,) * 8, seen=(0.2,) * 8, nulls=(0.1, 0.2)) for n in NASTY)
    read = check_page(page(replace(found, shapes=bars, links={NASTY[0]: "javascript:alert(1)"})))
    assert any(NASTY[1] in text for _, text in read.text), "it is shown, as text"


def test_a_thousand_features_stay_readable() -> None:
    days = [
        Measure("m", "drift", "cdf_gap", 0.1, JULY + i * DAY, JULY + (i + 1) * DAY, "m/1", feature=f"feature_{k:04d}", n=500,
                severity=k / 1e6 if k % 3 else 0.0, verdict="changed" if k % 3 else "ok", reason="values moved up by 0.12 sd")
        for i in range(90) for k in range(1_000)
    ]  # fmt: skip
    found = story(days, model="m", window="1d")
    read = check_page(page(found))
    assert "The 30 heaviest features are shown, and 970 more were watched." in " ".join(t for _, t in read.text)
    assert page(found).count("feature_0998") > 0 and "feature_0003" not in page(found)
    text = cli_report.report_text(found.to_dict())
    assert "… and 980 more features" in text and max(map(len, text.splitlines())) <= cli_report.WIDE


@pytest.mark.parametrize("window", ["month", "7d", "1d"])
def test_the_text_fits_a_terminal(measures: list[Measure], window: str) -> None:
    found = story(measures, model=MODEL, importance=SHARES, window=window, alerts=measured.alerts(), holder=VERSION)
    text = cli_report.report_text(found.to_dict())
    assert max(map(len, text.splitlines())) <= cli_report.WIDE
    assert "● drifted" in text and "temp" in text and "mlops-nb watch report flight-delay --html" in text
    check_page(page(found))


def test_one_window_none_and_no_metric() -> None:
    for found in (daily([]), daily(a_day()), daily([m for m in a_day() if m.kind == "volume"]), daily(a_day(volume={"value": 0}))):
        check_page(page(found))
        text = cli_report.report_text(found.to_dict())
        assert found.state in text and max(map(len, text.splitlines())) <= cli_report.WIDE
        assert found._repr_html_().startswith('<div class="mlops-watch">')
    assert "nobody can say how right" in page(daily([m for m in a_day() if m.kind == "volume"]))


def test_words_are_the_same_everywhere() -> None:
    assert cli_report.SIGNS == SIGNS == watched.SIGNS


def test_only_what_lies_beside_the_page_is_linked() -> None:
    told = [measured.alert("a", JULY, "It rings.", evidence={"run": "r1"})]
    assert '<a href="runs/r1/executed.ipynb">' in page(replace(daily(a_day(), alerts=told), links={"a": "runs/r1/executed.ipynb"}))
    for elsewhere in ("https://example.org", "//example.org", "javascript:alert(1)", "file:///etc/passwd", "C:\\a"):
        assert "<a " not in page(replace(daily(a_day(), alerts=told), links={"a": elsewhere}))


def test_a_window_that_has_hardly_begun_is_not_now() -> None:
    month = [replace(m, end=datetime(2013, 8, 1, tzinfo=UTC)) for m in a_day()]
    august, end = datetime(2013, 8, 1, tzinfo=UTC), datetime(2013, 9, 1, tzinfo=UTC)
    begun = [replace(m, start=august, end=end, verdict="drifted", n=88) for m in a_day()]
    kept = story([*month, *begun], model="m", reach=august + 9 * DAY)
    left = story([*month, *begun], model="m", reach=august + DAY)
    assert kept.now == august and kept.state == "drifted"
    assert left.now == JULY and left.state == "ok" and "August 2013 has hardly begun" in left.notes[0]
    assert story(begun, model="m", reach=august + DAY).now == august, "it is all there is"


def test_what_is_odd_about_the_volume_is_said() -> None:
    few = daily(a_day(volume={"value": 88, "verdict": "changed", "reason": "88 rows where 900 are usual"}))
    assert few.state == "changed" and "88 rows where 900 are usual." in few.windows[0].problems
    lost = replace(a_day()[2], kind="quality", name="nulls", verdict="changed", reason="100 % of 88 are missing")
    assert daily([*a_day(), lost]).windows[0].problems == ("temp: 100 % of 88 are missing.",)


def test_the_first_outcomes_of_a_window_do_not_speak_for_it() -> None:
    def covered(i: int, share: float, auc: float) -> list[Measure]:
        found = a_day(i, performance={"value": auc, "low": auc - 0.1, "high": auc + 0.1, "n": 40})
        return [*found, replace(found[0], kind="labels", name="coverage", value=share)]

    late = daily([*covered(0, 0.97, 0.75), *covered(1, 0.98, 0.74), *covered(2, 0.01, 0.52)])
    assert [w.settled for w in late.windows] == [True, True, False]
    assert "2 July 2013 was 0.740" in late.summary[1] and "few so far" in page(late) and "(few)" in cli_report.report_text(late.to_dict())
    sampled = daily([*covered(0, 0.05, 0.75), *covered(1, 0.04, 0.74)])
    assert [w.settled for w in sampled.windows] == [True, True], "who labels one in twenty, always, knows what he knows"


def test_service_levels_are_judged_by_the_objective() -> None:
    def level(name: str, verdict: str, i: int = 0, version: str = "") -> Measure:
        at = datetime(2026, 1, 1, tzinfo=UTC) + i * timedelta(hours=1)
        end = at + timedelta(hours=1)
        return Measure("m", "service", name, 0.2 + i, at, end, version, "m", threshold=0.5, verdict=verdict)

    levels = [level("p95_ms", "ok"), level("p95_ms", "ok", 1), level("p95_ms", "changed", 1, "m/1"), level("burn_errors_fast", "ok")]
    found = daily([*a_day(), *levels])
    assert [(s.name, s.value, s.values, s.verdict) for s in found.services] == [("p95_ms", 1.2, (0.2, 1.2), "ok")] and found.state == "ok"
    assert daily([*a_day(), level("error_share", "changed")]).state == "changed"
    burning = daily([*a_day(), level("burn_errors_fast", "changed")])
    assert burning.state == "failing" and "burn errors fast" in page(burning)


def test_a_shape_is_explained_by_its_own_window() -> None:
    """The newest window in which something moved is drawn, and that need not be the newest."""
    moved = {"verdict": "changed", "reason": "half of the rows moved"}
    first = [replace(m, **moved) if m.feature == "temp" else m for m in a_day()]
    second = [replace(m, reason="no further apart than usual") if m.feature == "temp" else m for m in a_day(1)]
    found = daily([*first, *second])
    drawn = Shape("temp", found.windows[0].words, edges=(0.0, 1.0), reference=(1.0,), seen=(1.0,))
    read = page(replace(found, shapes=(drawn,)))
    assert "half of the rows moved." in read and "no further apart than usual." not in read
