"""Whose papers they are, and who brings them (domain.md §10 R-NAME-1 to R-NAME-3, R-PROXY-1).

What the applicant declares leads: papers are laid beside the insured as declared. The papers of a proxy or of
a family member are told by their names, declared or read off the letter of proxy, so that an identity card of
the proxy is not taken for a foreign paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stdnum.cn import ric

from pipeline.application import Application, Person
from pipeline.case import Case
from pipeline.case_types import NAME_FIELDS, is_named_after_mother
from pipeline.model import OTHER, Document
from pipeline.places.place import ProxyPaper
from pipeline.text import differing_characters, is_masked, names_agree, squeeze
from validators._rule import CHECK_READING, Verdict, case_rule, failed, passed, unknown
from validators.across import path_in

BIRTH_CERTIFICATE = "birth_certificate"
IDENTITY_CARD = "id_card"
AUTHORIZATIONS = ("proxy_authorization", "commitment_letter")
RELATION_PAPERS = ("marriage_certificate", "household_register", BIRTH_CERTIFICATE)
OTHERS_FIELDS = ("agent_name", "member_name")
"""Fields in which a letter or form names who acts for the insured, or the member of the family."""
ID_LENGTH = 18


def name_on(document: Document) -> tuple[str, str] | None:
    """Field and name of the person that a paper is about."""
    return next(((field, text) for field in NAME_FIELDS if (text := document.text(field))), None)


def is_of_another(document: Document, case: Case) -> bool:
    """Whether a paper is that of a proxy or family member, by its name.

    Who that is, is declared or stands on another paper: a letter of proxy names both. A name that is also the
    insured's or that of a payer is never another's.
    """
    if document.type not in (IDENTITY_CARD, OTHER):
        return False
    found = name_on(document)
    if found is None or any(names_agree(found[1], name) for name in _names_of_insured(case)):
        return False
    return any(names_agree(found[1], name) for name in _names_of_others(case))


def papers_of_insured(case: Case) -> list[Document]:
    """The papers without those of a proxy or family member."""
    return [document for document in case.documents if not is_of_another(document, case)]


def _names_of_insured(case: Case) -> list[str]:
    """The insured as declared, else who the bills name."""
    insured = case.application.insured if case.application is not None else None
    if insured is not None:
        return [insured.name]
    return [found[1] for bill in case.bills if (found := name_on(bill))]


def _names_of_others(case: Case) -> list[str]:
    """The proxy and the family member, as declared and as a paper names them."""
    form = case.application
    declared = [person for person in (form.submitted_by, form.family_member) if person] if form else []
    named = (document.text(field) for document in case.documents for field in OTHERS_FIELDS)
    return [*(person.name for person in declared), *(name for name in named if name)]


# ---------------------------------------------------------------- newborns


def birth_certificates(documents: Sequence[Document]) -> list[Document]:
    """出生医学证明 among the papers."""
    return [each for each in documents if each.type == OTHER and each.subtype == BIRTH_CERTIFICATE]


def is_explained_by_birth(name: str, lead: str, documents: Sequence[Document]) -> bool:
    """Whether a birth certificate says that a child named after the mother and `lead` may both stand here.

    The other name is the mother's, or the one that the child was given.
    """
    after_mother = next((text for text in (name, lead) if is_named_after_mother(text)), None)
    if after_mother is None:
        return False
    other = lead if after_mother == name else name
    mother = mother_in(after_mother)
    for certificate in birth_certificates(documents):
        written, given = certificate.text("mother_name"), certificate.text("name")
        if written and names_agree(written, mother):
            return names_agree(other, mother) or bool(given and names_agree(other, given))
    return False


def mother_in(name: str) -> str:
    """The mother's name in that of an infant.

    >>> mother_in("王 样例之女")
    '王样例'
    """
    return squeeze(name)[:-2]


@case_rule(
    "R-NAME-2",
    title="新生儿称谓与出生医学证明相符",
    basis="北京医保手工报销材料要求（新生儿提供出生医学证明）",
)
def newborn_is_the_certified_child(case: Case) -> Verdict | None:
    """A child called 〈mother〉之子 or 之女 is the one whose birth certificate names that mother."""
    named = [
        (document, *found)
        for document in case.documents
        if (found := name_on(document)) and is_named_after_mother(found[1])
    ]
    if not named:
        return None
    paths = [path_in(document, f"fields.{field}") for document, field, _ in named]
    certificates = birth_certificates(case.documents)
    said = f"姓名「{named[0][2]}」为新生儿称谓"
    if not certificates:
        return failed(f"{said}，应有出生医学证明（M14）证实，请补交", *paths)
    mothers = [text for each in certificates if (text := each.text("mother_name"))]
    paths += [path_in(each, "fields.mother_name") for each in certificates]
    if not mothers:
        return unknown(f"{said}，出生医学证明上的母亲姓名未读出，请对照原件", *paths)
    wrong = [name for *_, name in named if not any(names_agree(mother_in(name), each) for each in mothers)]
    if wrong:
        return failed(f"{said}，出生医学证明上的母亲为「{mothers[0]}」，两者不符；{CHECK_READING}", *paths)
    given = [text for each in certificates if (text := each.text("name"))]
    insured = case.application.insured if case.application is not None else None
    if insured is None or any(names_agree(insured.name, text) for text in (*given, *mothers)):
        return passed(*paths)
    if not given:
        return unknown(f"{said}，出生医学证明上的新生儿姓名未读出，无法与参保人核对", *paths)
    return failed(f"{said}，出生医学证明上的姓名「{given[0]}」不是参保人「{insured.name}」", *paths)


# ---------------------------------------------------------------- the papers beside each other


@case_rule(
    "R-NAME-1",
    title="各材料姓名一致",
    basis="北京医保手工报销材料要求（交款人为参保人本人）",
    about="reading",
)
def papers_name_one_person(case: Case) -> Verdict | None:
    """The payer and the patient are the same person on every paper; the identity card leads."""
    documents = papers_of_insured(case)
    named = sorted(
        (
            (document, field, text)
            for document in documents
            for field in NAME_FIELDS
            if (text := document.text(field))
        ),
        key=lambda entry: (entry[0].type != "id_card", is_masked(entry[2])),
    )
    if len(named) < 2:  # two names are needed to compare
        return None
    lead = named[0][2]
    others = [
        (document, field, text)
        for document, field, text in named
        if not names_agree(lead, text) and not is_explained_by_birth(text, lead, documents)
    ]
    if not others:
        return passed(*(path_in(document, f"fields.{field}") for document, field, _ in named))
    texts = "、".join(dict.fromkeys(f"「{text}」" for _, _, text in others))
    paths = [path_in(named[0][0], f"fields.{named[0][1]}")]
    paths += [path_in(document, f"fields.{field}") for document, field, _ in others]
    if any(is_named_after_mother(text) for text in (lead, *(text for _, _, text in others))):
        return failed(f"姓名「{lead}」与{texts}不同，其中有新生儿称谓，请以出生医学证明核实", *paths)
    if all(differing_characters(lead, text) == 1 for _, _, text in others):
        return failed(f"姓名「{lead}」与{texts}有一字之差；{CHECK_READING}", *paths)
    return failed(f"姓名「{lead}」与{texts}不是同一人，各材料应为参保人本人", *paths)


@case_rule("R-NAME-3", title="各材料身份证号码一致", basis="GB 11643—1999；遮盖的位数不比较", about="reading")
def papers_have_one_identity_number(case: Case) -> Verdict | None:
    """Where two papers show the same digit of the number, it is the same."""
    shown = [
        (document, name, squeeze(text).upper())
        for document in papers_of_insured(case)
        for name in ("id_number", "payer_id")
        if (text := document.text(name))
    ]
    paths = [path_in(document, f"fields.{name}") for document, name, _ in shown]
    numbers = [number for _, _, number in shown]
    if len(numbers) < 2:  # two numbers are needed to compare
        return None
    if all(is_masked_alike(numbers[0], number) for number in numbers):
        return passed(*paths)
    return failed(f"各材料上的身份证号码（含可见部分）不一致；{CHECK_READING}", *paths)


def is_masked_alike(a: str, b: str) -> bool:
    """Whether two numbers agree at every place that neither strikes out."""
    return len(a) == len(b) and all(x == y or "*" in (x, y) for x, y in zip(a, b, strict=True))


# ---------------------------------------------------------------- the insured as declared


@case_rule(
    "R-NAME-1",
    title="各材料为所申报的参保人本人",
    basis="北京医保手工报销材料要求（交款人为参保人本人）",
    about="reading",
)
def papers_name_the_insured(case: Case) -> Verdict | None:
    """The payer and the patient on every paper is the insured as declared."""
    insured = case.application.insured if case.application is not None else None
    named = [(each, *found) for each in papers_of_insured(case) if (found := name_on(each))]
    if insured is None or not named:
        return None
    wrong = [
        (document, field, text)
        for document, field, text in named
        if not names_agree(text, insured.name)
        and not is_explained_by_birth(text, insured.name, case.documents)
        and not (
            is_named_after_mother(text) and not birth_certificates(case.documents)
        )  # R-NAME-2 asks for it
    ]
    paths = [path_in(document, f"fields.{field}") for document, field, _ in wrong or named]
    if not wrong:
        return passed(*paths)
    texts = "、".join(dict.fromkeys(f"「{text}」" for *_, text in wrong))
    if all(differing_characters(text, insured.name) == 1 for *_, text in wrong):
        return failed(f"参保人「{insured.name}」与材料上的{texts}有一字之差；{CHECK_READING}", *paths)
    return failed(f"参保人「{insured.name}」与材料上的{texts}不是同一人，各材料应为参保人本人", *paths)


@case_rule(
    "R-NAME-3", title="身份证号码与所申报的一致", basis="GB 11643—1999；遮盖的位数不比较", about="reading"
)
def papers_bear_the_declared_number(case: Case) -> Verdict | None:
    """The declared number is a valid one, and the visible digits on every paper are its digits."""
    insured = case.application.insured if case.application is not None else None
    if insured is None or insured.id_number is None:
        return None
    own = squeeze(insured.id_number).upper()
    declared = "application.insured.id_number"
    if len(own) == ID_LENGTH and not is_masked(own) and not ric.is_valid(own):
        return failed("所申报的参保人身份证号码校验位有误，请核对", declared)
    shown = [
        (path_in(document, f"fields.{name}"), squeeze(text).upper())
        for document in papers_of_insured(case)
        for name in ("id_number", "payer_id")
        if (text := document.text(name)) and len(squeeze(text)) == len(own)
    ]
    wrong = [path for path, number in shown if not is_masked_alike(own, number)]
    if wrong:
        return failed(f"材料上的身份证号码（含可见部分）与所申报的不一致；{CHECK_READING}", *wrong)
    return passed(declared, *(path for path, _ in shown)) if shown else None


# ---------------------------------------------------------------- a claim brought by another person

_CALLED: dict[ProxyPaper, str] = {
    "insured_identity": "参保人身份证件",
    "proxy_identity": "代办人身份证件",
    "authorization": "委托书或承诺书",
    "relationship": "亲属关系证明",
}


@case_rule(
    "R-PROXY-1", title="代办材料齐全", basis="国家医保服务平台办理说明（代办须有双方身份证件，各地不同）"
)
def proxy_brings_the_papers(case: Case) -> Verdict | None:
    """A claim brought by another person has the papers that the place asks a proxy of that relation for."""
    form = case.application
    if form is None or form.submitted_by is None:
        return None
    asked = case.place.papers_of_proxy(form.submitted_by.relation)
    if not asked:
        return None
    lacking = [_CALLED[name] for name in asked if not _has(case, form, form.submitted_by, name)]
    if lacking:
        return failed(
            f"由他人（{form.submitted_by.relation}）代办，缺少{'、'.join(lacking)}，请补交",
            "application.submitted_by",
        )
    return passed("application.submitted_by")


def _has(case: Case, form: Application, proxy: Person, paper: ProxyPaper) -> bool:
    if paper == "authorization":
        return _has_other(case, AUTHORIZATIONS)
    if paper == "relationship":
        return _has_other(case, RELATION_PAPERS)
    if paper == "proxy_identity":
        return any(names_agree(name, proxy.name) for name in _on_identity_papers(case))
    names = [form.insured.name] if form.insured else []
    names = names or [text for bill in case.bills if (text := bill.text("payer_name"))]
    return any(names_agree(name, insured) for name in _on_identity_papers(case) for insured in names)


def _has_other(case: Case, subtypes: Sequence[str]) -> bool:
    return any(each.type == OTHER and each.subtype in subtypes for each in case.documents)


def _on_identity_papers(case: Case) -> Iterator[str]:
    """Names on identity cards; the household register serves for a child who has none."""
    for document in case.documents:
        if document.type == IDENTITY_CARD or document.subtype == "household_register":
            found = name_on(document)
            if found is not None:
                yield found[1]
