"""What is installed and locked is what the project was tried out with; the reasons are in pyproject.toml."""

import re
import tomllib
from importlib.metadata import distribution, packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

PINNED = re.compile(
    r"^(?P<requirement>[^#\s][^\\\n]*?) ?\\?\n(?P<hashes>(?: {4}--hash=\S+(?: \\)?\n)*)", re.MULTILINE
)


def entries() -> list[tuple[Requirement, str]]:
    """Every requirement of the lock with its hashes; one distribution may have a version a Python."""
    return [(Requirement(entry["requirement"]), entry["hashes"]) for entry in PINNED.finditer(LOCK)]


def locked() -> dict[str, tuple[Requirement, str]]:
    """Distribution -> what the lock says of it, and its hashes."""
    return {canonicalize_name(requirement.name): (requirement, hashes) for requirement, hashes in entries()}


def declared() -> list[str]:
    extras = PROJECT["optional-dependencies"].values()
    return [*PROJECT["dependencies"], *(line for extra in extras for line in extra)]


def is_pinned_to(requirement: Requirement, wanted: Requirement) -> bool:
    pins = [pin.version for pin in requirement.specifier if pin.operator == "=="]
    return len(pins) == 1 and wanted.specifier.contains(pins[0], prereleases=True)


def test_one_distribution_owns_cv2() -> None:
    """Two share one folder, and uninstalling either empties it for the other."""
    assert set(packages_distributions()["cv2"]) == {"opencv-contrib-python"}


def test_one_distribution_owns_onnxruntime() -> None:
    owners = set(packages_distributions()["onnxruntime"])
    assert len(owners) == 1
    assert owners <= {"onnxruntime", "onnxruntime-openvino"}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64", "arm64", "AMD64", "ARM64"])
@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_every_machine_gets_one_onnxruntime(machine: str, system: str) -> None:
    environment = {"platform_machine": machine, "sys_platform": system}
    requirements = [locked()[name][0] for name in ("onnxruntime", "onnxruntime-openvino")]
    assert sum(one.marker is None or one.marker.evaluate(environment) for one in requirements) == 1


def test_prefect_stands_beside_a_fastapi_that_it_works_with() -> None:
    """FastAPI 0.151 to 0.154 breaks deployments, 0.155 every flow."""
    assert version("prefect") == "3.8.8"
    assert Version("0.139") <= Version(version("fastapi")) < Version("0.151")


def test_pdfplumber_runs_no_code_from_a_pdf() -> None:
    """CVE-2025-64512, mended in pdfminer.six 20251107, which pdfplumber 0.11.8 asks for."""
    assert Version(version("pdfplumber")) >= Version("0.11.8")
    assert Version(version("pdfminer.six")) >= Version("20251107")


def test_paddlepaddle_is_not_installed() -> None:
    """ONNX Runtime does its work; it would be 200 MB more."""
    assert "paddle" not in packages_distributions()


def test_the_lock_holds_no_address() -> None:
    assert "://" not in LOCK
    assert "--index-url" not in LOCK


def test_everything_in_the_lock_is_pinned_and_has_a_hash() -> None:
    assert len(entries()) > 150
    for requirement, hashes in entries():
        assert [pin.operator for pin in requirement.specifier] == ["=="], requirement.name
        assert "--hash=sha256:" in hashes, requirement.name
    assert len(entries()) == len(re.findall(r"^[a-z0-9]", LOCK, re.MULTILINE))


@pytest.mark.parametrize("python", ["3.11.7", "3.12.3", "3.13.1"])
def test_no_distribution_is_there_twice_for_one_python(python: str) -> None:
    environment = {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    chosen = [r for r, _ in entries() if r.marker is None or r.marker.evaluate(environment)]
    names = [canonicalize_name(requirement.name) for requirement in chosen]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("line", declared())
def test_the_lock_covers_what_pyproject_asks_for(line: str) -> None:
    wanted = Requirement(line)
    entry = locked().get(canonicalize_name(wanted.name))
    assert entry is not None, f"{wanted.name} is not in requirements.lock; run `make lock`"
    assert is_pinned_to(entry[0], wanted), (
        f"the lock has {entry[0]}, pyproject.toml asks for {line}; run `make lock`"
    )


@pytest.mark.parametrize("name", ["uv", "hatchling", "editables"])
def test_the_lock_covers_what_the_set_up_needs(name: str) -> None:
    assert name in locked()


def test_what_is_installed_is_what_is_locked() -> None:
    """`--no-deps` looks at nothing but the lock, so a gap in it would show here."""
    for requirement, _ in locked().values():
        if requirement.marker is None or requirement.marker.evaluate():
            found = version(requirement.name)
            assert requirement.specifier.contains(found, prereleases=True), (
                f"{requirement.name} {found}; run `make test`"
            )


@pytest.mark.parametrize("line", (ROOT / "overrides.txt").read_text("utf-8").splitlines())
def test_what_the_overrides_drop_is_installed_nowhere(line: str) -> None:
    if not line.startswith("#"):
        entry = locked().get(canonicalize_name(Requirement(line).name))
        assert entry is None or str(entry[0].marker) == 'sys_platform == "never"'


def test_the_console_command_is_baoxiao() -> None:
    scripts = distribution("baoxiao").entry_points.select(group="console_scripts")
    assert [(script.name, script.value) for script in scripts] == [("baoxiao", "pipeline.cli:main")]
