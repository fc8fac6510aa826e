"""Heed: understands every customer message, answers it or hands it to a human with a clock running."""

__version__ = "0.1.0"
