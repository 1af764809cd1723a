"""Models in other forms: descriptions, Markdown, NIR and LEMS, NeuroML."""
