from __future__ import annotations

import numpy as np

from .panel import Frame, Params


class Tiny:
    shared = ()

    def __init__(self, params: Params, context) -> None:
        if params.seed == 13:
            raise RuntimeError("the seed 13 is refused")
        if params.seed == 14:
            context.note("The point starts at {x}.", x=1)
        self.x = 1.0 if params.start == "right" else -1.0
        self.path = [self.x]

    def step(self, params: Params) -> dict[str, float]:
        loss = self.x**2 if abs(self.x) < 1e6 else float("nan")
        self.x -= params.learning_rate * 2 * self.x
        self.path = [*self.path[-50:], self.x]
        return {"loss": loss, "distance": abs(self.x)}

    def frame(self, params: Params) -> Frame:
        return Frame(np.array(self.path, dtype=np.float32), float(self.x))
