import io
import struct

import numpy as np
import pytest

from genlab.errors import GenLabError
from genlab.registration.clouds import SUFFIXES, cloud_bytes, parse_cloud, read_cloud, write_cloud

SPACE = np.array([[0.5, -1.25, 3.0], [1e-7, 2.0, 1 / 3], [4.0, 5.0, 6.0]])


def ply(body: bytes, count=3, form="ascii", properties="xyz", kind="double", more=""):
    lines = "".join(f"property {kind} {name}\n" for name in properties)
    head = f"ply\nformat {form} 1.0\ncomment made by hand\nelement vertex {count}\n{lines}{more}"
    return head.encode() + b"end_header\n" + body


def pcd(body: bytes, data="ascii", count=3, fields="x y z", sizes="8 8 8", kinds="F F F", more=""):
    counts = " ".join("1" for _ in fields.split())
    head = f"# .PCD v0.7\nVERSION 0.7\nFIELDS {fields}\nSIZE {sizes}\nTYPE {kinds}\n"
    head += f"COUNT {more or counts}\nWIDTH {count}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\n"
    return f"{head}POINTS {count}\nDATA {data}\n".encode() + body


def npy(array, **settings):
    stream = io.BytesIO()
    np.save(stream, array, **settings)
    return stream.getvalue()


def rows(points, mark=" "):
    return "".join(mark.join(repr(float(x)) for x in point) + "\n" for point in points).encode()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("D", [2, 3])
def test_what_is_written_is_read_back_to_the_last_bit(tmp_path, suffix, D):
    points = SPACE[:, :D]
    path = tmp_path / f"cloud{suffix}"
    write_cloud(path, points)
    found = read_cloud(path)
    np.testing.assert_array_equal(found[:, :D], points)
    if D == 2 and suffix in (".ply", ".pcd"):  # formats of space
        np.testing.assert_array_equal(found[:, 2], 0)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", rows(SPACE, ",")),
        ("a.csv", b"x,y,z\n" + rows(SPACE, ",")),
        ("a.csv", b"\xef\xbb\xbfx;y;z\r\n" + rows(SPACE, ";").replace(b"\n", b"\r\n")),
        ("a.csv", b"id,Z,Y,X\n" + b"".join(b"7," + row + b"\n" for row in rows(
            SPACE[:, ::-1], ",").splitlines())),
        ("a.csv", b'"easting","northing","height"\n' + rows(SPACE, ",")),
        ("a.txt", b"# a remark\n\n" + rows(SPACE) + b"\n\n"),
        ("a.txt", rows(SPACE, "\t")),
        ("a.txt", rows(SPACE, "   ")),
        ("a.XYZ", b"// scanner\n" + rows(np.hstack([SPACE, SPACE]))),
        ("a.xyz", b"3\nwater\n" + b"".join(
            b"H " + row + b"\n" for row in rows(SPACE).splitlines())),
        ("a.npy", npy(SPACE)),
        ("a.npy", npy(np.asfortranarray(SPACE).astype(">f8"))),
        ("no suffix", npy(SPACE)),
        ("a.ply", ply(rows(SPACE))),
        ("a.ply", ply(SPACE.astype("<f8").tobytes(), form="binary_little_endian")),
        ("a.ply", ply(SPACE.astype(">f8").tobytes(), form="binary_big_endian")),
        ("a.ply", ply(rows(SPACE) + b"3 0 1 2\n",
                      more="element face 1\nproperty list uchar int vertex_indices\n")),
        ("a.ply", ply(rows(np.hstack([SPACE, SPACE])),
                      properties=["x", "y", "z", "nx", "ny", "nz"])),
        ("a.pcd", pcd(rows(SPACE))),
        ("a.pcd", pcd(SPACE.tobytes(), "binary")),
        ("a.pcd", pcd(np.hstack([SPACE[:, ::-1], SPACE]).tobytes(), "binary",
                      fields="z y x i j k", sizes="8 8 8 8 8 8", kinds="F F F F F F")),
        ("a.pcd", pcd(rows(np.vstack([SPACE[:2], [[np.nan] * 3], SPACE[2:]])), count=4)),
    ],
)  # fmt: skip
def test_clouds_of_all_kinds_are_read(name, content):
    np.testing.assert_array_equal(parse_cloud(name, content), SPACE)


