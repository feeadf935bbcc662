"""Rules that decide whether two texts about one thing can both be right."""
