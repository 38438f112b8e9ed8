"""Calibration from areas alone, against hand calculation."""

import numpy as np
import pandas as pd
import pytest

from coeruleus.chromatography.calibration_rows import calibrate_run
from coeruleus.chromatography.concentration_rows import concentration_rows
from coeruleus.chromatography.quantify import Analyte, Calibration, RunResult, quantify_run
from coeruleus.simulation.areas import simulate_areas

NOBODY = pd.DataFrame(columns=["injection_id", "analyte", "action", "from_min", "to_min", "reason", "author", "date"])
NE = [Analyte("NE", None, "nM")]
BOTH = [Analyte("NE", None, "nM"), Analyte("DHBA", None, "nM")]


def typed(
    areas: dict[str, tuple[str, str | None, float | None]],
    levels: dict[str, float],
    analytes: list[Analyte] = NE,
    internal: dict[str, float] | None = None,
    internal_levels: float | dict[str, float] = 100.0,
    sheet: dict[str, list[float]] | None = None,
    **settings: object,
) -> RunResult:
    """One run from {injection: (kind, level, area of NE)} and {level: concentration}."""
    frame = pd.DataFrame(
        [{"injection_id": i, "run": "r", "kind": k, "level": lev, "order": n + 1, "subject_id": "rat"}
         for n, (i, (k, lev, _)) in enumerate(areas.items())]
    )  # fmt: skip
    for column in ("injected_ul", "collected_ul", "added_ul", "dilution"):
        frame[column] = (sheet or {}).get(column, np.nan)
    given = [(i, "NE", a) for i, (_, _, a) in areas.items() if a is not None]
    given += [(i, "DHBA", a) for i, a in (internal or {}).items()]
    standards = [(lev, "NE", c) for lev, c in levels.items()]
    if internal is not None:
        held = internal_levels if isinstance(internal_levels, dict) else dict.fromkeys(levels, internal_levels)
        standards += [(lev, "DHBA", c) for lev, c in held.items()]
    return quantify_run(
        frame, {}, {}, pd.DataFrame(standards, columns=["level", "analyte", "concentration"]).assign(unit=None),
        analytes, Calibration(**settings), NOBODY,  # type: ignore[arg-type]
        pd.DataFrame(given, columns=["injection_id", "analyte", "area"]),
    )  # fmt: skip


def line(result: RunResult) -> pd.Series:
    return result.calibration.set_index("analyte").loc["NE"]


def concentration(result: RunResult, injection: str, analyte: str = "NE") -> float:
    return float(
        result.concentrations.set_index(["injection_id", "analyte"]).loc[(injection, analyte), "concentration"]
    )


X = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
Y = np.array([10.3, 20.5, 39.0, 82.0, 158.0])
SERIES = {f"a{k}": ("standard", f"L{k}", float(y)) for k, y in enumerate(Y)} | {"b": ("dialysate", None, 60.0)}
LEVELS = {f"L{k}": float(x) for k, x in enumerate(X)}


@pytest.mark.parametrize(("weighting", "power"), [("none", 0), ("1/x", 1), ("1/x^2", 2)])
@pytest.mark.parametrize("model", ["linear", "linear_through_origin", "quadratic"])
def test_lines_by_the_normal_equations(model: str, weighting: str, power: int) -> None:
    result = typed(SERIES, LEVELS, model=model, weighting=weighting)
    columns = {"linear": [0, 1], "linear_through_origin": [1], "quadratic": [0, 1, 2]}[model]
    design, weight = np.vander(X, 3, increasing=True)[:, columns], np.diag(X ** -float(power))
    wanted = np.zeros(3)
    wanted[columns] = np.linalg.solve(design.T @ weight @ design, design.T @ weight @ Y)
    row = line(result)
    assert row["slope"] == pytest.approx(wanted[1])
    assert row["intercept"] == pytest.approx(wanted[0])
    if model == "quadratic":
        assert row["quadratic"] == pytest.approx(wanted[2])
    roots = np.roots([wanted[2], wanted[1], wanted[0] - 60.0])
    found = concentration(result, "b")
    assert np.abs(roots - found).min() < 1e-6
    if weighting == "1/x^2" and model == "linear_through_origin":
        assert row["slope"] == pytest.approx(np.mean(Y / X))  # the textbook case


