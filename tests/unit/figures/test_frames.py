"""Helpers of drawing: outlines of histograms, thinned lines, limits, file names."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from coeruleus.figures.frames import p_words, span, split, steps, thin, words
from coeruleus.figures.style import Numbers, plain_number, safe_name


def test_steps_fill_bins_that_the_table_leaves_out():
    edges, heights = steps(np.array([0.0, 1.0, 3.0]), np.array([1.0, 2.0, 4.0]), np.array([5.0, 6.0, 7.0]))
    assert edges.tolist() == [0, 1, 2, 3, 4]
    assert heights.tolist() == [5, 6, 0, 7]


@given(st.integers(2, 60), st.integers(0, 2**32 - 1))
def test_a_thinned_line_keeps_its_extremes_and_its_ends(columns, seed):
    y = np.random.default_rng(seed).normal(size=997)
    kept = thin(y, columns)
    assert len(kept) <= 2 * columns + 2
    assert (np.diff(kept) > 0).all()
    assert kept[0] == 0 and kept[-1] == 996
    assert y[kept].min() == y.min() and y[kept].max() == y.max()


def test_a_short_line_is_kept_whole_and_gaps_do_no_harm():
    assert thin(np.arange(10.0), 5).tolist() == list(range(10))
    assert len(thin(np.full(500, np.nan), 10)) >= 2


def test_limits_hold_what_is_finite():
    low, high = span(np.array([1.0, np.nan, 3.0]), [2.0])
    assert low < 1 and high > 3
    assert span(np.array([np.nan])) == (0.0, 1.0)
    assert span(np.array([0.0])) == (-1.0, 1.0)


def test_numbers_in_words():
    assert words(0.8274, 3, "ms") == "0.827 ms"
    assert words(float("nan"), 3, "ms") == "n/a"
    assert p_words(0.0002) == "p < 0.001" and p_words(0.031) == "p = 0.031" and p_words(float("nan")) == "p n/a"


def test_different_ids_never_share_a_file():
    assert safe_name("a_b", "c") != safe_name("a", "b_c")
    assert safe_name("NE/EPI") != safe_name("NE EPI")
    assert safe_name("site-1.2", "u_3") == "site-1.2+u_3"
    assert "/" not in safe_name("../../x") and "<" not in safe_name("<img src=x>")


def test_tick_labels_stand_by_themselves():
    ticks = Numbers()
    assert ticks.format_ticks([0.0, 50_000.0, 100_000.0]) == ["0", "5e4", "1e5"]
    assert ticks.format_ticks([0.0, 0.0002]) == ["0", "0.0002"]
    assert plain_number(0.01) == "0.01" and plain_number(1000) == "1000"


def test_parts_stand_in_natural_order():
    frame = pd.DataFrame({"site_id": ["rat100", "rat10", "rat9", None, "rat9"], "unit_id": ["1", "1", "10", "1", "2"]})
    assert list(split(frame, "site_id", "unit_id")) == [("rat9", "2"), ("rat9", "10"), ("rat10", "1"), ("rat100", "1")]
