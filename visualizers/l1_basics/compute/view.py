"""The picture of the GPU server: a roof, what lies under it, and what the machine is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l1_basics.compute.panel import (
    ADDITION,
    COPY,
    FAMILIES,
    FLOAT32,
    FORMAT,
    FORMATS,
    FUSED,
    HOST,
    LAYER,
    MODEL,
    MODELS,
    PRODUCT,
    SHEETS,
    WRITTEN,
    Frame,
    Params,
    Sheet,
)
from visualizers.panel import History, Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule, Style
from widgets.pictures.table import Table
from widgets.theme.look import Look
from widgets.theme.marks import named
from widgets.theme.numbers import count, decimal, quantity
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

LOWEST, HIGHEST = 0.05, 1000.0  # FLOP a byte that the roof is drawn over
GIGA = 1e9


@dataclass(frozen=True)
class Found:
    """What has been measured so far, all NaN where nothing has."""

    frame: Frame
    ms: NDArray[np.float64]  # (N,) the shortest of the times that each took

    @property
    def speed(self) -> NDArray[np.float64]:
        """10⁹ FLOP a second, (N,)."""
        return self.frame.operations / self.ms / 1e6

    @property
    def rate(self) -> NDArray[np.float64]:
        """10⁹ bytes a second, (N,)."""
        return self.frame.bytes / self.ms / 1e6

    @property
    def peak(self) -> float:
        """The best speed of float32 on the device."""
        known = self.speed[(self.frame.number_format == FLOAT32) & (self.frame.family != HOST)]
        return _most(known)

    @property
    def bandwidth(self) -> float:
        """Of the largest addition: from memory, and not from a cache."""
        rate = self.rate[self.frame.family == ADDITION]
        return float(rate[-1]) if len(rate) else np.nan

    @property
    def cache(self) -> float:
        return _most(self.rate[self.frame.family == ADDITION])

    def of(self, family: int, number_format: int | None = None) -> NDArray[np.intp]:
        """Which of the cases are of a family, those that have been measured."""
        there = (self.frame.family == family) & np.isfinite(self.ms)
        if number_format is not None:
            there &= self.frame.number_format == number_format
        return np.flatnonzero(there)


def _most(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if len(known) else np.nan


def shortest(history: History, cases: int) -> NDArray[np.float64]:
    """The least of the times that each case took; NaN for a case that is still to come."""
    which, ms = history["measurement"], history["took_ms"]
    there = (which >= 0) & (which < cases) & (ms > 0)
    found = np.full(cases, np.inf)
    np.minimum.at(found, which[there].astype(np.intp), ms[there])
    found[np.isinf(found)] = np.nan
    return found


class ComputeView(PanelView):
    """The roof carries the claim; below it times over size, and the machine beside a GPU's data sheet."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.roof = CurvePlot(
            look, words("Speed over arithmetic intensity"),
            x=words("operations for each byte that is moved, FLOP/B"), y="GFLOP/s", log_x=True,
            log_y=True, x_range=(LOWEST, HIGHEST))
        rows, ms = words("rows of the matrices"), "ms"
        self.copying = CurvePlot(look, "", x=rows, y=ms, log_x=True, log_y=True, x_range=(8, 10_000)).calm()
        self.memory = CurvePlot(look, "", x=words("kB that an addition touches"), y="GB/s", log_x=True,
                                log_y=True).calm()
        self.attention = CurvePlot(look, "", x=words("tokens of the text"), y=ms, log_x=True,
                                   log_y=True).calm()
        self.formats = CurvePlot(look, "", x=rows, y="GFLOP/s", log_x=True, log_y=True).calm()
        self.machine = Table(look, words("This machine"), (("", 5.0), (words("here"), 3.0), ("", 3.6))).calm()
        self.beside = Pages(self, "beside", {
            "copying": (words("Copying"), self.copying), "memory": (words("Memory"), self.memory),
            "attention": (words("Attention"), self.attention), "formats": (words("Formats"), self.formats)})

        top, left, right = Card(look), Card(look), Card(look)
        top.body.addWidget(self.roof)
        left.body.addWidget(self.beside)
        right.body.addWidget(self.machine)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Roofline"), rank=1, smallest=(420, 240), share=3),
            beside(Place(left, words("Over size"), rank=2, smallest=(330, 210)),
                   Place(right, words("This machine"), rank=3, smallest=(330, 200)), share=2))))

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        found = Found(shown.frame, shortest(shown.history, len(shown.frame.family)))
        sheet = SHEETS.get(shown.params.sheet)
        self._draw_roof(shown, found, sheet)
        self._draw_machine(shown, found, sheet)
        match self.beside.show_page(shown.params.beside):
            case "copying":
                self._draw_copying(shown, found, sheet)
            case "memory":
                self._draw_memory(shown, found)
            case "attention":
                self._draw_attention(shown, found)
            case _:
                self._draw_formats(shown, found)

    # The roof

    def _draw_roof(self, shown: Shown[Params, Frame], found: Found, sheet: Sheet | None) -> None:
        frame, words = shown.frame, self.words
        curves = [_walk(each, family, label if family == PRODUCT else "", 0, "ghost")
                  for label, each in _earlier(shown) for family in (PRODUCT, LAYER)]
        if sheet is not None:
            curves.append(_roof(sheet.peak, sheet.bandwidth,
                                words("{gpu}, by its data sheet", gpu=shown.params.sheet), 2, "dashed"))
        if np.isfinite(found.peak):
            curves.append(_roof(found.peak, found.cache, words("fed by its caches"), 0, "dashed"))
            curves.append(_roof(found.peak, found.bandwidth, words("this machine's roof"), 0, "area", 3.0))
        adding = found.of(ADDITION)[-1:]
        curves += [
            _walk(found, PRODUCT, words("products of matrices, larger and larger"), 2),
            _walk(found, LAYER, words("one layer, batch 1 to 32"), 1),
            Curve(found.speed[adding], frame.operations[adding] / frame.bytes[adding], words("addition"), 0)]
        models = found.of(MODEL)
        x, y = frame.operations[models] / frame.bytes[models], found.speed[models]
        curves += [Curve(y[[at]], x[[at]], "", 3) for at in range(len(models))]
        for group in _near(x, y):  # numbered: beside the roof there is no room for six names
            curves.append(Curve(y[group], x[group], ", ".join(
                count(frame.size[models[one]] + 1) for one in group), 3, "dots"))
        rules = [Rule(frame.operations[index] / frame.bytes[index], count(frame.size[index] + 1), "x", 3)
                 for index in np.flatnonzero((frame.family == MODEL) & np.isnan(found.ms))]
        self.roof.draw([one for one in curves if len(one.y)], rules,
                       note=self._models())

    def _models(self) -> str:
        """What the numbers in the picture stand for."""
        return named(3, "\u2002".join(f"{count(at)}\u00a0{self.words(name)}"
                                      for at, name in enumerate(MODELS, 1)))

    def _named(self, frame: Frame, at: int) -> str:
        words, size = self.words, int(frame.size[at])
        match FAMILIES[frame.family[at]]:
            case "layer":
                return words("a layer on a batch of {size}", size=count(size))
            case "model":
                return f"{named(3, count(size + 1))} {words(_model(size))}"
            case "addition":
                return words("an addition of {size} kB", size=count(size))
            case "copy":
                return words("copying matrices of {size} rows", size=count(size))
            case "written":
                return words("attention over {size} tokens", size=count(size))
            case "fused":
                return words("fused attention over {size} tokens", size=count(size))
            case "format":
                return words("a product of {size} rows in {format}", size=count(size),
                             format=FORMATS[frame.number_format[at]])
            case "host":
                return words("a product of {size} rows on the CPU", size=count(size))
            case _:
                return words("a product of {size} rows", size=count(size))

    # Over size

    def _draw_copying(self, shown: Shown[Params, Frame], found: Found, sheet: Sheet | None) -> None:
        words, gpu = self.words, shown.frame.device != "cpu"
        curves = [_times(each, PRODUCT, label, 0, "ghost") for label, each in _earlier(shown)]
        if sheet is not None:
            n = np.geomspace(8, 8192, 41)
            curves += [
                Curve(12 * n**2 / sheet.link / 1e6, n,
                      words("{gpu}: copy", gpu=shown.params.sheet), 3, "dashed"),
                Curve(np.maximum(2 * n**3 / sheet.peak, 12 * n**2 / sheet.bandwidth) / 1e6, n,
                      words("{gpu}: product", gpu=shown.params.sheet), 1, "dashed")]
        copying = words("copy to the GPU and back") if gpu else words("copy within memory")
        curves += [_times(found, COPY, copying, 3), _times(found, PRODUCT, words("product"), 1)]
        if gpu:
            curves.append(_times(found, HOST, words("product on the CPU"), 2))
        rules = [Rule(shown.frame.crossing, count(shown.frame.crossing), axis="x")] if sheet else []
        note = words("dashed: by the data sheet") if sheet else ""
        self.copying.draw([one for one in curves if len(one.y)], rules, note=note)

    def _draw_memory(self, shown: Shown[Params, Frame], found: Found) -> None:
        at = found.of(ADDITION)
        curves = [Curve(each.rate[some := each.of(ADDITION)], each.frame.size[some], label, style="ghost")
                  for label, each in _earlier(shown)]
        curves.append(Curve(found.rate[at], shown.frame.size[at],
                            self.words("addition, c = a + b"), 0))
        self.memory.draw([one for one in curves if len(one.y)])

    def _draw_attention(self, shown: Shown[Params, Frame], found: Found) -> None:
        words = self.words
        curves = [_times(each, WRITTEN, label, 0, "ghost") for label, each in _earlier(shown)]
        curves += [_times(found, WRITTEN, words("written out: its table is stored"), 1),
                   _times(found, FUSED, words("fused: no table is stored"), 0)]
        if len(at := found.of(FUSED)):
            T = shown.frame.size[at].astype(np.float64)
            curves.append(Curve(found.ms[at[-1]] * (T / T[-1]) ** 2, T, words("as T²"), 2, "dashed"))
        self.attention.draw([one for one in curves if len(one.y)])

    def _draw_formats(self, shown: Shown[Params, Frame], found: Found) -> None:
        curves = [Curve(each.speed[some := each.of(PRODUCT)], each.frame.size[some], label, style="ghost")
                  for label, each in _earlier(shown)]
        for number_format, name in enumerate(FORMATS):
            at = found.of(PRODUCT if number_format == FLOAT32 else FORMAT, number_format)
            curves.append(Curve(found.speed[at], shown.frame.size[at], name, number_format))
        self.formats.draw([one for one in curves if len(one.y)])

    # The machine

    def _draw_machine(self, shown: Shown[Params, Frame], found: Found, sheet: Sheet | None) -> None:
        frame, words = shown.frame, self.words
        gpu = frame.device != "cpu"
        half = _most(found.speed[(frame.family == FORMAT) & (frame.number_format > FLOAT32)])
        links = _most(found.rate[frame.family == COPY]) if gpu else np.nan

        def here(value: float) -> str:
            return decimal(value) if np.isfinite(value) else "…"

        rows = [
            (words("GFLOP/s, float32"), here(found.peak), sheet and decimal(sheet.peak)),
            (words("GFLOP/s, 16 bits"), here(half), sheet and decimal(sheet.half)),
            (words("memory, GB/s"), here(found.bandwidth), sheet and decimal(sheet.bandwidth)),
            (words("ridge, FLOP/B"), here(found.peak / found.bandwidth),
             sheet and decimal(sheet.peak / sheet.bandwidth)),
            (words("way to a GPU, GB/s"), here(links) if gpu else words("no GPU"),
             sheet and decimal(sheet.link)),
            (words("memory, GB"), decimal((frame.own_memory or frame.memory) / GIGA),
             sheet and decimal(sheet.memory)),
            (words("cores, threads"), f"{count(frame.cores)}, {count(frame.threads)}", ""),
        ]
        self.machine.draw(
            [(name, mine, theirs or "") for name, mine, theirs in rows],
            heads=("", words("here"), words("{gpu}, on paper", gpu=shown.params.sheet) if sheet else ""),
            title=self._title(frame))

    def _title(self, frame: Frame) -> str:
        words = self.words
        if frame.device != "cpu":
            return frame.processor
        if frame.others:
            return words("{cpu}; there is a {gpu} too: see the settings", cpu=frame.processor,
                         gpu=frame.others[0])
        return words("{cpu}, no GPU that torch can use", cpu=frame.processor)

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        found = Found(frame, shortest(shown.history, len(frame.family)))
        known = int(np.isfinite(found.ms).sum())
        texts, intensity = quantity(shown.params.batch, "text", words), decimal(_writing(frame))
        if not known:
            return words("A step measures one thing: play to fill the picture. A GPT that writes for {batch} "
                         "does {intensity} operations for each byte.", batch=texts, intensity=intensity)
        if not np.isfinite(found.peak) or not np.isfinite(found.bandwidth):
            return words("{known} of {all} things have been measured, the last one {what}.", known=known,
                         all=len(frame.family),
                         what=self._named(frame, int(shown.history["measurement"][-1])))
        return words(
            "At best {peak} GFLOP/s, and {bandwidth} GB/s from memory: below {ridge} operations a byte "
            "memory decides. A GPT that writes for {batch} does {intensity} a byte.",
            peak=decimal(found.peak), bandwidth=decimal(found.bandwidth),
            ridge=decimal(found.peak / found.bandwidth), batch=texts, intensity=intensity)