def test_limits_by_ich_from_each_sigma() -> None:
    blanks = {f"z{k}": ("blank", None, a) for k, a in enumerate([0.5, -0.2, 0.1, 0.4, -0.6, 0.3])}
    n, residual = X.size, Y - np.polyval(np.polyfit(X, Y, 1), X)
    sd = np.sqrt(residual @ residual / (n - 2))
    slope = np.polyfit(X, Y, 1)[0]
    intercept_sd = sd * np.sqrt((X**2).sum() / (n * ((X - X.mean()) ** 2).sum()))
    blank_sd = np.std([0.5, -0.2, 0.1, 0.4, -0.6, 0.3], ddof=1)
    for source, sigma in (("blanks", blank_sd), ("residual_sd", sd), ("intercept_sd", intercept_sd)):
        row = line(typed(SERIES | blanks, LEVELS, weighting="none", limits_from=source))
        assert row["limits_from"] == source
        assert row["lod"] == pytest.approx(3.3 * sigma / slope)
        assert row["loq"] == pytest.approx(10 * sigma / slope)
        assert row[f"lod_{source}"] == pytest.approx(row["lod"])
    without = typed(SERIES, LEVELS, weighting="none", limits_from="blanks")
    assert line(without)["limits_from"] != "blanks"
    assert any("limits_from: blanks cannot be had" in p.message for p in without.problems)


def test_accuracy_limits_are_the_labs() -> None:
    series = SERIES | {"q": ("qc", "L2", 47.0)}  # 4 nM, found about 4.7
    for limit, accepted in ((0.15, False), (0.20, True)):
        rows = typed(series, LEVELS, accuracy_limit=limit).accuracy.set_index("injection_id")
        assert rows.loc["q", "accepted"] is accepted
        assert rows.loc["q", "accuracy_percent"] == pytest.approx(118, abs=1.5)
    lowest = SERIES | {"q": ("qc", "L0", 12.0)}  # 1 nM, the lowest: found about 1.17
    for limit, accepted in ((0.10, False), (0.20, True)):
        rows = typed(lowest, LEVELS, accuracy_limit_lowest=limit, accuracy_limit=0.25).accuracy.set_index(
            "injection_id"
        )
        assert rows.loc["q", "accepted"] is accepted


def test_two_swapped_standards_are_left_out_and_said_to_be_swapped() -> None:
    series = dict(SERIES)
    series["a1"], series["a3"] = ("standard", "L1", 82.0), ("standard", "L3", 20.5)
    result = typed(series, LEVELS)
    assert line(result)["slope"] == pytest.approx(10, rel=0.03)
    assert line(result)["n_rejected"] == 2
    said = {p.item: p.message for p in result.problems if "swapped" in p.message}
    assert set(said) == {"a1", "a3"}
    assert "a3 says the reverse: the two look swapped" in said["a1"]
    assert result.accuracy.set_index("injection_id").loc["a1", "accepted"] is False


def test_one_standard_far_off_is_named_and_left_out() -> None:
    result = typed({**SERIES, "a2": ("standard", "L2", 39.0 * 1.46)}, LEVELS)
    assert line(result)["n_rejected"] == 1
    assert line(result)["slope"] == pytest.approx(10, rel=0.03)
    assert any(p.item == "a2" and "left out" in p.message for p in result.problems)


def test_too_many_far_off_are_named_and_none_is_left_out() -> None:
    series = {**SERIES, "a1": ("standard", "L1", 45.0), "a3": ("standard", "L3", 130.0)}
    result = typed(series, LEVELS)
    assert line(result)["n_rejected"] == 0
    assert any("a1, a3" in p.message and "check their levels" in p.message for p in result.problems)


def test_mixed_and_single_analyte_standards_give_the_same() -> None:
    """Two analytes in one standard, or each in its own: the same lines."""
    mixed = pd.DataFrame(
        [("L1", a, 1.0) for a in "PQ"] + [("L2", a, 3.0) for a in "PQ"], columns=["level", "analyte", "concentration"]
    )
    single = pd.DataFrame(
        [(f"{a}{k}", a, c) for a in "PQ" for k, c in ((1, 1.0), (2, 3.0))],
        columns=["level", "analyte", "concentration"],
    )
    lines = []
    for standards, order in ((mixed, ["L1", "L2"]), (single, ["P1", "Q1", "P2", "Q2"])):
        frame = pd.DataFrame(
            [
                {"injection_id": f"i{k}", "run": "r", "kind": "standard", "level": lev, "order": k}
                for k, lev in enumerate(order)
            ]
        )
        held = {(r.level, r.analyte): r.concentration for r in standards.itertuples()}
        factor = {"P": 5, "Q": 7}
        seen = [(f"i{k}", a, held.get((lev, a), 0.0) * factor[a]) for k, lev in enumerate(order) for a in "PQ"]
        areas = pd.DataFrame(seen, columns=["injection_id", "analyte", "area"])
        analytes = [Analyte("P", None, "nM"), Analyte("Q", None, "nM")]
        frame = frame.assign(injected_ul=np.nan, collected_ul=np.nan, added_ul=np.nan, dilution=np.nan, subject_id=None)
        done = quantify_run(frame, {}, {}, standards.assign(unit=None), analytes, Calibration(), NOBODY, areas)
        lines.append(list(done.calibration.set_index("analyte")["slope"]))
    assert lines[0] == pytest.approx([5, 7])
    assert lines[1] == pytest.approx([5, 7])


