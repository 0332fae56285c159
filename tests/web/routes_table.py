"""Every route of the web and whom it is open to: roles of people, scopes of tokens, or anybody.

A route that is not in here fails `test_access.py`, and so does a row that no route stands behind.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.store.accounts import PERSON_ROLES

ANYBODY = frozenset({"anybody"})
"""Nothing of a claim is told, or the sender is known by a signature."""
EVERY_PERSON = frozenset(PERSON_ROLES)


def _rows(told: str) -> dict[tuple[str, str], frozenset[str]]:
    rows: dict[tuple[str, str], frozenset[str]] = {}
    for line in told.strip().splitlines():
        verb, path, *who = line.split()
        rows[verb, path] = EVERY_PERSON if who == ["everybody"] else frozenset(who)
    return rows


ROUTES: Mapping[tuple[str, str], frozenset[str]] = _rows("""
GET    /health                                          anybody
GET    /openapi.json                                    anybody
GET    /claims                                          claims:read
POST   /claims/search                                   claims:read
GET    /claims/export.csv                               claims:export
GET    /claims/export.xlsx                              claims:export
GET    /claims/{claim_id}                               claims:read claim:read
GET    /claims/{claim_id}/timeline                      claims:read claim:read
GET    /submissions/{submission_id}                     claims:read
POST   /engine/answers                                  anybody
GET    /assets/{digest}/{part}/{name}                   anybody
GET    /                                                everybody
GET    /login                                           anybody
POST   /login                                           anybody
POST   /logout                                          everybody
POST   /language                                        anybody
GET    /account                                         everybody
POST   /account/password                                everybody
GET    /accounts                                        admin
POST   /accounts                                        admin
POST   /accounts/{name}/password                        admin
POST   /accounts/{name}/role                            admin
POST   /accounts/{name}/disable                         admin
POST   /accounts/{name}/enable                          admin
POST   /accounts/{name}/sessions                        admin
POST   /api/claims/{claim_id}/unmask                    supervisor
GET    /dashboard                                       supervisor auditor admin
GET    /dashboard/plots/{name}.svg                      supervisor auditor admin
GET    /dashboard/{name}.csv                            supervisor auditor admin
GET    /review                                          reviewer second_reviewer supervisor
GET    /review/next                                     reviewer second_reviewer supervisor
GET    /review/{claim_id}                               reviewer second_reviewer supervisor
GET    /api/review/next                                 reviewer second_reviewer supervisor
GET    /api/review/claims/{claim_id}                    reviewer second_reviewer supervisor
POST   /api/review/claims/{claim_id}/lease              reviewer second_reviewer supervisor
DELETE /api/review/claims/{claim_id}/lease              reviewer second_reviewer supervisor
POST   /api/review/claims/{claim_id}/changes            reviewer second_reviewer supervisor
POST   /api/review/claims/{claim_id}/undo               reviewer second_reviewer supervisor
PUT    /api/review/claims/{claim_id}/drafts             reviewer second_reviewer supervisor
POST   /api/review/claims/{claim_id}/override           reviewer second_reviewer supervisor
POST   /api/review/claims/{claim_id}/step               reviewer second_reviewer supervisor
POST   /api/review/claims/{claim_id}/postpone           reviewer second_reviewer supervisor
POST   /api/review/claims/{claim_id}/assign             reviewer second_reviewer supervisor
GET    /api/review/claims/{claim_id}/audit              reviewer second_reviewer supervisor
GET    /api/review/people                               reviewer second_reviewer supervisor
POST   /uploads                                         claim:read clerk supervisor uploads:write
POST   /uploads/{upload}/files                          claim:read clerk supervisor uploads:write
PUT    /uploads/{upload}/files/{file}                   claim:read clerk supervisor uploads:write
DELETE /uploads/{upload}/files/{file}                   claim:read clerk supervisor uploads:write
POST   /uploads/{upload}/pages/{file}/{page}/close-up   claim:read clerk supervisor uploads:write
POST   /uploads/{upload}/submission                     claim:read clerk supervisor uploads:write
GET    /uploads/{upload}                                claim:read clerk supervisor uploads:write
GET    /uploads/{upload}/events                         claim:read clerk supervisor uploads:write
GET    /uploads/{upload}/result                         claim:read clerk supervisor uploads:write
GET    /uploads/{upload}/files/{file}                   claim:read clerk supervisor uploads:write
GET    /pages/{document_id}/{number}.webp               clerk reviewer second_reviewer supervisor
GET    /pages/{document_id}/{number}/words              clerk reviewer second_reviewer supervisor
POST   /pages/{document_id}/{number}/turn               clerk reviewer second_reviewer supervisor
GET    /files/{submission_id}/{ordinal}                 clerk supervisor
GET    /api/quality                                     admin auditor supervisor
GET    /quality                                         auditor supervisor
POST   /quality/target                                  supervisor
GET    /spot-checks                                     reviewer second_reviewer supervisor
POST   /spot-checks/{probe_id}                          reviewer second_reviewer supervisor
GET    /spot-checks/{probe_id}/crop.png                 reviewer second_reviewer supervisor
GET    /audit/{claim_id}.csv                            auditor supervisor
GET    /audit/{claim_id}                                auditor supervisor
GET    /api/catalog                                     clerk reviewer second_reviewer supervisor
POST   /api/catalog/aliases                             reviewer second_reviewer supervisor
POST   /api/review/claims/{claim_id}/example            reviewer second_reviewer supervisor
GET    /batches                                         clerk reviewer second_reviewer supervisor
GET    /batches/{submission_id}                         clerk reviewer second_reviewer supervisor
GET    /batches/{submission_id}/row                     clerk reviewer second_reviewer supervisor
GET    /batches/{submission_id}/progress                clerk reviewer second_reviewer supervisor
POST   /batches/{submission_id}/retry                   clerk supervisor
POST   /batches/{submission_id}/files/{ordinal}/retry   clerk supervisor
POST   /batches/{submission_id}/arrange                 clerk supervisor
POST   /batches/{submission_id}/release/{batch_id}      supervisor
GET    /upload/{upload}                                 anybody
GET    /upload                                          anybody
""")
