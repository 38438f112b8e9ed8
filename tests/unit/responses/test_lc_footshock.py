"""The twelve identified mouse cells with foot shocks: measures equal to hand computation, responses found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coeruleus.responses.test as tested

TH_POSITIVE, TH_NEGATIVE = "TH+", "TH-"


@pytest.fixture(scope="module")
def sheets(shared: Path) -> dict[str, pd.DataFrame]:
    folder = shared / "experiments" / "lc_footshock" / "ephys"
    text = {"site_id": str, "unit_id": str}
    read = {name: pd.read_csv(folder / f"{name}.tsv", sep="\t", dtype=text) for name in ("recordings", "events")}
    recordings = read["recordings"].assign(condition=None, session_id=None, status="ok", reason=None)
    spikes = pd.concat(
        pd.read_csv(folder / row.file, sep="\t", dtype=text).assign(site_id=row.site_id, segment=float(row.segment))
        for row in recordings.itertuples()
    )
    first = recordings[recordings["segment"] == 1].set_index("site_id")["duration_s"]
    counts = spikes[spikes["segment"] == 1].groupby("site_id").size()
    units = pd.DataFrame({"site_id": first.index, "unit_id": "1", "status": "ok", "reason": None})
    return {
        "recordings": recordings,
        "events": read["events"].assign(onset_source=None, drug=None),
        "spikes": spikes,
        "units": units.assign(firing_rate_hz=(counts[first.index] / first).to_numpy()),
        "identity": pd.read_csv(folder / "identity.tsv", sep="\t", dtype=text),
    }


@pytest.fixture(scope="module")
def responses(sheets: dict[str, pd.DataFrame]) -> pd.DataFrame:
    none = pd.DataFrame(columns=["site_id", "segment", "onset", "action", "reason"])
    found = tested.test_responses(
        sheets["spikes"],
        sheets["recordings"],
        sheets["events"],
        recordings=sheets["recordings"],
        curation_trials=none,
        units=sheets["units"],
    )
    assert [problem.item for problem in found.problems] == ["cell35/1"]
    return found.responses.merge(sheets["identity"][["site_id", "result"]], on="site_id").set_index("site_id")


def test_all_twelve_cells_have_a_row(responses: pd.DataFrame) -> None:
    assert len(responses) == 12 and set(responses["trial_type"]) == {"foot_shock"}
    assert set(responses["condition"]) == {"baseline"}
    assert list(responses.index[responses["status"] != "ok"]) == ["cell35"]


def test_measures_equal_hand_computation(sheets: dict[str, pd.DataFrame], responses: pd.DataFrame) -> None:
    spontaneous = sheets["units"].set_index("site_id")["firing_rate_hz"]
    for site, row in responses.iterrows():
        onsets = sheets["events"].query("site_id == @site")["onset"].to_numpy()
        times = sheets["spikes"].query("site_id == @site and segment == 2")["time_s"].to_numpy()
        first = [next((t - onset for t in times if onset < t <= onset + 0.1), np.nan) for onset in onsets]
        late = sum(((times >= onset + 1.5) & (times < onset + 4.5)).sum() for onset in onsets) / (3 * len(onsets))
        assert row["n_trials"] == len(onsets)
        assert row["reliability_100ms"] == pytest.approx(np.mean(~np.isnan(first)))
        assert row["first_spike_latency_s"] == pytest.approx(np.nanmedian(first))
        index = (late - spontaneous[site]) / (late + spontaneous[site])
        assert row["suppression_index"] == pytest.approx(index)


def test_every_cell_is_excited_and_the_pause_is_what_the_raster_shows(responses: pd.DataFrame) -> None:
    """By eye: all twelve fire at shock, within 60 ms; eleven pause or slow down after it; cell35, which fires once
    in two minutes without shocks, has nothing to pause."""
    assert (responses["excitation_p"] <= 0.01).all()
    assert (responses["excitation_latency_s"] <= 0.06).all()
    assert responses["biphasic"].sum() == 11
    assert responses["biphasic"]["cell35"] is None and responses["status"]["cell35"] == "insufficient_spikes"
    pause = responses.drop(index="cell35")
    assert (pause["inhibition_latency_s"] > pause["excitation_latency_s"]).all()
    assert (pause["inhibition_rate_hz"] < pause["baseline_rate_hz"]).all()


def test_group_means_beside_the_published_ones(responses: pd.DataFrame) -> None:
    """Published for 14 TH+ and 9 TH- cells, of which 7 and 5 are here: −0.63 ± 0.34 and −0.18 ± 0.50; 52 and 47 ms."""
    groups = responses.groupby("result")[["suppression_index", "first_spike_latency_s", "reliability_100ms"]]
    means, counts = groups.mean(), groups.size()
    print("\n", means.assign(n=counts).round(3).to_string())
    published = {TH_POSITIVE: (-0.63, 0.34, 0.052, 0.0136), TH_NEGATIVE: (-0.18, 0.50, 0.047, 0.0168)}
    for name, (index, index_sd, latency, latency_sd) in published.items():
        root = np.sqrt(counts[name])
        assert means.loc[name, "suppression_index"] == pytest.approx(index, abs=2 * index_sd / root)
        assert means.loc[name, "first_spike_latency_s"] == pytest.approx(latency, abs=2 * latency_sd / root)
