"""What spans two stages: the demo, leak checks, reports over everything, tracing failures back to the data."""
