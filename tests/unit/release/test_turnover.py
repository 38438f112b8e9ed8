"""Ratios of metabolite to transmitter compared between groups, also where one of the two is below a limit."""

import math

import numpy as np
import pytest

from .studies import run, study


def turnover_study(rng: np.random.Generator, fall: float, animals: int = 6) -> tuple[list[dict], dict]:
    """MHPG and NE of the same samples: the drug raises NE to exp(−fall) and leaves MHPG alone."""
    rows, groups = study(rng, {"vehicle": 0.0, "drug": 0.0}, animals=animals, respond=0.05, noise=0.05)
    both = []
    for row in rows:
        up = row["subject_id"].startswith("drug") and row["start_min"] >= 0
        ne = row["concentration"] * math.exp(rng.normal(0, 0.05) - (fall if up else 0))
        both += [{**row, "analyte": "MHPG", "concentration": 20 * row["concentration"]}]
        both += [{**row, "concentration": ne, "injection_id": f"{row['injection_id']}n"}]
    return both, groups


def test_the_ratio_of_groups_is_recovered_and_said():
    rows, groups = turnover_study(np.random.default_rng(1), fall=-math.log(2))
    result = run(rows, groups, reference_group="vehicle")
    found = result.statistics[result.statistics["analyte"] == "MHPG/NE"].set_index("effect")
    one = found.loc["drug − vehicle: difference of change from baseline at 30 min"]
    assert one["ci_low"] < -math.log(2) < one["ci_high"] and one["se"] < 0.1
    assert "ln ratio" in one["model"] and one["sentence"].startswith("At 30 min MHPG/NE relative to baseline")
    area = found.loc["drug − vehicle: difference of mean change over the window"]
    assert set(area["estimate"].round(-1)) == {-50} and (area["p_value"] < 0.01).all()
    assert (result.assumptions["analyte"] == "MHPG/NE").any()
    assert not (result.summary["analyte"] == "MHPG/NE").any()


def test_change_of_the_ratio_is_the_difference_of_both_changes():
    """Balanced: means of logs, so the ratio's change is that of the metabolite less that of the transmitter."""
    rows, groups = turnover_study(np.random.default_rng(2), fall=0.4)
    found = run(rows, groups, reference_group="vehicle").statistics
    found = found[found["time_min"].notna() & found["reference"].isna()]
    values = found.set_index(["analyte", "effect"])["estimate"]
    assert values["MHPG/NE"].to_numpy() == pytest.approx((values["MHPG"] - values["NE"]).to_numpy(), abs=1e-9)


def test_a_transmitter_below_its_limit_bounds_the_ratio_from_below():
    """NE falls below LOQ after the drug in most samples: left out, the ratio's rise would be too small."""
    rows, groups = turnover_study(np.random.default_rng(3), fall=0.8, animals=8)
    loq = float(np.quantile([r["concentration"] for r in rows if r["analyte"] == "NE"], 0.25))
    rows = [{**row, "loq": loq if row["analyte"] == "NE" else np.nan} for row in rows]
    for row in rows:
        if row["analyte"] == "NE" and row["concentration"] < loq:
            row.update(status="below_lod", concentration=None, lod=loq)
    effect = "drug − vehicle: difference of change from baseline at 50 min"
    pick = {}
    for rule in ("censored", "leave_out"):
        found = run(rows, groups, reference_group="vehicle", below_limit=rule).statistics
        pick[rule] = found[(found["analyte"] == "MHPG/NE")].set_index("effect").loc[effect]
    assert "censored" in pick["censored"]["model"]
    assert pick["censored"]["ci_low"] < 0.8 < pick["censored"]["ci_high"]
    assert pick["censored"]["se"] < 0.3
