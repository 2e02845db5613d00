"""Chinese words: jieba's, which lecture 1's ``segmentation`` writes out by hand."""

from __future__ import annotations

import logging
import sys
from functools import lru_cache


@lru_cache(maxsize=8192)
def words_in(text: str) -> tuple[str, ...]:
    """The pieces that jieba cuts a text into, spaces and signs among them.

    Remembered, since each set-up of an experiment cuts the same text; a word is kept once.
    """
    import jieba

    jieba.setLogLevel(logging.CRITICAL)  # it reports its dictionary on stderr otherwise
    return tuple(map(sys.intern, jieba.cut(text)))
