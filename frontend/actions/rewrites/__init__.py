"""Optimisations of what objects ask for, before there is a graph: named, listed and left out like passes."""
