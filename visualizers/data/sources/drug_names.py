"""Names of drugs from the package drug-named-entity-recognition.

Its dictionary is a pickle of plain dicts; it is opened by an unpickler that refuses every class.
"""

from __future__ import annotations

import bz2
import io
import pickle
import re
from functools import lru_cache
from typing import Any, NoReturn

from visualizers.data.pack import Pack
from visualizers.data.registry import Source
from visualizers.refusal import Refusal

MEMBER = "drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2"


class _Plain(pickle.Unpickler):
    """Opens what holds numbers, texts, lists and dicts, and nothing that could run."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"{module}.{name} is refused")


def read(pack: Pack) -> tuple[str, ...]:
    """Generic names of one word, of medicines that MedlinePlus describes for patients."""
    return _names(pack.read("drug-named-entity-recognition", MEMBER))


@lru_cache(maxsize=1)
def _names(packed: bytes) -> tuple[str, ...]:
    return names_of(plain(bz2.decompress(packed))["drug_canonical_to_data"])


def plain(pickled: bytes) -> Any:
    """What a pickle of plain values holds. Raises ``Refusal`` for any other."""
    try:
        return _Plain(io.BytesIO(pickled)).load()
    except (pickle.UnpicklingError, EOFError, ValueError, IndexError, KeyError) as error:
        raise Refusal("The archive {file} is damaged; remove it and fetch it again.",
                      file="drug-named-entity-recognition") from error


def names_of(listed: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    """Those of one word of 6 to 14 letters that are described for patients, in their order."""
    return tuple(sorted(name for name, about in listed.items()
                        if "medline_plus_id" in about and re.fullmatch("[a-z]{6,14}", name)))


SOURCE = Source(
    kind="table", id="drug-names", title="Names of drugs", language="en",
    about="Generic names of medicines, as MedlinePlus describes them for patients",
    licence="identifiers of DrugBank and MeSH; package MIT", archive="drug-named-entity-recognition",
    read=read)
