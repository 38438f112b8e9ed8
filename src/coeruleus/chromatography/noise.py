"""The noise of a run as it is: its spectrum from quiet stretches of the traces, and whitening with it.

Detector noise is not white: it drifts (1/f), and pumps ripple. Quiet pieces of all traces of a run are
detrended and turned into cosine coefficients; a power spectrum made of bands with weights ≥ 0 is fitted to
their pooled powers, with the loss from detrending in the model. Its covariance is then used for generalised
least squares, so that errors of areas follow from the noise that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.fft import dct
from scipy.linalg import cholesky, solve_triangular, toeplitz
from scipy.optimize import nnls

from coeruleus.chromatography.arrays import Booleans, Floats, stretches

PIECES = (512, 256, 128, 64, 32, 16)  # cells in a piece; the longest that is needed and of which there are enough
ENOUGH = 12
COVERED = 0.12  # share of the traces that the pieces should cover, lest they all lie on one slope
FINE = 1024  # bins of a spectrum
WHITE_SHARE = 1e-4  # of the variance at least: digitisers round
TRUST = 5.0  # white noise added to the weights, as a share of the variance; see `Weights`
SCALES = (0.6, 1.6)  # one detector, one noise: what goes beyond is local, and seen in the fit's residual
CHI2_MEDIAN = 0.4549364  # of one degree of freedom


@dataclass(frozen=True)
class Weights:
    """What a fit needs of the noise: `whitener` (n, n) weighs, `covariance` (n, n) is the noise after weighing.

    The weights are those of the noise with some white noise added. A slow, smooth wander could in theory be
    looked through by the fine structure of a peak, but only if its shape were known without error; so the
    weights are made a little blunt, and the errors follow from the noise as it is (a sandwich estimate).
    """

    whitener: Floats
    covariance: Floats
    _polynomials: dict[int, Floats] = field(default_factory=dict, repr=False)

    def times_polynomials(self, order: int, make: Callable[[], Floats]) -> Floats:
        """Weighed polynomials up to `order` over the window, which are the same for every window of a length."""
        if order not in self._polynomials:
            self._polynomials[order] = self.whitener @ make()
        return self._polynomials[order]


@dataclass
class Noise:
    """Spectrum of a run's noise on cells of `step` minutes, and the whitening matrices made from it."""

    step: float
    frequency: Floats  # cycles per cell, evenly spaced middles of bins from 0 to 0.5
    density: Floats  # variance in each bin
    _covariance: Floats = field(default_factory=lambda: np.empty(0), repr=False)
    _cache: dict[tuple[int, int], Weights] = field(default_factory=dict, repr=False)

    @property
    def sd(self) -> float:
        return float(np.sqrt(self.density.sum()))

    def covariance(self, n: int) -> Floats:
        """Autocovariance at lags 0 to n - 1 cells."""
        if self._covariance.size < n:
            lags = np.arange(int(np.ceil(n / 256)) * 256)
            self._covariance = np.cos(2 * np.pi * np.outer(lags, self.frequency)) @ self.density
        return self._covariance[:n]

    def matrix(self, n: int, factor: int = 1) -> Floats:
        """Covariance (n, n) of cells that are means over `factor` base cells."""
        base = self.covariance(n * factor + factor)
        if factor > 1:
            offsets = np.arange(-factor + 1, factor)
            weights = (factor - np.abs(offsets)) / factor**2
            places = np.abs(np.arange(n)[:, None] * factor + offsets)
            base = base[places] @ weights
        row = base[:n].copy()
        row[0] += 1e-9 * row[0]
        return np.asarray(toeplitz(row))

    def weights(self, n: int, factor: int = 1, use: Booleans | None = None) -> Weights:
        """Weights for n cells that are means over `factor` base cells. `use` (n,) drops cells."""
        if use is not None and not use.all():
            return _weights(self.matrix(n, factor)[np.ix_(use, use)])
        if (n, factor) not in self._cache:
            self._cache[n, factor] = _weights(self.matrix(n, factor))
        return self._cache[n, factor]


def _weights(matrix: Floats) -> Weights:
    n = matrix.shape[0]
    lower = cholesky(matrix + TRUST * matrix[0, 0] * np.eye(n), lower=True)
    whitener = np.asarray(solve_triangular(lower, np.eye(n), lower=True))
    return Weights(whitener, whitener @ matrix @ whitener.T)


def _trend(n: int) -> Floats:
    """Orthonormal straight lines and parabolas (n, 3)."""
    return np.asarray(np.linalg.qr(np.vander(np.linspace(-1, 1, n), 3))[0])


