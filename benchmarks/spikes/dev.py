import sys, numpy as np, time
from recordings import SETS, recordings
from score import ours, score

kinds = sys.argv[1].split(",")
n = int(sys.argv[2])
seed = int(sys.argv[3])
for kind in kinds:
    acc = []
    inv = 0
    sec = 0
    t0 = time.process_time()
    for r in recordings(kind if kind in SETS else [k for k in SETS if k.startswith(kind)][0], n, seed):
        f = ours(r)
        s = score(r, f)
        inv += s.invented
        sec += f.seconds
        acc += [a for a, si in zip(s.accuracy, s.single) if si or kind == "near"]
        order = [None if j is None else f.reasons[j] for j in s.found]
        off = (r.apart + 99 * np.eye(len(r.apart))).min() if len(r.apart) > 1 else 99
        print(
            r.name,
            "snr",
            np.round(r.snr, 1),
            "n",
            [len(t) for t in r.trains],
            "d'",
            np.round(off, 1),
            "acc",
            np.round(s.accuracy, 3),
            "found",
            [len(t) for t in f.trains],
            "inv",
            s.invented,
            [x[:60] if x else x for x in f.reasons],
            f"{f.seconds:.1f}s",
            flush=True,
        )
    if acc:
        print(
            "==",
            kind,
            "median",
            np.median(acc),
            "p10",
            np.quantile(acc, 0.1),
            "invented/rec",
            inv / n,
            "sort s",
            sec,
            "total",
            time.process_time() - t0,
            flush=True,
        )
    else:
        print("==", kind, "invented/rec", inv / n, "sort s", sec)
