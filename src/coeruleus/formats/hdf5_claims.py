"""What an HDF5 file says of itself, looked at before anything is read: links to other files, and sizes."""

from __future__ import annotations

import math
from typing import Any

from coeruleus.formats.claims import claims_too_much, in_words
from coeruleus.formats.errors import FormatError
from coeruleus.formats.text import Source

OBJECT_BYTES = 100  # of a text in memory


def refuse_links_and_bombs(file: Any, source: Source) -> None:
    """Raises FormatError where an open file, wherever in it, links to another or has text or a chunk that is a bomb.

    All of it is looked at, once: a link within it may lead from what is read to anywhere. Of numbers only a chunk is
    judged: a line of pulses, which nobody reads, packs to next to nothing. `refuse_bomb` judges those that are read.
    """
    from h5py import Dataset, h5d, h5l, h5o, h5t  # type: ignore[import-untyped]

    def elsewhere(name: bytes, link: Any) -> bytes | None:
        return None if link.type in (h5l.TYPE_HARD, h5l.TYPE_SOFT) else name

    def look(name: bytes, item: Any) -> None:
        if item.type != h5o.TYPE_DATASET:
            return
        dataset = h5d.open(file.id, name)
        layout = dataset.get_create_plist()
        if layout.get_external_count() or layout.get_layout() == h5d.VIRTUAL:
            said = f"{name.decode(errors='replace')} lies in another file; export it as one file"
            raise FormatError(f"{source.name}: {said}")
        numbers = dataset.get_type().get_class() in (h5t.INTEGER, h5t.FLOAT, h5t.ENUM)
        refuse_bomb(Dataset(dataset), source, whole=not numbers)

    if linked := file.id.links.visit(elsewhere, info=True):
        name = linked.decode(errors="replace")
        raise FormatError(f"{source.name}: {name} is a link to another file; export it as one file")
    h5o.visit(file.id, look, info=True)


def refuse_bomb(data: Any, source: Source, whole: bool = True) -> None:
    """Raises FormatError where a dataset, or one chunk of it, claims far more than it stores; else it is left alone."""
    from h5py import Dataset, h5d, h5t

    data = getattr(data, "dataset", data)  # within what hdmf wraps around references
    if not isinstance(data, Dataset):
        return
    layout, kind = data.id.get_create_plist(), data.id.get_type()
    items = data.id.get_space().get_simple_extent_npoints() if whole else 1
    if layout.get_layout() == h5d.CHUNKED:  # no less than a whole chunk is unpacked
        items = max(items, math.prod(layout.get_chunk()))
    is_object = kind.get_class() in (h5t.VLEN, h5t.REFERENCE) or (
        kind.get_class() == h5t.STRING and kind.is_variable_str()
    )
    claimed = items * (OBJECT_BYTES if is_object else kind.get_size())
    if claims_too_much(claimed, 0) and claims_too_much(claimed, stored := data.id.get_storage_size()):
        holds = f"{in_words(claimed)}, of which the file stores {in_words(stored)}"
        said = f"{data.name.strip('/')} says that it holds {holds}"
        raise FormatError(f"{source.name}: {said}; it is damaged, or was never written to its end: export it again")
