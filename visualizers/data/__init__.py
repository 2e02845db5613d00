"""Real texts and models: what every Python carries, the data pack, and the user's own files."""

from visualizers.data.catalog import Data
from visualizers.data.kinds.labelled import Labelled, Split
from visualizers.data.kinds.text import Text
from visualizers.data.models import FetchModel, ModelFiles
from visualizers.data.own import LIMIT
from visualizers.data.pack import (
    Archive,
    Fetch,
    Fetched,
    Offline,
    Pack,
    Pin,
    Report,
    check_room,
    default_folder,
    fetch,
    pin,
    pins,
)
from visualizers.data.registry import Source, all_sources

__all__ = [
    "LIMIT", "Archive", "Data", "Fetch", "FetchModel", "Fetched", "Labelled", "ModelFiles", "Offline",
    "Pack", "Pin", "Report", "Source", "Split", "Text", "all_sources", "check_room",
    "default_folder", "fetch", "pin", "pins",
]
