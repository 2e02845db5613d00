"""From sentences to a graph: names are tagged, and what one does to the other is read off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.data.abstracts import RELATIONS, TAGS
from visualizers.panel import Panel
from visualizers.shapes import Float32, Int32, UInt8
from widgets.controls.parameters import choice, flag, hidden, integer, number

SHOWN = 12  # sentences that can be shown, of known names and of unseen ones
RIGHT, WRONG, MISSED = range(3)  # what an edge is
ANSWERS = RELATIONS  # what can be said of a drug and a disease
LABELS = TAGS  # of words


@dataclass(frozen=True)
class Params:
    texts: int = integer(9, 1, SHOWN, unit="text", restart=False, label="Texts read",
                         help="From how many test texts, of a sentence each, the graph is made.")
    unseen: float = number(
        0.5, 0.0, 1.0, label="With unseen names",
        help="The share of these texts whose names never occurred in training.")
    characters: bool = flag(
        True, label="Characters",
        help="The graph of the tagger that also reads the pieces of each word, or of the one that knows "
             "whole words alone. Both learn, side by side.")
    markers: bool = flag(
        True, label="Entity markers",
        help="The graph of the reader to which the two names in question are marked, or of the one that "
             "is not told which are meant. Both learn.")
    names: int = integer(
        200, 10, 400, log=True, label="Names in training", unit="name",
        help="How many drugs and as many diseases occur in training.")
    negation: float = number(
        0.25, 0.0, 0.5, restart=True, label="Negated in training",
        help="The share of the findings in training that say “did not”. In the tests it is a quarter.")
    drugs: Literal["real drugs", "made drugs"] = choice(
        "real drugs", label="Names of drugs",
        help="Real generic names, where they have been fetched, or names made of syllables. Diseases are "
             "titles of ICD-10-CM, what is said of them is drawn by lot.")
    learning_rate: float = number(0.01, 1e-4, 0.1, log=True, help="Size of one update (Adam).")
    hidden_size: int = integer(32, 4, 64, log=True, unit="unit", label="Units of each tagger",
                               help="Numbers in the two states from which a tag is read.")
    filters: int = integer(24, 4, 64, log=True, help="How many filters each reader has.")
    seed: int = integer(0, 0, 999, help="Draws other names, sentences, weights and batches.")
    edge: tuple[int, ...] = hidden(())  # (sentence, place of the drug, place of the disease)
    beside: str = hidden("names", stays=True)  # or "relations"


@dataclass(frozen=True)
class Frame:
    """The graph of some sentences: D drugs and S diseases with E edges; and one sentence of n words."""

    drugs: Annotated[tuple[str, ...], "D"]  # found, or missed
    diseases: Annotated[tuple[str, ...], "S"]
    drug_kind: Annotated[UInt8, "D", "0 … 2"]  # a known name, an unseen one, no name of a drug at all
    disease_kind: Annotated[UInt8, "S", "0 … 2"]
    drug_found: Annotated[UInt8, "D", "0 … 1"]  # whether the tagger found it
    disease_found: Annotated[UInt8, "S", "0 … 1"]
    ends: Annotated[Int32, "E 2", "≥ 0"]  # the drug and the disease of each edge
    relation: Annotated[Int32, "E", "1 … len(ANSWERS)-1"]  # what was found; of missed ones what is true
    state: Annotated[Int32, "E", "0 … 2"]  # right, wrong or missed
    score: Annotated[Float32, "E", "0 … 1"]  # how sure the reader is; 0 for missed ones
    where: Annotated[Int32, "E 3", "≥ 0"]  # the sentence, and the places of both names in it
    chosen: Annotated[int, "-1 … E-1"]  # the edge whose sentence is shown
    pair: Annotated[tuple[str, ...], "K", "K ≤ 2"]  # the drug and the disease that are read; none found
    words: Annotated[tuple[str, ...], "n", "n ≥ 1"]  # of the sentence that is shown
    tags: Annotated[Int32, "n", "0 … len(LABELS)-1"]  # true ones
    found: Annotated[Int32, "n", "0 … len(LABELS)-1"]  # by the tagger
    sure: Annotated[Float32, "n", "0 … 1"]  # its odds
    odds: Annotated[Float32, "ANSWERS", "0 … 1"]  # the reader's, of the chosen pair
    truth: Annotated[int, "0 … len(ANSWERS)-1"]  # what is said of the pair
    names_f1: Annotated[Float32, "2 2", "0 … 1"]  # whole words, characters too × known, unseen names
    relations_f1: Annotated[Float32, "2", "0 … 1"]  # no markers, markers; between the true names
    does_not: Annotated[Float32, "2", "0 … 1"]  # share of the negated findings that are found as such
    facts_f1: Annotated[Float32, "2 2 2", "0 … 1"]  # from text to graph: characters × markers × names
    read: Annotated[int, "≥ 0"]  # sentences
    real: bool  # whether the names of drugs are real


PANEL = Panel(
    id="knowledge_extraction",
    title="From sentences to a graph",
    claim="A name never seen is found by its spelling; what is said of two names, by marking them.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l7_biomedical.knowledge_extraction.experiment:Extraction",
    view="visualizers.l7_biomedical.knowledge_extraction.view:ExtractionView",
    scalars=("loss", "names_words_known", "names_words_unseen", "names_characters_known",
             "names_characters_unseen", "relations_plain", "relations_markers"),
    sources=("icd-10-cm", "drug-names"),
    rests_on=("bidirectional", "relation_cnn", "word2vec"),
    headline="names_characters_unseen",
    headline_label="F1 on unseen names, with characters",
    concepts=("7.2", "7.4", "7.16"),
    keywords=("named entity recognition", "NER", "BIO", "relation extraction", "knowledge graph",
              "drug", "entity markers", "character features", "F1", "命名实体识别", "关系抽取", "知识图谱",
              "实体标记", "药物", "字符特征"),
    proved_with={"names": 40, "hidden_size": 8, "filters": 8},
)
