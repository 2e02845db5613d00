"""How large published language models were, as their papers say: facts, with their sources.

Weights are all of a dense model; models of which only a part works on each token (mixtures of experts)
are left out, and so are those whose makers do not say. Tokens are those it was trained on, with repeats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visualizers.l1_basics.scaling.law import fit


@dataclass(frozen=True)
class Published:
    """One model: year and month as a decimal, weights and training tokens (0: not said)."""

    name: str
    year: float
    weights: float
    tokens: float
    paper: str


def _when(year: int, month: int) -> float:
    return year + (month - 0.5) / 12


MODELS = (
    Published("GPT", _when(2018, 6), 117e6, 0, "Radford et al. 2018"),
    Published("BERT-large", _when(2018, 10), 340e6, 0, "Devlin et al. 2019"),
    Published("GPT-2", _when(2019, 2), 1.5e9, 0, "Radford et al. 2019"),
    Published("Megatron-LM", _when(2019, 9), 8.3e9, 0, "Shoeybi et al. 2019"),
    Published("T5", _when(2019, 10), 11e9, 1e12, "Raffel et al. 2020"),
    Published("GPT-3", _when(2020, 5), 175e9, 300e9, "Brown et al. 2020"),
    Published("Gopher", _when(2021, 12), 280e9, 300e9, "Rae et al. 2021"),
    Published("MT-NLG", _when(2022, 1), 530e9, 270e9, "Smith et al. 2022"),
    Published("Chinchilla", _when(2022, 3), 70e9, 1.4e12, "Hoffmann et al. 2022"),
    Published("PaLM", _when(2022, 4), 540e9, 780e9, "Chowdhery et al. 2022"),
    Published("LLaMA", _when(2023, 2), 65e9, 1.4e12, "Touvron et al. 2023"),
    Published("Llama 3.1", _when(2024, 7), 405e9, 15.6e12, "Dubey et al. 2024"),
)
LARGEST = tuple(one for at, one in enumerate(MODELS)  # when it came out
                if all(one.weights > before.weights for before in MODELS[:at]))


def yearly_growth() -> tuple[float, float, float]:
    """By what the largest grew a year, the standard error of its logarithm, and the weights of 2018.0.

    Exponential in the year, which is a power of e to the year.
    """
    law = fit(np.exp([one.year - 2018 for one in LARGEST]), np.array([one.weights for one in LARGEST]))
    assert law is not None
    start = float(np.exp(law.scale + law.exponent * law.middle))
    return float(np.exp(-law.exponent)), float(law.errors()[1]), start
