"""The arrays behind variables, made when they are asked for."""
