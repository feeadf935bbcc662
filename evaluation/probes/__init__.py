"""Probes: what a fine-tune may have cost beside its task. What was forgotten, invented, unfair, or no longer obeyed."""