def test_a_compressed_pcd_is_read():
    from pypcd4 import Encoding, PointCloud

    stream = io.BytesIO()
    points = np.tile(SPACE.astype(np.float32), (50, 1))
    PointCloud.from_xyz_points(points).save(stream, encoding=Encoding.BINARY_COMPRESSED)
    np.testing.assert_array_equal(parse_cloud("a.pcd", stream.getvalue()), points)


class Bomb:
    def __reduce__(self):
        return (print, ("unpickled",))


HOSTILE = {
    "empty": ("a.csv", b"", "a.csv is empty"),
    "blank": ("a.txt", b" \n\n", "a.txt is empty"),
    "remarks": ("a.txt", b"# nothing\n", "no points"),
    "names only": ("a.csv", b"x,y\n", "names of columns but no points"),
    "words": ("a.txt", b"1 2\nthree 4\n", "not a table of numbers.*three"),
    "ragged": ("a.csv", b"1,2,3\n1,2\n", "not a table of numbers"),
    "decimal commas": ("a.csv", b"1,5;2,5\n1,5;2,5\n", "decimals with a point"),
    "one column": ("a.txt", b"1\n2\n", "one column"),
    "seven columns": ("a.csv", b"1,2,3,4,5,6,7\n", "7 columns; keep 2 or 3, or name"),
    "long line": ("a.txt", b"1 " * 9000, "18,000 characters|17,999 characters"),
    "binary": ("a.csv", b"\xff\xfe\x00\x01" * 9, "not a text file"),
    "zeros": ("a.csv", b"1,2\n\x00", "not a text file"),
    "nan": ("a.csv", b"1,2\nnan,3\n4,inf\n", "2 of 3 points .* the first of them point 2"),
    "kind": ("a.docx", b"PK", "choose one of .csv"),
    "npy cut": ("a.npy", npy(SPACE)[:-8], "72 bytes but holds 64"),
    "npy header": ("a.npy", b"\x93NUMPY\x01\x00\x10\x00{'descr': '<f8'", "not a whole NPY"),
    "npy garbage": ("a.npy", b"\x93NUMPY\x01\x00\x0e\x00" + b"__import__('o')", "not a whole NPY"),
    "npy huge": ("a.npy", npy(SPACE).replace(b"(3, 3)", b"(9999999999, 3)")[:200], "declares"),
    "npy negative": ("a.npy", npy(SPACE).replace(b"(3, 3)", b"(-3,3)"), "declares|NPY"),
    "npy pickle": ("a.npy", npy(np.array([Bomb()], object), allow_pickle=True), "pickled"),
    "npy words": ("a.npy", npy(np.array(["a"])), "save an array of numbers"),
    "npy volume": ("a.npy", npy(np.zeros((2, 3, 4))), "2 x 3 x 4; give one row"),
    "npy sideways": ("a.npy", npy(SPACE.repeat(4, axis=1)), "3 x 12; give one row"),
    "bare pickle": ("a.npy", b"\x80\x04\x95cos\nsystem\n.", "not a whole NPY"),
    "ply empty": ("a.ply", ply(b"", 0), "no points"),
    "ply huge": ("a.ply", ply(rows(SPACE), 9_999_999), "declares 9,999,999 .* damaged"),
    "ply vast": ("a.ply", ply(rows(SPACE), 10**18), "thin it to 10,000,000"),
    "ply cut": ("a.ply", ply(SPACE.tobytes()[:-8], form="binary_little_endian"), "a.ply"),
    "ply cut text": ("a.ply", ply(rows(SPACE)[:-20]), "a.ply"),
    "ply faces": ("a.ply", ply(rows(SPACE), more="element face 99999999999\n"), "damaged"),
    "ply no end": ("a.ply", b"ply\nformat ascii 1.0\nelement vertex 3\n", "no PLY header"),
    "ply negative": ("a.ply", ply(rows(SPACE), -3), "no PLY header"),
    "ply no y": ("a.ply", ply(rows(SPACE), properties="xwz"), "cannot be read as a PLY"),
    "ply list": ("a.ply", ply(b"\xff\xff\xff\xff" * 9, form="binary_little_endian",
                 more="element face 1\nproperty list uint double v\n"), "a.ply"),
    "pcd empty": ("a.pcd", pcd(b"", count=0), "no points"),
    "pcd huge": ("a.pcd", pcd(SPACE.tobytes(), "binary", 9_000_000), "damaged"),
    "pcd vast": ("a.pcd", pcd(rows(SPACE), count=10**15), "thin it"),
    "pcd cut": ("a.pcd", pcd(SPACE.tobytes()[:-8], "binary"), "damaged"),
    "pcd no x": ("a.pcd", pcd(rows(SPACE), fields="a b c"), "no fields x, y and z"),
    "pcd counts": ("a.pcd", pcd(rows(SPACE), more="1 1 999999999"), "values a point"),
    "pcd garbled": ("a.pcd", pcd(rows(SPACE), sizes="8 8 eight"), "misses or garbles"),
    "pcd no data": ("a.pcd", b"# .PCD v0.7\nPOINTS 3\n", "no PCD header"),
    "pcd packed": ("a.pcd", pcd(struct.pack("II", 4, 2**32 - 1) + b"abcd", "binary_compressed"),
                   "does not unpack"),
    "pcd packed ill": ("a.pcd", pcd(struct.pack("II", 4, 72) + b"abcd", "binary_compressed"),
                       "a.pcd"),
    "pcd all nan": ("a.pcd", pcd(b"nan nan nan\n" * 3), "no points"),
    "pcd words": ("a.pcd", pcd(b"one two three\n" * 3), "cannot be read as a PCD"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_file_that_is_no_cloud_gets_one_sentence(case, capfd):
    name, content, sentence = HOSTILE[case]
    with pytest.raises(GenLabError, match=sentence) as told:
        parse_cloud(name, content)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 400
    assert "unpickled" not in capfd.readouterr().out


def test_every_way_to_cut_a_file_short_or_flip_its_bytes_is_told_or_read(rng):
    """Nothing but a cloud or a GenLabError comes out of damaged files."""
    whole = [cloud_bytes(f"a{suffix}", rng.normal(size=(20, 3))) for suffix in SUFFIXES]
    outcomes = set()
    for suffix, content in zip(SUFFIXES, whole, strict=True):
        for _ in range(60):
            damaged = bytearray(content[: rng.integers(1, len(content) + 1)])
            for place in rng.integers(0, len(damaged), rng.integers(0, 4)):
                damaged[place] = rng.integers(0, 256)
            try:
                points = parse_cloud(f"a{suffix}", bytes(damaged))
                outcomes.add("read")
                assert points.shape[1] in (2, 3)
                assert np.isfinite(points).all()
            except GenLabError as error:
                outcomes.add("told" if "\n" not in str(error) else "told at length")
    assert outcomes == {"read", "told"}


def test_a_missing_file_and_a_folder_get_one_sentence(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(GenLabError, match="could not be read"):
            read_cloud(path)


def test_a_file_beyond_the_limit_is_not_opened(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("1,2\n")
    monkeypatch.setattr("genlab.registration.clouds.MOST_BYTES", 3)
    with pytest.raises(GenLabError, match="4 bytes; choose a file of 1 GiB or less"):
        read_cloud(path)


def test_a_million_points_are_read(rng):
    points = rng.normal(size=(1_000_000, 3)).astype(np.float32)
    np.testing.assert_array_equal(parse_cloud("a.npy", npy(points)), points)
    few = ply(points[:200_000].tobytes(), 200_000, "binary_little_endian", kind="float")
    np.testing.assert_array_equal(parse_cloud("a.ply", few), points[:200_000])


def test_an_unknown_suffix_to_write_is_one_sentence(tmp_path):
    with pytest.raises(GenLabError, match="ends in no known format"):
        write_cloud(tmp_path / "a.docx", SPACE)
    with pytest.raises(GenLabError, match="could not be written"):
        write_cloud(tmp_path / "none" / "a.csv", SPACE)
