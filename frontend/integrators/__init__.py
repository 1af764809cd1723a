"""Numerical integration: from differential equations to the assignments of one step."""
