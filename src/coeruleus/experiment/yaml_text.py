"""YAML as people at the bench mean it, with line numbers: safe, `NO` stays nitric oxide, no aliases."""

from __future__ import annotations

import re
from typing import Any

import yaml

LARGEST = 1_000_000
DEEPEST = 20


class YamlProblem(ValueError):
    """What is wrong with the text, with its row."""


class _Loader(yaml.SafeLoader):
    """The safe loader with YAML 1.2 scalars: only true and false are booleans, no dates, no base 60."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|n/a|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


def parse_yaml(text: str) -> tuple[Any, dict[tuple[str, ...], int]]:
    """The values of a YAML text, and the row (from 1) of each key by its path.

    Raises YamlProblem, in words, for anything that cannot be read, for a key given twice and for aliases.
    """
    if len(text) > LARGEST:
        raise YamlProblem(f"is larger than {LARGEST} characters: this is not a settings file")
    try:
        if ("&" in text or "*" in text) and any(
            isinstance(token, (yaml.AliasToken, yaml.AnchorToken)) for token in yaml.scan(text, Loader=_Loader)
        ):
            raise YamlProblem("uses an anchor (&) or alias (*): write the value out, or put it in quotes")
        loader = _Loader(text)
        node = loader.get_single_node()
        lines: dict[tuple[str, ...], int] = {}
        if node is None:
            return None, lines
        _walk(node, (), lines)
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        row = f"row {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise YamlProblem(
            f"{row}cannot be read as YAML ({error.problem}); check indentation, colons and quotes"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, YamlProblem):
            raise
        raise YamlProblem(f"cannot be read as YAML ({type(error).__name__})") from None


def _walk(node: yaml.Node, path: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> None:
    if len(path) > DEEPEST:
        raise YamlProblem("is nested too deeply")
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlProblem(f"row {key.start_mark.line + 1}: a key must be a plain word")
            if key.value in seen:
                raise YamlProblem(f"row {key.start_mark.line + 1}: the key '{key.value}' stands twice; keep one")
            seen.add(key.value)
            lines[(*path, key.value)] = key.start_mark.line + 1
            _walk(value, (*path, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*path, str(index)), lines)
