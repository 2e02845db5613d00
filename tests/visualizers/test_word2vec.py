"""Truths of word2vec: its distributions, its tree, and its gradients against autograd."""

from __future__ import annotations

import heapq
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PySide6.QtWidgets import QPushButton
from torch import Tensor

from visualizers.catalog import panel
from visualizers.data import Data
from visualizers.data.sentences import sentences
from visualizers.l1_basics.word2vec.experiment import (
    BLOCK,
    Word2Vec,
    ascend,
    blocks,
    full_softmax,
    hierarchical_softmax,
    negative_sampling,
    unblock,
    windows,
)
from visualizers.l1_basics.word2vec.panel import BATCHES, GRID, RATES, Params
from visualizers.models.word2vec import (
    Huffman,
    Stream,
    Vocabulary,
    draw,
    keep_probability,
    noise_distribution,
    plant_twins,
    principal_plane,
    rank_correlation,
    split,
    touched_weights,
)
from visualizers.panel import Context, History, Shown
from visualizers.refusal import Refusal

PANEL = panel("word2vec")


def zipf(size: int) -> Tensor:
    """Counts like those of a text: the i-th word occurs 10,000 / i times."""
    return (10_000 / torch.arange(1, size + 1, dtype=torch.float64)).ceil()


def made(tmp_path: Path, **values: object) -> tuple[Word2Vec, Params]:
    params = replace(Params(vocabulary=200, dimension=12), **values)  # type: ignore[arg-type]
    one = Word2Vec(params, Context("cpu", params.seed, Data(tmp_path)))
    one.measure(params)
    return one, params


# --- distributions


@pytest.mark.parametrize("power", [0.0, 0.5, 0.75, 1.0])
def test_that_noise_is_frequency_to_the_power_normalised(power: float) -> None:
    counts = zipf(500)
    wanted = np.array([float(c) ** power for c in counts])
    assert np.allclose(noise_distribution(counts, power), wanted / wanted.sum(), rtol=1e-12)


def test_that_the_sampler_draws_words_as_often_as_the_noise_distribution_says() -> None:
    noise = noise_distribution(zipf(50), 0.75)
    drawn = draw(noise.cumsum(0), 200_000, torch.Generator().manual_seed(3))
    seen = torch.bincount(drawn, minlength=50).double()
    chi_square = float(((seen - 200_000 * noise) ** 2 / (200_000 * noise)).sum())
    assert chi_square < 85.4  # 49 degrees of freedom, p = 0.001
    # The same test refuses another power.
    other = 200_000 * noise_distribution(zipf(50), 0.65)
    assert float(((seen - other) ** 2 / other).sum()) > 85.4


def test_that_three_quarters_lift_a_rare_word() -> None:
    """Course 1.11: beside a word of .99, one of .01 is drawn with probability .0306."""
    noise = noise_distribution(torch.tensor([99.0, 1.0], dtype=torch.float64), 0.75)
    assert float(noise[1]) == pytest.approx(0.01**0.75 / (0.01**0.75 + 0.99**0.75), rel=1e-12)
    assert 0.02 < float(noise[1]) < 0.04


def test_that_frequent_words_are_kept_with_the_root_of_threshold_over_frequency() -> None:
    counts = torch.tensor([9000.0, 900.0, 90.0, 10.0], dtype=torch.float64)
    keep = keep_probability(counts, 1e-2)
    assert keep.tolist() == pytest.approx([(0.01 / 0.9) ** 0.5, (0.01 / 0.09) ** 0.5, 1.0, 1.0])
    assert keep_probability(counts, 1.0).tolist() == [1.0] * 4


def test_that_the_stream_keeps_words_as_often_as_it_should_and_in_their_order() -> None:
    text = torch.arange(4).repeat(5_000)
    keep = torch.tensor([0.1, 0.5, 1.0, 1.0])
    stream, generator = Stream(text), torch.Generator().manual_seed(1)
    taken = torch.cat([stream.take(1000, 0, keep, generator) for _ in range(40)])
    share = torch.bincount(taken, minlength=4).double() / len(taken)
    assert torch.allclose(share, (keep / keep.sum()).double(), atol=0.01)
    everything = Stream(torch.arange(100)).take(250, 5, torch.ones(100), generator)
    assert everything.tolist() == [i % 100 for i in range(260)]


