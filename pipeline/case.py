"""A claim as rules see it: its papers, the day, what the applicant declared, and the lists in use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.catalogs.catalog import Catalogs
from pipeline.model import Document


@dataclass(frozen=True, slots=True)
class Case:
    """The papers of one claim together with what they are judged by.

    `today` is the day that counts as the present: of the run, or the one on which the claim was received.
    """

    documents: Sequence[Document]
    today: date
    catalogs: Catalogs
