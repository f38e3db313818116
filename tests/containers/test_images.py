"""The real `Dockerfile` and `apptainer/container.def`, built and run without a registry. Long.

The base image is made by debootstrap, or is the one that `DICODE_BASE_IMAGE` names; buildah builds on it in a storage of the test's own.
Both need root and a Debian mirror: elsewhere the tests are skipped by name. The definition file of Apptainer is run section by section
in the same base. Extras are left out, as the CUDA wheels would be several GB of the same mechanism.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]
TOOLS = ("buildah", "debootstrap")
SUITE = "bookworm"
BASE = "localhost/dicode-base"
CERTIFICATES = Path("/etc/ssl/certs")
USER = "1000"


@dataclass(frozen=True)
class Builder:
    """buildah with its own storage."""

    folder: Path

    def __call__(self, *words: object, timeout: float = 3600) -> str:
        """The output of one command, which must succeed."""
        storage = ["--storage-driver", "overlay", "--root", self.folder / "root", "--runroot", self.folder / "run"]
        done = subprocess.run(
            [str(w) for w in ("buildah", *storage, *words)], capture_output=True, text=True, timeout=timeout, cwd=ROOT
        )
        assert done.returncode == 0, (words, done.stdout[-2000:], done.stderr[-4000:])
        return done.stdout

    def start(self, image: str) -> str:
        """A container of `image`; returns its name."""
        return self("from", image).split()[-1]

    def run(self, container: str, data: Path, *words: object, user: str = USER) -> str:
        """A command in a container, with `data` mounted on /data."""
        return self("run", "--isolation", "chroot", "--user", user, "-v", f"{data}:/data", container, "--", *words)


def mirror() -> str:
    """The Debian mirror of this machine, from apt's own settings."""
    said = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"], capture_output=True, text=True
    )
    return said.stdout.split()[0]


def outside(folder: Path) -> list[str]:
    """Volumes with which a build reaches the package index as this machine does."""
    uv = folder / "uv.toml"
    uv.write_text("system-certs = true\n")
    found = [(CERTIFICATES, CERTIFICATES), (uv, Path("/etc/uv/uv.toml")), (Path("/etc/pip.conf"),) * 2]
    return [word for here, there in found if here.exists() for word in ("--volume", f"{here}:{there}:ro")]


@pytest.fixture(scope="module")
def builder(tmp_path_factory) -> Iterator[Builder]:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if os.geteuid() != 0 or missing:
        pytest.skip(f"images are built by root with {' and '.join(TOOLS)} (apt-get install {' '.join(TOOLS)})")
    folder = tmp_path_factory.mktemp("images")
    made = Builder(folder)
    if "DICODE_BASE_IMAGE" in os.environ:
        made("tag", made("pull", os.environ["DICODE_BASE_IMAGE"]).split()[-1], BASE)
    else:
        system = folder / "system"
        subprocess.run(["debootstrap", "--variant=minbase", SUITE, system, mirror()], check=True, capture_output=True)
        container = made.start("scratch")
        made("add", container, system, "/")
        made("commit", container, BASE)
    yield made
    made("rm", "--all")
    made("rmi", "--all", "--force")


@pytest.fixture
def data(tmp_path) -> Path:
    tmp_path.chmod(0o755)
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


def check_run(data: Path) -> None:
    """A finished smoke run lies in the mounted folder, and belongs to the user who started it."""
    (run,) = (data / "runs").iterdir()
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert len(rows) == 5
    assert (data / "cache").is_dir()
    assert {path.stat().st_uid for path in (run, run / "metrics.jsonl", data / "cache")} == {int(USER)}


def test_the_docker_image_trains_as_an_ordinary_user(builder, data, tmp_path):
    builder(
        "build", "--isolation", "chroot", "--network", "host", "--build-arg", f"BASE={BASE}", "--build-arg", "EXTRAS=",
        *outside(tmp_path), "-t", "localhost/dicode", ".",
    )  # fmt: skip
    config = json.loads(builder("inspect", "--type", "image", "localhost/dicode"))["OCIv1"]["config"]
    assert config["Entrypoint"] == ["dicode"]
    assert config["User"] == "dicode"
    container = builder.start("localhost/dicode")
    said = builder.run(container, data, *config["Entrypoint"], "doctor")
    assert "the full wall" in re.sub(r"\s+", " ", said.replace("│", ""))
    builder.run(container, data, *config["Entrypoint"], "train", "preset=smoke", "--quiet")
    check_run(data)


def sections(path: Path) -> dict[str, str]:
    """The sections of a definition file, by name."""
    parts = re.split(r"^%(\w+)\n", path.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_sections_of_the_apptainer_definition_build_what_trains(builder, data, tmp_path):
    section = sections(ROOT / "apptainer" / "container.def")
    container = builder.start(BASE)
    for line in section["files"].split("\n"):
        if line.strip():
            builder("copy", container, *line.split())
    network = ["--network", "host", *outside(tmp_path)]
    builder("run", "--isolation", "chroot", *network, "--env", "EXTRAS= ", container, "--", "sh", "-c", section["post"])
    script = section["environment"] + 'set -- "$@"\ncd /data\nexport HOME=/data\n' + section["runscript"]
    for words in (["doctor"], ["train", "preset=smoke", "--quiet"]):
        builder.run(container, data, "sh", "-c", script, "dicode", *words)
    (run,) = (data / "runs").iterdir()
    assert (run / "metrics.jsonl").exists()
