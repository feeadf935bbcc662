"""Where two texts differ, word by word: the ranges that a page marks on either side."""

from core.text_diff import MAX_COMPARISONS, Diff, Range, diff

__all__ = ["MAX_COMPARISONS", "Diff", "Range", "diff"]
