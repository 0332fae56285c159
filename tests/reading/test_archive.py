from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from pipeline.errors import UnreadableFile
from pipeline.reading.archive import inner_name, unpack_zip
from pipeline.reading.decoded import Unpacked
from pipeline.reading.limits import DEFAULT_LIMITS, Limits
from pipeline.reading.open_file import source_file
from tests.reading.drawing import ofd_parts, page_picture, png_bytes, zip_of

PNG = png_bytes(page_picture(30, 40))


def unpack(path: Path, limits: Limits = DEFAULT_LIMITS) -> Unpacked:
    folder = path.parent / "unpacked"
    folder.mkdir(exist_ok=True)
    return unpack_zip(source_file(path.name, path), path, folder, limits)


def names(unpacked: Unpacked) -> list[str]:
    return [member.file.name for member in unpacked.members]


def codes(unpacked: Unpacked) -> dict[str, str]:
    return {unread.file: unread.code for unread in unpacked.unread}


def packed(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_readable_files_come_out_and_the_others_are_named(tmp_path: Path) -> None:
    path = zip_of(
        {
            "张三/票据.png": PNG,
            "张三/说明.txt": "hi",
            "__MACOSX/张三/._票据.png": b"x",
            "张三/.DS_Store": b"x",
            "empty/": b"",
            "空.pdf": b"",
        },
        tmp_path / "材料.zip",
    )
    unpacked = unpack(path)
    assert names(unpacked) == ["材料.zip!张三/票据.png"]
    assert unpacked.members[0].path.read_bytes() == PNG
    assert unpacked.members[0].file == source_file("材料.zip!张三/票据.png", unpacked.members[0].path)
    assert codes(unpacked) == {"材料.zip!张三/说明.txt": "unsupported", "材料.zip!空.pdf": "empty"}
    assert [used.name for used in (tmp_path / "unpacked").iterdir()] == [unpacked.members[0].path.name]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_chinese_names_are_shown_right_in_either_encoding(encoding: str, tmp_path: Path) -> None:
    """Written as systems do that set no UTF-8 mark: the bytes, taken for cp437 by the library."""
    name = "住院发票（一）.png"
    info = zipfile.ZipInfo("x" * len(name.encode(encoding)))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(info, PNG)
    path = tmp_path / "a.zip"
    path.write_bytes(stream.getvalue().replace(info.filename.encode(), name.encode(encoding)))
    assert names(unpack(path)) == [f"a.zip!{name}"]


def test_a_name_marked_as_utf_8_is_taken_as_it_is() -> None:
    info = zipfile.ZipInfo("é.png")
    info.flag_bits = 0x800
    assert inner_name(info) == "é.png"


@pytest.mark.parametrize(
    "name", ["../../etc/evil.png", "/etc/evil.png", "a/../../evil.png", "..\\evil.png", "C:\\evil.png"]
)
def test_a_path_that_leads_out_is_refused_and_nothing_written_there(name: str, tmp_path: Path) -> None:
    unpacked = unpack(zip_of({name: PNG, "good.png": PNG}, tmp_path / "a.zip"))
    assert names(unpacked) == ["a.zip!good.png"]
    assert list(codes(unpacked).values()) == ["unsafe"]
    assert ".." not in unpacked.unread[0].file
    assert not list(tmp_path.rglob("evil*"))


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("票.png")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert codes(unpack(tmp_path / "a.zip")) == {"a.zip!票.png": "unsafe"}


def test_a_bomb_is_stopped_while_it_unpacks(tmp_path: Path) -> None:
    path = zip_of({"bomb.bmp": b"BM" + bytes(5_000_000), "good.png": PNG}, tmp_path / "a.zip")
    unpacked = unpack(path, Limits(file_bytes=1_000_000))
    assert names(unpacked) == ["a.zip!good.png"]
    assert codes(unpacked) == {"a.zip!bomb.bmp": "too_large"}
    assert sum(used.stat().st_size for used in (tmp_path / "unpacked").iterdir()) == len(PNG)


def test_what_comes_out_in_all_is_bounded(tmp_path: Path) -> None:
    path = zip_of({f"{number}.bmp": b"BM" + bytes(400_000) for number in range(5)}, tmp_path / "a.zip")
    unpacked = unpack(path, Limits(archive_bytes=1_000_000))
    assert len(unpacked.members) == 2
    assert set(codes(unpacked).values()) == {"too_large"}


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    path = zip_of({f"{number}.png": PNG for number in range(4)}, tmp_path / "a.zip")
    with pytest.raises(UnreadableFile) as refused:
        unpack(path, Limits(archive_files=3))
    assert refused.value.code == "too_large"


def test_an_archive_in_an_archive_is_opened_a_third_is_not(tmp_path: Path) -> None:
    deepest = packed(**{"c.png": PNG})
    inner = packed(**{"b.png": PNG, "deepest.zip": deepest})
    unpacked = unpack(zip_of({"inner.zip": inner, "a.png": PNG}, tmp_path / "x.zip"))
    assert names(unpacked) == ["x.zip!inner.zip!b.png", "x.zip!a.png"]
    assert codes(unpacked) == {"x.zip!inner.zip!deepest.zip": "unsafe"}


def test_an_ofd_in_an_archive_is_a_file_of_it(tmp_path: Path) -> None:
    zip_of(ofd_parts(""), tmp_path / "票.ofd")
    unpacked = unpack(zip_of({"票.ofd": (tmp_path / "票.ofd").read_bytes()}, tmp_path / "a.zip"))
    assert names(unpacked) == ["a.zip!票.ofd"]


def test_an_encrypted_archive_says_so(tmp_path: Path) -> None:
    path = zip_of({"a.png": PNG}, tmp_path / "a.zip")
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the local header's flags
    content[content.index(b"PK\x01\x02") + 8] |= 1  # and the directory's
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match="密码") as refused:
        unpack(path)
    assert refused.value.code == "encrypted"


def test_a_damaged_file_does_not_take_the_others_along(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bad.png", b"\x89PNG\r\n\x1a\n-damage-me-")
        archive.writestr("good.png", PNG)
    path.write_bytes(path.read_bytes().replace(b"damage-me", b"DAMAGED!!"))
    unpacked = unpack(path)
    assert names(unpacked) == ["a.zip!good.png"]
    assert codes(unpacked) == {"a.zip!bad.png": "corrupt"}


def test_an_empty_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as refused:
        unpack(zip_of({}, tmp_path / "a.zip"))
    assert refused.value.code == "empty"


def test_an_entry_without_a_name_is_an_entry(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", PNG)
        archive.filelist[0].filename = ""  # as the directory will say
    assert codes(unpack(path)) == {"a.zip!?": "corrupt"}
