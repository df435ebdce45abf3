"""Statistics, usable alone. In: arrays of per-case values with cluster ids. Out: frozen estimates and differences."""
