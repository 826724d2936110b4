"""Run the benchmarks: one interface of all parts, one way to measure time, one table of results."""
