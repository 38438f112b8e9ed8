"""Every result table's columns, units and meaning, said once; and how tables are read and written."""
