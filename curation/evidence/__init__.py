"""What the checks build on: settings, the batch they share, facts in a text, groups and norms."""
