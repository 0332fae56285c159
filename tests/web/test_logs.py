"""What is logged while people work: no name, no number, no diagnosis, whatever is asked."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from sqlalchemy import update

from pipeline.store.database import Database
from pipeline.store.tables import claims
from pipeline.web.people import CHANGING
from pipeline.web.service import Service
from tests.store.stored import BANK, NOW, PERSON, put_claim
from tests.web.browsing import PASSWORD, sign_in, staffed
from tests.web.routes_table import ROUTES
from tests.web.serving import served, token
from tests.web.test_access import House, house

__all__ = ["house"]  # the fixture that fills the store

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_no_log_of_a_session_names_a_person(
    database: Database,
    house: House,
    service: Service,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A reviewer with the claim on their desk and an office's program ask for everything there is."""
    with database.write() as connection:
        put_claim(connection)
        connection.execute(
            update(claims).values(
                lease_holder="reviewer-1", lease_until=NOW + timedelta(minutes=15), **PERSON
            )
        )
    clear = token(database, "claims:read", "claims:export", "personal:read")
    caplog.set_level(logging.DEBUG)
    with served(service, log_level="trace") as client:
        client.post("/login", data={"name": staffed(database, "clerk"), "password": PASSWORD})
        client.post("/login", data={"name": PERSON["insured_name"], "password": PERSON["id_number"]})
        sign_in(client, database, "reviewer")
        asked = {"id_number": PERSON["id_number"]}
        assert PERSON["id_number"] in client.post("/claims/search", headers=clear, json=asked).text
        for verb, path in ROUTES:
            body = {**PERSON, **BANK} if verb in CHANGING else None
            for headers in ({}, clear):
                with client.stream(verb, house.url(path), headers=headers, json=body) as told:
                    assert told.status_code != 500, (verb, path)
    out, err = capfd.readouterr()
    assert "HTTP connection made" in err  # the server did note something
    for value in (*PERSON.values(), *BANK.values(), PASSWORD):
        assert value not in caplog.text + out + err