def test_that_neighbouring_minibatches_overlap_only_in_their_margins() -> None:
    stream, generator = Stream(torch.arange(1000)), torch.Generator()
    first = stream.take(64, 3, torch.ones(1000), generator)
    second = stream.take(64, 3, torch.ones(1000), generator)
    assert first[-6:].tolist() == second[:6].tolist()


@pytest.mark.parametrize("reach", [1, 5, 10])
def test_that_a_window_holds_the_words_within_its_size_and_not_its_middle(reach: int) -> None:
    sizes = torch.randint(1, reach + 1, (3 * BLOCK,))
    window = windows(sizes, reach)
    for at, size in enumerate(sizes.tolist()):
        block, place = divmod(at, BLOCK)
        here = set((window[block, place].nonzero().flatten() + block * BLOCK - reach).tolist())
        assert here == set(range(at - size, at + size + 1)) - {at}


def test_that_a_soft_window_prefers_near_words() -> None:
    """A word d away is in the window with probability (S - d + 1) / S."""
    sizes = torch.randint(1, 6, (100 * BLOCK * 16,), generator=torch.Generator().manual_seed(0))
    window = windows(sizes, 5).view(-1, BLOCK, BLOCK + 10)
    for away in range(1, 6):
        share = float(window[:, 0, 5 + away].mean())
        assert share == pytest.approx((5 - away + 1) / 5, abs=0.03)


@pytest.mark.parametrize("reach", [0, 3, 8, 10])
def test_that_unblock_is_the_transpose_of_blocks(reach: int) -> None:
    rows = torch.randn(4 * BLOCK + 2 * reach, 3, dtype=torch.float64)
    parts = torch.randn_like(blocks(rows, reach))
    assert float((blocks(rows, reach) * parts).sum()) == pytest.approx(
        float((rows * unblock(parts)).sum()), rel=1e-10)


# --- the tree


def test_that_huffman_paths_are_as_short_as_any_can_be() -> None:
    counts = zipf(777)
    tree = Huffman.of(counts)
    # The cost of an optimal code is the sum of all joined counts (Huffman 1952).
    heap, cost = counts.tolist(), 0.0
    heapq.heapify(heap)
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        cost += joined
        heapq.heappush(heap, joined)
    assert float((counts * tree.lengths).sum()) == cost
    assert float((2.0 ** -tree.lengths.double()).sum()) == 1.0  # Kraft: the tree is full
    share = counts / counts.sum()
    entropy = float(-(share * share.log2()).sum())
    assert entropy <= float((share * tree.lengths).sum()) < entropy + 1


@pytest.mark.parametrize(("size", "decisions"), [(1024, 10), (4096, 12)])
def test_that_equally_frequent_words_need_log2_decisions(size: int, decisions: int) -> None:
    assert Huffman.of(torch.ones(size)).lengths.tolist() == [decisions] * size


def test_that_hierarchical_softmax_sums_to_one() -> None:
    tree = Huffman.of(zipf(333))
    nodes = torch.randn(333, 8, dtype=torch.float64)
    h = torch.randn(8, dtype=torch.float64)
    taken = torch.sigmoid(tree.signs * (nodes[tree.nodes] @ h))
    p = torch.where(tree.signs == 0, torch.ones_like(taken), taken).prod(1)
    assert float(p.sum()) == pytest.approx(1.0, abs=1e-12)


def test_that_each_side_of_a_node_is_known_by_its_most_frequent_word() -> None:
    tree = Huffman.of(zipf(40))
    for node, sides in enumerate(tree.heaviest):
        for side, sign in zip(sides, (1.0, -1.0), strict=True):
            below = ((tree.nodes == node) & (tree.signs == sign)).any(1).nonzero().flatten()
            assert int(below.min()) == side


