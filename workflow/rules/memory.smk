# MB that jobs ask for, more at every further attempt: what they hold and 300 for Snakemake around them on a cluster,
# with room. Measured by benchmarks/scale/memory.py.


def memory(base):
    def asked(wildcards, attempt):
        experiment = experiment_of(wildcards)
        sheets = len(experiment.injections) + len(experiment.recordings)
        return attempt * (base + sheets)

    return asked


def memory_of_run(wildcards, attempt):
    asked = 550 + len(rows_of_run(wildcards)) + 6 * total_mb(files_of_run(wildcards))
    return attempt * round(asked)


def memory_of_pages(wildcards, attempt):
    return attempt * (600 + len(rows_of_run(wildcards)))


def memory_of_sorting(wildcards, attempt):
    return attempt * round(800 + 2 * total_mb(files_of_session(wildcards)))
