"""Fixtures that every room's tests share."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# As in the workflow, and before numpy is loaded: more threads than cores make small matrices slow.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_name] = "1"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public real files beside the project; tests that need it skip where it is absent."""
    folder = Path(__file__).resolve().parents[1].parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder of public real files (../shared) is not here")
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless browser. Closed with its module: two at a time cannot be driven from one thread."""
    from browser import browser

    with browser() as opened:
        yield opened


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that take minutes run where they are asked for."""
    if not os.environ.get("COERULEUS_FULL"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="takes minutes: COERULEUS_FULL=1 runs it"))