# --- gradients


def situation(size: int = 60, d: int = 7, reach: int = 4) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(5)
    outputs = torch.randn(size, d, generator=generator, dtype=torch.float64, requires_grad=True)
    hidden = torch.randn(2 * BLOCK, d, generator=generator, dtype=torch.float64, requires_grad=True)
    words = torch.randint(0, size, (2 * BLOCK + 2 * reach,), generator=generator)
    weight = windows(torch.randint(1, reach + 1, (2 * BLOCK,), generator=generator), reach).double()
    return outputs, hidden, words, weight


def pairs(words: Tensor, weight: Tensor) -> list[tuple[int, int, int]]:
    """(position, place of the predicted word, the word), one by one."""
    return [(int(b) * BLOCK + int(t), int(b) * BLOCK + int(e), int(words[int(b) * BLOCK + int(e)]))
            for b, t, e in weight.nonzero()]


def check(likelihood: Tensor, outputs: Tensor, hidden: Tensor, loss: float, pull: Tensor,
          changes: tuple[Tensor | None, Tensor], count: int) -> None:
    by_hidden, by_outputs = torch.autograd.grad(likelihood, [hidden, outputs])
    rows, gradient = changes
    ours = gradient if rows is None else torch.zeros_like(outputs).index_add_(0, rows, gradient)
    assert torch.allclose(pull, by_hidden, rtol=1e-9, atol=1e-12)
    assert torch.allclose(ours, by_outputs, rtol=1e-9, atol=1e-12)
    assert loss == pytest.approx(-float(likelihood.detach()) / count, rel=1e-6)


def test_that_gradients_of_negative_sampling_equal_autograd() -> None:
    outputs, hidden, words, weight = situation()
    pool, k = torch.tensor([3, 3, 17, 40, 8, 59, 2, 30]), 5
    likelihood = torch.zeros((), dtype=torch.float64)
    for at, _, word in pairs(words, weight):
        likelihood = likelihood + F.logsigmoid(hidden[at] @ outputs[word])
        likelihood = likelihood + k / len(pool) * F.logsigmoid(-(outputs[pool] @ hidden[at])).sum()
    with torch.no_grad():
        answer = negative_sampling(outputs, hidden, words, weight, pool, k)
    check(likelihood, outputs, hidden, *answer, count=int(weight.sum()))


def test_that_gradients_of_hierarchical_softmax_equal_autograd() -> None:
    outputs, hidden, words, weight = situation()
    tree = Huffman.of(zipf(60))
    likelihood = torch.zeros((), dtype=torch.float64)
    for at, _, word in pairs(words, weight):
        length = int(tree.lengths[word])
        path, signs = outputs[tree.nodes[word, :length]], tree.signs[word, :length]
        likelihood = likelihood + F.logsigmoid(signs * (path @ hidden[at])).sum()
    with torch.no_grad():
        answer = hierarchical_softmax(outputs, hidden, tree.nodes[words],
                                      tree.signs[words].double(), weight)
    check(likelihood, outputs, hidden, *answer, count=int(weight.sum()))


def test_that_gradients_of_the_full_softmax_equal_autograd() -> None:
    outputs, hidden, words, weight = situation()
    likelihood = torch.zeros((), dtype=torch.float64)
    for at, _, word in pairs(words, weight):
        likelihood = likelihood + torch.log_softmax(outputs @ hidden[at], 0)[word]
    with torch.no_grad():
        answer = full_softmax(outputs, hidden, words, weight)
    check(likelihood, outputs, hidden, *answer, count=int(weight.sum()))


