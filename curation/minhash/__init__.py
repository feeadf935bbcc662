"""The near-duplicate engine: normalised text, n-grams, MinHash bands as a net, exact Jaccard on every candidate."""
