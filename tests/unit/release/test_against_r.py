"""Mixed models against R: lme4, lmerTest, pbkrtest, nlme, emmeans, and a censored likelihood written out.

tests/data/release_r holds the R script, its data and its output; R is not needed here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coeruleus.release.autoregressive import fit_autoregressive
from coeruleus.release.kenward_roger import fit_kenward_roger
from coeruleus.release.mixed import fit_mixed

FOLDER = Path(__file__).parents[2] / "data" / "release_r"
R = pd.read_csv(FOLDER / "output.txt", sep="\t", names=["name", "place", "value"]).groupby("name")["value"].apply(list)
FOUR_DIGITS = {"rel": 1e-4, "abs": 2e-6}


class Data:
    """One data set as the fits take it, with the contrasts that the script asks for."""

    def __init__(self, name: str):
        frame = pd.read_csv(FOLDER / f"{name}.tsv", sep="\t")
        self.frame, self.y = frame, frame["y"].to_numpy()
        self.cells = sorted(frame["cell"].unique())
        self.x = (frame["cell"].to_numpy()[:, None] == np.array(self.cells)).astype(float)
        self.animals = pd.factorize(frame["animal"])[0]
        after = (frame["after"] == 1).to_numpy()
        self.times = sorted(frame["t"][after].unique())
        self.effects = {"level": self.animals, "response": np.where(after, self.animals, -1)}
        if frame["probe"].nunique() > frame["animal"].nunique():
            probe = pd.factorize(frame["probe"])[0]
            self.effects |= {"probe level": probe, "probe response": np.where(after, probe, -1)}

    def change(self, arm: str, time: int) -> np.ndarray:
        return np.array([(cell == f"{arm}:{time}") - (cell == f"{arm}:0") for cell in self.cells], dtype=float)

    def difference(self, time: int) -> np.ndarray:
        return self.change("drug", time) - self.change("vehicle", time)


@pytest.mark.parametrize("name", ["balanced", "gaps", "probes"])
@pytest.mark.parametrize(("df", "fit"), [("Satterthwaite", fit_mixed), ("Kenward-Roger", fit_kenward_roger)])
def test_contrasts_and_interaction(name, df, fit):
    data = Data(name)
    found = fit(data.y, data.x, data.animals, data.effects)
    for time in data.times:
        for what, weights in (("change", data.change("drug", time)), ("difference", data.difference(time))):
            one = found.contrast(weights)
            ours = [one.estimate, one.se, one.df, one.statistic, one.ci_low, one.ci_high, one.p_value]
            assert ours == pytest.approx(R[f"{name} {df} {what} {time}"], **FOUR_DIGITS), (what, time)
    joint = found.joint(np.array([data.difference(time) for time in data.times]))
    ours = [joint.df_numerator, joint.df, joint.statistic, joint.p_value]
    assert ours == pytest.approx(R[f"{name} {df} interaction"], **FOUR_DIGITS)


@pytest.mark.parametrize("name", ["balanced", "gaps"])
def test_autoregressive(name):
    data = Data(name)
    position = data.frame["position"].to_numpy()
    found = fit_autoregressive(data.y, data.x, data.animals, data.effects, data.animals, position)
    assert found.phi == pytest.approx(R[f"{name} ar1 phi"][0], rel=1e-4, abs=1e-4)
    for time in data.times:
        one = found.contrast(data.difference(time))
        assert [one.estimate, one.se] == pytest.approx(R[f"{name} ar1 difference {time}"], **FOUR_DIGITS)
        assert 3 < one.df < len(data.y)
