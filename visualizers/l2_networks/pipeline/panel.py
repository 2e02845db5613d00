"""A classifier of texts in five steps: prepare, build, train, evaluate, test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32
from widgets.controls.parameters import choice, hidden, integer, number, source, text

OTHER = 1  # the number that all words share which have none of their own


@dataclass(frozen=True)
class Params:
    data: str = source(
        "labelled", "made-reviews", label="Texts",
        help="The labelled texts: part is learnt from, part decides when to stop, part is tested on.")
    model: Literal["GRU", "LSTM", "RNN", "CNN", "bag of vectors"] = choice(
        "GRU", help="What reads the words' vectors. The bag takes their mean and knows no order.")
    learning_rate: float = number(0.003, 1e-4, 0.1, log=True, help="Size of one update (Adam).")
    dropout: float = number(
        0.3, 0.0, 0.8, help="Share of the text's features that are left out at random in training.")
    patience: int = integer(
        3, 1, 10, unit="epoch",
        help="Training ends when the validation loss has not fallen for so many epochs; the best "
             "epoch's weights are kept.")
    width: int = integer(
        48, 8, 128, log=True, unit="unit",
        help="How many numbers stand for a word, and how many for what has been read.")
    vocabulary: int = integer(
        4000, 50, 10_000, log=True, unit="word",
        help="So many of the most frequent words get a number; all others share one.")
    batch: int = integer(32, 8, 128, log=True, unit="example", label="Batch size",
                         help="Texts in one training step.")
    sentence: str = text("", label="Your own text",
                         help="Goes through the same steps. Empty shows a text of the validation set.")
    seed: int = integer(0, 0, 999, help="Splits the texts differently and draws other weights.")
    open: int = hidden(0, help="Which step is shown, 1 to 5; 0 follows the run.")


@dataclass(frozen=True)
class Frame:
    """Where the run stands in the five steps, and what each of them has made so far.

    C classes; before the end nothing of the test set is here.
    """

    reached: Annotated[int, "2 … 5"]  # the last step that has begun
    code: Annotated[tuple[str, ...], "5"]  # the source of each step
    names: Annotated[tuple[str, ...], "C", "C ≥ 1"]
    title: str  # of the texts
    sizes: Annotated[Int32, "3", "≥ 0"]  # texts to train, validate and test with
    vocabulary: Annotated[int, "≥ 2"]  # words that have a number, with "no word" and "another word"
    unknown: Annotated[float, "0 … 1"]  # share of the validation set's words that have none
    example: str
    tokens: Annotated[tuple[str, ...], "n"]  # the words of the example, as far as they are read
    words: Annotated[int, "≥ n"]  # in all of it
    ids: Annotated[Int32, "n", "0 … vocabulary-1"]  # their numbers; ``OTHER`` for unknown ones
    chances: Annotated[Float32, "C", "0 … 1"]  # what the model now says of the example
    batch: Annotated[Int32, "B L", "B*L ≥ 1", "0 … vocabulary-1"]  # the last one; 0 fills up
    layers: Annotated[tuple[str, ...], "K"]
    shapes: Annotated[tuple[str, ...], "K"]  # what each layer gives
    parameters: Annotated[Int32, "K", "≥ 0"]
    epoch: Annotated[int, "≥ 0"]
    best_epoch: Annotated[int, "0 … epoch"]
    valid_steps: Annotated[Int32, "epoch+1", "≥ 0"]  # training steps before each validation
    valid_loss: Annotated[Float32, "epoch+1", "≥ 0"]
    valid_accuracy: Annotated[Float32, "epoch+1", "0 … 1"]
    train_accuracy: Annotated[Float32, "epoch", "0 … 1"]  # in the epoch's own batches, with dropout
    now_loss: Annotated[float, "≥ 0"]  # on the validation set, of the weights as last measured
    now_accuracy: Annotated[float, "0 … 1"]
    valid_majority: Annotated[float, "0 … 1"]  # accuracy of always naming the most frequent class
    valid_bag: Annotated[float, "0 … 1"]  # accuracy of logistic regression on counts of words
    test_accuracy: Annotated[float, "0 … 1"]
    test_majority: Annotated[float, "0 … 1"]
    test_bag: Annotated[float, "0 … 1"]
    confusion: Annotated[Int32, "C C", "≥ 0"]  # rows: the true class, columns: the answer
    wrong: Annotated[tuple[str, ...], "W"]  # texts of the test set with a wrong answer, surest first
    wrong_true: Annotated[Int32, "W", "0 … C-1"]
    wrong_given: Annotated[Int32, "W", "0 … C-1"]


PANEL = Panel(
    id="pipeline",
    title="A classifier in five steps",
    claim="Five steps: prepare, build, train, evaluate, and a test that is looked at once, when all "
          "is decided.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l2_networks.pipeline.experiment:Pipeline",
    view="visualizers.l2_networks.pipeline.view:PipelineView",
    scalars=("loss", "accuracy", "valid_loss", "valid_accuracy", "epoch"),
    headline="valid_accuracy",
    headline_label="validation accuracy",
    concepts=("2.15", "2.11", "2.8", "2.9"),
    keywords=("pipeline", "PyTorch", "train", "validation", "test", "early stopping", "overfitting",
              "sentiment", "SST-2", "baseline", "bag of words", "confusion matrix", "notebook",
              "流程", "训练集", "验证集", "测试集", "早停", "过拟合", "情感分类", "基线", "混淆矩阵"),
    proved_with={"width": 8, "batch": 8, "vocabulary": 400},
)
