"""From noradrenaline dialysate chromatograms and locus coeruleus recordings to numbers with their uncertainty."""

__version__ = "0.1.0"
