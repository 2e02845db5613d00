"""Embeddings in motion: word2vec in all its variants, trained while its words find their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int16, Int32, UInt8
from widgets.controls.parameters import choice, flag, hidden, integer, number, source
from widgets.controls.parameters import text as typed

RATES = (0.03, 0.3, 3.0)  # learning rates, in the rows of the grid
BATCHES = (64, 256, 1024)  # positions of an update, in its columns
GRID = tuple(f"twins_{at}" for at in range(len(RATES) * len(BATCHES)))  # their scores in the history


@dataclass(frozen=True)
class Params:
    text: str = source("text", "python-reference", help="What is read, again and again.")
    model: Literal["skip-gram", "CBOW"] = choice(
        "skip-gram", help="Skip-gram predicts each neighbour from the word in the middle; CBOW "
        "predicts the word in the middle from the mean of its neighbours.")
    output: Literal["negative sampling", "hierarchical softmax", "full softmax"] = choice(
        "negative sampling", help="How a word is predicted: against a few random words, by yes/no "
        "decisions down a Huffman tree, or against the whole vocabulary.")
    word: str = typed("", help="Whose neighbours are shown: type a word, or click one in the "
                      "map.")
    window: int = integer(5, 1, 10, unit="word", restart=False, help="How far neighbours may be.")
    soft: bool = flag(True, label="Soft window", help="The window of each word has a size of its own, "
                      "from 1 to the one above; otherwise all have that one.")
    negatives: int = integer(5, 1, 20, restart=False, label="Negatives k",
                             help="Random words that each true neighbour is set against.",
                             when={"output": ("negative sampling",)})
    noise_power: float = number(0.75, 0.0, 1.0, label="Noise power α",
                                help="Negatives are drawn in proportion to frequency to this "
                                "power: 1 as in the text, 0 all words alike.",
                                when={"output": ("negative sampling",)})
    subsampling: float = number(1e-3, 1e-5, 1.0, log=True, off=1.0, label="Subsampling t",
                                help="Occurrences of a word of relative frequency f are dropped "
                                "with probability 1 − √(t / f).")
    learning_rate: float = number(0.1, 0.001, 1.0, log=True, help="Size of one update.")
    dimension: int = integer(64, 2, 300, log=True, help="Numbers in a word's vector.")
    vocabulary: int = integer(800, 50, 50_000, log=True, unit="word",
                              help="Only this many of the most frequent words are kept.")
    grid: bool = flag(False, restart=True, label="Grid of runs", help=(
        "Trains nine models side by side: learning rates 0.03, 0.3 and 3, each with updates "
        "from 64, 256 and 1,024 positions."))
    sentence: str = typed("Never too late to learn", label="Sentence",
                          help="Over which the window slides.")
    seed: int = integer(0, 0, 999, help="Decides the initial vectors and all that is drawn.")
    refit: int = hidden(0, stays=True)
    large: str = hidden("", stays=True, help="What the large card shows: map, window or grid.")
    place: int = hidden(0, help="The word of the sentence on which the window stands.")
    shaken: int = hidden(0, stays=True, help="How often sizes and drops of the sentence were drawn anew.")
    cell: int = hidden(4, help="The model of the grid whose map is shown.")


@dataclass(frozen=True)
class Frame:
    """V words on a map, and one of them with the d numbers of its vector."""

    points: Annotated[Int16, "V 2", "any"]  # the map: positions in units of extent / 32767
    extent: Annotated[float, "> 0", "≤ 2"]  # half the width of the map
    fitted: Annotated[int, "≥ 0"]  # the step at which the map's axes were fitted
    closeness: Annotated[UInt8, "V", "any"]  # cosine with the chosen word, 0 … 255 for 0 … 1
    labels: Annotated[tuple[str, ...], "W", "W ≤ V"]  # the most frequent words; the first points
    twins: Annotated[Int32, "M 2", "0 … V-1"]  # planted twins, as points
    twins_found: Annotated[float, "0 … 1"]  # share of twins among each other's ten nearest words
    twin_words: Annotated[tuple[str, ...], "2*M"]  # their names

    word: str  # the chosen word
    asked: str  # the word asked for, where the vocabulary lacks it
    word_at: Annotated[int, "0 … V-1"]  # its point; words are ranked by frequency
    frequency: Annotated[float, "0 … 1"]  # its share of the text
    noise: Annotated[float, "0 … 1"]  # its share of the negatives
    kept: Annotated[float, "0 … 1"]  # the probability that an occurrence of it is kept
    neighbours: Annotated[tuple[str, ...], "K"]  # nearest words in the original space, nearest first
    neighbours_at: Annotated[Int32, "K", "0 … V-1"]
    cosines: Annotated[Float32, "K", "-1 … 1"]

    centre: str  # the pair of the moment: the word in the middle of a window
    context: str  # … and one of its neighbours
    rows: Annotated[Float32, "R d", "any"]  # exactly the vectors this pair touches
    row_words: Annotated[tuple[str, ...], "R"]  # whose they are; inputs first
    inputs: Annotated[int, "0 … R"]  # how many of the rows are inputs
    row_probability: Annotated[Float32, "R-inputs", "0 … 1"]  # what the model gives each output
    row_target: Annotated[Float32, "R-inputs", "0 … 1"]  # what it should give: 1 or 0

    path_left: Annotated[UInt8, "L", "0 … 1"]  # hierarchical softmax: 1 where the path goes left
    path_probability: Annotated[Float32, "L", "0 … 1"]  # of the decision taken
    path_off: Annotated[tuple[str, ...], "L"]  # the most frequent word on the side not taken
    path_word: str  # where the path leads

    touched: Annotated[Float32, "3", "≥ 0"]  # output weights one pair touches: full, negative, tree
    matrix: Annotated[float, "> 0"]  # all output weights: V · d
    vocabulary: Annotated[int, "= V"]

    sentence: Annotated[tuple[str, ...], "S", "S ≥ 1"]  # the words of a sentence
    keeping: Annotated[Float32, "S", "0 … 1"]  # the probability that each is kept
    drawn: Annotated[UInt8, "S", "0 … 1"]  # 1 where it was, this time
    sizes: Annotated[Int32, "S", "≥ 1"]  # of the window round each, this time
    place: Annotated[int, "0 … S-1"]  # where the window stands
    pairs: Annotated[Int32, "P 2", "0 … S-1"]  # (middle, neighbour) of all windows up to there

    cell: Annotated[int, "0 … 8"]  # the model that is shown
    grid: Annotated[Float32, "G", "0 … 1"]  # share of twins found by each model of the grid, row by row
    batches: Annotated[Int32, "C", "≥ 1"]  # of its columns


PANEL = Panel(
    id="word2vec", title="Embeddings in motion",
    claim="Words that keep the same company come to lie together, and each update touches only a "
    "handful of vectors.",
    params=Params, frame=Frame,
    experiment="visualizers.l1_basics.word2vec.experiment:Word2Vec",
    view="visualizers.l1_basics.word2vec.view:Word2VecView",
    scalars=("loss", "twins"),
    headline="twins",
    headline_label="share of twins found",
    concepts=("1.10", "1.11", "1.12", "1.13", "1.15"),
    keywords=("word2vec", "skip-gram", "CBOW", "negative sampling", "hierarchical softmax",
              "Huffman", "embedding", "subsampling", "词嵌入", "词向量", "负采样", "分层softmax",
              "哈夫曼树", "下采样", "滑动窗口", "sliding window",
              "soft window", "learning rate", "batch size", "hyper-parameters", "软窗口", "超参数",
              "批次大小"),
    sources=("wordsim353", "questions-words"),
    proved_with={"dimension": 8, "vocabulary": 200},
)
