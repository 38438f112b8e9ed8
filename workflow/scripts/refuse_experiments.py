"""End with an error that names the experiments whose sheets are broken."""

import sys

sys.exit("refused, because of their sheets: " + ", ".join(snakemake.params.names))
