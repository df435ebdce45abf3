"""The deterministic layer: plain functions that judge (spec, case, execution), and probes that must be refused."""