@pytest.mark.parametrize("model", ["skip-gram", "CBOW"])
@pytest.mark.parametrize("output", ["negative sampling", "hierarchical softmax", "full softmax"])
def test_that_a_step_is_adagrad_on_the_true_gradient(
    model: str, output: str, tmp_path: Path
) -> None:
    """Both matrices move as autograd says for the likelihood of all predictions of the step."""
    experiment, params = made(tmp_path, model=model, output=output, learning_rate=0.5)
    experiment.step(params)  # so that the outputs are not zero
    before = pickle.loads(pickle.dumps((experiment.main.inputs, experiment.main.outputs,
                                        experiment.main.input_sums, experiment.main.output_sums)))
    generator, seen = experiment.generator, []
    state, take = generator.get_state(), experiment.main.stream.take
    experiment.main.stream.take = lambda *a: seen.append(take(*a)) or seen[-1]  # type: ignore
    experiment.step(params)
    after = generator.get_state()
    words, count, reach = seen[0], len(seen[0]) - 10, 5
    generator.set_state(state)
    if len(experiment.main.stream._kept) == 0:
        pytest.fail("the stream must not draw here")
    sizes = torch.randint(1, 6, (count,), generator=generator)
    pool = draw(experiment.noise, 64, generator)
    assert torch.equal(generator.get_state(), after), "the step drew something else"

    inputs, outputs = (one.double().requires_grad_() for one in before[:2])
    away = torch.arange(len(words))[None] - torch.arange(count)[:, None] - reach  # (N, M)
    near = ((away.abs() <= sizes[:, None]) & (away != 0)).double()
    if model == "skip-gram":
        hidden, target = inputs[words[reach:-reach]], near
    else:
        hidden = near / near.sum(1, keepdim=True) @ inputs[words]
        target = (away == 0).double()
    if output == "negative sampling":
        noise = F.logsigmoid(-(hidden @ outputs[pool].T)).sum(1) * params.negatives / 64
        likelihood = (target * F.logsigmoid(hidden @ outputs[words].T)).sum() \
            + (target.sum(1) * noise).sum()
    elif output == "hierarchical softmax":
        tree = experiment.reading.huffman
        scores = hidden @ outputs.T                                # (N, nodes)
        log_p = torch.stack([(F.logsigmoid(tree.signs[w] * scores[:, tree.nodes[w]])
                              * tree.signs[w].abs()).sum(1) for w in words.tolist()], 1)
        likelihood = (target * log_p).sum()
    else:
        likelihood = (target * torch.log_softmax(hidden @ outputs.T, 1)[:, words]).sum()
    grads = torch.autograd.grad(likelihood, [inputs, outputs])
    for now, was, sums, gradient in zip((experiment.main.inputs, experiment.main.outputs), before[:2],
                                        before[2:], grads, strict=True):
        wanted = 0.5 * gradient / (sums[:, None] + gradient.square().mean(1, keepdim=True)).sqrt()
        assert torch.allclose((now - was).double(), wanted, atol=2e-3 * float(wanted.abs().max()))


def test_that_rows_that_occur_twice_move_once_by_the_sum() -> None:
    rows, gradient = torch.tensor([2, 0, 2]), torch.randn(3, 4)
    matrix, sums = torch.zeros(3, 4), torch.zeros(3)
    ascend(matrix, sums, (rows, gradient), 0.1)
    both = gradient[0] + gradient[2]
    assert torch.allclose(matrix[2], 0.1 * both / both.square().mean().sqrt(), rtol=1e-5)
    assert matrix[1].tolist() == [0.0] * 4


# --- numbers of the course


def test_that_negative_sampling_touches_a_twentieth_of_a_per_cent_of_the_weights() -> None:
    """Course 1.11: 300 dimensions, 10,000 words, one word and four negatives."""
    full, negative, tree = touched_weights(300, 10_000, 4, 14).tolist()
    assert (full, negative, tree) == (3_000_000, 1500, 4200)
    assert negative / full == pytest.approx(0.0005)


def test_that_the_frame_counts_the_weights_its_pair_touches(tmp_path: Path) -> None:
    for output, place in (("negative sampling", 1), ("hierarchical softmax", 2)):
        experiment, params = made(tmp_path, output=output)
        experiment.step(params)
        frame = experiment.frame(params)
        assert frame.touched[place] == frame.rows[frame.inputs :].size
        assert len(frame.row_words) == len(frame.rows)


