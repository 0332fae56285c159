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
GET  /health                              anybody
GET  /openapi.json                        anybody
GET  /claims                              claims:read
POST /claims/search                       claims:read
GET  /claims/export.csv                   claims:export
GET  /claims/export.xlsx                  claims:export
GET  /claims/{claim_id}                   claims:read claim:read
GET  /claims/{claim_id}/timeline          claims:read claim:read
GET  /submissions/{submission_id}         claims:read
POST /engine/answers                      anybody
GET  /assets/{digest}/{part}/{name}       anybody
GET  /                                    everybody
GET  /login                               anybody
POST /login                               anybody
POST /logout                              everybody
POST /language                            anybody
GET  /account                             everybody
POST /account/password                    everybody
GET  /accounts                            admin
POST /accounts                            admin
POST /accounts/{name}/password            admin
POST /accounts/{name}/role                admin
POST /accounts/{name}/disable             admin
POST /accounts/{name}/enable              admin
POST /accounts/{name}/sessions            admin
POST /api/claims/{claim_id}/unmask        supervisor
GET  /dashboard                           supervisor auditor admin
GET  /dashboard/plots/{name}.svg          supervisor auditor admin
GET  /dashboard/{name}.csv                supervisor auditor admin
""")
