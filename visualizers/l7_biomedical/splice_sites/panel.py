"""Splice sites: one convolutional filter learns what all of them have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import choice, flag, hidden, integer, number, source, text

EXAMPLES = 100  # sites of the test part that can be looked at
BASES = "ACGU"
MODELS = ("filter", "logistic regression", "Transformer")
LONGEST_SCAN = 300


@dataclass(frozen=True)
class Params:
    data: str = source("sites", "splice-sites", label="Sites", help=(
        "Where exons end in human genes; an own file has a stretch of bases in each line."))
    decoys: Literal["random, with GU", "random", "shuffled sites"] = choice(
        "random, with GU", label="Against",
        help="What the sites must be told from: random bases that keep what nearly all sites have, "
             "GU; random bases throughout; or sites whose bases have changed places, all but GU.")
    examples: int = integer(
        4000, 10, 7000, log=True, unit="site", label="Sites to learn from",
        help="So many sites, drawn as often as they occur in the genome, and as many decoys.")
    width: int = integer(9, 2, 12, unit="base", label="Filter width",
                         help="How many neighbouring bases the filter reads at once.")
    room: int = integer(
        0, 0, 12, unit="base", label="Room to move",
        help="So many random bases are put round each stretch, which then begins anywhere among them.")
    k: int = integer(3, 1, 4, unit="base", label="k-mer length",
                     help="The Transformer reads overlapping words of so many bases.")
    shuffle: bool = flag(
        False, restart=True, label="Shuffle the sites",
        help="The sites' own bases change places, all but GU: what is learnt from them now is which "
             "bases they have, not where.")
    judge: Literal["filter", "logistic regression", "Transformer"] = choice(
        "filter", restart=False, label="Mutations judged by",
        help="Whose score the map of mutations shows.")
    example: int = integer(0, 0, EXAMPLES - 1, restart=False, label="Site shown",
                           help="A site of the test part, to mutate. No model learns from it.")
    sequence: str = text("", label="Sequence to scan", help=(
        "Bases of your own, A, C, G and U or T; empty scans random bases with three sites in them."))
    learning_rate: float = number(
        0.005, 1e-4, 0.1, log=True,
        help="Size of one update (Adam) of the Transformer; six times as large for the other two.")
    seed: int = integer(0, 0, 999, help="Draws other sites, other decoys and other weights.")
    mutated: tuple[object, ...] = hidden(())  # (example, place, base, place, base …)
    left: str = hidden("roc", stays=True)  # what the small plot at the left shows
    right: str = hidden("mutations", stays=True)  # … and at the right


@dataclass(frozen=True)
class Frame:
    """What the filter has become beside what the sites are, over the same C columns.

    Models stand in the order of ``MODELS``.
    """

    title: str  # of the sites
    distinct: Annotated[int, "≥ 1"]  # how many different ones there are
    filter_logo: Annotated[Float32, "C 4", "C ≥ 2", "0 … 2.1"]  # bits of each base
    data_logo: Annotated[Float32, "C 4", "0 … 2.1"]
    labels: Annotated[tuple[str, ...], "C"]  # of the columns: −3 −2 −1 +1 +2 …
    boundary: Annotated[int, "0 … C"]  # the column with which the intron begins; 0 where unknown
    begin: Annotated[int, "0 … C-1"]  # the filter's first column …
    width: Annotated[int, "1 … C-begin"]  # … and how many it has
    agreement: Annotated[float, "-1 … 1"]  # correlation of its weights with the log-odds
    fpr: Annotated[Float32, "R", "0 … 1"]  # share of decoys that are taken for sites, and there
    tpr: Annotated[Float32, "3 R", "0 … 1"]  # the share of sites that are found
    aucs: Annotated[Float32, "3", "0 … 1"]
    accuracies: Annotated[Float32, "3", "0 … 1"]
    best: Annotated[float, "0 … 1"]  # AUC of the true log-odds; 0 where they are not known
    filled: Annotated[Float32, "2 S", "0 … 1"]  # masked k-mers that are filled in, in sites and in
    #                      random bases, where 1 … S neighbours are masked at once
    fill_theory: Annotated[Float32, "S", "0 … 1"]  # in random bases: ¼ for each base that nobody shows
    k: Annotated[int, "≥ 1"]
    site: Annotated[str, "L"]  # the site shown, with its mutations
    original: Annotated[str, "L"]
    effects: Annotated[Float32, "4 L", "any"]  # what another base there would add to the score
    odds: Annotated[Float32, "3", "0 … 1"]  # that it is a site
    odds_before: Annotated[Float32, "3", "0 … 1"]  # without the mutations
    scanned: Annotated[str, "n", "n ≥ 2"]
    scores: Annotated[Float32, "P", "P ≥ 1", "P ≤ n", "any"]  # of the filter, laid on each place
    planted: Annotated[Int32, "Q", "0 … P-1"]  # where there are real sites
    found: Annotated[int, "0 … Q"]
    false_alarms: Annotated[int, "0 … P"]
    ignored: Annotated[int, "≥ 0"]  # signs of the learner's own sequence that are no bases


PANEL = Panel(
    id="splice_sites",
    title="Splice sites",
    claim="Told only which stretches of RNA are splice sites, one filter turns into their motif; what "
          "all examples share teaches it nothing.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l7_biomedical.splice_sites.experiment:SpliceSites",
    view="visualizers.l7_biomedical.splice_sites.view:SpliceSitesView",
    scalars=("loss", "logistic_loss", "transformer_loss", "fill_loss", "auc", "logistic_auc",
             "transformer_auc", "accuracy", "logistic_accuracy", "transformer_accuracy", "agreement"),
    headline="auc",
    headline_label="the filter's AUC",
    concepts=("7.6", "7.7"),
    rests_on=("text_cnn", "attention_maps"),
    keywords=("splice site", "sequence logo", "motif", "position weight matrix", "log-odds", "CNN",
              "k-mer", "DNA", "RNA", "ROC", "AUC", "DNABERT", "mutagenesis", "剪接位点", "序列标识图", "基序",
              "位置权重矩阵", "对数几率", "k 元组", "基因组", "突变"),
    proved_with={"examples": 300},
)
