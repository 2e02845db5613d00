"""The bar below a view: play, step, go back, branch, pin, and a slider through the run."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from widgets.base.labels import run_on
from widgets.base.tips import explain
from widgets.controls.controls import Slider
from widgets.controls.speeds import Speed
from widgets.theme.icons import icon
from widgets.theme.look import Look
from widgets.theme.numbers import count, quantity
from widgets.theme.style import font
from widgets.views.cards import Card


class Transport(Card):
    """What drives a run. It shows a state and says what was asked; it decides nothing.

    ``seek`` is emitted while the scrubber moves and ``seek_done`` when it is let go.
    """

    play = Signal()
    step = Signal()
    back = Signal()
    reset = Signal()
    branch = Signal()
    pin = Signal()
    speed = Signal(Speed)
    seek = Signal(int)
    seek_done = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = look.words
        self._trains = True
        self._state = "idle"
        self._scrubber = Slider(look)
        self._scrubber.setRange(0, 0)
        self._scrubber.setAccessibleName(words("Steps of the run"))
        explain(self._scrubber, words("Drag to look back at an earlier step"))
        self._scrubber.valueChanged.connect(self._sought)
        self._scrubber.sliderReleased.connect(lambda: self.seek_done.emit(self._scrubber.value()))
        self._steps = QLabel()
        self._rate = QLabel()
        for label in (self._steps, self._rate):
            label.setProperty("role", "muted")
            label.setFont(font(look, 12))
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._nothing = QLabel(words("Nothing to train here: what you change is shown at once."))
        self._nothing.setProperty("role", "muted")

        self._play = self._button("play", words("Play"), words("Play or pause (Space)"), self.play)
        self._play.setText(" " + words("Play"))
        self._play.setProperty("role", "accent")
        # Room for the longer of the two words, so that the others do not move.
        self._play.setMinimumWidth(look.px(104))
        self._back = self._button("back", words("One step back"), words("One step back (←)"),
                                  self.back)
        self._step = self._button("step", words("One step"), words("One step (→)"), self.step)
        self._reset = self._button("reset", words("Start again"), words("Start again (R)"),
                                   self.reset)
        self._branch = self._button(
            "branch", words("Branch"), words("A new run from the step you look at; it waits for you (B)"),
            self.branch)
        self._pin = self._button(
            "pin", words("Pin"), words("Keep this run as a grey ghost behind the next ones (Ctrl+P)"),
            self.pin)
        self._speed_label = QLabel(words("Speed"))
        self._speed_label.setProperty("role", "muted")
        self._speed = QComboBox()
        self._speed.setAccessibleName(words("Speed"))
        self._speed_label.setBuddy(self._speed)
        self._speed.addItems([words(one.value) for one in Speed])
        self._speed.activated.connect(lambda index: self.speed.emit(list(Speed)[index]))

        self.body.setContentsMargins(look.px(12), look.px(8), look.px(12), look.px(10))
        self.body.setSpacing(look.px(6))
        top = QHBoxLayout()
        top.setSpacing(look.px(12))
        top.addWidget(self._scrubber, 1)
        top.addWidget(self._steps)
        top.addWidget(self._rate)
        bottom = self._bottom = QHBoxLayout()
        bottom.setSpacing(look.px(8))
        for button in (self._play, self._back, self._step, self._reset):
            bottom.addWidget(button)
        bottom.addWidget(self._nothing)
        bottom.addStretch(1)
        for widget in (self._speed_label, self._speed, self._branch, self._pin):
            bottom.addWidget(widget)
        self.body.addLayout(top)
        self.body.addLayout(bottom)
        self.set_trains(True)
        self.set_steps(0, 0)
        self.set_state("idle")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def _fold(self) -> None:
        """Where not all has room, words go whose sign or value says the same: they never shrink."""
        words = self.look.words
        for named, labelled in ((True, True), (True, False), (False, False)):
            self._speed_label.setVisible(labelled and self._trains)
            self._branch.setText(" " + words("Branch") if named else "")
            self._pin.setText(" " + words("Pin") if named else "")
            self._bottom.invalidate()
            if self._bottom.minimumSize().width() <= self.contentsRect().width() - self.look.px(24):
                break
        self.body.invalidate()
        self.body.activate()

    def _button(self, sign: str, name: str, tip: str, asked: object) -> QPushButton:
        button = QPushButton()
        button.setIcon(icon(self.look, sign, "on_accent" if sign == "play" else "text", size=14))
        button.setIconSize(QSize(self.look.px(14), self.look.px(14)))
        button.setAccessibleName(name)
        explain(button, tip)
        button.clicked.connect(lambda: asked.emit())  # type: ignore[attr-defined]
        return button

    def _sought(self, step: int) -> None:
        self.seek.emit(step)
        if not self._scrubber.isSliderDown():  # a key moved it, and that is all there is to come
            self.seek_done.emit(step)

    def set_state(self, state: str) -> None:
        """Show a state of the session: idle, starting, running, paused, finished, diverged, failed."""
        self._state = state
        self._play.setEnabled(state not in ("failed",))
        self.set_playing(state == "running")
        self._enable()

    def set_playing(self, playing: bool) -> None:
        """Whether it plays or will as soon as it has started: then the button pauses."""
        words = self.look.words
        said = words("Pause") if playing else words("Play")
        if said == self._play.accessibleName():
            return
        self._play.setText(" " + said)
        self._play.setAccessibleName(said)
        self._play.setIcon(icon(self.look, "pause" if playing else "play", "on_accent", size=14))

    def set_steps(self, step: int, last: int) -> None:
        """Show that ``step`` of ``last`` is looked at."""
        words = self.look.words
        if not self._scrubber.isSliderDown():
            with QSignalBlocker(self._scrubber):
                self._scrubber.setRange(0, max(0, last))
                self._scrubber.setPageStep(max(1, last // 20))
                self._scrubber.setValue(step)
        said = words("step {step} of {last}", step=count(step), last=count(last)) \
            if step != last else words("step {step}", step=count(step))
        run_on(self._steps, said)
        self._enable()

    def set_rate(self, steps_per_second: float) -> None:
        """Show how fast it goes on; nothing while it does not, and that it has settled when it has."""
        words = self.look.words
        if self._state == "finished":
            run_on(self._rate, words("settled"))
            explain(self._rate, words("Nothing more happens by itself. A control may set it going "
                                      "again."))
            return
        self._rate.setToolTip("")
        run_on(self._rate, quantity(steps_per_second, "step/s", words, digits=2)
                        if steps_per_second > 0 else "")

    def set_speed(self, speed: Speed) -> None:
        """Show a speed as chosen, without a signal."""
        self._speed.setCurrentIndex(list(Speed).index(speed))

    def set_trains(self, trains: bool) -> None:
        """A panel without training has nothing to play, only something to pin."""
        self._trains = trains
        for widget in (self._scrubber, self._steps, self._rate, self._play, self._back, self._step,
                       self._reset, self._speed, self._branch):
            widget.setVisible(trains)
        self._nothing.setVisible(not trains)
        self._fold()
        self._enable()

    def _enable(self) -> None:
        begun = self._scrubber.maximum() > 0
        can_look_back = begun and self._state not in ("starting", "failed")
        self._back.setEnabled(can_look_back and self._scrubber.value() > 0)
        self._scrubber.setEnabled(begun and self._state != "starting")
        self._step.setEnabled(self._state not in ("starting", "running", "failed"))
        self._branch.setEnabled(can_look_back)
        self._pin.setEnabled(self._state not in ("starting", "idle") or not self._trains)
