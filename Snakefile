# The entry that people expect at the top; everything is in workflow/.
include: "workflow/Snakefile"


rule default:
    default_target: True
    input:
        rules.all.input,
    message:
        "All experiments are done."
