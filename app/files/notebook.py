"""An experiment as a notebook that runs: the same source, the values of the moment, a plain loop."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from app.files.code import chapters, module_source, source, values
from visualizers.catalog import Said
from visualizers.files import Told, nobody, replacing
from visualizers.panel import Panel

INSTALLED = """\
try:
    from visualizers.data import Data
    from visualizers.panel import Context
except ImportError:
    raise ImportError("Install Big Models Lab into this notebook's environment first: "
                      "pip install, followed by the folder of the program.") from None
"""

TRAIN = """\
import torch

torch.manual_seed(params.seed)
context = Context(device="cuda" if torch.cuda.is_available() else "cpu", seed=params.seed, data=Data())
experiment = {experiment}(params, context)
for step in range(1, {steps} + 1):
    scalars = experiment.step(params)
    finished = hasattr(experiment, "finished") and experiment.finished(params)
    if finished or step % {every} == 0:
        if hasattr(experiment, "measure"):
            scalars = {{**scalars, **experiment.measure(params)}}
        print(step, {{name: round(value, 4) for name, value in scalars.items()}})
    if finished:
        break
if hasattr(experiment, "measure"):
    experiment.measure(params)
frame = experiment.frame(params)
"""

LOOK = """\
import torch

context = Context(device="cuda" if torch.cuda.is_available() else "cpu", seed=params.seed, data=Data())
experiment = {experiment}(params, context)
frame = experiment.frame(params)
"""

SEE = """\
import dataclasses

for field in dataclasses.fields(frame):
    value = getattr(frame, field.name)
    print(f"{field.name:24} {getattr(value, 'shape', '')} {str(value)[:80]}")
"""

SCRIPT = """\
import inspect
from pathlib import Path

from {package} import {name}

Path("{name}.py").write_text(inspect.getsource({name}), "utf-8")
"""


# A comment that begins a section of an experiment: "# --- the way back ---------".
SECTION = re.compile(r"^# --- (.+?) -+$\n*", re.MULTILINE)
TO_THE_END = 100_000  # steps, for what ends by itself


def sections(code: str) -> list[tuple[str, str]]:
    """A module's source as (heading, code), cut at its sections; what comes first has no heading."""
    parts = SECTION.split(code)
    return list(zip(["", *parts[1::2]], (part.strip("\n") for part in parts[::2]), strict=True))


def notebook(panel: Panel, params: Any, *, language: str = "en", steps: int = 100) -> Any:
    """The cells: what it shows, imports, the experiment by sections, the values, the loop, the result;
    and what writes a file of the panel's that runs by itself.

    The loop trains ``steps`` steps, or until the experiment has finished.
    """
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    said = Said(panel, language)
    kind = type(params)
    name = panel.experiment.partition(":")[2]
    code = source(panel).replace("from __future__ import annotations\n", "")
    every = max(1, steps // 10)
    if "def finished(self" in code:
        steps, every = TO_THE_END, 100
    loop = (TRAIN if panel.trains else LOOK).format(experiment=name, steps=max(1, steps), every=every)
    words = said.words()
    cells = []
    for heading, part in sections(code):
        cells += [new_markdown_cell(f"## {words(heading)}")] if heading else []
        cells.append(new_code_cell(part))
    made = new_notebook(cells=[
        new_markdown_cell("\n\n".join(filter(None, (f"# {said.title}", said.claim, said.warning)))),
        new_code_cell(INSTALLED),
        *cells,
        new_code_cell(f"from {kind.__module__} import {kind.__name__}\n\n"
                      + values(params, f"{said.title}: the values of the moment")),
        new_code_cell(loop),
        new_code_cell(SEE),
    ])
    for module in chapters(panel)[1:]:
        if "\nif __name__ ==" in (text := module_source(module)):  # it also runs by itself
            package, _, script = module.rpartition(".")
            made.cells += [
                new_markdown_cell(f"## {script}.py\n\n{ast.get_docstring(ast.parse(text))}"),
                new_code_cell(SCRIPT.format(package=package, name=script))]
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for index, cell in enumerate(made.cells):  # ids by place, so that saving twice gives one file
        cell["id"] = f"{panel.id}-{index}".replace("_", "-")
    return made


def save_notebook(panel: Panel, params: Any, path: Path, language: str = "en", steps: int = 100,
                  told: Told = nobody) -> None:
    """Write the notebook. Raises ``Refusal`` where it cannot be written."""
    import nbformat

    told(0, 0)
    text = nbformat.writes(notebook(panel, params, language=language, steps=steps))
    with replacing(path) as file:
        file.write_text(text + "\n", "utf-8")
