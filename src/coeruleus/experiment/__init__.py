"""The experiment directory as typed tables: schema, reading, defaults, curation."""
