"""The report of a script: one page that shows what each stage and pass made of its programs."""
