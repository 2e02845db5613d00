"""Bounded confidence: whoever thinks too differently is not listened to.

Each of N people holds an opinion x_i in [0, 1], at first drawn uniformly, and ε is how far another
opinion may lie from one's own to count. One step is one round.

Deffuant, Neau, Amblard and Weisbuch (2000), eq. 1. Two people meet, and if |x_i − x_j| < ε

    x_i ← x_i + μ (x_j − x_i),    x_j ← x_j + μ (x_i − x_j).

A round is one meeting each: all are paired at random, so N/2 meetings happen at once. (The paper has
them one after another, and counts N/2 of them as half of its unit of time; pairs that share nobody
cannot tell the difference.) Everybody draws a lot, and neighbours in their order meet. On a network
the pairs are a random matching of its ties: each tie draws a lot, and those take place that beat every
other tie of both their people.

Two causes can be added. A recommender γ brings like to like (in the spirit of Sîrbu, Pedreschi,
Giannotti and Kertész 2019): lots are (1 − γ) · chance + γ · opinion, and of a tie (1 − γ) · chance +
γ · |x_i − x_j|. Bots hold one opinion for good. Beside the run goes its twin: the same people and the
same chance in every round, without a cause. So whatever is different comes of that cause alone.

Hegselmann and Krause (2002), eq. 2.3. All move at once, each to the mean opinion of those in reach:

    x_i ← mean of { x_j : |x_i − x_j| ≤ ε },  oneself included; on a network only oneself and friends.

Where everyone meets everyone, those in reach of i lie side by side once opinions are sorted, from
place a_i to b_i, and their sum is S[b_i] − S[a_i] for the running sum S: N log N instead of N² work.

The map runs MAPPED people under every bound at once, a few rounds for each round of the run.

Shapes: N people, E ties, T kept moments, P of their paths, C clusters, G people in the drawn network,
B bounds in the map.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from visualizers.l9_social.opinion_dynamics.panel import BINS, BOT, BOUNDS, Frame, Params
from visualizers.models.precision import finest
from visualizers.panel import Context
from widgets.theme.words import tr_mark

if TYPE_CHECKING:
    import networkx as nx

GAP = 0.01  # a cluster ends where nobody holds the next 0.01 of opinion; it has two people …
LEAST_SHARE = 0.01  # … and this share of all at least
NEAR = 0.05  # people who are this close count as being of one mind when polarisation is measured
VISIBLE = 1e-3  # a smaller difference is nothing to discuss, a smaller move nothing to draw
QUIET = 100  # rounds without a visible move after which a run has settled, whoever may still meet
MOMENTS, PATHS = 256, 1000  # the most that is kept of the past
DRAWN_ALL, DRAWN_TIES = 24, 100  # people in the drawn network: everyone meets everyone, or ties
DECILES = np.linspace(0.1, 0.9, 9)  # lines of the ghost
MAPPED, MAP_ROUNDS, MAP_SPEED = 200, 240, 3  # people of the map, its rounds, and those in one step


class OpinionDynamics:
    """N people and what they think. Once all have settled, a wider ε may set them going again."""

    shared: ClassVar[tuple[str, ...]] = ("ties", "people", "members", "positions", "links", "bots",
                                         "map_start")

    def __init__(self, params: Params, context: Context) -> None:
        self.generator, self.device = context.generator, context.device
        graph = acquaintances(params, self.whole(2**31))
        count = params.people if graph is None else len(graph)
        self.x = self.uniform(count).to(self.device, finest(self.device))  # (N,)
        self.ties = None if graph is None \
            else torch.tensor(list(graph.edges), device=self.device).T.contiguous()  # (2, E)
        anyone = self.choose_drawn(graph, count)
        self.bots = torch.from_numpy(anyone[len(anyone) - min(params.bots, count // 2) :]).to(self.device)
        self.twin = self.x  # the same people without a cause; the same tensor where there is none
        self.x = self.steadfast(self.x)
        if self.rules(params)[1] is not None:
            self.twin = self.x
        self.time, self.stride = 0, 1
        self.last = self.x, self.twin  # when the clock last moved on
        self.calm = False  # whether the last round has moved nobody visibly
        self.quiet, self.quiet_under = 0, params  # calm rounds, and under which rules
        self.times = np.zeros(0, np.int32)  # (T,)
        self.paths = np.zeros((0, len(self.people)), np.float16)  # (T, P)
        self.past_clusters = np.zeros(0, np.int32)  # (T,)
        self.past_polarisation = np.zeros(0, np.float32)  # (T,)
        self.ghost = np.zeros((0, len(DECILES)), np.float16)  # (T, 9)
        self.ghost_clusters = np.zeros(0, np.int32)  # (T,)
        self.ghost_polarisation = np.zeros(0, np.float32)  # (T,)
        self.sorted = self.x.sort().values  # (N,)
        ordered = self.sorted.cpu().numpy()
        self.keep(len(clusters(ordered)[0]), polarisation(ordered))
        self.map_chance = torch.Generator().manual_seed(context.seed)  # so that it changes no run
        self.map_start = torch.rand(
            MAPPED, generator=self.map_chance, dtype=torch.float64).to(self.x)  # (MAPPED,)
        self.bounds = torch.tensor(BOUNDS).to(self.x)[:, None]  # (B, 1)
        self.begin_map(params)

    def uniform(self, count: int) -> Tensor:
        return torch.rand(count, generator=self.generator, dtype=torch.float64)

    def whole(self, below: int) -> int:
        return int(torch.randint(below, (1,), generator=self.generator))

    def choose_drawn(self, graph: nx.Graph | None, count: int) -> NDArray[np.int64]:
        """Whose paths are kept, and who is in the drawn network: a sample where there are many.

        Without a network the drawn people stand on a circle in the order of their opinions; with
        one, they are those next to its best known member, laid out by springs.
        """
        anyone = torch.randperm(count, generator=self.generator).numpy()
        if graph is None:
            self.members = anyone[:DRAWN_ALL].tolist()
            turn = 2 * np.pi * np.arange(len(self.members)) / len(self.members)
            self.positions = np.stack([-np.cos(turn), np.sin(turn)], 1).astype(np.float32)  # (G, 2)
            pairs = np.stack(np.triu_indices(len(self.members), 1), 1)
        else:
            import networkx as nx

            hub = max(graph, key=graph.degree)
            self.members = [hub, *(b for _, b in nx.bfs_edges(graph, hub))][:DRAWN_TIES]
            part = graph.subgraph(self.members)
            spots = nx.spring_layout(part, seed=self.whole(2**31))
            self.positions = np.array([spots[one] for one in self.members], np.float32)
            place = {one: index for index, one in enumerate(self.members)}
            pairs = np.array([(place[a], place[b]) for a, b in part.edges])
        self.links = pairs.astype(np.int32).reshape(-1, 2)  # into members
        others = anyone[~np.isin(anyone, self.members)]
        self.people = np.sort(np.concatenate([self.members, others])[:PATHS]).astype(np.int32)  # (P,)
        return anyone

    # --- the rules

    def rules(self, params: Params) -> tuple[float, Tensor | None]:
        """What holds for the twin: its recommender, and its bots or None. The run's own, of course,
        are all that the parameters say."""
        without = ("recommender", "bots") if params.without == "all that was added" else (params.without,)
        own = 0.0 if "recommender" in without else params.recommender
        return own, None if "bots" in without or not len(self.bots) else self.bots

    def parted(self, params: Params) -> bool:
        """Whether the twin lives under other rules."""
        recommender, bots = self.rules(params)
        return (params.model == "Deffuant" and recommender != params.recommender) \
            or (bots is None and len(self.bots) > 0)

    def steadfast(self, x: Tensor) -> Tensor:
        """Bots say what they always say."""
        return x.index_fill(0, self.bots, BOT) if len(self.bots) else x

    def step(self, params: Params) -> Mapping[str, float]:
        """One round. Scalars are of the opinions after it."""
        parted = self.parted(params)
        lots = self.lots().to(self.x) if params.model == "Deffuant" else None
        if parted:
            recommender, bots = self.rules(params)
            self.twin = self.talk(self.twin, params, lots, recommender)
            self.twin = self.twin if bots is None else self.steadfast(self.twin)
        self.x = self.steadfast(self.talk(self.x, params, lots, params.recommender))
        if not parted:
            self.twin = self.x
        self.draw_map(params)
        self.sorted = self.x.sort().values
        ordered = self.sorted.cpu().numpy()  # (N,)
        shares, polarised = clusters(ordered)[1], polarisation(ordered)
        self.calm = all(float((now - then).abs().max()) <= VISIBLE
                        for now, then in zip((self.x, self.twin), self.last, strict=True))
        self.quiet = self.quiet + 1 if self.calm and same_rules(self.quiet_under, params) else 0
        self.quiet_under = params
        if not self.calm:
            self.time, self.last = self.time + 1, (self.x, self.twin)
            if self.time % self.stride == 0:
                self.keep(len(shares), polarised)
        return {
            "clusters": float(len(shares)),
            "polarisation": polarised,
            "largest_cluster": float(shares.max(initial=0.0)),
            "mean_opinion": float(ordered.mean()),
            "spread": float(ordered[-1] - ordered[0]),
            "rounds": float(self.time),
        }

    def finished(self, params: Params) -> bool:
        """Whether nobody has anything left to discuss with anyone within ε, or nobody has visibly
        moved for so long that whoever has will hardly meet."""
        if self.quiet >= QUIET and same_rules(self.quiet_under, params):
            return True
        return self.settled(params) and (
            not self.parted(params) or self.disputed(self.twin, params.epsilon) <= VISIBLE)

    def settled(self, params: Params) -> bool:
        """Whether nobody has anything left to discuss with anyone within ε."""
        return self.calm and self.listening(params.epsilon)[1] <= VISIBLE

    def idle(self, params: Params) -> Mapping[str, str]:
        """Once all have settled, why ε and μ can move nobody."""
        if not self.settled(params):
            return {}
        why = tr_mark("Everybody is of one mind: nothing is left to move.") \
            if float(self.sorted[-1] - self.sorted[0]) <= VISIBLE else \
            tr_mark("All have settled, and whoever thinks differently is out of reach: only a wider "
                    "bound sets them going.")
        return {"epsilon": why, "mu": why}

    def lots(self) -> Tensor:
        """What chance says about this round: a number from 0 to 1 for each person, (N,), or tie, (E,)."""
        if self.ties is not None:
            return self.uniform(self.ties.shape[1])
        order = torch.randperm(len(self.x), generator=self.generator)
        half = len(order) // 2
        # Those who are i-th in the first and in the second half meet.
        places = torch.arange(2 * half).view(half, 2).T.flatten()  # 0, 2, 4 … 1, 3, 5 …
        lots = torch.ones(len(order), dtype=torch.float64)  # one of an odd number meets nobody
        lots[order[: 2 * half]] = places.double() / len(order)
        return lots

    def talk(self, x: Tensor, params: Params, lots: Tensor | None, recommender: float) -> Tensor:
        """The opinions (N,) after one round."""
        if lots is None:
            return self.average(x, params.epsilon)
        a, b = self.pairs(x, lots, recommender)
        return met(x, a, b, params.epsilon, params.mu)

    def pairs(self, x: Tensor, lots: Tensor, recommender: float) -> tuple[Tensor, Tensor]:
        """Who meets whom: pairs of which no two share a person."""
        if self.ties is None:
            order = ((1 - recommender) * lots + recommender * x).argsort()  # (N,)
            half = len(order) // 2
            return order[0 : 2 * half : 2], order[1 : 2 * half : 2]  # (N/2,) each
        apart = (x[self.ties[0]] - x[self.ties[1]]).abs()  # (E,)
        lots = (1 - recommender) * lots + recommender * apart
        first = torch.full_like(x, 2.0)  # (N,)  the best lot among each person's ties
        for end in self.ties:
            first.scatter_reduce_(0, end, lots, "amin")
        a, b = self.ties[:, (lots == first[self.ties]).all(0)]
        return a, b

    def average(self, x: Tensor, epsilon: float) -> Tensor:
        """Hegselmann and Krause's rule."""
        if self.ties is None:
            return averaged(x, epsilon)
        a, b = self.ties
        heard = ((x[a] - x[b]).abs() <= epsilon).to(x)  # (E,)
        total, count = x.clone(), torch.ones_like(x)
        for one, other in ((a, b), (b, a)):
            total.index_add_(0, one, heard * x[other])
            count.index_add_(0, one, heard)
        return total / count

    # --- every bound at once

    def begin_map(self, params: Params) -> None:
        """The same people under each bound, before they talk."""
        self.mapped, self.map_time = self.map_start.expand(len(BOUNDS), -1), 0  # (B, MAPPED)
        self.map_rules = params.mu, params.recommender

    def draw_map(self, params: Params) -> None:
        """Some rounds under every bound, where everyone meets everyone."""
        if self.map_rules != (params.mu, params.recommender):
            self.begin_map(params)
        bots = round(MAPPED * len(self.bots) / len(self.x))
        for _ in range(MAP_SPEED if self.map_time < MAP_ROUNDS else 0):
            if params.model == "Deffuant":
                lots = torch.rand(MAPPED, generator=self.map_chance).to(self.x)
                order = ((1 - params.recommender) * lots + params.recommender * self.mapped).argsort(1) \
                    if params.recommender else lots.argsort().expand(len(BOUNDS), -1)
                self.mapped = met(self.mapped, order[:, 0::2], order[:, 1::2], self.bounds, params.mu)
            else:
                self.mapped = averaged(self.mapped, self.bounds)
            if bots:
                self.mapped[:, :bots] = BOT
            self.map_time += 1

    # --- what is measured

    def listening(self, epsilon: float) -> tuple[float, float]:
        """Of all who can meet, the share that would listen to each other, and the widest difference
        among those."""
        if self.ties is None:
            x = self.sorted.cpu().numpy()
            own = np.arange(len(x))
            last = x.searchsorted(x + epsilon, "right") - 1  # whom each would still hear, above it
            return float(2 * (last - own).mean() / (len(x) - 1)), float((x[last] - x).max())
        far = (self.x[self.ties[0]] - self.x[self.ties[1]]).abs()
        heard = far <= epsilon
        return float(heard.to(far).mean()), float((far * heard).max())

    def disputed(self, x: Tensor, epsilon: float) -> float:
        """The widest difference of two among x (N,) who would listen to each other."""
        if self.ties is None:
            ordered = x.sort().values
            return float((ordered[reach(ordered, ordered, epsilon)[1] - 1] - ordered).max())
        far = (x[self.ties[0]] - x[self.ties[1]]).abs()
        return float((far * (far <= epsilon)).max())

    def keep(self, count: int, polarised: float) -> None:
        """Remember this moment. When there is no room, forget every second one."""
        if len(self.times) == MOMENTS:
            self.stride *= 2
            self.times, self.paths = self.times[::2], self.paths[::2]
            self.past_clusters = self.past_clusters[::2]
            self.past_polarisation = self.past_polarisation[::2]
            self.ghost, self.ghost_clusters = self.ghost[::2], self.ghost_clusters[::2]
            self.ghost_polarisation = self.ghost_polarisation[::2]
            if self.time % self.stride:
                return
        now = self.x.cpu().numpy()[self.people].astype(np.float16)
        self.times = np.append(self.times, np.int32(self.time))
        self.paths = np.concatenate([self.paths, now[None]])
        self.past_clusters = np.append(self.past_clusters, np.int32(count))
        self.past_polarisation = np.append(self.past_polarisation, np.float32(polarised))
        ordered = self.sorted.cpu().numpy()  # (N,)
        if self.twin is not self.x:
            ordered = self.twin.sort().values.cpu().numpy()
            count, polarised = len(clusters(ordered)[0]), polarisation(ordered)
        deciles = ordered[(DECILES * len(ordered)).astype(int)].astype(np.float16)
        self.ghost = np.concatenate([self.ghost, deciles[None]])
        self.ghost_clusters = np.append(self.ghost_clusters, np.int32(count))
        self.ghost_polarisation = np.append(self.ghost_polarisation, np.float32(polarised))

    def frame(self, params: Params) -> Frame:
        x = self.x.cpu().numpy()
        ordered = self.sorted.cpu().numpy()
        opinion, share = clusters(ordered)
        width = widths(ordered)
        members = np.array(self.members, np.int32)  # (G,)
        if self.ties is None:
            members = members[x[members].argsort(kind="stable")]
        ends = x[members][self.links]  # (links, 2)
        talking, disagreement = self.listening(params.epsilon)
        parted = self.parted(params)
        shares, counts = density(self.mapped.sort(1).values.cpu().numpy())
        return Frame(
            times=self.times.copy(),
            paths=self.paths.copy(),
            people=self.people.copy(),
            past_clusters=self.past_clusters.copy(),
            past_polarisation=self.past_polarisation.copy(),
            opinions=x.astype(np.float32),
            cluster_opinion=opinion,
            cluster_share=share,
            cluster_width=width,
            polarisation=polarisation(ordered),
            ghost=self.ghost.copy() if parted else self.ghost[:, :0].copy(),
            ghost_clusters=self.ghost_clusters.copy(),
            ghost_polarisation=self.ghost_polarisation.copy(),
            ghost_opinions=self.twin.cpu().numpy().astype(np.float32) if parted
            else np.zeros(0, np.float32),
            map=shares,
            map_clusters=counts,
            members=members,
            positions=self.positions.copy(),
            edges=self.links[np.abs(ends[:, 0] - ends[:, 1]) <= params.epsilon],
            talking=talking,
            disagreement=disagreement,
            at_rest=disagreement <= VISIBLE,
        )


