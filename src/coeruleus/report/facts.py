"""What the report says about the experiment and the software, beside the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Facts:
    """`settings` is experiment.yaml with its defaults, as plain values; `versions` is software → version."""

    name: str
    title: str
    species: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    def setting(self, *path: str) -> Any:
        """A setting by its path, or None."""
        value: Any = self.settings
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    @property
    def first_ruleset(self) -> str | None:
        """The ruleset that labels; the others are shown beside it."""
        rulesets = self.setting("units", "rulesets") or []
        return str(rulesets[0]) if rulesets else None
