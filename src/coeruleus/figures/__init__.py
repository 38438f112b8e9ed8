"""Source tables in, Matplotlib figures out; one style sheet."""
