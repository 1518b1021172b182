"""The mathematics of a model."""
