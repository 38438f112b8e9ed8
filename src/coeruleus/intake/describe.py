"""The experiment directory in Markdown, from the same definitions that reading it uses."""

from __future__ import annotations

import json

from pydantic import BaseModel

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


def describe() -> str:
    """Every key of experiment.yaml and figures.yaml and every column of every sheet as Markdown tables."""
    parts = [HEAD, "## experiment.yaml\n", _keys(Settings), FIGURES, _keys(FigureSettings)]
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
