"""Parallel training against one process, torch's own collectives, FSDP2 and the papers' formulas; and
that no process is left behind, whatever is killed."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import parallel_oracle
import psutil
import pytest
import torch

from app.files.notebook import notebook
from app.headless.trial import Trial
from visualizers.catalog import panel
from visualizers.l5_compression.parallel import by_hand
from visualizers.l5_compression.parallel.by_hand import Orders, Pipeline
from visualizers.l5_compression.parallel.experiment import gantt, zero_formula
from visualizers.l5_compression.parallel.panel import COLLECTIVES, MESSAGES, WAYS, Params
from visualizers.refusal import Refusal
from widgets.controls.parameters import changed

ROOT = Path(__file__).parents[2]
PANEL = panel("parallel")


def trial_of(**values: Any) -> Trial:
    return Trial(PANEL, changed(Params(), **values))


@pytest.fixture(scope="module")
def four() -> Trial:
    return trial_of(numbers="float64", seed=3)


def started(what: str, count: int, *told: Any, meeting: str = "") -> list[Any]:
    """What ``count`` processes answer that do a thing of ``parallel_oracle`` together."""
    context = multiprocessing.get_context("forkserver")
    pipes = [context.Pipe() for _ in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        processes = [context.Process(
            target=getattr(parallel_oracle, what), daemon=True,
            args=(rank, count, meeting or f"{folder}/meeting", pipes[rank][1], *told))
            for rank in range(count)]
        for one in processes:
            one.start()
        answers = []
        for (ours, theirs), process in zip(pipes, processes, strict=True):
            theirs.close()
            assert ours.poll(100), f"{what} did not answer"
            answers.append(ours.recv())
            process.join(20)
            ours.close()
        assert [one.exitcode for one in processes] == [0] * count
    return answers


# --- the same weights -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 3, 4])
def test_that_all_ways_learn_what_one_process_learns(workers: int) -> None:
    """torch's modules, autograd and Adam; the way changes after every second step."""
    for numbers, close in (("float64", 1e-12), ("float32", 1e-6)):
        trial = trial_of(workers=workers, numbers=numbers, seed=workers)
        experiment = trial.experiment
        made = parallel_oracle.model(experiment.weights, experiment.places, 24)
        adam = torch.optim.Adam(made.parameters(), lr=0.003)
        draw = torch.Generator()
        for way in WAYS:
            trial.params = changed(trial.params, way=way, micro_batches=5)
            for _ in range(2 if numbers == "float64" else 1):
                draw.set_state(experiment.generator.get_state())
                rows = experiment.train[torch.randint(len(experiment.train), (96,), generator=draw)]
                loss = torch.nn.functional.cross_entropy(made(experiment.x[rows]), experiment.y[rows])
                adam.zero_grad()
                loss.backward()
                adam.step()
                trial.train(1)
                assert float((parallel_oracle.flat(made) - experiment.weights).abs().max()) < close, way
                assert trial.history.last()["loss"] == pytest.approx(loss.item(), abs=1e-5)
                assert trial.history.last()["difference"] < close


@pytest.mark.slow
def test_that_zero_3_learns_what_fsdp_2_learns_and_holds_as_little() -> None:
    trial = trial_of(workers=2, numbers="float64", way="ZeRO 3", seed=5)
    experiment = trial.experiment
    weights, draw, batches = experiment.weights.numpy().copy(), torch.Generator(), []
    for _ in range(3):
        draw.set_state(experiment.generator.get_state())
        batches.append(experiment.train[torch.randint(len(experiment.train), (96,), generator=draw)].numpy())
        trial.train(1)
    told = {"weights": weights, "like": experiment.places, "width": 24, "rate": 0.003, "batches": batches,
            "x": experiment.x.numpy(), "y": experiment.y.numpy()}
    answers = started("fsdp", 2, told)
    for whole, _ in answers:
        assert np.abs(whole - experiment.weights.numpy()).max() < 1e-12
    # FSDP2 cuts each tensor by rows; the largest part is never smaller than an even one.
    held = trial.frame().held[:, 0] // 8
    assert held.sum() == len(weights) == sum(one for _, one in answers)
    assert max(held) <= max(one for _, one in answers)


def test_that_torch_s_own_collectives_give_the_same_run(four: Trial) -> None:
    for way in ("data parallel", "ZeRO 3"):
        one, other = four.copy(), four.copy()
        one.params = changed(one.params, way=way)
        other.params = changed(one.params, collectives="torch's own")
        one.train(2)
        other.train(2)
        assert float((one.experiment.weights - other.experiment.weights).abs().max()) < 1e-12
        assert np.array_equal(one.frame().sent, other.frame().sent)
        assert one.frame().calls > other.frame().calls > 0


