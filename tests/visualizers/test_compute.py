"""The GPU server: costs against torch's own counter, the roof's arithmetic, and orderings that hold on any
machine."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from visualizers.catalog import panel
from visualizers.data import Data
from visualizers.l1_basics.compute import experiment, view
from visualizers.l1_basics.compute.course import READ, course
from visualizers.l1_basics.compute.experiment import Case, Compute, crossing, timed
from visualizers.l1_basics.compute.kernels import Count
from visualizers.l1_basics.compute.panel import (
    ADDITION,
    COPY,
    FORMAT,
    FORMATS,
    FUSED,
    LAYER,
    MODEL,
    MODELS,
    PRODUCT,
    SHEETS,
    WRITTEN,
    Frame,
    Params,
)
from visualizers.models.opened import SmallGPT
from visualizers.panel import Context, History, Shown

PANEL = panel("compute")
SMALL = {"largest": "64", "longest": 64, "megabytes": 3}


def made(**values: Any) -> tuple[Compute, Params, Frame]:
    params = Params(**{**SMALL, **values})
    one = Compute(params, Context("cpu", params.seed, Data()))
    return one, params, one.frame(params)


def by_torch(case: Case) -> float:
    written_out = sdpa_kernel(SDPBackend.MATH)  # it knows no fused attention of a CPU
    with torch.no_grad(), written_out, FlopCounterMode(display=False) as counter:
        case.run()
    return float(counter.get_total_flops())


def test_that_operations_are_those_of_torchs_counter() -> None:
    one, _, _ = made(seed=3)
    for case in one.cases:
        if case.family in (PRODUCT, LAYER, FORMAT):
            assert case.operations == by_torch(case)
        elif case.family in (WRITTEN, FUSED):
            T = case.size  # torch counts no softmax and no division
            assert case.operations == by_torch(case) + 4 * (T * T + T * 16)
        elif case.family == MODEL:
            assert 1.0 <= case.operations / by_torch(case) < 1.6  # torch counts products only


def test_that_the_formulas_are_what_is_counted_kernel_by_kernel() -> None:
    one, _, _ = made()
    for case in one.cases:
        if case.family in (PRODUCT, LAYER, FORMAT, ADDITION, WRITTEN):
            with torch.no_grad(), Count() as count:
                case.run()
            assert count.operations == case.operations, case
            assert count.bytes == pytest.approx(case.bytes, rel=1e-9), case
        elif case.family == COPY:
            assert case.bytes == 3 * case.size**2 * 4 and case.operations == 0


def test_that_views_cost_nothing_and_a_look_up_fetches_its_rows_only() -> None:
    a, table, rows = torch.ones(6, 8), torch.ones(1000, 8), torch.tensor([3, 5])
    bias, factors = torch.ones(3), (torch.ones(2, 5), torch.ones(5, 3))
    with Count() as count:
        a.T.view(2, 4, 6)[0].unsqueeze(0)
        a.new_empty(50)
    assert (count.operations, count.bytes, count.kernels) == (0, 0, 0)
    with Count() as count:
        a + a[:1]
    assert (count.operations, count.bytes) == (48, 4 * (48 + 8 + 48))
    with Count() as count:
        F.embedding(rows, table)
    assert (count.operations, count.bytes) == (0, 2 * 8 + 2 * (2 * 8 * 4))
    with Count() as count:
        torch.addmm(bias, *factors)
    assert (count.operations, count.bytes) == (2 * 2 * 3 * 5 + 6, 4 * (3 + 10 + 15 + 6))
    with Count() as count:
        a.add_(1)
    assert (count.operations, count.bytes) == (48, 2 * 48 * 4)


@pytest.mark.parametrize("batch", [1, 8])
def test_that_a_written_token_costs_what_the_matrices_of_the_gpt_say(batch: int) -> None:
    runs = course(batch, "cpu", torch.Generator().manual_seed(5))
    assert tuple(runs) == MODELS
    with torch.no_grad(), Count() as count:
        runs["GPT writes"]()
    expected = 2 * batch * SmallGPT("cpu").size.operations(1, READ)
    assert expected < count.operations < 1.06 * expected


def test_that_a_batch_raises_the_intensity_of_models_but_of_no_look_up() -> None:
    intensities = []
    for batch in (1, 16):
        _, _, frame = made(batch=batch, seed=2)
        models = frame.family == MODEL
        intensities.append(frame.operations[models] / frame.bytes[models])
    ratio = intensities[1] / intensities[0]
    assert (ratio[:5] > 1.3).all() and ratio[0] > 4 and ratio[5] == pytest.approx(1)
    assert (ratio < 16).all()


def test_that_where_copying_and_computing_take_as_long_is_found_by_trying() -> None:
    for sheet in SHEETS.values():
        for peak, bytes_ in ((sheet.peak, 4), (sheet.half, 2)):
            n = np.arange(1, 100_000, dtype=np.float64)
            longer = 2 * n**3 / peak > 3 * n**2 * bytes_ / sheet.link
            assert n[longer][0] == pytest.approx(crossing(peak, sheet.link, bytes_), abs=1)
    assert made(sheet="none")[2].crossing == 0


def test_that_a_gpu_is_waited_for_before_and_after() -> None:
    events: list[str] = []
    timed(lambda: events.append("run"), 3, lambda: events.append("wait"))
    assert events == ["run", "wait", "run", "run", "run", "wait"]
    assert timed(lambda: time.sleep(0.002), 2, lambda: None) >= 2


def test_that_each_is_measured_in_turn_until_all_were_often_enough() -> None:
    one, params, frame = made(repeats=2)
    count = len(frame.family)
    seen = []
    while not one.finished(params):
        scalars = one.step(params)
        assert scalars["took_ms"] > 0
        seen.append(int(scalars["measurement"]))
    assert seen == [*range(count), *range(count)]


def test_that_a_format_that_a_device_lacks_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    knows = experiment._knows
    monkeypatch.setattr(experiment, "_knows", lambda device, dtype: dtype != torch.float64
                        and knows(device, dtype))
    _, _, frame = made()
    assert FORMATS.index("float64") not in frame.number_format
    assert FORMATS.index("bfloat16") in frame.number_format


def test_that_a_cpu_is_spared_products_that_take_seconds() -> None:
    notes: list[str] = []
    context = Context("cpu", 0, Data(), on_note=lambda text, values: notes.append(text.format(**values)))
    one = Compute(Params(**{**SMALL, "largest": "8192"}), context)
    assert max(case.size for case in one.cases if case.family == PRODUCT) == 1024
    assert "8192" in notes[0] and "1024" in notes[0]


@pytest.mark.alone
def test_that_reuse_decides_how_fast_it_runs() -> None:
    """Orderings with a wide margin, best of nine."""
    params = Params(largest="256", longest=64)
    one = Compute(params, Context("cpu", 4, Data()))
    best = {}
    with torch.no_grad():
        for case in one.cases:
            if case.family in (PRODUCT, LAYER, ADDITION):
                best[case.family, case.size] = case.operations / min(
                    timed(case.run, case.calls, one.wait) for _ in range(9))
    largest = max(size for family, size in best if family == ADDITION)
    assert best[PRODUCT, 256] > 5 * best[PRODUCT, 8]  # calling takes longer than computing
    assert best[LAYER, 32] > 1.5 * best[LAYER, 1]  # weights are fetched once for all
    assert best[PRODUCT, 256] > 5 * best[ADDITION, largest]  # memory decides


# --- the view ----------------------------------------------------------------------------------------


def history(frame: Frame, rounds: int) -> History:
    """Each case takes its index + 1 ms, and more in later rounds."""
    found = History()
    cases = np.tile(np.arange(len(frame.family), dtype=np.float64), rounds)
    later = np.repeat(np.arange(rounds), len(frame.family))
    found.extend({"measurement": cases, "took_ms": cases + 1 + later, "fastest_ms": np.ones(len(cases))})
    return found


def test_that_the_shortest_time_is_drawn_and_nothing_for_what_is_to_come() -> None:
    _, _, frame = made()
    count = len(frame.family)
    assert np.array_equal(view.shortest(history(frame, 3), count), np.arange(count) + 1.0)
    assert np.isnan(view.shortest(History(), count)).all()
    assert np.isnan(view.shortest(history(frame, 1).until(4), count)[4:]).all()


def test_that_the_roof_is_the_best_product_and_the_largest_addition(view: Any) -> None:
    _, params, frame = made()
    shown = Shown(frame, params, history(frame, 2), 2 * len(frame.family))
    view.show_frame(shown)
    roof = next(one for one in view.roof._curves if one.style == "area")
    index = np.flatnonzero(frame.family == ADDITION)[-1]
    bandwidth = frame.bytes[index] / (index + 1) / 1e6
    float32 = frame.number_format == FORMATS.index("float32")
    peak = (frame.operations / (np.arange(len(frame.family)) + 1) / 1e6)[float32].max()
    assert roof.y[-1] == pytest.approx(peak)
    assert roof.x is not None and roof.y[0] == pytest.approx(min(peak, bandwidth * roof.x[0]))


def test_that_a_machine_without_a_gpu_says_so(view: Any) -> None:
    _, params, frame = made()
    assert frame.device == "cpu" and frame.own_memory == 0
    view.show_frame(Shown(frame, params, history(frame, 1), len(frame.family)))
    cells = [cell for row in view.machine.rows for cell in row]
    if not frame.others:
        assert "no GPU" in cells and "no GPU" in view.machine.title
