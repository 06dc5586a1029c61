"""Pictures are drawn from profiles, without pyplot, and pages need nothing else."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from frames import shop

from mlops_nb.core.errors import ColumnNotFound
from mlops_nb.profile.sketch import profile
from mlops_nb.watch.drift import drift
from mlops_nb.watch.pictures import draw_feature, feature_html, png, sides

@pytest.fixture(scope="module")
def pair():
    rng = np.random.default_rng(1)
    window = shop(1_000, rng)
    return profile(shop(3_000, rng)), profile(
        window.assign(city=window["city"].replace("Narvik", "Tromsø"), weight=window["weight"] + 1)
    )


def words(figure):
    return " ".join(t.get_text() for axes in figure.axes for t in axes.texts) + " ".join(
        a.get_title(loc="left") for a in figure.axes
    )


@pytest.mark.parametrize("name", list(shop(5, np.random.default_rng(0)).columns))
def test_every_kind_of_column_is_drawn(pair, name):
    picture = png(draw_feature(*pair, name), dpi=60)
    assert picture[:8] == b"\x89PNG\r\n\x1a\n" and picture == png(draw_feature(*pair, name), dpi=60)


def test_the_picture_shows_what_changed(pair):
    report = drift(*pair)
    moved = draw_feature(*pair, "weight", seen=report.features["weight"])
    assert "largest gap 0.3" in words(moved) and "values moved" in words(moved)
    assert " new" in words(draw_feature(*pair, "city"))
    shares = {round(bar.get_width(), 3) for bar in draw_feature(*pair, "city").axes[0].patches}
    assert 0.0 in shares and max(shares) == pytest.approx(0.5, abs=0.03)


def test_bars_add_up_to_all_rows(pair):
    stairs = draw_feature(*pair, "items").axes[0].patches
    for one in stairs:
        assert one.get_data().values.sum() == pytest.approx(1, abs=0.01)


def test_nothing_to_draw_is_said(pair):
    empty = profile(pd.DataFrame({"weight": [None] * 40, "city": [None] * 40}))
    for reference, window in (
        (empty, empty),
        (pair[0], empty),
        (empty, pair[0]),
        (pair[0], profile(pd.DataFrame({"a": [1]}))),
    ):
        for name in ("weight", "city"):
            assert len(png(draw_feature(reference, window, name), dpi=40)) > 500
    assert "no values to show" in words(draw_feature(empty, empty, "city"))


def test_unknown_columns_are_named(pair):
    with pytest.raises(ColumnNotFound, match="Did you mean weight"):
        draw_feature(*pair, "wieght")
    assert sides(*pair, "city")[0].n == 3_000


def test_the_page_needs_nothing_else_and_escapes(pair):
    page = feature_html(*pair, "city", seen=drift(*pair).features["city"])
    assert "Tromsø" in page and "unknown" not in page and "data:image/png;base64," in page
    for forbidden in ("http:", "https:", "<script", "<link", "src='/"):
        assert forbidden not in page
    evil = profile(pd.DataFrame({"<img src=x>": ["<script>alert(1)</script>", "a&b"] * 30}))
    page = feature_html(evil, evil, "<img src=x>", words=("<i>a", "b"))
    assert "<script" not in page and "<img src=x" not in page and "<i>a" not in page and "&lt;script&gt;" in page


def test_dollars_and_unicode_in_names():
    frame = pd.DataFrame({"prix $ en € $": ["$a$", "b_{", "日本"] * 20})
    assert png(draw_feature(profile(frame), profile(frame), "prix $ en € $"), dpi=40)


def test_pyplot_is_left_alone():
    code = (
        "import sys, pandas as pd; from mlops_nb.profile.sketch import profile; from mlops_nb.watch import pictures;"
        "assert 'matplotlib' not in sys.modules; v = profile(pd.DataFrame({'x': range(100)}));"
        "pictures.png(pictures.draw_feature(v, v, 'x')); assert 'matplotlib.pyplot' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
