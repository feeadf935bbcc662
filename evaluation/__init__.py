"""Measures what a fine-tune changed: perplexity, metrics, blind review, and a decision with its reasons."""
