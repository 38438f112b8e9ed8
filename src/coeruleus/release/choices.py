"""What a comparison of groups was asked to do, and how its model is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BelowLimit = Literal["censored", "measured", "half_limit", "leave_out"]


@dataclass(frozen=True)
class Choices:
    """Choices of a comparison; the defaults are the design's."""

    outcome: Literal["log", "percent"] = "log"
    below_limit: BelowLimit = "censored"
    correlation: Literal["independent", "ar1"] = "independent"
    degrees_of_freedom: Literal["satterthwaite", "kenward_roger"] = "satterthwaite"
    adjust: Literal["holm", "fdr", "none"] = "holm"
    rm_anova: bool = False
    permutation: bool = True

    @property
    def lends_low_baselines(self) -> bool:
        """Whether baseline samples below a limit enter the model, whose baseline is no divisor."""
        return self.outcome == "log" and self.below_limit != "leave_out"

    def model_name(self, censored: bool) -> str:
        """The mixed model in words; `censored`: it holds values that are only known to lie below a limit."""
        what = "ln concentration" if self.outcome == "log" else "per cent of baseline (baseline samples left out)"
        random = "level and response" if self.outcome == "log" else "level"
        chain = ", AR(1) within courses" if self.correlation == "ar1" else ""
        if censored:
            return (
                f"linear mixed model of {what}, random {random} per animal{chain}, values below limits censored "
                "(adjusted profile likelihood, Satterthwaite)"
            )
        kenward = self.degrees_of_freedom == "kenward_roger" and not chain
        df = "Kenward–Roger" if kenward else "Satterthwaite"
        return f"linear mixed model of {what}, random {random} per animal{chain} (REML, {df})"
