"""Speed and memory of the whole pipeline beside PaddleOCR's own `predict`, on the same 20 pages.

    .venv/bin/python benchmarks/speed.py [--rounds N] [--json FILE]

The pages are those of `fixtures/samples` that stand upright, each once, as JPEGs at 200 dpi; those of PDFs
with a text layer are rendered, so that both have to read them. Ours is `baoxiao scan --direct`: decoding in
children, turning upright, codes, fields, rules, catalogs, report. Theirs is `PaddleOCR(...).predict` with
the same weights on ONNX Runtime's default provider, and gives lines of text. The two take turns, because a
machine is never quiet, and the figures are medians. "Warm" leaves out the start: what comes before the
first page is read, measured by reading a page that does not count.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from process_tree import run, tree  # noqa: E402 - found through the line above

SAMPLES = ROOT / "fixtures" / "samples"
PAGES: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("01_钱样例_门诊/处方_手机拍照.jpg", (1,)),
    ("01_钱样例_门诊/电子发票.pdf", (1,)),
    ("01_钱样例_门诊/诊断证明.jpg", (1,)),
    ("01_钱样例_门诊/费用清单.pdf", (1,)),
    ("02_孙范本_住院/住院发票扫描件.pdf", (1,)),
    ("02_孙范本_住院/住院费用明细清单.tif", (1, 2, 3)),
    ("02_孙范本_住院/出院记录.pdf", (1,)),
    ("02_孙范本_住院/医保结算单.jpg", (1,)),
    ("02_孙范本_住院/诊断证明.png", (1,)),
    ("03_李示例_急诊/急诊处方.heic", (1,)),
    ("04_周模拟_门诊收据.jpg", (1,)),
    ("06_药店发票/郑试样_数电票.pdf", (1,)),
    ("08_整叠扫描.pdf", (1, 2, 3, 5)),
    ("09_褚误差_金额不符.jpg", (1,)),
    ("10_其他材料/检验报告单.jpg", (1,)),
)
"""20 pages: file under `fixtures/samples`, page numbers."""

DPI = 200
TARGET_RATIO = 3.0
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")


@dataclass(frozen=True)
class Speed:
    """What one way of reading cost in one round; `warm_` figures leave the start out."""

    start_seconds: float
    pages_per_second: float
    warm_pages_per_second: float
    cpu_per_page: float
    warm_cpu_per_page: float
    peak_mb: float


def main() -> int:
    """Draw the pages, let both read them in turns, print the table; 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    # How this program calls itself: each side runs in a process of its own.
    parser.add_argument("--side", choices=["ours", "theirs"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        {"ours": read_with_ours, "theirs": read_with_theirs}[options.side](options.folder)
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "pages"
        draw_pages(folder)
        ours, theirs = [], []
        for number in range(1, options.rounds + 1):
            ours.append(speed_of_ours(folder, Path(temporary) / f"out-{number}"))
            theirs.append(speed_of_theirs(folder))
            said(number, options.rounds, ours[-1], theirs[-1])
    report = summary(ours, theirs)
    show(report)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0 if report["ratios"]["warm_pages_per_second"] >= TARGET_RATIO else 1


def draw_pages(folder: Path) -> None:
    """The 20 pages as JPEGs."""
    import pypdfium2
    from PIL import Image, ImageOps, ImageSequence
    from pillow_heif import register_heif_opener

    register_heif_opener()
    folder.mkdir(parents=True)
    for name, numbers in PAGES:
        if name.endswith(".pdf"):
            with pypdfium2.PdfDocument(SAMPLES / name) as pdf:
                pictures = [pdf[number - 1].render(scale=DPI / 72).to_pil() for number in numbers]
        else:
            with Image.open(SAMPLES / name) as file:
                frames = [ImageOps.exif_transpose(frame).copy() for frame in ImageSequence.Iterator(file)]
            pictures = [frames[number - 1] for number in numbers]
        for number, picture in zip(numbers, pictures, strict=True):
            place = folder / f"{Path(name).as_posix().replace('/', '_')}-{number}.jpg"
            picture.convert("RGB").save(place, quality=85, dpi=(DPI, DPI))


def pages_in(folder: Path) -> list[Path]:
    """The drawn pages in name order."""
    return sorted(folder.glob("*.jpg"))


# --- The two sides, each in a process of its own -----------------------------------------------------------


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Print what was done, the seconds it took and the CPU seconds of all our processes meanwhile."""
    began, cpu = time.perf_counter(), cpu_seconds()
    yield
    print(json.dumps([name, time.perf_counter() - began, cpu_seconds() - cpu]), flush=True)


def cpu_seconds() -> float:
    """Of this process and those it started that still run."""
    return sum(process.cpu_seconds for process in tree(os.getpid()))


def read_with_ours(folder: Path) -> None:
    """`baoxiao scan --direct` with a page for each reader before it, so that the engines are loaded."""
    from datetime import date

    from pipeline.scan import Run, Upload
    from pipeline.settings import settings

    class Silent:
        def begin(self, uploads: int, already_read: int) -> None: ...
        def pages_read(self, pages: int) -> None: ...
        def upload_done(self, *_: Any) -> None: ...

    pages = [Upload(page.name, page) for page in pages_in(folder)]
    first = [Upload(f"first-{n}.jpg", pages[n].path) for n in range(settings().workers)]
    with (
        tempfile.TemporaryDirectory() as out,
        Run([*first, *pages], Path(out), settings(), date.today()) as run,  # noqa: DTZ011
    ):
        with timed("start"):
            run.read(first, Silent())
        with timed("pages"):
            run.read(pages, Silent())
            run.write()


def read_with_theirs(folder: Path) -> None:
    """PaddleOCR's pipeline as it comes, with our weights."""
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
    pages = pages_in(folder)
    with timed("start"):
        from paddleocr import PaddleOCR

        from pipeline.reading.weights import DETECTION, RECOGNITION, model_folder
        from pipeline.settings import settings

        engine = PaddleOCR(
            text_detection_model_name=DETECTION.model_name,
            text_detection_model_dir=str(model_folder(DETECTION, settings().cache_dir)),
            text_recognition_model_name=RECOGNITION.model_name,
            text_recognition_model_dir=str(model_folder(RECOGNITION, settings().cache_dir)),
            use_doc_orientation_classify=False,
            use_doc_unwarping=False,
            use_textline_orientation=False,
            engine="onnxruntime",
        )
        engine.predict(str(pages[0]))
    with timed("pages"):
        for page in pages:
            engine.predict(str(page))


def speed_of_ours(folder: Path, out: Path) -> Speed:
    """Once as the command is run, for the figures with start, and once warm."""
    count = len(pages_in(folder))
    scan = [sys.executable, "-m", "pipeline.cli", "scan", str(folder), "--out", str(out), "--direct"]
    whole = run(scan, ROOT)
    start, pages = _parts(_side("ours", folder).output)
    return Speed(
        start_seconds=start[0],
        pages_per_second=count / whole.seconds,
        warm_pages_per_second=count / pages[0],
        cpu_per_page=whole.cpu_seconds / count,
        warm_cpu_per_page=pages[1] / count,
        peak_mb=whole.peak_mb,
    )


def speed_of_theirs(folder: Path) -> Speed:
    """One process does both; the page of the start is not counted in the figures with start either."""
    count = len(pages_in(folder))
    whole = _side("theirs", folder)
    start, pages = _parts(whole.output)
    first_page = pages[0] / count, pages[1] / count
    return Speed(
        start_seconds=start[0],
        pages_per_second=count / (whole.seconds - first_page[0]),
        warm_pages_per_second=count / pages[0],
        cpu_per_page=(whole.cpu_seconds - first_page[1]) / count,
        warm_cpu_per_page=pages[1] / count,
        peak_mb=whole.peak_mb,
    )


def _side(side: str, folder: Path) -> Any:
    return run([sys.executable, __file__, "--side", side, "--folder", str(folder)], ROOT)


def _parts(output: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Seconds and CPU seconds of the start and of the pages."""
    parts = {name: (seconds, cpu) for name, seconds, cpu in map(json.loads, output.splitlines()[-2:])}
    return parts["start"], parts["pages"]


# --- The table ---------------------------------------------------------------------------------------------

ROWS = (
    ("warm_pages_per_second", "pages a second, warm", 2),
    ("pages_per_second", "pages a second, with start", 2),
    ("warm_cpu_per_page", "CPU seconds a page, warm", 2),
    ("cpu_per_page", "CPU seconds a page, with start", 2),
    ("start_seconds", "start, seconds", 1),
    ("peak_mb", "peak memory of all processes, MB", 0),
)


def said(number: int, rounds: int, ours: Speed, theirs: Speed) -> None:
    """A line for a round, so that who waits sees something."""
    print(
        f"round {number}/{rounds}: {ours.warm_pages_per_second:.2f} and"
        f" {theirs.warm_pages_per_second:.2f} pages a second",
        file=sys.stderr,
        flush=True,
    )


def summary(ours: Sequence[Speed], theirs: Sequence[Speed]) -> dict[str, Any]:
    """Medians of both sides, the median of the rounds' ratios, and the machine they were got on."""
    report: dict[str, Any] = {
        "machine": machine(),
        "rounds": len(ours),
        "ours": {},
        "theirs": {},
        "ratios": {},
    }
    for name, _, _ in ROWS:
        mine, other = ([getattr(speed, name) for speed in side] for side in (ours, theirs))
        report["ours"][name], report["theirs"][name] = median(mine), median(other)
        report["ratios"][name] = median(a / b for a, b in zip(mine, other, strict=True))
    return report


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    about = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    facts = dict(line.split(":", 1) for line in about.splitlines() if ":" in line)
    facts = {name.strip(): value.strip() for name, value in facts.items()}
    flags = set(facts.get("flags", "").split())
    return {
        "cpu": facts.get("model name", "unknown"),
        "cores": len(os.sched_getaffinity(0)),
        "flags": [flag for flag in FLAGS if flag in flags],
        "load_at_end": os.getloadavg()[0],
        "paddleocr": version("paddleocr"),
        "onnxruntime": onnxruntime_version(),
    }


def onnxruntime_version() -> str:
    """The runtime and what it can run on."""
    import onnxruntime

    return f"{onnxruntime.__version__} ({', '.join(onnxruntime.get_available_providers())})"


def show(report: dict[str, Any]) -> None:
    """The table on the terminal."""
    about = report["machine"]
    print(
        f"{about['cpu']}, {about['cores']} cores, {' '.join(about['flags'])}; load {about['load_at_end']:.1f}"
    )
    print(f"PaddleOCR {about['paddleocr']}, ONNX Runtime {about['onnxruntime']}")
    print(f"20 pages, medians of {report['rounds']} rounds in turns\n")
    print(f"{'':34}{'baoxiao scan':>14}{'PaddleOCR predict':>19}{'ratio':>9}")
    for name, label, digits in ROWS:
        mine, other = report["ours"][name], report["theirs"][name]
        print(f"{label:34}{mine:>14.{digits}f}{other:>19.{digits}f}{report['ratios'][name]:>8.2f}x")
    print(f"\ntarget: at least {TARGET_RATIO:.0f} times its pages a second, warm, on a CPU with AMX")


if __name__ == "__main__":
    sys.exit(main())
