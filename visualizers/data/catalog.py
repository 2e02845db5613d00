"""The catalogue: one call lists what there is of a kind, one gives it, wherever it comes from."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from visualizers.data.kinds.labelled import Labelled
from visualizers.data.kinds.text import Text
from visualizers.data.models import ModelFiles
from visualizers.data.own import OwnFile
from visualizers.data.pack import Pack, pin
from visualizers.data.registry import Kind, Source, all_kinds, all_sources
from visualizers.files import rewriting
from visualizers.refusal import Refusal

# Raised when a source reads its archive differently, so that texts are cleaned again.
READERS = 1


def _nobody(sentence: str, values: dict[str, object]) -> None:
    """Nobody wants to know how a file was read."""


class Data:
    """Texts, tables and models by name. Opens no socket and keeps no file open."""

    def __init__(
        self, pack: Path | None = None,
        told: Callable[[str, dict[str, object]], None] = _nobody,
    ) -> None:
        """
        Args:
            pack: the data pack's folder; the default is the user's own.
            told: gets what is to be known about how a file was read, a sentence and its values.
        """
        self.pack, self.told = Pack(pack), told

    def entries(self, kind: str) -> tuple[Source, ...]:
        """All that can be had of a kind by name: what is always there first."""
        return tuple(one for one in all_sources().values() if one.kind == kind)

    def has(self, source: Source) -> bool:
        """Whether it can be read now, without being fetched first."""
        if source.present is not None:
            return source.present(self.pack)
        return not source.archive or self.pack.has(source.archive)

    def title(self, id: str) -> str:
        """What a source is called."""
        return all_sources()[id].title

    def read(self, kind: str, id: str) -> Any:
        """What is called ``id``, or the user's own, such as ``file:PATH``.

        What is not here gives what stands in for it, which says so in its ``missing``.

        Raises:
            Refusal: no such id, an own file that does not fit, a damaged archive.
        """
        of_kind = all_kinds()[kind]
        own = OwnFile.of(id)
        if ":" in id and own.how in of_kind.own:
            found = of_kind.own[own.how](own)
            for sentence, values in own.said:
                self.told(sentence, values)
            return found
        asked = all_sources().get(id)
        if asked is None or asked.kind != kind:
            known = [one.id for one in self.entries(kind)]
            near = difflib.get_close_matches(id, known, n=1, cutoff=0.0)
            raise of_kind.unknown(repr(id), (near or known)[0])
        stand_ins = [all_sources()[other] for other in of_kind.stand_ins.get(asked.language, ())
                     if other != id]
        stand_ins.sort(key=lambda one: -len(one.abilities & asked.abilities))
        for one in (asked, *stand_ins):
            if self.has(one) and not of_kind.lacks(read := self._read(of_kind, one)):
                return of_kind.value(one, read, "" if one is asked else id)
        if stand_ins:
            raise Refusal("This Python was installed without {title}; choose something else.",
                          title=asked.title)
        return of_kind.absent

    def _read(self, kind: Kind, source: Source) -> Any:
        if not source.archive:
            return _carried(source)
        return self._cleaned(source) if kind.cleaned else source.read(self.pack)

    def _cleaned(self, source: Source) -> str:
        """The text; kept beside its archive, under the archive's hash."""
        kept = self.pack.folder / f"{source.id}-r{READERS}-{pin(source.archive).sha256[:12]}.txt"
        if kept.is_file():
            return kept.read_text("utf-8")
        text = str(source.read(self.pack))
        # A folder that cannot be written to only costs the time of cleaning again.
        with contextlib.suppress(OSError), rewriting(kept) as file:
            file.write_text(text, "utf-8", newline="\n")
        return text

    # --- with their types, for experiments

    def text(self, id: str) -> Text:
        """A text to train on. Raises ``Refusal``."""
        found: Text = self.read("text", id)
        return found

    def labelled(self, id: str) -> Labelled:
        """Labelled texts. Raises ``Refusal``."""
        found: Labelled = self.read("labelled", id)
        return found

    def model(self, id: str) -> ModelFiles:
        """A model's files. Raises ``Refusal``."""
        found: ModelFiles = self.read("model", id)
        return found


@cache
def _carried(source: Source) -> Any:
    """What every installation has is made once a process."""
    return source.read()
