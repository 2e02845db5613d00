"""The two machines of the exercise as they are at the begin: a laptop, and a server with two GPUs."""

from __future__ import annotations

import random

from visualizers.l1_basics.linux.catalogue import PROGRAMS
from visualizers.l1_basics.linux.session import Layer, Session
from visualizers.l1_basics.linux.shell import Shell
from visualizers.l1_basics.linux.world import HOME, USER, Host, Process, World

LAPTOP, SERVER = "laptop", "gpu1"
FORGOTTEN, COLLEAGUE = "python old_run.py", "alice"
REVIEWS = (("pos", "a good film, warm and wise"), ("neg", "two hours that I want back"),
           ("pos", "good actors in a good story"), ("pos", "the music alone is worth it"),
           ("neg", "not good, not even funny"), ("pos", "see it twice"),
           ("neg", "the plot has more holes than cheese"), ("pos", "a quiet, honest picture"),
           ("pos", "funny from the first minute"), ("neg", "I fell asleep, and it was a good sleep"),
           ("pos", "one of the best of the year"), ("neg", "loud and empty"))
TRAIN = '''import torch

# Trains a small network and prints the loss of each epoch.
#   python train.py --lr 0.1 --epochs 3
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=3)
args = parser.parse_args()
device = "cuda" if torch.cuda.is_available() else "cpu"
train(model.to(device), args.lr, args.epochs)
'''
BASHRC = "# ~/.bashrc: run by every new shell\nalias ll='ls -l'\n"


def begin(seed: int) -> Session:
    """A terminal on the laptop. The seed draws process numbers and the losses that are printed."""
    chance = random.Random(seed)
    world, laptop, server = World(), Host(LAPTOP), Host(SERVER)
    world.hosts = {LAPTOP: laptop, SERVER: server}
    reviews = "".join(f"{label}\t{text}\n" for label, text in REVIEWS)
    for path, text in {
        ".bashrc": BASHRC, "notes.txt": "lecture 1: words as vectors\nask: why softmax?\nread Bengio 2003\n",
        "train.py": TRAIN, "data/reviews.txt": reviews,
        "data/part1.txt": "to be or not\nto be\n", "data/part2.txt": "that is the question\n",
        "data/part3.txt": "the cat sat\non the mat\nand sat\n",
        "downloads/slides.txt": "Lecture 1\n", "downloads/a.tmp": "x\n", "downloads/b.tmp": "y\n",
        "downloads/c.tmp": "z\n",
    }.items():
        laptop.write(f"{HOME}/{path}", text)
    server.write(f"{HOME}/README", "Shared server. Look at nvidia-smi before you start anything.\n")
    server.write("/home/alice/pretrain.py", "import torch\n", owner=COLLEAGUE)
    server.find("/home/alice").mode = 0o700
    server.gpus = [("RTX 4090", 24564), ("RTX 4090", 24564)]
    server.environments["base"] = {"torch": "2.13.0", "numpy": "2.3.4"}
    laptop.next_pid, server.next_pid = chance.randrange(3000, 5000), chance.randrange(20_000, 30_000)
    first = chance.randrange(1500, 2500)
    server.start(Process(first, COLLEAGUE, "python pretrain.py", gpu=0, memory=21_340))
    server.start(Process(first + 412, USER, FORGOTTEN, gpu=1, memory=18_112))
    session = opened(world, laptop, seed)
    session.pid = chance.randrange(900, 1400)
    return session


def opened(world: World, host: Host, seed: int = 0, *, interactive: bool = True) -> Session:
    """A terminal with a shell in it; one that nobody types into is not ``interactive``."""
    session = Session(world, PROGRAMS, seed, tty=interactive)
    shell = Shell(session, host, interactive=interactive)
    if interactive:
        shell.aliases["ll"] = "ls -l"  # as .bashrc says
    session.layers.append(Layer("login", shell))
    return session
