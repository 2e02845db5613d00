"""Loss over compute, one curve a size; the valley of sizes, and the models of others beside it."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l1_basics.scaling.panel import MINE, Frame, Params
from visualizers.l1_basics.scaling.published import LARGEST, MODELS, yearly_growth
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.readouts import Readouts
from widgets.pictures.scales import Range
from widgets.pictures.scatter import ScatterPlot
from widgets.theme.look import Look
from widgets.theme.numbers import compact, decimal, fixed, times
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

THICK = (1.0, 1.4, 1.8, 2.3, 2.9)  # of a size's curve: the larger, the thicker
SIZES = (0, 3, 0, 3, 2)  # series of the sizes: those that cross differ
LAW = 1  # series of the lowest losses and of what is fitted to them
QUARTER = 4.0  # by which the three budgets of the valley differ
HOFFMANN = 20.0  # tokens a weight
STEP = 3.0  # by which the axis of compute grows


class ScalingView(PanelView):
    """A click in the large plot chooses the budget whose valley is shown."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        compute = words("compute of each size in FLOPs")
        self.over = CurvePlot(look, words("Held-out loss of five sizes (weights); dots: the lowest"),
                              x=compute, y=words("nats a character"), log_x=True, log_y=True)
        self.over.clicked.connect(lambda x, _y: self.changed.emit("budget", float(x)))
        self.facts = Readouts(look).calm()
        self.valley = CurvePlot(look, words("At one budget: loss over size"), x=words("weights"),
                                y=words("loss in nats"), log_x=True)
        self.best = CurvePlot(look, " ", x=compute, y=words("weights"), log_x=True, log_y=True)
        self.exponent = CurvePlot(look, " ", x=compute, y=words("exponent α"), log_x=True)
        self.pages = Pages(self, "beside", {"valley": (words("Valley"), self.valley),
                                            "best": (words("Best size"), self.best),
                                            "exponent": (words("Exponent"), self.exponent)})
        self.years = ScatterPlot(look, " ", x=words("year"), y=words("weights"), log_y=True, years=True,
                                 dot=3.4)
        self.data = ScatterPlot(look, " ", x=words("weights"), y=words("tokens read"), log_x=True,
                                log_y=True, dot=3.4)
        self.others = Pages(self, "published", {"years": (words("Published"), self.years),
                                                "data": (words("Their data"), self.data)})
        top, left, right = Card(look), Card(look), Card(look)
        top.body.addWidget(self.over, 1)
        top.body.addWidget(self.facts)
        left.body.addWidget(self.pages)
        right.body.addWidget(self.others)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Loss over compute"), rank=1, smallest=(420, 260), share=3),
            beside(Place(left, words("Sizes"), rank=2, smallest=(320, 210)),
                   Place(right, words("Published models"), rank=3, smallest=(320, 210))), share=2)))

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        self._draw_losses(shown)
        self._draw_facts(shown)
        match self.pages.show_page(shown.params.beside):
            case "valley":
                self._draw_valley(shown)
            case "best":
                self._draw_best(frame)
            case _:
                self._draw_exponent(frame)
        if self.others.show_page(shown.params.published) == "years":
            self._draw_years(frame)
        else:
            self._draw_data(frame)

    # --- the first card

    def _draw_losses(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        curves = [Curve(ghost.frame.losses.min(0), ghost.frame.budgets, ghost.label, style="ghost", width=2.5)
                  for ghost in shown.ghosts if len(ghost.frame.budgets)]
        curves += [Curve(losses, frame.budgets, compact(weights), series, width=thick)
                   for losses, weights, series, thick
                   in zip(frame.losses, frame.weights, SIZES, THICK, strict=True)]
        rules = [Rule(float(np.log(frame.letters)), words("guessing"))]
        used = frame.first + frame.used
        if len(frame.budgets):
            lowest = frame.losses.min(0)
            curves.append(Curve(lowest[frame.first :], frame.budgets[frame.first :], "", LAW, "dots", 3.0))
        if len(frame.line):
            for way in (-2, 2):
                curves.append(Curve(frame.line * np.exp(way * frame.error), frame.compute, "", LAW, "dashed",
                                    1.0))
            curves.append(Curve(frame.line, frame.compute, words("law"), LAW, "dashed", 2.4))
            if used < len(frame.budgets):
                rules.append(Rule(float(frame.budgets[used - 1]), words("fitted up to here"), axis="x"))
        if params.budget and len(frame.budgets):
            rules.append(Rule(frame.budgets[self._chosen(shown)], words("chosen"), axis="x"))
        x_range, y_range = self._ranges(frame)
        self.over.draw(curves, rules, x_range=x_range, y_range=y_range,
                       note="" if len(frame.budgets) else words("nothing is learnt yet"))

    def _ranges(self, frame: Frame) -> tuple[Range, Range]:
        """From the third round on, and as far as the law is drawn; in steps, so that axes seldom change."""
        top = float(np.log(frame.letters))
        if not len(frame.budgets):
            return (1e8, 1e10), (1.5, top)
        low = 3 * float(frame.budgets[0])
        end = max([STEP * frame.spent, *frame.compute[-1:]])
        high = low * STEP ** max(2, int(np.ceil(np.log(end / low) / np.log(STEP))))
        least = min([frame.losses.min(), *frame.line[-1:]])
        return (low, high), (float(10 ** (0.1 * np.floor(10 * np.log10(0.97 * least)))), top)

    def _draw_facts(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        facts = [(words("FLOPs spent by each"), decimal(frame.spent) if frame.spent else "0")]
        if len(frame.line):
            facts += [("α", self._sure(frame.exponent, frame.exponent_error, 3)),
                      (words("foretold"), self._sure(frame.foretold, frame.foretold_error, 2)),
                      (words("reached"), fixed(frame.reached, 2))]
            if shown.params.law == "with a floor":
                facts.append((words("floor"), self._sure(frame.floor, frame.floor_error, 2)))
        else:
            facts.append((words("law"), words("{used} of {needed} budgets", used=frame.used,
                                              needed=frame.needed)))
        facts.append((words("best size"), compact(frame.weights[frame.now.argmin()]) if frame.spent else "–"))
        if self.of_step(shown):
            facts.append(("", self.of_step(shown)))
        self.facts.draw(facts)

    def _sure(self, value: float, error: float, places: int) -> str:
        """A value with twice its standard error."""
        return f"{fixed(value, places)} ± {fixed(2 * error, places)}"

    def _chosen(self, shown: Shown[Params, Frame]) -> int:
        """Of the budgets the one that was clicked, or the last."""
        budgets, wanted = shown.frame.budgets, shown.params.budget
        return int(np.abs(np.log(budgets / wanted)).argmin()) if wanted > 0 else len(budgets) - 1

    # --- the second card

    def _draw_valley(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        curves: list[Curve] = []
        rules = []
        if len(frame.budgets):
            end = self._chosen(shown)
            for series, part in enumerate((1.0, QUARTER, QUARTER**2)):
                at = int(np.abs(np.log(frame.budgets * part / frame.budgets[end])).argmin())
                if at == end and series:
                    break
                curves.append(Curve(frame.losses[:, at], frame.weights.astype(np.float64),
                                    words("at {compute}", compute=decimal(frame.budgets[at], 2)), series))
            if frame.first <= end < frame.last:
                rules.append(Rule(float(frame.best[end - frame.first]), words("bottom"), axis="x"))
        else:
            curves.append(Curve(frame.now, frame.weights.astype(np.float64), words("at the start")))
        low, high = min(float(one.y.min()) for one in curves), max(float(one.y.max()) for one in curves)
        self.valley.draw(curves, rules, x_range=(frame.weights[0] / 1.5, frame.weights[-1] * 1.5),
                         y_range=(0.25 * np.floor(3.9 * low), 0.25 * np.ceil(4.1 * high)))

    def _draw_best(self, frame: Frame) -> None:
        words = self.words
        budgets = frame.budgets[frame.first : frame.last]
        curves, title = [], words("The best size needs two sizes to compare")
        if len(budgets):
            curves.append(Curve(frame.best, budgets, "", LAW, "dots", 3.0))
            title = words("Bottom of each budget's valley")
        if frame.growth:
            x, y = np.log(budgets), np.log(frame.best)
            line = np.exp(y.mean() + frame.growth * (x - x.mean()))
            curves.append(Curve(line, budgets, "", LAW, "dashed"))
            title = words("Best size ∝ compute to the power {power}",
                          power=self._sure(frame.growth, frame.growth_error, 2))
        self.best.draw(curves, [Rule(float(one)) for one in frame.weights], title=title,
                       y_range=(frame.weights[0] / 1.5, frame.weights[-1] * 1.5))

    def _draw_exponent(self, frame: Frame) -> None:
        words = self.words
        curves = []
        if len(frame.path):
            budget, alpha, error = frame.path.T
            curves = [Curve(alpha, budget, words("fitted"), LAW),
                      *(Curve(alpha + way * error, budget, "", LAW, "dashed", 1.0) for way in (-2, 2))]
        self.exponent.draw(curves, title=words("α so far, ± 2 standard errors"))

    # --- the third card

    def _draw_years(self, frame: Frame) -> None:
        years = np.array([one.year for one in MODELS])
        ends = np.array([LARGEST[0].year, LARGEST[-1].year])
        growth, _, start = yearly_growth()
        low, high = (frame.yearly * np.exp(way * 2 * frame.yearly_error) for way in (-1, 1))
        self.years.draw(
            years, np.array([one.weights for one in MODELS]), [one.name for one in MODELS],
            labelled=self._by_size(), trends=[(LAW, ends, start * growth ** (ends - 2018))],
            title=self.words("The largest grew {times} a year ({low} – {high})",
                             times=times(frame.yearly, 2), low=decimal(low, 2), high=decimal(high, 2)))

    def _by_size(self) -> list[int]:
        return sorted(range(len(MODELS)), key=lambda one: -MODELS[one].weights)

    def _draw_data(self, frame: Frame) -> None:
        said = [one for one in MODELS if one.tokens]
        live = frame.read > 0
        weights = np.concatenate([[one.weights for one in said], frame.weights[live]])
        tokens = np.concatenate([[one.tokens for one in said], frame.read[live]])
        ends = np.array([weights.min(), weights.max()])
        self.data.draw(
            weights, tokens, [*(one.name for one in said), *(compact(one) for one in frame.weights[live])],
            series=np.array([0] * len(said) + [1] * int(live.sum())), labelled=range(len(weights)),
            series_names=(self.words("published"), self.words("the five here, characters")),
            trends=[(2, ends, HOFFMANN * ends)], title=self.words("Dotted: 20 tokens a weight"))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        if not frame.spent:
            return words("Five sizes of one network, from {small} to {large} weights, will get the same "
                         "compute.", small=compact(frame.weights[0]), large=compact(frame.weights[MINE - 1]))
        best = int(frame.now.argmin())
        values: dict[str, object] = {"measured": shown.measured, "size": compact(frame.weights[best]),
                                     "loss": fixed(float(frame.now[best]))}
        if not len(frame.line):
            return words("Step {measured}: {size} weights are best, at a loss of {loss}; for a "
                         "law it is too early.", **values)
        values |= {"exponent": self._sure(frame.exponent, frame.exponent_error, 3),
                   "foretold": self._sure(frame.foretold, frame.foretold_error, 2),
                   "reached": fixed(frame.reached)}
        if shown.params.law == "with a floor":
            return words(
                "Step {measured}: {size} weights are best, at a loss of {loss}. Above a floor of {floor} the "
                "lowest loss falls as compute to the power −{exponent}; foretold {foretold}, reached "
                "{reached}.",
                floor=self._sure(frame.floor, frame.floor_error, 2), **values)
        return words(
            "Step {measured}: {size} weights are best, at a loss of {loss}. The lowest loss falls as compute "
            "to the power −{exponent}; foretold for now {foretold}, reached {reached}.", **values)
