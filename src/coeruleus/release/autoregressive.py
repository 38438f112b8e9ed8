"""The mixed model with samples of one course correlated from one to the next: AR(1) within animals.

The correlation of two samples of a course is φ to the power of the steps between them, so a lost sample
leaves a step of two (Pinheiro & Bates 2000, ch. 5; `corAR1` of R's nlme).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from coeruleus.release.curvature import differentiate
from coeruleus.release.mixed import (
    ZERO,
    MixedFit,
    choose,
    invert,
    maximise,
    name_variances,
    residual_scale,
)
from coeruleus.release.reml import Floats, Stack, evaluate, stack_animals

GRID = np.linspace(-0.6, 0.9, 7)
HIGHEST = 0.98
STEP = 2e-3  # of each parameter's own size, for derivatives


@dataclass(frozen=True)
class AutoregressiveFit(MixedFit):
    """A fit with φ, the correlation of neighbouring samples given the animal."""

    phi: float


def fit_autoregressive(
    y: Floats,
    x: Floats,
    animals: NDArray[np.int64],
    effects: Mapping[str, NDArray[np.int64]],
    series: NDArray[np.int64],
    position: NDArray[np.int64],
) -> AutoregressiveFit:
    """As `mixed.fit_mixed`; `series` (n,) is the course of each sample, `position` (n,) its place in it.

    Degrees of freedom follow Satterthwaite with φ as one more parameter, its derivatives by differences.
    """
    n, p = x.shape
    scale = residual_scale(y, x)
    names = sorted(effects)
    stacks = stack_animals(y / np.sqrt(scale), x, animals, [effects[name] for name in names])

    def profile(phi: float) -> float:
        return maximise(_correlate(stacks, phi, series, position), n, p, len(names))[1]

    heights = [profile(phi) for phi in GRID]
    top = int(np.argmin(heights))
    edges = (GRID[top - 1] if top else -HIGHEST, GRID[top + 1] if top < len(GRID) - 1 else HIGHEST)
    phi = float(optimize.minimize_scalar(profile, bounds=edges, method="bounded", options={"xatol": 1e-7}).x)
    at_phi = _correlate(stacks, phi, series, position)
    ratios, _ = maximise(at_phi, n, p, len(names))
    active = [place for place, ratio in enumerate(ratios) if ratio > ZERO]
    chosen = choose(stacks, active)
    final = evaluate(choose(at_phi, active), np.array([1.0, *ratios[active]]), p)
    variances = np.array([1.0, *ratios[active]]) * final.quadratic / (n - p)

    def at(theta: Floats) -> tuple[float, Floats]:
        here = evaluate(_correlate(chosen, theta[-1], series, position), theta[:-1], p)
        return here.log_det + here.quadratic, here.covariance

    steps = STEP * np.array([*variances, min(1 - abs(phi), 0.5)])
    found = differentiate(at, np.array([*variances, phi]), steps)
    zero = tuple(name for place, name in enumerate(names) if place not in active)
    named = name_variances(names, active, variances * scale)
    beta = final.beta * np.sqrt(scale)
    return AutoregressiveFit(
        beta, found.covariance * scale, named, zero, found.slopes * scale, invert(found.information), phi
    )


def decay(phi: float, steps: NDArray[np.int64]) -> Floats:
    """φ to the power of steps, also where φ is below 0."""
    return np.sign(phi) ** (steps % 2) * np.abs(phi) ** steps


def _correlate(stacks: list[Stack], phi: float, series: NDArray[np.int64], position: NDArray[np.int64]) -> list[Stack]:
    """The stacks with the residuals' correlation instead of the identity."""
    changed = []
    for stack in stacks:
        same = series[stack.rows][:, :, None] == series[stack.rows][:, None, :]
        steps = np.abs(position[stack.rows][:, :, None] - position[stack.rows][:, None, :])
        correlation = np.where(same, decay(phi, steps), 0.0)
        changed.append(replace(stack, shared=np.concatenate([correlation[None], stack.shared[1:]])))
    return changed
