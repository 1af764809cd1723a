"""Groups of neurons: equations, threshold, reset, refractoriness."""
