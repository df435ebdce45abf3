"""evalkit: evaluation and test harness for AI agents that handle protected health information."""

__version__ = "0.1.0"