def _earlier(shown: Shown[Params, Frame]) -> list[tuple[str, Found]]:
    """What the pinned runs had measured."""
    return [(ghost.label, Found(ghost.frame, shortest(ghost.history, len(ghost.frame.family))))
            for ghost in shown.ghosts]


def _times(found: Found, family: int, label: str, series: int, style: Style = "solid") -> Curve:
    at = found.of(family)
    return Curve(found.ms[at], found.frame.size[at], label, series, style)


def _near(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[list[int]]:
    """Which points lie so close to each other that they share a label, from left to right."""
    groups: list[list[int]] = []
    for one in np.argsort(x):
        for group in groups:
            if abs(np.log10(x[one] / x[group[-1]])) < 0.2 and abs(np.log10(y[one] / y[group[-1]])) < 0.5:
                group.append(int(one))
                break
        else:
            groups.append([int(one)])
    return groups


def _model(index: int) -> str:
    return MODELS[min(index, len(MODELS) - 1)]


def _writing(frame: Frame) -> float:
    """Operations for each byte of the first model, the tiny GPT that writes."""
    at = np.flatnonzero(frame.family == MODEL)[:1]
    return float((frame.operations[at] / frame.bytes[at]).sum())


def _roof(
    peak: float, bandwidth: float, label: str, series: int, style: Style, width: float = 1.5
) -> Curve:
    """min(π, β I): a slope, and level beyond the ridge."""
    ridge = min(max(peak / bandwidth, LOWEST * 1.01), HIGHEST * 0.99) if np.isfinite(bandwidth) else LOWEST
    x = np.array([LOWEST, ridge, HIGHEST])
    y = np.minimum(peak, x * bandwidth) if np.isfinite(bandwidth) else np.full(3, peak)
    return Curve(y, x, label, series, style, width)


def _walk(found: Found, family: int, label: str, series: int, style: Style = "solid") -> Curve:
    at = found.of(family)
    return Curve(found.speed[at], found.frame.operations[at] / found.frame.bytes[at], label, series, style,
                 1.5)
