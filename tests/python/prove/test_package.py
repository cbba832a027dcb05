"""What `make package` makes: small, quick to start, and for Amazon Linux 2023 (DESIGN §4)."""

import re
import subprocess
import zipfile

import pytest

from lambda_runtime import functions
from posture import RELEASE, ROOT
from test_cold_start import measured, table

LAMBDA = ROOT / "target" / "lambda"
#: What a zip may have, in bytes.
MOST_BYTES = 4_000_000
#: What an empty function's time until its first answer may be multiplied by.
MOST_TIMES = 2
#: The C library of Amazon Linux 2023.
GLIBC = (2, 34)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The packaged programs, and the size of each function's zip."""
    folder, sizes = tmp_path_factory.mktemp("programs"), {}
    for function, debug in functions().items():
        archive = LAMBDA / debug.name / "bootstrap.zip"
        assert archive.exists(), "run `make package`"
        sizes[function] = archive.stat().st_size
        if not (folder / debug.name).exists():
            with zipfile.ZipFile(archive) as zipped:
                assert zipped.namelist() == ["bootstrap"]
                (folder / debug.name).write_bytes(zipped.read("bootstrap"))
            (folder / debug.name).chmod(0o755)
    return folder, sizes


def test_zips_are_small(unpacked):
    _, sizes = unpacked
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}


def test_they_run_on_amazon_linux(unpacked):
    folder, _ = unpacked
    for program in folder.iterdir():
        needed = subprocess.run(["objdump", "-T", program], capture_output=True, text=True, check=True).stdout
        versions = {tuple(map(int, found.split("."))) for found in re.findall(r"GLIBC_([0-9.]+)", needed)}
        assert versions and max(versions) <= GLIBC, (program.name, max(versions))


def test_they_start_quickly(unpacked, capsys):
    folder, sizes = unpacked
    programs = {name: folder / debug.name for name, debug in functions().items()}
    (empty,) = (ROOT / "target").glob("*/shipping/examples/empty-function")
    text, ratios = table(measured(programs.get, empty, RELEASE), sizes)
    with capsys.disabled():
        print(text)
    assert {name: wall for name, (wall, _) in ratios.items() if wall > MOST_TIMES} == {}
