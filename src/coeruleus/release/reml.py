"""The restricted likelihood of a linear mixed model whose random effects lie inside animals.

For V = Σ_k v_k G_k and P = V⁻¹ − V⁻¹ X (X' V⁻¹ X)⁻¹ X' V⁻¹, the deviance is log |V| + log |X' V⁻¹ X| + y' P y,
its derivative with v_k is tr(P G_k) − y' P G_k P y, and the observed information of the variances is
½ (2 y' P G_k P G_l P y − tr(P G_k P G_l)) (Patterson & Thompson 1971; Searle, Casella & McCulloch 1992, ch. 6).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stack:
    """Animals with equally many samples m and columns of X that are not 0 in them q, stacked to be fast."""

    y: Floats  # (b, m)
    x: Floats  # (b, m, q)
    columns: NDArray[np.int64]  # (b, q)
    shared: Floats  # (k, b, m, m): G_k = Z_k Z_k', the residuals' correlation first
    rows: NDArray[np.int64]  # (b, m): where the samples stand in the data

    @property
    def place(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where each animal's (q, q) matrix lies in a (p, p) one."""
        return self.columns[:, :, None], self.columns[:, None, :]


@dataclass(frozen=True)
class Pass:
    """One evaluation at given variances (residual first)."""

    beta: Floats
    covariance: Floats  # (X' V⁻¹ X)⁻¹
    quadratic: float  # y' P y
    log_det: float  # log |V| + log |X' V⁻¹ X|
    traces: Floats  # (k,) tr(P G_k)
    squares: Floats  # (k,) y' P G_k P y
    inner: Floats  # (k, p, p) X' V⁻¹ G_k V⁻¹ X
    information: Floats  # (k, k) observed, empty unless asked for


def stack_animals(y: Floats, x: Floats, animals: NDArray[np.int64], effects: list[NDArray[np.int64]]) -> list[Stack]:
    """Data of `fit_mixed` as stacks of animals of equal size."""
    alike: dict[tuple[int, int], list[tuple[NDArray[np.int64], NDArray[np.int64]]]] = {}
    for animal in np.unique(animals):
        rows = np.flatnonzero(animals == animal)
        columns = np.flatnonzero(x[rows].any(axis=0))
        alike.setdefault((len(rows), len(columns)), []).append((rows, columns))
    stacks = []
    for (size, _), members in sorted(alike.items(), key=lambda item: item[0]):
        rows, columns = (np.array(part) for part in zip(*members, strict=True))
        shared = [np.broadcast_to(np.eye(size), (len(rows), size, size))]
        for effect in effects:
            own = effect[rows]
            shared.append(((own[:, :, None] == own[:, None, :]) & (own >= 0)[:, :, None]).astype(float))
        stacks.append(Stack(y[rows], x[rows[:, :, None], columns[:, None, :]], columns, np.array(shared), rows))
    return stacks


def evaluate(stacks: list[Stack], variances: Floats, p: int, second: bool = False) -> Pass:
    """Everything that the restricted likelihood needs at these variances; `second`: its information too."""
    number = len(variances)
    gram, cross = np.zeros((p, p)), np.zeros(p)
    square, log_det = 0.0, 0.0
    weighted = []
    for stack in stacks:
        lower = np.linalg.cholesky(np.tensordot(variances, stack.shared, 1))
        inverse = np.linalg.inv(lower)
        weight = inverse.transpose(0, 2, 1) @ inverse
        wx = weight @ stack.x
        np.add.at(gram, stack.place, stack.x.transpose(0, 2, 1) @ wx)
        np.add.at(cross, stack.columns, np.einsum("bmq,bm->bq", wx, stack.y))
        square += float(np.sum(stack.y * _times(weight, stack.y)))
        log_det += 2 * float(np.log(np.diagonal(lower, axis1=1, axis2=2)).sum())
        weighted.append((weight, wx))
    factor = np.linalg.cholesky(gram)
    c = linalg.cho_solve((factor, True), np.eye(p))
    beta = c @ cross
    log_det += 2 * float(np.log(np.diag(factor)).sum())
    traces, squares = np.zeros(number), np.zeros(number)
    inner, pulled = np.zeros((number, p, p)), np.zeros((number, p))
    information = np.zeros((number, number))
    for stack, (weight, wx) in zip(stacks, weighted, strict=True):
        own_c = c[stack.place]
        py = _times(weight, stack.y - _times(stack.x, beta[stack.columns]))
        gwx, gpy = stack.shared @ wx, _times(stack.shared, py)
        parts = wx.transpose(0, 2, 1) @ gwx
        for k in range(number):
            np.add.at(inner[k], stack.place, parts[k])
        traces += np.einsum("kbij,bij->k", stack.shared, weight) - np.einsum("kbij,bij->k", parts, own_c)
        squares += np.einsum("kbm,bm->k", gpy, py)
        if second:
            gw = stack.shared @ weight
            information -= np.tensordot(gw, gw.transpose(0, 1, 3, 2), ((1, 2, 3), (1, 2, 3))) / 2
            information += np.tensordot(gwx @ own_c, weight @ gwx, ((1, 2, 3), (1, 2, 3)))
            information += np.tensordot(gpy, _times(weight, gpy), ((1, 2), (1, 2)))
            for k in range(number):
                np.add.at(pulled[k], stack.columns, np.einsum("bm,bmq->bq", gpy[k], wx))
    if second:
        turned = c @ inner
        information -= np.tensordot(turned, turned.transpose(0, 2, 1), ((1, 2), (1, 2))) / 2
        information -= pulled @ c @ pulled.T
    quadratic = square - float(cross @ beta)
    return Pass(beta, c, quadratic, log_det, traces, squares, inner, information)


def _times(matrices: Floats, vectors: Floats) -> Floats:
    """Each matrix times its vector."""
    return (matrices @ vectors[..., None])[..., 0]
