"""Combing a dataset: readers, checks, the review queue, revisions, splits and export."""
