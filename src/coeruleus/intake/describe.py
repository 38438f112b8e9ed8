"""The experiment directory in Markdown, from the same definitions that reading it uses."""

from __future__ import annotations

import json

from pydantic import BaseModel

from coeruleus.classification.functions import Function, Term
from coeruleus.classification.rulesets import Criterion, Ruleset
from coeruleus.experiment.settings import AnalyteSettings, Settings
from coeruleus.experiment.sheets import SHEETS
from coeruleus.figures.settings import FigureSettings

HEAD = """\
# What goes in

Made by `coeruleus describe` from the definitions that the reading of sheets itself uses; a test keeps the two the same.

`config/config.yaml` holds what concerns a run and nothing else:

| key | meaning | default |
|---|---|---|
| `experiments` | an experiment directory, a list of them, or a glob | `[]` |
| `results` | folder that gets one folder of results per experiment | `results` |
| `logs` | folder for the logs of jobs | `logs` |

Give them on the command line: `snakemake --cores all --config experiments=DIR results=OUT`.

Everything else stands in the experiment directory. Sheets are tab-separated UTF-8 text with `n/a` for missing; \
comma-separated `.csv` and a byte-order mark are read as well. Ids are text made of letters, digits, `.`, `_` and `-`. \
An entered 0 is a value. Unknown columns are kept, unless their name is close to a known one: then that is an error. \
`coeruleus check DIR` says every problem at once.
"""

FIGURES = """\
## figures.yaml

How figures look, never what is measured; may be left out. A changed figures.yaml draws the figures and writes the \
page anew, and nothing else.
"""

RULESETS = """\
## rulesets/NAME.yaml

Criteria by which units are labelled, a lab's own; `units.rulesets` names those that are used. A unit is LC-NE where \
every required criterion passes, one at least was tested and none that counts fails or is too uncertain; `other` where \
one fails; else `undetermined`. A criterion whose bound lies within the interval of its value is `not_tested`, too \
uncertain. Measures are the columns of `units/units.tsv`, `units/responses.tsv` and `units/drug_responses.tsv`.
"""

EXAMPLE = """\
  - name: discriminant
    function:
      intercept: -1.2
      terms:
        - {measure: units.firing_rate_hz, scale: log10, weight: -0.8}
        - {measure: units.half_width_ms, weight: 2.1}
    low: 0
    citation: our own cells, 2026
"""

FUNCTIONS = f"""\
A `function` is `intercept` and the terms' weight × measure (or its logarithm) added up, held against `low` and `high` \
as a measure is. That is a linear discriminant; a logistic score (p of 0.5 or more is `low: 0`); a ratio a ÷ b of 2 or \
more (log10 a with weight 1, log10 b with weight −1, `low: 0.30103`):

```yaml
{EXAMPLE}```

It is not tested where one of its measures is not known or not tested, or has no logarithm; the reason says which. Its \
interval takes the measures' errors as independent (the root of their summed squares), weights and intercept as exact; \
a measure without an interval (a half-width, say) counts as exact too, as it does by itself, so that the interval then \
leaves that measure's error out. Where no measure has one, neither has the function; of levels of 90 and 95 % it \
states 90. Measures of responses all come from one row, as do those of drug responses; `trial_types`, `drugs`, \
`not_after` and `highest_highpass_hz` hold for each term that they apply to. Where bounds move by 10 % \
(`units/sensitivity.tsv`), a function's move by 10 % of their distance from the intercept.
"""


def describe() -> str:
    """Every key of experiment.yaml, figures.yaml and rulesets and every column of every sheet as Markdown tables."""
    parts = [HEAD, "## experiment.yaml\n", _keys(Settings), FIGURES, _keys(FigureSettings)]
    parts += [RULESETS, _keys(Ruleset), "Keys of each of the `criteria`:\n", _keys(Criterion)]
    parts += [FUNCTIONS, "Keys of a `function`, and of each of its `terms`:\n", _keys(Function), _keys(Term)]
    for sheet in SHEETS:
        unique = f" Unique: {', '.join(f'`{name}`' for name in sheet.key)}." if sheet.key else ""
        parts.append(f"## {sheet.name}.tsv\n\nOne row: {sheet.rows}.{unique}\n")
        lines = ["| column | meaning | kind | unit |", "|---|---|---|---|"]
        for field in sheet.fields:
            name = f"**`{field.name}`**" if field.required else f"`{field.name}`"
            kind = " \\| ".join(f"`{choice}`" for choice in field.choices) if field.choices else field.kind
            lines.append(f"| {name} | {field.description} | {kind} | {field.unit or ''} |")
        parts.append("\n".join(lines) + "\n")
    parts.append("Columns in bold are required; everything else may be left out.\n")
    return "\n".join(parts)


def _keys(model: type[BaseModel]) -> str:
    lines = ["| key | meaning | default |", "|---|---|---|"]
    _add(model, "", lines)
    return "\n".join(lines) + "\n"


def _add(model: type[BaseModel], prefix: str, lines: list[str]) -> None:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            _add(inner, f"{prefix}{name}.", lines)
        elif name == "analytes":
            lines.append(
                f"| `analytes` | One key per analyte, its name as in the sheets. {field.description} | `{{}}` |"
            )
            _add(AnalyteSettings, "analytes.NAME.", lines)
        else:
            default = "required" if field.is_required() else f"`{json.dumps(field.default)}`"
            lines.append(f"| `{prefix}{name}` | {field.description}{_choices(str(inner))} | {default} |")


def _choices(annotation: str) -> str:
    if "Literal[" not in annotation:
        return ""
    inside = annotation.split("Literal[")[1].split("]")[0]
    return " One of " + ", ".join(f"`{choice.strip().strip(chr(39))}`" for choice in inside.split(",")) + "."
