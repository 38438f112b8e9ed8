"""All tables by name."""

from coeruleus.tables import dialysate, interim, problems, release, sources, units
from coeruleus.tables.model import Table

TABLES: dict[str, Table] = {
    value.name: value
    for module in (dialysate, release, units, sources, interim, problems)
    for value in vars(module).values()
    if isinstance(value, Table)
}