def quiet_pieces(signal: Floats, quiet: Booleans, n: int) -> Floats:
    """Detrended pieces (pieces, n) of quiet stretches, each overlapping the next by half."""
    pieces = []
    for start, stop in stretches(quiet):
        for first in range(start, stop - n + 1, max(n // 2, 1)):
            pieces.append(signal[first : first + n])
    if not pieces:
        return np.empty((0, n))
    block, trend = np.array(pieces), _trend(n)
    return np.asarray(block - (block @ trend) @ trend.T)


def estimate_noise(
    signals: Sequence[Floats], quiet: Sequence[Booleans], step: float, window: int
) -> tuple[Noise, Floats]:
    """The run's noise and one scale per trace (its standard deviation relative to the run's).

    `window` is the length in cells of the longest fit that the noise is wanted for. Robust twice: the median
    over pieces, so that an unseen peak in some of them does not count, and per trace a median drawn towards 1
    where the trace has few pieces. Traces without quiet pieces have scale 1.
    """
    lengths = [p for p in PIECES if p < 1.5 * window] or [PIECES[-1]]
    chosen, n = _longest_pieces(signals, quiet, lengths)
    block = np.concatenate(chosen) if chosen else np.empty((0, n))
    if len(block) < 3:
        return _fallback(signals, step), np.ones(len(signals))
    powers = np.asarray(dct(block, type=2, norm="ortho", axis=1)) ** 2
    pooled = np.median(powers, axis=0) / CHI2_MEDIAN if len(block) >= 8 else powers.mean(axis=0)
    noise = _fit_spectrum(pooled, n, step)
    if noise.sd == 0:
        return _fallback(signals, step), np.ones(len(signals))
    expected = np.trace(noise.matrix(n)) - np.trace(_trend(n).T @ noise.matrix(n) @ _trend(n))
    scales = []
    for pieces in chosen:
        levels = (pieces**2).sum(axis=1) / expected
        count = 0.5 * len(levels)  # pieces overlap by half
        level = np.median(levels) if len(levels) else 1.0
        scales.append(np.clip(np.sqrt((count * level + 2.0) / (count + 2.0)), *SCALES))
    return noise, np.array(scales)


def _longest_pieces(
    signals: Sequence[Floats], quiet: Sequence[Booleans], lengths: Sequence[int]
) -> tuple[list[Floats], int]:
    """Pieces per trace of the greatest length that gives enough of them in enough places, or else just enough."""
    total, fallback = sum(s.size for s in signals), None
    for n in lengths:
        pieces = [quiet_pieces(s, q, n) for s, q in zip(signals, quiet, strict=True)]
        count = sum(len(p) for p in pieces)
        if count >= ENOUGH and 0.5 * count * n >= COVERED * total:
            return pieces, n
        if fallback is None and count >= ENOUGH:
            fallback = pieces, n
    return fallback or (pieces, n)


def _fit_spectrum(pooled: Floats, n: int, step: float) -> Noise:
    """The spectrum (bands ≥ 0) whose expected powers of detrended cosine coefficients fit `pooled` (n,).

    Detrending hides what is slower than the fourth coefficient; the density there is taken to rise as 1/f.
    """
    trend = _trend(n)
    analysis = np.asarray(dct(np.eye(n) - trend @ trend.T, type=2, norm="ortho", axis=0))
    bins = 2 * n
    frequency = (np.arange(bins) + 0.5) / (2 * bins)
    turned = np.exp(-1j * np.pi * np.arange(n) / (2 * bins))  # half a bin, so that the middles are seen
    seen = np.abs(np.fft.fft(analysis * turned, 2 * bins, axis=1)[:, :bins]) ** 2
    edges = np.concatenate([np.arange(4, 10), np.geomspace(10, n, 14)]) / (2 * n)
    band = np.searchsorted(np.unique(np.round(edges, 9)), frequency)
    basis = [np.where(band == 0, 1 / np.maximum(frequency, 0.25 / n), 0.0)]
    basis += [(band == k).astype(float) for k in np.unique(band[band > 0])] + [np.ones(bins)]
    shapes = np.array([b / b.sum() for b in basis])
    design = seen @ shapes.T
    use = np.arange(n) >= 2  # the mean and the slope are what detrending took
    floor = 1e-6 * pooled[use].mean() + 1e-300
    weight, theta = 1 / (pooled + floor), np.zeros(len(basis))
    for _ in range(4):
        theta, _ = nnls(design[use] * weight[use, None], pooled[use] * weight[use])
        weight = 1 / (design @ theta + 0.02 * pooled + floor)
    # finer than what was fitted: with few lines the noise of a long window would seem to repeat itself
    fine = (np.arange(FINE) + 0.5) / (2 * FINE)
    density = np.interp(fine, frequency, theta @ shapes) * bins / FINE
    return Noise(step, fine, np.maximum(density, WHITE_SHARE * density.mean()))


def _fallback(signals: Sequence[Floats], step: float) -> Noise:
    """White noise, from second differences, where nothing quiet is long enough."""
    levels = [1.4826 * np.median(np.abs(np.diff(s, 2))) / np.sqrt(6) for s in signals if s.size > 10]
    level = float(np.median(levels)) if levels else 0.0
    if level == 0.0:
        level = max((1e-6 * float(np.ptp(s)) for s in signals if s.size), default=1.0) or 1.0
    frequency = (np.arange(64) + 0.5) / 128
    return Noise(step, frequency, np.full(64, level**2 / 64))
