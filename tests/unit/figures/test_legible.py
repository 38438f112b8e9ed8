"""Figures of many animals and units stay legible: no words over words or cut off, axes with units, colours for all."""

from itertools import combinations, islice, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from coeruleus.figures import joint, release, save, truth, units_set
from coeruleus.figures.colours import CYCLE, LABEL_COLOURS
from coeruleus.figures.dialysate_set import draw_dialysate_figures
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import house_style
from coeruleus.figures.units_set import draw_unit_figures

from ..conftest import dialysate_tables, dose_tables, other_tables, raw_tables, unit_tables

# Axes without a unit: counts, ratios, names, labels of a comparison, and rows of ticks.
PURE = {"trials", "intervals", "relative", "found", "true", "injection, in run order", "lost from the perfusate"}
UNITS = {"nM", "µV"}  # small panels, whose titles say what it is


def words_of(figure):
    """Every text that is drawn, with its box in pixels, but those of ticks beyond the ends of an axis."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn, ticks = set(), set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            ticks |= {label for one in (*axis.get_major_ticks(), *axis.get_minor_ticks()) for label in _labels(one)}
            drawn |= {one.label1 for one in axis._update_ticks()} if axes.axison else set()
    shown = [one for one in figure.findobj(Text) if one.get_visible() and one.get_text().strip()]
    shown = [one for one in shown if one not in ticks or one in drawn]
    return [(one, one.get_window_extent(canvas.get_renderer())) for one in shown]


def _labels(tick):
    return tick.label1, tick.label2


def faults_of(figure):
    """Words that leave the paper or stand over others by more than a pixel and a half each way."""
    boxes = [(one, box) for one, box in words_of(figure) if box.width > 0]
    for one, box in boxes:
        if box.x0 < -1 or box.y0 < -1 or box.x1 > figure.bbox.width + 1 or box.y1 > figure.bbox.height + 1:
            yield f"{one.get_text()!r} is cut off"
    level = [(one, box) for one, box in boxes if one.get_rotation() in (0, 90)]
    for (one, box), (other, beside) in combinations(level, 2):
        wide = min(box.x1, beside.x1) - max(box.x0, beside.x0)
        high = min(box.y1, beside.y1) - max(box.y0, beside.y0)
        if wide > 1.5 and high > 1.5:
            yield f"{one.get_text()!r} stands over {other.get_text()!r}"
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis) if axes.axison else ():
            said, marks = axis.get_label_text(), [one.get_text() for one in axis.get_ticklabels() if one.get_visible()]
            numeric = any(mark.replace("−", "").replace(".", "").isdigit() for mark in marks)
            if numeric and said not in PURE | UNITS | {"", "area"} and not set(said) & set("(%÷"):
                yield f"axis {said!r} has no unit"


@pytest.fixture
def faults(monkeypatch):
    """What is wrong with each figure that is saved."""
    found: dict[str, list[str]] = {}

    class Looked(FigureCanvasSVG):
        def print_svg(self, handle, **more):
            super().print_svg(handle, **more)
            found[Path(handle.name).name] = list(faults_of(self.figure))

    monkeypatch.setattr(save, "FigureCanvasSVG", Looked)
    return found


def treated(animals):
    """Each animal twice: a bar from before its first sample on, and a mark near its last."""
    given = (("NE in the perfusate", -300.0, 500.0), ("reboxetine, 10 mg/kg", 95.0, np.nan), ("KCl", 60.0, np.nan))
    return pd.DataFrame(
        [{"subject_id": animal, "session_id": animal, "probe_id": None, "trial_type": "drug", "drug": name,
          "onset_min": onset, "duration_min": lasts} for animal in animals for name, onset, lasts in given]
    )  # fmt: skip


def test_words_of_sixty_animals_and_many_units_stand_apart(faults, monkeypatch, tmp_path):
    tables = dialysate_tables(injections=8, animals=60) | unit_tables(count=300) | raw_tables() | other_tables()
    tables["sources/segment_clock"] = tables["sources/segment_clock"][:2]  # a figure for each session beside release
    tables["sheets/events"] = treated(sorted(set(tables["release/release"]["subject_id"])))
    draw_dialysate_figures(tables, tmp_path / "dialysate", FigureSettings(), {})
    cards = units_set.unit_data
    monkeypatch.setattr(units_set, "unit_data", lambda given: islice(cards(given), 2))
    draw_unit_figures(tables, tmp_path / "units", FigureSettings(), {})
    draw_unit_figures(dose_tables(14), tmp_path / "doses", FigureSettings(), {})
    assert len(faults) > 15 and "dose_response+guanfacine+02.svg" in faults
    assert {name: said for name, said in faults.items() if said} == {}


@pytest.mark.parametrize(("n_analytes", "n_probes"), [(2, 2), (8, 2), (3, 6), (14, 2)])
def test_every_analyte_and_probe_of_a_session_has_a_look_and_a_name_of_its_own(
    n_analytes, n_probes, faults, monkeypatch, tmp_path
):
    tables = dialysate_tables() | unit_tables()
    one = tables["release/release"][lambda frame: frame["session_id"] == "rat01"]
    tables["release/release"] = pd.concat(
        one.assign(analyte=f"A{a}", probe_id=f"rat01_p{p}", percent_baseline=100.0 + a + 10 * p)
        for a in range(n_analytes) for p in range(n_probes)
    )  # fmt: skip
    figures, written = [], joint.save_figure
    monkeypatch.setattr(
        joint, "save_figure", lambda figure, *a, **b: figures.append(figure) or written(figure, *a, **b)
    )
    with house_style(FigureSettings()):
        (record,) = joint.draw_joint(tables, tmp_path, FigureSettings(), {})
    assert {name: said for name, said in faults.items() if said} == {}
    lines = [line for line in figures[0].axes[0].lines if len(line.get_xdata()) == len(one)]
    looks = {(line.get_color(), line.get_marker(), str(line._unscaled_dash_pattern), line.get_linewidth())
             for line in lines}  # fmt: skip
    assert len(lines) == len(looks) == n_analytes * n_probes
    of_probe = [{line.get_linestyle() for line in lines if line.get_ydata()[0] // 10 == p} for p in (10, 11)]
    assert of_probe[0] != of_probe[1]
    named = [text.get_text() for text in figures[0].axes[0].get_legend().get_texts()]
    assert len(named) == min(n_analytes * n_probes, n_analytes + n_probes if n_analytes * n_probes > 12 else 99)
    assert f"n = {len(one) * n_probes} samples" in record.caption


def test_that_there_is_no_mean_is_said_where_no_course_is(faults, monkeypatch, tmp_path):
    tables = dialysate_tables(animals=8)
    tables["sources/release_courses"] = tables["sources/release_courses"].assign(
        mean_percent=np.nan, ci_low=np.nan, ci_high=np.nan, n_subjects=0
    )
    figures, write = [], release.save_figure
    monkeypatch.setattr(release, "save_figure", lambda *what, **said: figures.append(what[0]) or write(*what, **said))
    with house_style(FigureSettings()):
        next(release.draw_release(tables, tmp_path, FigureSettings(), {}))
    assert {name: said for name, said in faults.items() if said} == {}
    boxes = {text: box for text, box in words_of(figures[0]) if text.get_text() == "no mean"}
    assert len(boxes) == 2
    for text, box in boxes.items():
        axes = text.axes
        heights = [axes.transData.transform((0, y))[1] for line in axes.lines for y in np.ravel(line.get_ydata())
                   if line.get_transform() == axes.transData and np.isfinite(y)]  # fmt: skip
        assert len(heights) > 20 and box.y1 < min(heights)


def test_labels_under_a_comparison_stand_apart(faults, monkeypatch, tmp_path):
    labels = ("LC-NE", "other", "undetermined"), ("insufficient_spikes", "missing"), ("ok", "not_found")
    tables = {"truth/comparison": pd.DataFrame(
        [{"quantity": f"q{n}", "item": f"{true}{found}", "true_label": true, "found_label": found, "true": np.nan,
          "found": np.nan, "se": np.nan, "unit": None}
         for n, names in enumerate(labels) for true in names for found in names])}  # fmt: skip
    figures, write = [], truth.save_figure
    monkeypatch.setattr(truth, "save_figure", lambda *what, **said: figures.append(what[0]) or write(*what, **said))
    with house_style(FigureSettings()):
        list(truth.draw_truth(tables, tmp_path, FigureSettings(), {}))
    assert len(faults) == 1 and {name: said for name, said in faults.items() if said} == {}
    for axes in figures[0].axes:
        for labels, ends in ((axes.get_xticklabels(), ("x0", "x1")), (axes.get_yticklabels(), ("y0", "y1"))):
            for farther in (True, False):
                line = [one.get_window_extent() for one in labels if ("\n" in one.get_text()) == farther]
                spans = sorted(tuple(getattr(one, end) for end in ends) for one in line)
                assert all(right[0] - left[1] > 2 for left, right in pairwise(spans))  # pixels of 200 an inch


# Viénot, Brettel & Mollon 1999, Color Res Appl 24, 243 (red- and green-blind); linear RGB to linear RGB.
BLIND = {
    "protanopia": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    "deuteranopia": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour, matrix):
    """CIE L*a*b* of a colour as someone with this vision sees it."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(np.array(matrix) @ linear, 0, 1) / TO_XYZ.sum(axis=1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", ["usual", *BLIND])
@pytest.mark.parametrize("colours", [CYCLE, tuple(LABEL_COLOURS.values())])
def test_colours_that_stand_side_by_side_are_told_apart_by_the_colour_blind(sight, colours):
    """A difference of 2.3 is just seen; small marks need several times that."""
    matrix = BLIND.get(sight, np.eye(3))
    apart = [np.linalg.norm(lab(one, matrix) - lab(other, matrix)) for one, other in combinations(colours, 2)]
    assert min(apart) > 10


def test_lines_that_are_alike_to_the_colour_blind_would_be_noticed():
    red, green = "#C04000", "#3C7800"
    assert np.linalg.norm(lab(red, np.eye(3)) - lab(green, np.eye(3))) > 60
    assert np.linalg.norm(lab(red, BLIND["deuteranopia"]) - lab(green, BLIND["deuteranopia"])) < 15