@pytest.mark.slow
def test_that_the_ring_gives_what_torch_s_collectives_give() -> None:
    for found in started("collectives", 3):
        assert all(off < 1e-12 for off, _, _ in found.values())
        for name, rounds in (("reduce_scatter", 2), ("all_reduce", 4)):
            assert found[name][1] == found[name][2] == rounds * 120 * 8 // 3
        assert found["all_gather"][1] == found["all_gather"][2] == 2 * 120 * 8


# --- what is held and what travels ----------------------------------------------------------------


@pytest.mark.parametrize("workers", [2, 4])
def test_that_bytes_are_those_of_the_formulas(workers: int) -> None:
    trial = trial_of(workers=workers)
    N, frames = workers, {}
    for way in WAYS:
        trial.params = changed(trial.params, way=way)
        frames[way] = trial.frame()
    total = 4 * frames["data parallel"].numbers
    for way, parts in (("data parallel", (1, 1, 1)), ("ZeRO 1", (1, 1, N)), ("ZeRO 2", (1, N, N)),
                       ("ZeRO 3", (N, N, N))):
        for held in frames[way].held:
            assert [total, total, 2 * total] == [part * n for part, n in zip(held[:3].tolist(), parts,
                                                                             strict=True)]
            assert held[3] * N == frames[way].alone[3]
    plain, third = (frames[way].sent.sum(1) for way in ("data parallel", "ZeRO 3"))
    assert (plain == 2 * (N - 1) * total // N).all()
    assert (third * 2 == plain * 3).all()
    for way in ("ZeRO 1", "ZeRO 2"):
        assert (frames[way].sent.sum(1) == plain).all()
    activation = 96 * 24 * 4
    assert (frames["tensor parallel"].sent.sum(1) == 2 * 4 * 2 * (N - 1) * activation // N).all()
    assert frames["tensor parallel"].held[0][3] > frames["tensor parallel"].alone[3] / 2
    line = frames["pipeline"].sent
    assert (line[:-1, 3] == activation).all() and (line[1:, 4] == activation).all()
    assert line[-1, 3] == line[0, 4] == 0
    assert frames["pipeline"].held[:, 0].sum() == total  # nothing twice
    for frame in frames.values():
        assert frame.sent.sum(1).max() == pytest.approx(frame.sent_formula, abs=1)
        assert (frame.held <= frame.alone).all() and frame.sent.shape == (N, len(MESSAGES))
        assert frame.parts.astype(float).sum((0, 2)).min() > 100 * 60 - 60  # every number has a holder


def test_that_a_large_model_needs_what_the_paper_says() -> None:
    """Rajbhandari 2020, figure 1."""
    assert [round(one, 1) for one in zero_formula(7.5, 64)] == [120, 31.4, 16.6, 1.9]


@pytest.mark.parametrize("schedule", ["GPipe", "1F1B"])
def test_that_a_pipeline_waits_as_the_formula_says(schedule: str) -> None:
    for stages in (2, 3, 4):
        for m in (1, 2, 5, 8, 32):
            told = Orders(torch.zeros(0), torch.zeros(0), 0.0, 1, m, schedule)
            orders = [list(Pipeline.plan(SimpleNamespace(wire=SimpleNamespace(rank=one, count=stages)), told))
                      for one in range(stages)]
            slots, length = gantt([list(one) for one in orders], True)
            assert len(slots) == 2 * m * stages and length == 2 * (m + stages - 1)
            assert 1 - len(slots) / (stages * length) == pytest.approx((stages - 1) / (m + stages - 1))
            for stage, order in enumerate(orders):  # parts whose activations are kept at once
                kept = np.cumsum([1 if kind == "F" else -1 for kind, _ in order]).max()
                assert kept == (m if schedule == "GPipe" else min(m, stages - stage))


def test_that_stages_work_in_the_order_that_the_chart_shows(four: Trial) -> None:
    trial = four.copy()
    trial.params = changed(trial.params, way="pipeline", micro_batches=6, schedule="1F1B")
    frame = trial.frame()
    assert (frame.idle, frame.idle_formula) == pytest.approx((3 / 9, 3 / 9))
    begins = {tuple(one[[0, 2, 3]].tolist()): one[1] for one in frame.slots}
    for (stage, back, micro), slot in begins.items():
        before = (stage + 1, 1, micro) if back else (stage - 1, 0, micro)
        assert begins.get(before, -1) < slot


def test_that_collectives_end_as_they_are_defined(four: Trial) -> None:
    everyone, N = (1 << 4) - 1, 4
    ends, sent = {}, {}
    for name in COLLECTIVES:
        four.params = changed(four.params, collective=name, round=6)
        frame = four.frame()
        assert frame.round == frame.rounds == (6 if name == "all-reduce" else 3)
        ends[name], sent[name] = frame.after, frame.pieces
    assert (ends["all-reduce"] == everyone).all() and (sent["all-reduce"] == 2 * (N - 1)).all()
    assert (np.diag(ends["reduce-scatter"]) == everyone).all()
    assert (ends["all-gather"] == [1, 2, 4, 8]).all()
    assert (ends["broadcast"] == 1).all() and sent["broadcast"].tolist() == [N, N, N, 0]
    assert (ends["reduce"][0] == everyone).all() and sent["reduce"].tolist() == [0, N, N, N]


# --- processes ------------------------------------------------------------------------------------


def gone(pids: list[int], seconds: float = 20) -> bool:
    """Whether the processes have ended, soon."""
    until = time.monotonic() + seconds
    left = set(pids)
    while left and time.monotonic() < until:
        for pid in list(left):
            if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                left.discard(pid)
        time.sleep(0.02)
    return not left


def test_that_workers_listen_to_this_machine_alone(four: Trial) -> None:
    for process in four.experiment.crew.processes:
        found = psutil.Process(process.pid).net_connections("inet")
        assert found and {one.laddr.ip for one in found} == {"127.0.0.1"}
        assert {one.raddr.ip for one in found if one.raddr} <= {"127.0.0.1"}


@pytest.mark.slow
def test_that_the_death_of_one_ends_all_and_is_said_in_a_sentence() -> None:
    trial = trial_of(workers=3)
    trial.train(1)
    processes = trial.experiment.crew.processes
    os.kill(processes[1].pid, signal.SIGKILL)
    with pytest.raises(Refusal, match="Worker 1 of 3 was ended from outside"):
        trial.train(3)
    assert gone([one.pid for one in processes], 2)
    again = trial_of(workers=3)  # as "Try again" does
    again.train(1)
    assert again.history["loss"][0] == trial.history["loss"][0]
    # A stopped one does not answer, and a run that ends takes its workers with it.
    stuck = [one.pid for one in again.experiment.crew.processes]
    os.kill(stuck[2], signal.SIGSTOP)
    del again
    gc.collect()
    assert gone(stuck, 2)


@pytest.mark.slow
def test_that_a_worker_that_hangs_is_not_waited_for_for_ever(monkeypatch) -> None:
    trial = trial_of(workers=2)
    monkeypatch.setattr(type(trial.experiment.crew)._answers, "__defaults__", (0.5,))
    pids = [one.pid for one in trial.experiment.crew.processes]
    os.kill(pids[0], signal.SIGSTOP)
    with pytest.raises(Refusal, match="did not answer"):
        trial.train(1)
    assert gone(pids, 2)


WINDOW = textwrap.dedent("""
    import sys, time
    if __name__ == "__main__":
        import psutil
        from app.engine.client import WorkerProcess
        from app.engine.protocol import Begin, Framed, Grant, Pace
        from visualizers.l5_compression.parallel.panel import PANEL, Params
        worker = WorkerProcess()
        worker.send(Begin(1, PANEL.experiment, Params(workers=2), device="cpu", threads=1,
                          pace=Pace(None, 0.05)))
        heard = []
        while not any(isinstance(one, Framed) for one in heard):
            heard += worker.receive()
            time.sleep(0.01)
        worker.send(Grant(1, 1_000_000))  # it trains on while it is killed
        time.sleep(0.3)
        below = psutil.Process(worker.pid).children(recursive=True)
        print(worker.pid, *(one.pid for one in below), flush=True)
        while True:
            worker.receive()
            time.sleep(0.01)
""")


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["window", "worker"])
def test_that_nothing_is_left_of_a_program_that_is_killed(victim: str, tmp_path: Path) -> None:
    (tmp_path / "window.py").write_text(WINDOW)
    window = subprocess.Popen([sys.executable, str(tmp_path / "window.py")], stdout=subprocess.PIPE,
                              text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert window.stdout is not None
    pids = [int(one) for one in window.stdout.readline().split()]
    assert len(pids) >= 1 + 1 + 2  # the experiment's process, its fork server, two workers
    os.kill(window.pid if victim == "window" else pids[0], signal.SIGKILL)
    try:
        assert gone(pids)
    finally:
        window.kill()
        window.wait()
        window.stdout.close()


def test_that_the_notebook_writes_the_script(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    about, cell = notebook(PANEL, Params()).cells[-2:]
    exec(cell.source, {})
    written = (tmp_path / "by_hand.py").read_text("utf-8")
    assert written == Path(by_hand.__file__).read_text("utf-8")
    assert "torchrun --standalone" in about.source


@pytest.mark.slow
def test_that_the_script_runs_as_torchrun_starts_it() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    said, silent = started("torchrun", 2, ["--way", "ZeRO 3", "--steps", "100"], meeting=port)
    lines = said.splitlines()
    assert len(lines) == 2 and not silent
    assert float(lines[1].split()[2]) < float(lines[0].split()[2]) < 2.3
