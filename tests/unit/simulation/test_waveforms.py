"""Spikes have the widths that their parts give, and a filter changes them as it must."""

import numpy as np
import pytest

from coeruleus.simulation.waveforms import (
    BROAD,
    LC_LIKE,
    MEDIUM,
    NARROW,
    SpikeForm,
    mean_waveform,
    template,
    varied,
)


def test_half_width_of_two_half_gaussians_is_known():
    bare = template(SpikeForm(rise_ms=0.2, fall_ms=0.3, after=0.0))
    assert bare.half_width_ms == pytest.approx(np.sqrt(2 * np.log(2)) * 0.5, abs=1e-4)


@pytest.mark.parametrize("form", [LC_LIKE, BROAD, MEDIUM, NARROW])
def test_the_main_peak_lies_at_zero_with_the_stated_amplitude(form):
    shape = template(form, 1.0)
    top = np.argmax(np.abs(shape.amplitude_uv))
    assert shape.time_ms[top] == pytest.approx(0.0, abs=1e-9)
    assert shape.amplitude_uv[top] == pytest.approx(form.amplitude_uv)
    assert shape(np.array([-100.0, 100.0])) == pytest.approx([0, 0])


def test_lc_spikes_are_broad_and_notched_and_the_others_are_not():
    assert template(LC_LIKE).half_width_ms > 0.7
    assert template(LC_LIKE).spike_width_ms > 2
    assert template(NARROW).half_width_ms < 0.25
    time = np.arange(-1.2, 0, 0.002)
    slope = np.gradient(template(LC_LIKE)(time))
    assert np.any(np.diff(np.sign(np.diff(slope[(time > -0.7) & (time < -0.05)]))) != 0)


def test_a_high_pass_filter_shortens_the_spike():
    widths = [template(LC_LIKE, cut).spike_width_ms for cut in (0.0, 1.0, 50.0, 300.0)]
    halves = [template(LC_LIKE, cut).half_width_ms for cut in (0.0, 1.0, 50.0, 300.0)]
    assert widths == sorted(widths, reverse=True)
    assert halves == sorted(halves, reverse=True)
    assert halves[0] - halves[1] < 0.01


def test_other_neurons_of_a_kind_differ_but_little():
    rng = np.random.default_rng(1)
    widths = [template(varied(rng, LC_LIKE)).half_width_ms for _ in range(30)]
    assert 0.02 < np.std(widths) < 0.12


def test_the_mean_of_more_spikes_is_less_noisy():
    rng = np.random.default_rng(2)
    shape = template(NARROW, 1.0)
    residual = [np.std(mean_waveform(rng, shape, n)[1] - shape(mean_waveform(rng, shape, n)[0] - 2)) for n in (4, 400)]
    assert residual[0] / residual[1] == pytest.approx(10, rel=0.4)


def test_widths_lie_among_those_of_identified_cells(shared):
    """Half-widths of real locus coeruleus cells, 0.83 ± 0.18 ms (doi 10.1111/ejn.16368), hold ours."""
    assert 0.83 - 0.36 < template(LC_LIKE).half_width_ms < 0.83 + 0.36
    files = sorted((shared / "experiments/lc_footshock/ephys").glob("*_waveform.tsv"))
    real = []
    for path in files:
        time, amplitude = np.loadtxt(path, delimiter="\t", skiprows=1, usecols=(1, 2), unpack=True)
        above = time[amplitude > amplitude.max() / 2]
        real.append(above[-1] - above[0])
    assert min(real) < template(LC_LIKE).half_width_ms < max(real)
