# Figures of each half, drawn from result tables and the source tables that the rooms wrote for them.
rule draw_dialysate_figures:
    input:
        lambda wildcards: figure_files(dialysate_figure_tables(wildcards)),
        captions=CAPTIONS,
    output:
        directory(result("figures/dialysate")),
    log:
        log_of("draw_dialysate_figures"),
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        directory=directory_of,
        tables=dialysate_figure_tables,
        facts=facts_of_figures,
        code=code("draw_dialysate_figures.py"),
    message:
        "Draw the dialysate figures of {wildcards.experiment}."
    script:
        "../scripts/draw_dialysate_figures.py"


rule draw_unit_figures:
    input:
        lambda wildcards: figure_files(unit_figure_tables(wildcards)),
        captions=CAPTIONS,
    output:
        directory(result("figures/units")),
    log:
        log_of("draw_unit_figures"),
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        directory=directory_of,
        tables=unit_figure_tables,
        facts=facts_of_figures,
        code=code("draw_unit_figures.py"),
    message:
        "Draw the unit figures of {wildcards.experiment}."
    script:
        "../scripts/draw_unit_figures.py"
