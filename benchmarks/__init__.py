"""Commands that measure what the project promises: one a figure, each with its bars (see ``docs/benchmarks.md``)."""