# --- learning


def test_that_twins_find_each_other(tmp_path: Path) -> None:
    experiment, params = made(tmp_path, vocabulary=800, dimension=64)
    assert experiment.measure(params)["twins"] < 0.15
    for _ in range(180):
        experiment.step(params)
    assert experiment.measure(params)["twins"] > 0.5
    frame = experiment.frame(replace(params, word="exception"))
    assert {"raised", "raise", "exceptions", "handler"} & set(frame.neighbours)


def test_that_twins_share_the_places_of_their_word() -> None:
    text = ["the"] * 100 + ["cat", "dog"] * 200 + [f"w{i}" for i in range(100)] * 30
    planted, twins = plant_twins(text, 5, torch.Generator().manual_seed(0))
    assert [word.removesuffix("′") for word in planted] == text
    assert len(twins) == 5
    for word, twin in twins:
        assert abs(planted.count(word) - planted.count(twin)) < 4 * text.count(word) ** 0.5


def test_that_neighbours_are_the_nearest_in_the_original_space(tmp_path: Path) -> None:
    experiment, params = made(tmp_path)
    for _ in range(5):
        experiment.step(params)
    frame = experiment.frame(params)
    vectors = experiment.main.inputs.double().numpy()
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = unit @ unit[frame.word_at]
    order = [one for one in np.argsort(-cosine) if one != frame.word_at][:10]
    assert frame.neighbours_at.tolist() == order
    assert np.allclose(frame.cosines, cosine[order], atol=1e-5)


def test_that_rank_correlation_equals_scipy() -> None:
    from scipy.stats import spearmanr

    a, b = torch.tensor([3.0, 1.0, 1.0, 7.0, 2.0]), torch.tensor([0.3, 0.1, 0.5, 0.9, 0.1])
    assert rank_correlation(a, b) == pytest.approx(float(spearmanr(a, b)[0]))


def test_that_the_map_keeps_its_axes_until_it_is_fitted_again(tmp_path: Path) -> None:
    experiment, params = made(tmp_path)
    for _ in range(5):
        experiment.step(params)
    plane = experiment.main.plane.clone()
    assert experiment.frame(params).fitted == 4
    assert experiment.frame(replace(params, refit=1)).fitted == 5  # at once, even when paused
    assert torch.equal(experiment.main.plane, plane)
    experiment.step(replace(params, refit=1))
    assert experiment.frame(replace(params, refit=1)).fitted == 6
    assert not torch.equal(experiment.main.plane, plane)


def test_that_the_map_shows_the_two_directions_of_greatest_variance() -> None:
    vectors = torch.randn(300, 6, dtype=torch.float64) * torch.tensor([1.0, 5, 1, 3, 0.5, 1])
    plane = principal_plane(vectors)
    centred = vectors - vectors.mean(0)
    singular = torch.linalg.svdvals(centred)
    assert float((centred @ plane).norm() ** 2) == pytest.approx(float((singular[:2] ** 2).sum()))
    turned = plane @ torch.tensor([[0.6, -0.8], [0.8, 0.6]], dtype=torch.float64)
    assert torch.allclose(principal_plane(vectors, turned), turned)


@pytest.mark.slow
def test_that_fifty_thousand_words_fit_into_a_frame(tmp_path: Path) -> None:
    file = tmp_path / "many.txt"
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = [a + b + c + d for a in letters for b in letters for c in letters for d in "abc"]
    file.write_text(" ".join(names[:52_000]), "utf-8")
    experiment, params = made(tmp_path, vocabulary=50_000, text=f"file:{file}", dimension=4)
    frame = experiment.frame(params)
    assert frame.vocabulary == 50_000
    assert len(pickle.dumps(frame)) < 1_000_000


# --- texts


def test_that_chinese_is_cut_into_words(caplog: pytest.LogCaptureFixture) -> None:
    told: list[tuple[int, int, str]] = []
    words = split("我们在学习自然语言处理。语言很有趣！", "zh", lambda *now: told.append(now))
    assert "语言" in words and "。" not in words
    assert told[0][0] == 0 and told[-1][0] == told[-1][1]
    assert not caplog.records


