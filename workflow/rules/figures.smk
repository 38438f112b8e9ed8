# Figures of each half, drawn from result tables and the source tables that the rooms wrote for them. Pages of
# chromatograms are nearly half of the drawing, and need nothing but their run.
rule draw_chromatograms:
    input:
        unpack(tables_of_pages),
        captions=CAPTIONS,
    output:
        directory(interim("runs/{run}/pages")),
    log:
        log_of("draw_chromatograms", "run"),
    priority: LONGEST_WAY
    resources:
        mem_mb=memory_of_pages,
        runtime=30,
    params:
        directory=directory_of,
        tables=tables_of_pages,
        facts=style_of_figures,
        code=code("draw_chromatograms.py"),
        captions=CAPTION_TEXTS,
    message:
        "Draw the chromatograms of run {wildcards.run} of {wildcards.experiment}."
    script:
        "../scripts/draw_chromatograms.py"


rule draw_dialysate_figures:
    input:
        lambda wildcards: figure_files(dialysate_figure_tables(wildcards)),
        pages=pages_of_runs,
        captions=CAPTIONS,
    output:
        report(
            directory(result("figures/dialysate")),
            patterns=["{figure}.png"],
            caption="../report/snakemake/figure.rst",
            category="{experiment}",
            subcategory="Dialysate",
            labels={"figure": "{figure}"},
        ),
    log:
        log_of("draw_dialysate_figures"),
    priority: LONGEST_WAY
    resources:
        mem_mb=memory(700),
        runtime=30,
    params:
        directory=directory_of,
        tables=dialysate_figure_tables,
        facts=facts_of_figures,
        code=code("draw_dialysate_figures.py"),
        captions=CAPTION_TEXTS,
    message:
        "Draw the dialysate figures of {wildcards.experiment}."
    script:
        "../scripts/draw_dialysate_figures.py"


rule draw_unit_figures:
    input:
        lambda wildcards: figure_files(unit_figure_tables(wildcards)),
        captions=CAPTIONS,
    output:
        report(
            directory(result("figures/units")),
            patterns=["{figure}.png"],
            caption="../report/snakemake/figure.rst",
            category="{experiment}",
            subcategory="Units",
            labels={"figure": "{figure}"},
        ),
    log:
        log_of("draw_unit_figures"),
    resources:
        mem_mb=memory(700),
        runtime=30,
    params:
        directory=directory_of,
        tables=unit_figure_tables,
        facts=facts_of_figures,
        code=code("draw_unit_figures.py"),
        captions=CAPTION_TEXTS,
    message:
        "Draw the unit figures of {wildcards.experiment}."
    script:
        "../scripts/draw_unit_figures.py"
