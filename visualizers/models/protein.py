"""Masked models of proteins, all read alike: residues in, scores of the twenty residues out.

The model that is trained live, Sapiens (a RoBERTa saved by fairseq) and AntiBERTy (a BERT) are all the
Transformer of ``visualizers/models/bert.py``; they differ in size, in the numbers of their tokens, and in
the tokens that they want before and behind a chain.

Shapes: B chains, T residues, C channels, H heads.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from visualizers.data.kinds.alignment import GAP, RESIDUES
from visualizers.data.kinds.protein_model import ProteinModel
from visualizers.models.bert import Bert, BertConfig, load_weights
from visualizers.models.gpt import Kept
from visualizers.refusal import Refusal

MASK = GAP + 1  # the code of a residue that is hidden
OFFSET = 2  # RoBERTa's places are numbered from beyond its padding token

# The names that fairseq gives to the weights, beside those here.
_FAIRSEQ = {
    "token_embedding": "sentence_encoder.embed_tokens", "norm": "sentence_encoder.emb_layer_norm",
    "head": "lm_head.dense", "head_norm": "lm_head.layer_norm", "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj", "attention.value": "self_attn.v_proj",
    "attention.out": "self_attn.out_proj", "norm_1": "self_attn_layer_norm", "up": "fc1", "down": "fc2",
    "norm_2": "final_layer_norm"}


@dataclass
class ProteinReader:
    """A masked model, and which of its tokens is which residue.

    Attributes:
        tokens: (22,) the token of each residue, of a gap and of the mask.
        before, behind: tokens round a chain; one is enough for those that were trained so.
        limit: the longest chain in residues.
    """

    bert: Bert
    tokens: Tensor
    before: tuple[int, ...] = ()
    behind: tuple[int, ...] = ()

    @property
    def limit(self) -> int:
        return self.bert.config.context - len(self.before) - len(self.behind)

    def scores(self, residues: Tensor, keep: Kept | None = None) -> Tensor:
        """Codes 0 … 21 (B, T) → scores of the twenty residues at each place (B, T, 20)."""
        B, T = residues.shape
        ids = self.tokens[residues]                                             # (B, T)
        around = [torch.tensor(one, device=ids.device).expand(B, len(one)).to(ids)
                  for one in (self.before, self.behind)]
        begin = len(self.before)
        hidden = self.bert(torch.cat([around[0], ids, around[1]], 1), keep=keep)
        scores: Tensor = self.bert.read_out(hidden[:, begin : begin + T])       # (B, T, V)
        return scores[..., self.tokens[:GAP]]

    @torch.no_grad()
    def hidden_one_by_one(
        self, residues: Tensor, also: Tensor, passes: int = 0
    ) -> tuple[Tensor, Tensor]:
        """What the model expects at each place of a chain while that place is masked.

        Args:
            residues: (T,) codes.
            also: (T,) true where a residue is masked in all readings.
            passes: mask every so-manieth residue at once; 0 masks one at a time.

        Returns:
            chances of the twenty residues (T, 20), and how much each place looks at the others while
            it is masked, the mean of all heads and layers (T, T).
        """
        T = len(residues)
        n = passes or T
        places = torch.arange(T, device=residues.device)
        masked = (places % n == torch.arange(n, device=residues.device)[:, None]) | also  # (n, T)
        keep = Kept()
        scores = self.scores(residues.masked_fill(masked, MASK), keep)          # (n, T, 20)
        begin = len(self.before)
        seen = torch.stack([one.mean(1) for one in keep.attention]).mean(0)     # (n, T', T')
        seen = seen[:, begin : begin + T, begin : begin + T]                    # (n, T, T)
        return scores[places % n, places].softmax(-1), seen[places % n, places]


def live_reader(
    columns: int, layers: int, generator: torch.Generator, device: str, width: int = 64
) -> ProteinReader:
    """A model that has learnt nothing yet."""
    bert = Bert(BertConfig(MASK + 1, columns, layers, heads=4, width=width, inner=4 * width, segments=1),
                generator)
    with torch.no_grad():  # BERT's own start, N(0, 0.02²), is made for wider models
        for weight in bert.parameters():
            weight.mul_(5 if weight.dim() == 2 else 1)
    return ProteinReader(bert.to(device), torch.arange(MASK + 1, device=device))


def trained_reader(files: ProteinModel, device: str) -> ProteinReader:
    """A model that was trained before. Raises ``Refusal`` if its file is not what it should be."""
    try:
        # Numbers are read from the file and nothing else: any class but a bare record is refused.
        with torch.serialization.safe_globals([argparse.Namespace]):
            read = torch.load(io.BytesIO(files.weights), weights_only=True, map_location="cpu")
        config, weights = (_of_fairseq if files.form == "fairseq" else _of_transformers)(files, read)
        bert = Bert(config, torch.Generator())
        bert.load_state_dict(weights) if files.form == "fairseq" else load_weights(bert, weights)
    except Exception as error:
        raise Refusal("The weights of {name} are damaged or of another kind; fetch them again.",
                      name=files.title) from error
    at = {token: number for number, token in enumerate(files.vocabulary)}
    begin, end, unknown, mask = ("<s>", "</s>", "<unk>", "<mask>") if files.form == "fairseq" \
        else ("[CLS]", "[SEP]", "[UNK]", "[MASK]")
    tokens = [at[one] for one in (*RESIDUES, unknown, mask)]
    return ProteinReader(bert.to(device).eval(), torch.tensor(tokens, device=device), (at[begin],),
                         (at[end],))


def _of_transformers(
    files: ProteinModel, read: Mapping[str, Tensor]
) -> tuple[BertConfig, Mapping[str, Tensor]]:
    return BertConfig.of(files.config), read


def _of_fairseq(files: ProteinModel, read: Mapping[str, Any]) -> tuple[BertConfig, dict[str, Tensor]]:
    """RoBERTa's weights under the names of ``Bert``, without its two unused places."""
    theirs = {name.removeprefix("decoder."): one for name, one in read["model"].items()}
    places = theirs["sentence_encoder.embed_positions.weight"][OFFSET:]         # (144, C)
    vocabulary, width = theirs["sentence_encoder.embed_tokens.weight"].shape
    layers = 1 + max(int(name.split(".")[2]) for name in theirs if ".layers." in name)
    config = BertConfig(vocabulary, len(places), layers, files.config["num_attention_heads"], width,
                        theirs["sentence_encoder.layers.0.fc1.weight"].shape[0], 1,
                        files.config["layer_norm_eps"])
    ours = {"position_embedding.weight": places, "segment_embedding.weight": torch.zeros(1, width),
            "head_bias": theirs["lm_head.bias"]}
    for name in Bert(config, torch.Generator()).state_dict():
        if name in ours:
            continue
        part, _, last = name.rpartition(".")
        if part.startswith("blocks."):
            _, number, inside = part.split(".", 2)
            ours[name] = theirs[f"sentence_encoder.layers.{number}.{_FAIRSEQ[inside]}.{last}"]
        else:
            ours[name] = theirs[f"{_FAIRSEQ[part]}.{last}"]
    return config, ours
