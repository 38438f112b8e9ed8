"""The 26 identified mouse cells of lc_footshock: measures by hand, and labels against histology."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from benchmarks.responses.lines import Line
from scipy import stats

from coeruleus.classification.classify import classify_units
from coeruleus.classification.rulesets import Ruleset, read_ruleset
from coeruleus.experiment.load import load_experiment
from coeruleus.formats.read_recordings import read_recordings
from coeruleus.responses.test import test_responses
from coeruleus.spikes.measure import measure_units
from coeruleus.tables.units import DRUG_RESPONSES

ROOT = Path(__file__).resolve().parents[2]
RULESET = ROOT / "config" / "rulesets" / "lc_identified_mouse.yaml"
PUBLISHED = {"TH+": (-0.63, 0.34, 52.0), "TH-": (-0.18, 0.50, 47.0)}
RATE_ALONE = (0.5, 5.0)
MOST_UNDETERMINED = 0.25


def run(directory: Path) -> list[Line]:
    """Measures that equal hand computation, group means beside the published ones, and how labels agree."""
    if not directory.is_dir():
        return [Line("lc_footshock", "present", f"not found: give --footshock DIR ({directory.name})", None)]
    experiment = load_experiment(directory)
    found = read_recordings(experiment.recordings, experiment.path / "ephys")
    events, recordings = experiment.ephys_events, experiment.recordings
    units = measure_units(found.spikes, found.segments, events, found.waveforms, experiment.curation_units).units
    result = test_responses(
        found.spikes,
        found.segments,
        events,
        recordings=recordings,
        curation_trials=experiment.curation_trials,
        units=units,
    )
    responses = result.responses
    identity = experiment.identity.set_index("site_id")["result"].str.extract(r"(TH[+\-−])")[0].str.replace("−", "-")
    lines = [_by_hand(responses, found.spikes, events, units)]
    groups = responses.assign(kind=responses["site_id"].map(identity)).groupby("kind")
    for kind, (index, deviation, latency) in PUBLISHED.items():
        rows = groups.get_group(kind)
        figure = f"{rows['suppression_index'].mean():.2f} +- {rows['suppression_index'].std():.2f}, "
        figure += f"{1000 * rows['first_spike_latency_s'].mean():.0f} ms, n = {len(rows)}"
        lines.append(
            Line(f"suppression index, first spike, {kind}", f"{index} +- {deviation}, {latency:g} ms", figure, None)
        )

    def labels(ruleset: Ruleset) -> tuple[pd.DataFrame, pd.DataFrame]:
        evidence, found_labels, _ = classify_units(
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
        return evidence, found_labels.set_index("site_id")

    shipped, _ = read_ruleset(RULESET.read_bytes(), RULESET.stem)
    assert shipped is not None
    evidence, said = labels(shipped)
    truth = identity.reindex(said.index) == "TH+"
    lines.append(_agreement("lc_identified_mouse as shipped", said["label"], truth))
    lines.append(
        _agreement(
            "the same, bounds cross-validated over cells", _left_out(labels, shipped, units, responses, truth), truth
        )
    )
    rate = units.set_index("site_id")["firing_rate_hz"].reindex(truth.index).between(*RATE_ALONE)
    lines.append(
        _agreement("rate of 0.5-5 Hz alone (published cells: 0.62)", rate.map({True: "LC-NE", False: "other"}), truth)
    )
    lines.append(Line("published classifier, 17 features", "-", "accuracy 0.76", None))
    complete = evidence.groupby("site_id")["value"].apply(lambda values: values.notna().all())
    have = said.loc[complete[complete].index, "label"]
    share = float((have == "undetermined").mean())
    lines.append(
        Line(
            "undetermined, of cells with all of the ruleset's inputs",
            "<= 25 %",
            f"{100 * share:.0f} % of {len(have)}",
            share <= MOST_UNDETERMINED,
        )
    )
    return lines


def _by_hand(responses: pd.DataFrame, spikes: pd.DataFrame, events: pd.DataFrame, units: pd.DataFrame) -> Line:
    worst = 0.0
    rates = units.set_index("site_id")["firing_rate_hz"]
    for row in responses.itertuples():
        own = events[events["site_id"] == row.site_id]
        segment = int(own["segment"].iloc[0])
        times = spikes["time_s"][(spikes["site_id"] == row.site_id) & (spikes["segment"] == segment)].to_numpy()
        first = [next((t - o for t in times if o < t <= o + 0.1), np.nan) for o in own["onset"]]
        late = sum(((times >= o + 1.5) & (times < o + 4.5)).sum() for o in own["onset"]) / 3 / len(own)
        index = (late - rates[row.site_id]) / (late + rates[row.site_id])
        pairs = [(row.reliability_100ms, np.mean(~np.isnan(first))), (row.suppression_index, index)]
        pairs.append((row.first_spike_latency_s, np.nanmedian(first)))
        worst = max([worst, *(abs(float(ours) - float(hand)) for ours, hand in pairs)])
    return Line("reliability, first spike, suppression against hand", "equal (1e-6)", f"{worst:.1e}", worst <= 1e-6)


def _agreement(name: str, labels: pd.Series, truth: pd.Series) -> Line:
    """Balanced accuracy of the cells with a label; its interval from Jeffreys draws of both shares."""
    rng = np.random.default_rng(1)
    draws, shares, n = np.zeros(20_000), [], 0
    for kind, wanted in ((True, "LC-NE"), (False, "other")):
        own = labels[(truth == kind) & (labels != "undetermined")]
        right = int((own == wanted).sum())
        shares.append(right / max(len(own), 1))
        n += len(own)
        draws += stats.beta.rvs(right + 0.5, len(own) - right + 0.5, size=len(draws), random_state=rng) / 2
    low, high = np.quantile(draws, (0.025, 0.975))
    figure = f"{np.mean(shares):.2f} ({low:.2f}-{high:.2f}), {n} of {len(labels)} labelled"
    return Line(f"balanced accuracy, {name}", "reported", figure, None)


def _left_out(labels, shipped: Ruleset, units: pd.DataFrame, responses: pd.DataFrame, truth: pd.Series) -> pd.Series:  # type: ignore[no-untyped-def]
    """Labels of each cell by bounds that the other cells alone gave, as the shipped ones are stated to be made:

    rate and half-width within 2 standard deviations of the TH+ cells (log rate), suppression half-way between means.
    """
    measures = units.set_index("site_id")[["firing_rate_hz", "half_width_ms"]].copy()
    measures["suppression_index"] = responses.set_index("site_id")["suppression_index"].reindex(measures.index)
    said = {}
    for site in truth.index:
        others = measures.drop(index=site)
        kind = truth.reindex(others.index)
        positive = others[kind]
        rate, width = np.log(positive["firing_rate_hz"]), positive["half_width_ms"]
        half_way = (positive["suppression_index"].mean() + others[~kind]["suppression_index"].mean()) / 2
        bounds = {
            "firing_rate": {
                "low": float(np.exp(rate.mean() - 2 * rate.std())),
                "high": float(np.exp(rate.mean() + 2 * rate.std())),
            },
            "half_width": {"low": float(width.mean() - 2 * width.std()), "high": float(width.mean() + 2 * width.std())},
            "suppressed_after_shock": {"high": float(half_way)},
        }
        values = yaml.safe_load(RULESET.read_text())
        for criterion in values["criteria"]:
            criterion |= bounds.get(criterion["name"], {})
        said[site] = labels(Ruleset.model_validate(values))[1].loc[site, "label"]
    return pd.Series(said)