def acquaintances(params: Params, seed: int) -> nx.Graph | None:
    """Who knows whom, or nothing where everyone meets everyone."""
    if params.network == "everyone":
        return None
    import networkx as nx  # not before a network is asked for: it takes a fifth of a second

    match params.network:
        case "small world":
            return nx.watts_strogatz_graph(params.people, params.ties, params.rewiring, seed=seed)
        case "scale-free":
            return nx.barabasi_albert_graph(params.people, max(1, params.ties // 2), seed=seed)
        case "karate club":
            return nx.karate_club_graph()


def same_rules(one: Params, other: Params) -> bool:
    """Whether a round under both moves people alike."""
    return (one.epsilon, one.mu, one.recommender) == (other.epsilon, other.mu, other.recommender)


def met(x: Tensor, a: Tensor, b: Tensor, epsilon: float | Tensor, mu: float) -> Tensor:
    """Deffuant's rule for pairs a, b of places in the last dimension of x, of which none shares one."""
    x_a, x_b = x.gather(-1, a), x.gather(-1, b)
    move = mu * (x_b - x_a) * ((x_b - x_a).abs() < epsilon)  # zero where nobody listens
    return x.scatter(-1, a, x_a + move).scatter_(-1, b, x_b - move)


def averaged(x: Tensor, epsilon: float | Tensor) -> Tensor:
    """Each to the mean of all within ε, along the last dimension."""
    ordered = x.sort(-1).values
    start, end = reach(x, ordered, epsilon)
    total = running_sum(ordered)
    return (total.gather(-1, end) - total.gather(-1, start)) / (end - start)


def reach(x: Tensor, ordered: Tensor, epsilon: float | Tensor) -> tuple[Tensor, Tensor]:
    """Where in ``ordered`` (N,) those within ε of each x start, and where they have ended."""
    return (torch.searchsorted(ordered, x - epsilon),
            torch.searchsorted(ordered, x + epsilon, right=True))


def running_sum(ordered: Tensor) -> Tensor:
    """S[k], the sum of the first k. (N,) → (N+1,)"""
    return torch.cat((ordered.new_zeros(*ordered.shape[:-1], 1), ordered.cumsum(-1)), -1)


def cuts(ordered: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where in sorted opinions (N,) each cluster that is large enough begins, and has ended: (C,)."""
    count = len(ordered)
    ends = np.concatenate((np.flatnonzero(np.diff(ordered) > GAP) + 1, [count]))
    begins = np.concatenate(([0], ends[:-1]))
    large = ends - begins >= max(2, LEAST_SHARE * count)
    return begins[large], ends[large]


def clusters(ordered: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean opinion and share of each cluster, from sorted opinions. (N,) → (C,), (C,)"""
    begins, ends = cuts(ordered)
    total = np.concatenate(([0.0], ordered.cumsum()))
    opinion = (total[ends] - total[begins]) / (ends - begins)
    return opinion.astype(np.float32), ((ends - begins) / len(ordered)).astype(np.float32)


def density(ordered: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Share of the people in each bin of opinion, and how many clusters of two or more there are, from
    opinions (B, n) sorted along each row: (BINS, B), (B,)"""
    rows, n = ordered.shape
    bins = np.minimum((ordered * BINS).astype(int), BINS - 1) + BINS * np.arange(rows)[:, None]
    shares = np.bincount(bins.ravel(), minlength=rows * BINS).reshape(rows, BINS).T / n
    apart = np.diff(ordered, axis=1, prepend=-1.0, append=2.0) > GAP  # (B, n + 1), both ends too
    groups, alone = apart.sum(1) - 1, (apart[:, 1:] & apart[:, :-1]).sum(1)
    return shares.astype(np.float32), (groups - alone).astype(np.int32)


def widths(ordered: NDArray[Any]) -> NDArray[np.float32]:
    """From the lowest opinion of each cluster to its highest. (N,) → (C,)"""
    begins, ends = cuts(ordered)
    found: NDArray[np.float32] = (ordered[ends - 1] - ordered[begins]).astype(np.float32)
    return found


def polarisation(ordered: NDArray[Any]) -> float:
    """Feeling one with many, and far from others: Esteban and Ray (1994), for a density as in
    Duclos, Esteban and Ray (2004) with α = 1; from sorted opinions (N,),

        4 · mean over i of  (share of people near i) · (mean distance of i from everybody).

    Nothing at consensus, 0.13 for a uniform crowd, and d for two equal camps that are d apart.
    """
    count = len(ordered)
    near = ordered.searchsorted(ordered + NEAR, "right") - ordered.searchsorted(ordered - NEAR)
    total = ordered.cumsum()
    below = np.arange(1, count + 1)  # how many lie at or below each
    apart = (2 * below - count) * ordered - 2 * total + total[-1]  # Σ_j |x_i − x_j|
    return max(0.0, float(4 * (near * apart).mean() / count**2))
