"""The course's models, each as one thing to do for a batch of B texts. Weights are as they come; only the
work counts here, and it is the same for all weights."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from visualizers.models import checkpoint
from visualizers.models.opened import states
from visualizers.models.recurrent import LSTM
from visualizers.models.text_cnn import TextCNN

READ, WORDS, WIDTH, KNOWN = 32, 24, 64, 2000  # tokens, words of a sentence, numbers a word, vocabulary
NEGATIVES = 5

Run = Callable[[], object]


def course(batch: int, device: str, generator: torch.Generator) -> dict[str, Run]:
    """Name → what to run, in the order of ``MODELS``."""
    gpt = checkpoint.load_tiny_gpt().gpt.to(device).eval()
    bert = checkpoint.load_small_bert()[0].to(device).eval()
    tokens = torch.randint(4, 200, (batch, READ), generator=generator).to(device)      # (B, T)
    with torch.no_grad():
        cache = states(gpt, tokens[:, :-1], None)[1]  # keys and values of what has been read

    words = torch.randint(1, KNOWN, (batch, WORDS), generator=generator).to(device)    # (B, T)
    lengths = torch.full((batch,), WORDS, device=device)
    cnn = TextCNN(KNOWN, WIDTH, 3, 2 * WIDTH, 2, generator)
    cnn.tensors = {name: one.to(device) for name, one in cnn.tensors.items()}

    def normal(*shape: int) -> Tensor:
        return (0.1 * torch.randn(*shape, generator=generator)).to(device)

    vectors, outside = normal(KNOWN, WIDTH), normal(KNOWN, WIDTH)
    inward, around = normal(WIDTH, 4 * WIDTH), normal(4 * WIDTH, WIDTH)
    cell = LSTM()

    def lstm() -> Tensor:
        x = F.embedding(words.T, vectors)                                              # (T, B, C)
        return cell.forward(x @ inward, around)[0]                                     # (T + 1, B, 2 C)

    def word2vec() -> Tensor:
        """One gradient of skip-gram with negative sampling, for B pairs of words."""
        v = F.embedding(words[:, 0], vectors)                                          # (B, C)
        u = F.embedding(words[:, 1 : NEGATIVES + 2], outside)                          # (B, 1 + K, C)
        wrong = torch.sigmoid(torch.bmm(u, v[:, :, None]))                             # (B, 1 + K, 1)
        wrong[:, 0] -= 1
        return torch.bmm(wrong.mT, u)                                                  # (B, 1, C)

    return {
        "GPT writes": lambda: gpt.read_out(states(gpt, tokens[:, -1:], cache)[0]),
        "GPT reads": lambda: gpt(tokens),
        "BERT": lambda: bert(tokens),
        "LSTM": lstm,
        "CNN": lambda: cnn.logits(words, lengths),
        "word2vec": word2vec,
    }
