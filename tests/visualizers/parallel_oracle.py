"""What test_parallel has real workers do beside the panel's own: torch's collectives and FSDP2.

A module of its own, because a process that is started for it imports it by name.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from multiprocessing.connection import Connection
from typing import Any

import torch
import torch.distributed as dist

from visualizers.l5_compression.parallel.by_hand import BLOCKS, Wire, main, views


def meet(rank: int, count: int, meeting: str) -> None:
    torch.set_num_threads(1)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    dist.init_process_group("gloo", store=dist.FileStore(meeting, count), rank=rank, world_size=count)


def collectives(rank: int, count: int, meeting: str, pipe: Connection) -> None:
    """The ring by hand beside torch's own: largest difference of each, and what the ring has sent."""
    meet(rank, count, meeting)
    draw = torch.Generator().manual_seed(rank)
    x = torch.randn(120, generator=draw, dtype=torch.float64)
    ring, own = Wire(), Wire(by_hand=False)
    found = {}
    for name in ("reduce_scatter", "all_gather", "all_reduce"):
        ring.sent.clear()
        own.sent.clear()
        one, other = getattr(ring, name)(x.clone()), getattr(own, name)(x.clone())
        found[name] = (float((one - other).abs().max()), sum(ring.sent.values()), sum(own.sent.values()))
    total = x.clone()
    dist.reduce(total, 0)
    reduced = ring.reduce(x.clone())
    found["reduce"] = (float((reduced - total).abs().max()) if rank == 0 else 0.0, 0, 0)
    first = x.clone()
    dist.broadcast(first, 0)
    found["broadcast"] = (float((ring.broadcast(x.clone()) - first).abs().max()), 0, 0)
    pipe.send(found)


class Block(torch.nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.up, self.down = torch.nn.Linear(width, 2 * width), torch.nn.Linear(2 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.down(torch.relu(self.up(x)))


def model(weights: torch.Tensor, like: dict[str, torch.Tensor], width: int) -> torch.nn.Sequential:
    """The panel's network in torch's modules, with these weights."""
    made = torch.nn.Sequential(torch.nn.Linear(64, width), *(Block(width) for _ in range(BLOCKS)),
                               torch.nn.Linear(width, 10, bias=False)).to(weights.dtype)
    names = ["0.weight", "0.bias"]
    for b in range(BLOCKS):
        names += [f"{b + 1}.up.weight", f"{b + 1}.up.bias", f"{b + 1}.down.weight", f"{b + 1}.down.bias"]
    names.append(f"{BLOCKS + 1}.weight")
    W = views(weights.clone(), like)
    made.load_state_dict(dict(zip(names, W.values(), strict=True)))
    return made


def flat(made: torch.nn.Module) -> torch.Tensor:
    return torch.cat([one.detach().flatten() for one in made.parameters()])


def fsdp(rank: int, count: int, meeting: str, pipe: Connection, told: dict[str, Any]) -> None:
    """Training with ``fully_shard``; what it has learnt, and how many numbers this worker holds."""
    meet(rank, count, meeting)
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    made = model(torch.from_numpy(told["weights"]), told["like"], told["width"])
    mesh = init_device_mesh("cpu", (count,))
    for one in made:
        if isinstance(one, Block):
            fully_shard(one, mesh=mesh)
    fully_shard(made, mesh=mesh)
    adam = torch.optim.Adam(made.parameters(), lr=told["rate"])
    for rows in told["batches"]:
        x, y = (torch.from_numpy(told[name][rows]).tensor_split(count)[rank] for name in ("x", "y"))
        torch.nn.functional.cross_entropy(made(x), y).backward()
        adam.step()
        adam.zero_grad()
    held = sum(one.to_local().numel() for one in made.parameters())
    whole = torch.cat([one.full_tensor().detach().flatten() for one in made.parameters()])
    pipe.send((whole.numpy(), held))


def torchrun(rank: int, count: int, meeting: str, pipe: Connection, arguments: list[str]) -> None:
    """The script as torchrun starts it: told by its environment and its arguments alone."""
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count),
                   "LOCAL_WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": meeting,
                   "GLOO_SOCKET_IFNAME": "lo"}
    torch.set_num_threads(1)
    sys.argv = ["by_hand.py", *arguments]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        main()
    pipe.send(said.getvalue())


