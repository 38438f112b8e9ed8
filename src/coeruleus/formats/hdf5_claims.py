"""What an HDF5 file says of itself, looked at before anything is read: links to other files, and sizes."""

from __future__ import annotations

import math
from typing import Any

from coeruleus.formats.claims import claims_too_much, in_words
from coeruleus.formats.errors import FormatError
from coeruleus.formats.text import Source

OBJECT_BYTES = 100  # of a text in memory


def refuse_links_and_bombs(file: Any, source: Source) -> None:
    """Raises FormatError where an open file, wherever in it, links to another or claims far more than it stores.

    All of it is looked at, once: a link within it may lead from what is read to anywhere.
    """
    from h5py import h5d, h5l, h5o  # type: ignore[import-untyped]

    def elsewhere(name: bytes, link: Any) -> bytes | None:
        return None if link.type in (h5l.TYPE_HARD, h5l.TYPE_SOFT) else name

    def look(name: bytes, item: Any) -> None:
        if item.type == h5o.TYPE_DATASET:
            _refuse_dataset(name.decode(errors="replace"), h5d.open(file.id, name), source)

    if linked := file.id.links.visit(elsewhere, info=True):
        name = linked.decode(errors="replace")
        raise FormatError(f"{source.name}: {name} is a link to another file; export it as one file")
    h5o.visit(file.id, look, info=True)


def _refuse_dataset(name: str, dataset: Any, source: Source) -> None:
    """One whose values lie in another file, or that claims far more than it stores."""
    from h5py import h5d, h5t

    layout, kind = dataset.get_create_plist(), dataset.get_type()
    if layout.get_external_count():
        raise FormatError(f"{source.name}: {name} lies in another file; export it as one file")
    items = dataset.get_space().get_simple_extent_npoints()
    if layout.get_layout() == h5d.CHUNKED:  # no less than a whole chunk is unpacked
        items = max(items, math.prod(layout.get_chunk()))
    is_object = kind.get_class() in (h5t.VLEN, h5t.REFERENCE) or (
        kind.get_class() == h5t.STRING and kind.is_variable_str()
    )
    claimed = items * (OBJECT_BYTES if is_object else kind.get_size())
    if claims_too_much(claimed, 0) and claims_too_much(claimed, stored := dataset.get_storage_size()):
        said = f"{name} says that it holds {in_words(claimed)}, of which the file stores {in_words(stored)}"
        raise FormatError(f"{source.name}: {said}; it is damaged, or was never written to its end: export it again")
