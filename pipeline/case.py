"""A claim as rules see it: its papers, the day, what the applicant declared, and what it is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from pipeline.application import Application, CaseType, ClaimKind
from pipeline.case_types import case_types_of
from pipeline.catalogs.catalog import Catalogs
from pipeline.model import INVOICES, Document
from pipeline.office import Office, usual_office
from pipeline.places.place import Place
from pipeline.verification import Verification


@dataclass(frozen=True, slots=True)
class Case:
    """The papers of one claim together with what they are judged by.

    `today` is the day that counts as the present: of the run, or the one on which the claim is looked at.
    Without an `application` nobody declared anything: rules about what is declared then stay silent or say
    that they cannot tell. `claim_id` keeps a claim that is judged again from meeting itself among the earlier
    ones. `verifications` are the platform's answers that lie beside the papers; those of the application come
    with it.
    """

    documents: Sequence[Document]
    today: date
    catalogs: Catalogs
    application: Application | None = None
    office: Office = field(default_factory=usual_office)
    claim_id: str = ""
    verifications: tuple[Verification, ...] = ()

    @property
    def bills(self) -> list[Document]:
        """The invoices of the claim."""
        return [document for document in self.documents if document.type in INVOICES]

    @property
    def case_types(self) -> tuple[CaseType, ...]:
        """The headings that the claim falls under, the main one first."""
        return case_types_of(self.documents, self.application)

    @property
    def main_type(self) -> CaseType | ClaimKind:
        """The main heading: the first case type, or what kind of application it is that asks for no money."""
        types = self.case_types
        return types[0] if types or self.application is None else self.application.kind

    @property
    def treatment_date(self) -> date | None:
        """The day whose lists and rules hold: the last day of treatment on a bill, else on any paper."""
        for papers in (self.bills, self.documents):
            days = [day for paper in papers if (day := paper.treatment_date)]
            if days:
                return max(days)
        return None

    @property
    def place(self) -> Place:
        """The rules of the office's place on the day of treatment; today's where no paper bears a day."""
        return self.office.place_on(self.treatment_date or self.today)

    @property
    def settle_by(self) -> date | None:
        """The day by which the office settles the claim: working days after receipt, fewer for births."""
        received = self.application.received_on if self.application is not None else None
        if received is None:
            return None
        rule = self.place.deadline
        is_birth = "family_planning" in self.case_types
        days = rule.maternity_settled_in_working_days if is_birth else rule.settled_in_working_days
        return self.office.working_days.add_working_days(received, days)

    @property
    def answers(self) -> tuple[Verification, ...]:
        """What the verification platform said, as far as it is at hand."""
        declared = self.application.verifications if self.application is not None else ()
        return (*declared, *self.verifications)
