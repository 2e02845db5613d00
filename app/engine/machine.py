"""What the engine asks of torch and of the machine: device, threads, seeds, memory.

torch is imported inside the functions, so that the window may import the engine without it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import psutil

from visualizers.refusal import Refusal


def prepare() -> None:
    """Once in a worker process, before anything is trained."""
    # cuBLAS is deterministic only with this set before it is loaded.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # Should memory run out, the system is to end this process and not the window.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("800")
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    # The first optimiser and the first backward pass import and start a great deal (seconds of it).
    weight = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.Adam([weight])
    (weight**2).sum().backward()
    optimiser.step()
    gc.collect()
    gc.freeze()  # what the imports made lives as long as the process: never look through it again


# glibc hands large freed blocks back to the system at once, so that a training step with many
# temporaries pays for fresh pages again and again: an LSTM's took a fifth longer. ``tidy`` gives the
# memory back when a run ends.
_ENVIRONMENT = {
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20), "MALLOC_MMAP_THRESHOLD_": str(128 << 20),
    # Asking whether there is CUDA must not start CUDA, or a fork could not use it.
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
}


@contextlib.contextmanager
def training_environment() -> Iterator[None]:
    """Start a process that trains inside this block: it reads these variables when it begins.

    It also begins deaf to Ctrl+C, which a terminal sends to all processes and the window is to handle.
    """
    missing = {name: value for name, value in _ENVIRONMENT.items() if name not in os.environ}
    os.environ.update(missing)
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN) \
        if threading.current_thread() is threading.main_thread() else None
    try:
        yield
    finally:
        if heard is not None:
            signal.signal(signal.SIGINT, heard)
        for name in missing:
            del os.environ[name]


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_device(wanted: str) -> str:
    """The device that ``wanted`` means here: ``auto`` is CUDA, then Apple's MPS, then the CPU.

    Raises:
        Refusal: this machine has no such device.
    """
    import torch

    here = {"cpu": True, "cuda": torch.cuda.is_available(),
            "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if here[name])
    if not here.get(wanted, False):
        raise Refusal("This machine has no device {device}; choose another one in the settings.",
                      device=wanted)
    return wanted


def set_threads(threads: int, device: str) -> None:
    """torch's threads. Where sums may be split among many, insist on one order of adding up."""
    import torch

    torch.set_num_threads(threads)
    parallel = threads > 1 or device != "cpu"
    if parallel != torch.are_deterministic_algorithms_enabled():
        torch.use_deterministic_algorithms(parallel, warn_only=True)
        # Filling every new tensor with NaN would cost time and is a debugging aid only.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        warnings.filterwarnings("ignore", message=".*does not have a deterministic implementation")


def seed_all(seed: int) -> None:
    """The generators that an experiment should not draw from, in case one does."""
    import torch

    torch.manual_seed(seed)


def random_state(device: str) -> Any:
    """The state of torch's global generators."""
    import torch

    return (torch.get_rng_state(), torch.cuda.get_rng_state() if device == "cuda" else None)


def set_random_state(state: Any) -> None:
    import torch

    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1])


def bytes_of(objects: Iterable[Any]) -> int:
    """Bytes of the tensors and arrays among ``objects``; a storage that several share counts once."""
    import torch

    storages: dict[int, int] = {}
    arrays = 0
    for one in objects:
        if isinstance(one, torch.Tensor):
            if one.layout is torch.strided:
                storage = one.untyped_storage()
                storages[storage.data_ptr()] = storage.nbytes()
        elif isinstance(one, np.ndarray) and one.base is None:
            arrays += one.nbytes
    return arrays + sum(storages.values())


def memory(device: str) -> int:
    """Resident bytes of this process, plus what it holds on a CUDA device."""
    resident = int(psutil.Process().memory_info().rss)
    if device == "cuda":
        import torch

        resident += torch.cuda.memory_allocated()
    return resident


def out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that memory ran out; torch says so in several ways."""
    if isinstance(error, MemoryError):
        return True
    import torch

    if isinstance(error, torch.OutOfMemoryError):
        return True
    said = str(error)
    return isinstance(error, RuntimeError) and (
        "can't allocate memory" in said or "out of memory" in said or "not enough memory" in said
        or "Storage size calculation overflowed" in said
    )


def tidy(device: str) -> None:
    """Give back what the last run held, so that memory does not grow from run to run."""
    gc.collect()
    if device == "cuda":
        import torch

        torch.cuda.empty_cache()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)