def test_that_a_chinese_text_is_cut_once_for_all_set_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    import jieba

    text = "我们在同一份文本上再次开始训练。"
    words = split(text, "zh", lambda *_: None)
    monkeypatch.setattr(jieba, "cut", None)
    assert split(text, "zh", lambda *_: None) == words and words[0] == "我们"



def test_that_a_chinese_text_is_learnt(tmp_path: Path) -> None:
    file = tmp_path / "few.txt"
    file.write_text("\n".join(sentences("zh")[:60]), "utf-8")
    experiment, params = made(tmp_path, text=f"file:{file}")
    assert np.isfinite(experiment.step(params)["loss"])
    assert any(ord(word[0]) > 0x4E00 for word in experiment.frame(params).labels)


def test_that_a_text_of_a_few_words_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "short.txt"
    file.write_text("only a handful of words", "utf-8")
    with pytest.raises(Refusal, match="too short"):
        made(tmp_path, text=f"file:{file}")


def test_that_a_word_outside_the_vocabulary_is_named(tmp_path: Path) -> None:
    experiment, params = made(tmp_path)
    frame = experiment.frame(replace(params, word="xylophone"))
    assert frame.asked == "xylophone" and frame.word in experiment.reading.vocabulary.words
    assert experiment.frame(replace(params, word="#7")).word_at == 7


def test_that_a_vocabulary_is_in_order_of_frequency() -> None:
    vocabulary = Vocabulary.of(["b", "a", "a", "c", "c", "c", "b", "c"], 2)
    assert vocabulary.words == ("c", "a")
    assert vocabulary.encode(["c", "b", "a"]).tolist() == [0, 1]


# --- the window over a sentence


def pairs_by_hand(words: int, drawn: list[int], sizes: list[int]) -> list[tuple[int, int]]:
    """Walk the words that are left, one by one, and step to both sides of each."""
    left = [at for at in range(words) if drawn[at]]
    found = []
    for rank, middle in enumerate(left):
        for other_rank, other in enumerate(left):
            if other_rank != rank and abs(other_rank - rank) <= sizes[middle]:
                found.append((middle, other))
    return found


@pytest.mark.parametrize("soft", [True, False])
def test_that_a_sentence_gives_the_pairs_of_its_windows(tmp_path: Path, soft: bool) -> None:
    experiment, params = made(tmp_path, sentence="The value of the list is not the name of a list, as told",
                              soft=soft, window=3, subsampling=5e-3, place=99)
    fewer = False
    for shaken in range(12):
        frame = experiment.frame(replace(params, shaken=shaken))
        words = len(frame.sentence)
        assert frame.place == words - 1
        wanted = pairs_by_hand(words, frame.drawn.tolist(), frame.sizes.tolist())
        assert [tuple(one) for one in frame.pairs.tolist()] == wanted
        assert set(frame.sizes.tolist()) <= ({1, 2, 3} if soft else {3})
        fewer = fewer or not frame.drawn.all()
        part = experiment.frame(replace(params, shaken=shaken, place=4))
        assert [tuple(one) for one in part.pairs.tolist()] == [one for one in wanted if one[0] <= 4]
    assert fewer, "nothing was ever dropped"


def test_that_skip_gram_makes_up_to_twice_the_window_of_a_word(tmp_path: Path) -> None:
    """Course 1.10, over “Never too late to learn”: every ordered pair of words at most k apart."""
    for window, pairs in ((1, 8), (2, 14), (3, 18), (4, 20), (9, 20)):
        experiment, params = made(tmp_path, window=window, soft=False, subsampling=1.0, place=4)
        assert len(experiment.frame(params).pairs) == pairs


