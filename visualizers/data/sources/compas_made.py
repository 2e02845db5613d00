"""Made persons with the scores and outcomes of the published table of COMPAS."""

from __future__ import annotations

from visualizers.data.defendants import made
from visualizers.data.registry import Source

SOURCE = Source(
    kind="table", id="compas-made", title="Persons made from the table of COMPAS", language="en",
    about="5,278 made persons: score and outcome as tabulated for two groups, the rest drawn",
    licence="Made by this program; table after Larson et al. 2016 and Chouldechova 2017", read=made)
