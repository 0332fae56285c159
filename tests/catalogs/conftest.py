from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.catalogs.catalog import Catalogs

SHARED = Path(__file__).parents[3] / "shared"


@pytest.fixture(scope="session")
def sample() -> Catalogs:
    return Catalogs.sample()


@pytest.fixture(scope="session")
def public_lists() -> Path:
    folder = SHARED / "catalogs"
    if not folder.is_dir():
        pytest.skip("../shared is absent")
    return folder


@pytest.fixture(scope="session")
def real_samples() -> Path:
    folder = SHARED / "real_samples"
    if not folder.is_dir():
        pytest.skip("../shared is absent")
    return folder


@pytest.fixture(scope="session")
def full_folder(public_lists: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog folder with every public list imported, once for all tests."""
    from pipeline.catalogs.importing import import_folder

    folder = tmp_path_factory.mktemp("catalogs")
    import_folder(public_lists, folder)
    return folder
