"""What holds of the table of routes whatever the routes do."""

from __future__ import annotations

from pipeline.store.accounts import PERSON_ROLES
from pipeline.store.tokens import SCOPES
from tests.web.routes_table import ANYBODY, ROUTES


def test_the_table_names_only_roles_and_scopes_that_there_are() -> None:
    for route, who in ROUTES.items():
        assert who == ANYBODY or who <= {*PERSON_ROLES, *SCOPES}, route


def test_administrators_and_claims_keep_apart() -> None:
    for (verb, path), who in ROUTES.items():
        if "claim" in path or "submission" in path or path.startswith(("/review", "/upload", "/batch")):
            assert "admin" not in who, (verb, path)
