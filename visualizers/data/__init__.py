"""Real texts and models: what every Python carries, the data pack, and the user's own files."""

from visualizers.data.catalog import Data, Text, TextInfo, listing
from visualizers.data.labelled import Labelled, Split
from visualizers.data.models import FetchModel, ModelFiles, ModelInfo
from visualizers.data.own import LIMIT
from visualizers.data.pack import (
    Archive,
    Fetch,
    Fetched,
    Pack,
    Pin,
    default_folder,
    fetch,
    pin,
    pins,
)

__all__ = [
    "LIMIT", "Archive", "Data", "Fetch", "FetchModel", "Fetched", "Labelled", "ModelFiles",
    "ModelInfo", "Pack", "Pin", "Split", "Text", "TextInfo", "default_folder", "fetch", "listing",
    "pin", "pins",
]
