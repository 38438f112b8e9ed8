"""Labels of the 26 identified mouse cells against histology. They decide nothing; the bounds are published ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coeruleus.classification.classify import classify_units
from coeruleus.classification.rulesets import read_ruleset
from coeruleus.experiment.load import load_experiment
from coeruleus.formats.read_recordings import read_recordings
from coeruleus.responses.test import test_responses as respond
from coeruleus.spikes.measure import measure_units
from coeruleus.tables.units import DRUG_RESPONSES

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "rulesets"


def test_labels_against_histology(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    experiment = load_experiment(shared / "experiments" / "lc_footshock")
    found = read_recordings(experiment.recordings, experiment.path / "ephys")
    events, recordings = experiment.ephys_events, experiment.recordings
    units = measure_units(found.spikes, found.segments, events, found.waveforms, experiment.curation_units).units
    responses = respond(
        found.spikes,
        found.segments,
        events,
        recordings=recordings,
        curation_trials=experiment.curation_trials,
        units=units,
    ).responses
    ruleset, _ = read_ruleset((SHIPPED / "lc_identified_mouse.yaml").read_bytes(), "lc_identified_mouse")
    assert ruleset is not None
    evidence, labels, problems = classify_units(
        units,
        responses,
        DRUG_RESPONSES.frame(),
        recordings,
        experiment.sessions,
        experiment.subjects,
        experiment.identity,
        experiment.curation_units,
        [ruleset],
    )
    assert not problems and len(labels) == 26 and len(evidence) == 26 * len(ruleset.criteria)
    positive = labels["identity"].str.endswith("TH+").to_numpy()
    said = labels["label"].to_numpy()
    decided = said != "undetermined"
    right = np.where(positive, said == "LC-NE", said == "other")
    rates = [float(right[decided & side].mean()) for side in (positive, ~positive)]
    spread = np.sqrt(sum(r * (1 - r) / (decided & s).sum() for r, s in zip(rates, (positive, ~positive), strict=True)))
    balanced = float(np.mean(rates))
    with capsys.disabled():
        print(
            f"\nlc_footshock: {decided.sum()} of 26 labelled, TH+ {rates[0]:.2f}, TH- {rates[1]:.2f} right, balanced "
            f"accuracy {balanced:.2f} ± {spread / 2:.2f} (se); rate alone 0.62, published classifier 0.76 accuracy"
        )
    assert (~decided).mean() <= 0.25
    assert balanced > 0.5
    assert labels["identity"].notna().all() and "TH" not in set(said)
