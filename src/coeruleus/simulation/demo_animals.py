"""Who takes part in the demonstration study, and what happens to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from coeruleus.simulation.dialysate import Animal, Effect, vary

VEHICLE, DRUG = "vehicle", "atomoxetine"

# Typical dialysate of the rat's medial prefrontal cortex (nM); adrenaline is below every detector's limit.
BASAL_NM = {"MHPG": 4.0, "NE": 0.85, "EPI": 0.0, "DA": 0.55, "DOPAC": 110.0, "5-HIAA": 130.0, "HVA": 95.0}
SPREAD = {"NE": 0.22, "DA": 0.25}
EFFECTS: dict[str, dict[str, Effect]] = {
    VEHICLE: {"NE": Effect(116.0, 6.0, 25.0), "DA": Effect(110.0, 6.0, 25.0)},
    DRUG: {
        "NE": Effect(280.0, 24.0, 170.0),
        "DA": Effect(230.0, 24.0, 170.0),
        "MHPG": Effect(72.0, 60.0, 400.0),
        "DOPAC": Effect(84.0, 50.0, 300.0),
    },
}


@dataclass(frozen=True)
class Rat:
    """One animal of the study, with what goes wrong in it. Samples are numbered from 1.

    `missed`: the probe lies outside the cortex. `low` scales its basal NE. `lost` samples have no
    chromatogram. `spoilt` samples hold another amount than the brain gave. `excluded` samples are left out by
    a person. `unknown_na_s` is the area of a compound that elutes just behind NE. `glitch` is a sample with an
    electrical spike on dopamine.
    """

    subject_id: str
    group: str
    run: str
    missed: bool = False
    low: float = 1.0
    lost: tuple[int, ...] = ()
    spoilt: Mapping[int, float] = field(default_factory=dict)
    excluded: Mapping[int, str] = field(default_factory=dict)
    unknown_na_s: float = 0.0
    glitch: int | None = None

    @property
    def session_id(self) -> str:
        return f"{self.subject_id}_dialysis"

    @property
    def probe_id(self) -> str:
        return f"{self.subject_id}_mpfc"


RATS = (
    Rat("rat01", VEHICLE, "run_a"),
    Rat("rat02", DRUG, "run_a"),
    Rat("rat03", VEHICLE, "run_a", low=0.6, spoilt={12: 0.35}, unknown_na_s=0.7),
    Rat("rat04", DRUG, "run_a", lost=(10,)),
    Rat("rat05", VEHICLE, "run_b", glitch=4),
    Rat("rat06", DRUG, "run_b", missed=True),
    Rat(
        "rat07", VEHICLE, "run_b", spoilt={9: 1.5}, excluded={9: "swivel blocked, animal was handled during collection"}
    ),
    Rat("rat08", DRUG, "run_b", unknown_na_s=0.9),
)
SMALL_RATS = (Rat("rat01", VEHICLE, "run_a", lost=(5,)), Rat("rat02", DRUG, "run_a"))


def animal(rng: np.random.Generator, rat: Rat) -> Animal:
    """The rat with its own basal levels and its own size of effect."""
    basal = {name: vary(rng, value, SPREAD.get(name, 0.2)) for name, value in BASAL_NM.items()}
    basal["NE"] *= rat.low
    effects = {
        name: Effect(100 + vary(rng, effect.peak_percent - 100, 0.15), effect.rise_min, effect.fall_min)
        if effect.peak_percent > 100
        else effect
        for name, effect in EFFECTS[rat.group].items()
    }
    if rat.missed:
        basal |= {"NE": 0.5 * basal["NE"], "DA": 0.4 * basal["DA"]}
        effects = {}
    return Animal(rat.subject_id, rat.session_id, rat.probe_id, rat.group, basal, effects, dict(rat.spoilt))