# With an internal standard added in a fixed amount: 5 µl of 500 nM DHBA to what was collected. Area of a compound
# is its concentration in the vial; the dialysate holds 6 nM NE whatever volume was collected.
COLLECTED = {"d1": 20.0, "d2": 15.0, "d3": 18.0}


def vial(collected: float, held: float) -> tuple[float, float]:
    return held * collected / (collected + 5), 500 * 5 / (collected + 5)


def internal_run(standard_volumes: bool, **settings: object) -> RunResult:
    areas: dict[str, tuple[str, str | None, float | None]] = {}
    internal: dict[str, float] = {}
    for k, x in enumerate((2.0, 4.0, 8.0)):
        ne, dhba = vial(20, x) if standard_volumes else (x, 100.0)
        areas[f"s{k}"], internal[f"s{k}"] = ("standard", f"L{k}", ne), dhba
    for name, collected in COLLECTED.items():
        ne, dhba = vial(collected, 6.0)
        areas[name], internal[name] = ("dialysate", None, 0.7 * ne), 0.7 * dhba  # a smaller injection
    own = [20.0] * 3 if standard_volumes else [np.nan] * 3
    more = [5.0] * 3 if standard_volumes else [np.nan] * 3
    sheet = {"collected_ul": [*own, *COLLECTED.values()], "added_ul": [*more, 5.0, 5.0, 5.0]}
    return typed(
        areas, {"L0": 2.0, "L1": 4.0, "L2": 8.0}, BOTH, internal, sheet=sheet, internal_standard="DHBA", **settings
    )


@pytest.mark.parametrize(("standard_volumes", "given"), [(True, None), (False, 500.0)])
def test_internal_standard_added_in_a_fixed_amount(standard_volumes: bool, given: float | None) -> None:
    result = internal_run(standard_volumes, internal_standard_concentration=given)
    assert [concentration(result, d) for d in COLLECTED] == pytest.approx([6, 6, 6])
    assert not any("comes with added_ul" in p.message for p in result.problems)


def test_without_its_concentration_the_scale_is_assumed_and_said_but_volumes_do_not_matter() -> None:
    result = internal_run(False)
    found = [concentration(result, d) for d in COLLECTED]
    assert found == pytest.approx([found[0]] * 3)
    # the median vial is 18 + 5 µl: 500 × 5 / 23 nM is taken to be the standards' 100 nM
    assert found[0] == pytest.approx(6 * 100 / (500 * 5 / 23))
    assert any("a sample vial of 18 + 5 µl" in p.message for p in result.problems)


def test_internal_standard_in_the_sample_or_of_one_concentration_in_every_vial() -> None:
    areas = {f"s{k}": ("standard", f"L{k}", x) for k, x in enumerate((2.0, 4.0, 8.0))} | {"d": ("dialysate", None, 4.0)}
    levels = {"L0": 2.0, "L1": 4.0, "L2": 8.0}
    nothing = [np.nan] * 3
    sheet = {"collected_ul": [*nothing, 20.0], "added_ul": [*nothing, 5.0]}
    internal = dict.fromkeys(areas, 100.0)
    for how, wanted in (("sample", 4.0), ("vial", 5.0)):
        settings = {"internal_standard": "DHBA", "internal_standard_in": how}
        result = typed(areas, levels, BOTH, internal, sheet=sheet, **settings)  # type: ignore[arg-type]
        assert concentration(result, "d") == pytest.approx(wanted)


def test_standards_with_different_amounts_of_internal_standard() -> None:
    areas = {"s0": ("standard", "L0", 2.0), "s1": ("standard", "L1", 4.0), "s2": ("standard", "L2", 8.0)}
    internal, held = {"s0": 100.0, "s1": 50.0, "s2": 100.0}, {"L0": 100.0, "L1": 50.0, "L2": 100.0}
    result = typed(areas, {"L0": 2.0, "L1": 4.0, "L2": 8.0}, BOTH, internal, held, internal_standard="DHBA")  # type: ignore[arg-type]
    assert line(result)["slope"] == pytest.approx(0.01)
    assert line(result)["r_squared"] == pytest.approx(1)


