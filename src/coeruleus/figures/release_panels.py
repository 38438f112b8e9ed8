"""Panels of the figures of release: an arm of the study, by region where probes lie in several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from coeruleus.figures.frames import records
from coeruleus.figures.settings import FigureSettings
from coeruleus.figures.style import colours_for
from coeruleus.tables.order import natural

NO_REGION = "no region"


@dataclass(frozen=True)
class Panel:
    """`label` is arm and region where there are several regions, else the arm; `said` the same as the lab reads it."""

    label: str
    said: str
    colour: str
    arm: str
    arm_said: str


def with_panels(tables: Mapping[str, pd.DataFrame], everyone: str) -> dict[str, pd.DataFrame]:
    """The tables with a column `panel`. Rows without an arm, nor a group in its place, are of `everyone`."""
    named = {}
    for name, frame in tables.items():
        arm = frame["arm"].fillna(frame["group"]) if "group" in frame else frame["arm"]
        named[name] = frame.assign(arm=arm.fillna(everyone), region=frame["region"].fillna(NO_REGION))
    several = named["samples"]["region"].nunique() > 1
    return {
        name: frame.assign(panel=frame["arm"] + ", " + frame["region"] if several else frame["arm"])
        for name, frame in named.items()
    }


def panels_of(samples: pd.DataFrame, settings: FigureSettings) -> list[Panel]:
    """Region by region the arms: first those that the settings name, whole or by group or treatment."""
    places = {name: place for place, name in enumerate(settings.group_order)}

    def place(arm: str) -> tuple[object, ...]:
        first, *parts = (places.get(name, len(places)) for name in (arm, *arm.split(", ")))
        return first, parts, natural(arm)

    arms = sorted(set(samples["arm"]), key=place)
    colours = {arm: _own_colour(arm, settings) or usual for arm, usual in colours_for(arms, settings).items()}
    shown = records(samples.drop_duplicates("panel"))
    panels = []
    for row in sorted(shown, key=lambda row: (natural(row["region"]), place(row["arm"]))):
        label, arm, region = row["panel"], row["arm"], row["region"]
        arm_said = _say(arm, settings)
        said = arm_said if label == arm else f"{arm_said}, {settings.say(region)}"
        panels.append(Panel(label, said, colours[arm], arm, arm_said))
    return panels


def _say(arm: str, settings: FigureSettings) -> str:
    """In the lab's words for the arm, else for its group and its treatment."""
    return settings.wording.get(arm) or ", ".join(map(settings.say, arm.split(", ")))


def _own_colour(arm: str, settings: FigureSettings) -> str | None:
    """What figures.yaml says of the arm, else of its group or its treatment."""
    return next((settings.colours[name] for name in (arm, *arm.split(", ")) if name in settings.colours), None)