def test_that_words_are_dropped_and_sizes_drawn_as_often_as_they_should(tmp_path: Path) -> None:
    experiment, params = made(tmp_path, sentence="the list", window=4, subsampling=1e-3)
    frames = [experiment.frame(replace(params, shaken=one)) for one in range(600)]
    the = float(experiment.keep[experiment.reading.vocabulary.ids["the"]])
    assert frames[0].keeping[0] == pytest.approx(the)
    assert np.mean([one.drawn[0] for one in frames]) == pytest.approx(the, abs=0.04)
    sizes = np.bincount([int(one.sizes[1]) for one in frames], minlength=5)[1:] / 600
    assert sizes == pytest.approx([0.25] * 4, abs=0.06)


def test_that_a_chinese_sentence_and_an_empty_one_are_read(tmp_path: Path) -> None:
    experiment, params = made(tmp_path, sentence="学习语言永远都不会太晚")
    assert "语言" in experiment.frame(params).sentence
    assert len(experiment.frame(replace(params, sentence="")).sentence) == 1


def test_that_a_hard_window_is_as_wide_as_it_says(tmp_path: Path) -> None:
    experiment, params = made(tmp_path, soft=False, window=4)
    for _ in range(3):
        experiment.step(params)
        assert len(experiment.main.moment[1]) == 8


# --- the grid


def test_that_all_models_of_the_grid_begin_alike_and_read_as_many_positions(tmp_path: Path) -> None:
    experiment, params = made(tmp_path, grid=True)
    assert [(run.rate, run.batch) for run in experiment.runs] \
        == [(rate, batch) for rate in RATES for batch in BATCHES]
    assert all(torch.equal(run.inputs, experiment.main.inputs) for run in experiment.runs)
    taken = [0] * len(GRID)
    for at, run in enumerate(experiment.runs):
        def counted(count: int, *rest: object, at: int = at, take: object = run.stream.take) -> Tensor:
            taken[at] += count
            return take(count, *rest)  # type: ignore[operator,no-any-return]
        run.stream.take = counted  # type: ignore[method-assign]
    for _ in range(8):
        experiment.step(params)
    assert taken == [8 * BATCHES[1]] * len(GRID)


def test_that_a_model_of_the_grid_is_a_model_of_its_own(tmp_path: Path) -> None:
    experiment, params = made(tmp_path, grid=True)
    for _ in range(20):
        experiment.step(params)
    measured = experiment.measure(params)
    for at, run in enumerate(experiment.runs):
        frame = experiment.frame(replace(params, cell=at, word="list"))
        assert frame.twins_found == measured[GRID[at]] == experiment.reading.scores(run.inputs)["twins"]
        assert frame.grid[at] == pytest.approx(frame.twins_found)
        unit = F.normalize(run.inputs)
        cosine = unit @ unit[frame.word_at]
        cosine[frame.word_at] = -2
        assert frame.neighbours_at[0] == int(cosine.argmax())
    assert "learning_rate" in experiment.idle(params) and not experiment.idle(replace(params, grid=False))


@pytest.mark.parametrize("seed", [4, 9])
def test_that_the_middle_learning_rate_finds_most_twins(tmp_path: Path, seed: int) -> None:
    """Course 1.15: a U over the learning rate, at any batch size."""
    experiment, params = made(tmp_path, grid=True, dimension=32, vocabulary=400, seed=seed)
    for _ in range(110):
        experiment.step(params)
    experiment.measure(params)
    small, right, large = experiment.frame(params).grid.reshape(3, 3).sum(1)
    assert right > 1.3 * small and right > 1.3 * large


def test_that_clicks_move_the_window_draw_anew_and_choose_a_model(view: Any, tmp_path: Path) -> None:
    experiment, params = made(tmp_path, grid=True)
    experiment.step(params)
    for large in ("window", "grid", "map"):
        now = replace(params, large=large, place=4, shaken=2)
        view.show_frame(Shown(experiment.frame(now), now, History(), 1))
    view.window_page.strip.clicked.emit(1)
    for button in view.window_page.findChildren(QPushButton):
        button.click()
    view.grid.clicked.emit(2, 1)
    assert view.sent == [("place", 1), ("place", 0), ("shaken", 3), ("cell", 7)]