@pytest.mark.parametrize(("run", "settings"), [
    ({}, {}), ({"repeatability": 0.05}, {}), ({}, {"weighting": "1/x^2", "model": "linear_through_origin"}),
])  # fmt: skip
def test_intervals_of_concentrations_contain_the_truth(run: dict[str, float], settings: dict[str, str]) -> None:
    """The small version of benchmarks/chromatography/concentrations.py."""
    inside = []
    for seed in range(18):
        made = simulate_areas(np.random.default_rng(seed), **run)  # type: ignore[arg-type]
        result = calibrate_run(made.injections, made.rows, made.standards, NE, Calibration(**settings))  # type: ignore[arg-type]
        for row in concentration_rows(made.injections, made.rows, result):
            z = (row["concentration"] - made.truth[row["injection_id"]]) / row["concentration_se"]
            inside.append(abs(z) < 1.96)
    assert 0.90 <= np.mean(inside) <= 0.99  # 540 samples: 0.92 to 0.98, give or take two standard errors


def test_replicates_of_a_sample_do_not_average_out_the_calibration_s_error() -> None:
    """Of many samples, injections of one run differ only by what is their own; their common part is stated apart."""
    own = []
    for seed in range(12):
        made = simulate_areas(np.random.default_rng(seed))
        rows = concentration_rows(
            made.injections,
            made.rows,
            calibrate_run(made.injections, made.rows, made.standards, NE, Calibration()),  # type: ignore[arg-type]
        )
        found = [row for row in rows if np.isfinite(row["calibration_se"])]
        assert found and all(0 < row["calibration_se"] < row["concentration_se"] for row in found)
        z = [
            (row["concentration"] - made.truth[row["injection_id"]])
            / np.sqrt(row["concentration_se"] ** 2 - row["calibration_se"] ** 2)
            for row in found
        ]
        own.append(np.var(z, ddof=1))  # around their mean: what they share is taken out
    assert 0.6 < np.mean(own) < 1.3  # a line tilts as well as it shifts, so a little of it is left


def test_drift_that_nothing_shows_is_not_said_to_be_corrected() -> None:
    """A fifth of sensitivity is lost; with one series before the samples nobody can know, with one after them too."""
    gain = np.linspace(1.0, 0.8, 13)
    levels = [f"L{k}" for k in range(5)]
    kinds = (
        [("standard", lev) for lev in levels] + [("dialysate", None)] * 3 + [("standard", lev) for lev in levels[::-1]]
    )
    areas = {f"a{n}": (kind, lev, 10 * (LEVELS[lev] if lev else 5.0) * gain[n]) for n, (kind, lev) in enumerate(kinds)}
    both, once = typed(areas, LEVELS), typed({i: areas[i] for i in list(areas)[:8]}, LEVELS)
    assert line(both)["drift_percent"] == pytest.approx(-20, abs=2)
    assert np.isnan(line(once)["drift_percent"])
    said = [p.message for p in once.problems if "drift" in p.message]
    assert said == ["NE: sensitivity is not corrected for drift: no level was injected again later"]
    assert not [p for p in both.problems if "drift" in p.message]


@pytest.mark.parametrize("after", [1, -1])
@pytest.mark.parametrize("model", ["linear", "linear_through_origin", "quadratic"])
def test_drift_is_told_from_the_line_whichever_way_the_series_run(after: int, model: str) -> None:
    """Levels that rise along both series, or fall along the second: a fifth is lost, and the line goes through zero."""
    gain, away, lost = np.linspace(1.0, 0.8, 13), [], []
    levels = [f"L{k}" for k in range(5)]
    kinds = [("standard", lev) for lev in levels] + [("dialysate", None)] * 3
    kinds += [("standard", lev) for lev in levels[::after]]
    for seed in range(8):
        scatter = np.exp(0.01 * np.random.default_rng(seed).normal(size=13))
        true = 10 * gain * scatter * [LEVELS[lev] if lev else 5.0 for _, lev in kinds]
        areas = {f"a{n:02d}": (kind, lev, float(true[n])) for n, (kind, lev) in enumerate(kinds)}
        found = typed(areas, LEVELS, model=model)
        lost.append(line(found)["drift_percent"])
        away += [concentration(found, f"a{n:02d}") / 5 - 1 for n in (5, 6, 7)]
    assert np.mean(lost) == pytest.approx(-20, abs=1)
    assert np.mean(away) == pytest.approx(0, abs=0.007)
