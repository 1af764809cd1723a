"""What a pipeline is: its options, the table of the stages, and stages as files, texts and differences."""
