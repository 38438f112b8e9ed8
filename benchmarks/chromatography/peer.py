"""hplc-py on one chromatogram, in the peers' environment: reads times and signal, prints the peaks found.

usage: python peer.py TRACE.npy
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import pandas as pd


def main(path: str) -> None:
    from hplc.quant import Chromatogram

    trace = np.load(path, allow_pickle=False)
    begun = time.process_time()
    chromatogram = Chromatogram(pd.DataFrame({"time": trace[0], "signal": trace[1]}))
    peaks = chromatogram.fit_peaks(verbose=False)
    seconds = time.process_time() - begun
    interval = 60 * float(np.median(np.diff(trace[0])))
    found = [[float(p.retention_time), float(p.area) * interval] for p in peaks.itertuples()]
    print("\n" + json.dumps({"seconds": seconds, "peaks": found}))


if __name__ == "__main__":
    main(sys.argv[1])
