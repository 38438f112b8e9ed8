"""Simulated studies with known effects: intervals cover, tests keep their level. Each study is one analyte."""

import math

import numpy as np
import pytest

from .studies import run, study

STUDIES = 100
EFFECT = math.log(2)


def within(share: float, expected: float) -> bool:
    """Whether a share of STUDIES is what chance allows (four standard errors)."""
    return abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / STUDIES)


@pytest.mark.parametrize("respond", [0.0, 0.25])
def test_intervals_cover_the_true_effect_and_tests_keep_their_level(respond):
    """Also where animals respond to a different degree, which a random animal alone would not cover."""
    rng = np.random.default_rng(17)
    rows, groups = [], {}
    for number in range(STUDIES):
        own, groups = study(rng, {"vehicle": 0.0, "drug": EFFECT}, animals=5, after=3, respond=respond)
        rows += [{**row, "analyte": f"study{number:03d}"} for row in own]
    found = run(rows, groups, reference_group="vehicle", baseline_max_cv=10, permutation=False).statistics
    found = found[found["estimate"].notna()]
    logs = found[found["time_min"] == 30]
    difference, vehicle = logs[logs["reference"].notna()], logs[logs["group"].eq("vehicle") & logs["reference"].isna()]
    assert len(difference) == len(vehicle) == STUDIES
    covered = (difference["ci_low"] < EFFECT) & (difference["ci_high"] > EFFECT)
    assert within(covered.mean(), 0.95) and within((vehicle["p_value"] < 0.05).mean(), 0.05)
    bias = difference["estimate"].mean() - EFFECT
    assert abs(bias) < 4 * difference["estimate"].std() / math.sqrt(STUDIES)
    change = found[found["model"].str.startswith("mean change") & found["reference"].notna()]
    truth = 100 * (2 * math.exp(respond**2 / 2) - math.exp(respond**2 / 2))
    assert within(((change["ci_low"] < truth) & (change["ci_high"] > truth)).mean(), 0.95)
