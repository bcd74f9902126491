"""examples/data/fetch.sh against servers on the loopback: what it gets, resumes and refuses."""
import gzip
import hashlib
import http.server
import io
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest
import zipfile

SCRIPT = pathlib.Path(sys.argv.pop(1))
IMAGES = gzip.compress(b"images" * 40000)
ARCHIVE_FILES = {"set/train/pos/1_10.txt": b"good", "set/train/neg/1_1.txt": b"bad"}
FACE_FILES = {"__MACOSX/yalefaces/._subject02.normal": b"", "yalefaces/subject02.normal": b"GIF89a"}


def tar_of(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def zip_of(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves server.files; understands "Range: bytes=N-" where server.ranges is set."""

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, self.headers.get("Range")))
        body = server.files.get(self.path)
        if body is None:
            return self.send_error(404)
        wanted = re.match(r"bytes=(\d+)-$", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted and server.ranges else 0
        if start > 0 and start >= len(body):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        cut = server.cuts.pop(0) if server.cuts else len(body)
        self.wfile.write(body[start:start + cut])

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, files, cuts=(), ranges=True):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.cuts, self.ranges = files, list(cuts), ranges
        self.requests = []
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()


HELD = socket.socket()  # bound, so that no server gets its port, but it does not listen
HELD.bind(("127.0.0.1", 0))


def nobody():
    """The URL of a port where nobody listens."""
    return f"http://127.0.0.1:{HELD.getsockname()[1]}"


class Fetch(unittest.TestCase):
    client = "curl"

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.data = self.root / "data"
        self.tools = self.root / "bin"
        self.tools.mkdir()
        for name in ("sh", "basename", "cat", "cut", "dirname", "find", "gzip", "head", "mkdir",
                     "mv", "rm", "sed", "sha256sum", "tar", self.client):
            path = shutil.which(name)
            if path is None:
                self.skipTest(f"{name} is not installed")
            (self.tools / name).symlink_to(path)
        (self.tools / "python3").symlink_to(sys.executable)
        (self.tools / "sleep").write_text("#!/bin/sh\n")  # between two tries nothing changes here
        (self.tools / "sleep").chmod(0o755)
        shutil.copy(SCRIPT, self.root)

    def serve(self, files, **how):
        server = Server(files, **how)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def table(self, *rows):
        (self.root / "sources.txt").write_text("# rows\n" + "".join(row + "\n" for row in rows))

    def images_from(self, *urls, check="inside:" + sha256(b"images" * 40000)):
        self.table(f"mnist mnist/images.gz mnist/images.gz - {check} " + " ".join(urls))

    def fetch(self, *arguments, mirror=None):
        environment = {"PATH": str(self.tools)}
        if mirror:
            environment["CLASSIFY_MIRROR"] = mirror
        result = subprocess.run(["sh", self.root / "fetch.sh", *arguments], text=True, timeout=60,
                                env=environment, cwd=self.root, capture_output=True)
        return result.returncode, result.stderr

    def got(self, name="mnist/images.gz"):
        return (self.data / name).read_bytes()

    def test_gets_a_file_and_then_nothing_more(self):
        server = self.serve({"/mnist/images.gz": IMAGES})
        self.images_from(server.url + "/mnist")
        status, said = self.fetch("mnist", "data")
        self.assertEqual(status, 0, said)
        self.assertEqual(self.got(), IMAGES)
        self.assertIn("mnist: complete in data", said)
        self.assertEqual(self.fetch("mnist", "data")[0], 0)
        self.assertEqual(len(server.requests), 1)

    def test_goes_on_after_a_cut(self):
        server = self.serve({"/images.gz": IMAGES}, cuts=[100])
        self.images_from(server.url)
        status, said = self.fetch("mnist", "data")
        self.assertEqual(status, 0, said)
        self.assertEqual(self.got(), IMAGES)
        self.assertEqual([wanted for path, wanted in server.requests], [None, "bytes=100-"])

    def test_goes_on_with_the_part_of_an_earlier_run_on_another_server(self):
        self.images_from(nobody(), self.serve({"/images.gz": IMAGES}).url)
        part = self.data / "mnist" / "images.gz.part"
        part.parent.mkdir(parents=True)
        part.write_bytes(IMAGES[:50])
        status, said = self.fetch("mnist", "data")
        self.assertEqual(status, 0, said)
        self.assertEqual(self.got(), IMAGES)
        self.assertFalse(part.exists())

    def test_takes_a_part_that_is_complete_as_it_is(self):
        self.images_from(nobody())
        part = self.data / "mnist" / "images.gz.part"
        part.parent.mkdir(parents=True)
        part.write_bytes(IMAGES)
        status, said = self.fetch("mnist", "data")
        self.assertEqual(status, 0, said)
        self.assertEqual(self.got(), IMAGES)

    def test_begins_anew_where_the_part_is_wrong_or_too_long(self):
        for wrong in (b"x" * 50, b"x" * (len(IMAGES) + 1)):
            with self.subTest(bytes=len(wrong)):
                server = self.serve({"/images.gz": IMAGES})
                self.images_from(server.url)
                part = self.data / "mnist" / "images.gz.part"
                part.parent.mkdir(parents=True, exist_ok=True)
                part.write_bytes(wrong)
                status, said = self.fetch("mnist", "data")
                self.assertEqual(status, 0, said)
                self.assertEqual(self.got(), IMAGES)
                (self.data / "mnist" / "images.gz").unlink()

    def test_begins_anew_where_the_server_cannot_resume(self):
        server = self.serve({"/images.gz": IMAGES}, ranges=False)
        self.images_from(server.url)
        part = self.data / "mnist" / "images.gz.part"
        part.parent.mkdir(parents=True)
        part.write_bytes(IMAGES[:50])
        status, said = self.fetch("mnist", "data")
        self.assertEqual(status, 0, said)
        self.assertEqual(self.got(), IMAGES)

    def test_gives_up_on_a_server_that_always_cuts_and_cannot_resume(self):
        server = self.serve({"/images.gz": IMAGES}, ranges=False, cuts=[100] * 100)
        self.images_from(server.url)
        self.assertEqual(self.fetch("mnist", "data")[0], 1)
        self.assertLess(len(server.requests), 10)

    def test_refuses_a_wrong_checksum_and_asks_the_next_server(self):
        bad = self.serve({"/images.gz": gzip.compress(b"other")})
        self.images_from(bad.url, self.serve({"/images.gz": IMAGES}).url)
        status, said = self.fetch("mnist", "data")
        self.assertEqual(status, 0, said)
        self.assertIn("refused: its SHA-256 is " + sha256(b"other"), said)
        self.assertEqual(self.got(), IMAGES)

    def test_fails_when_every_server_is_wrong_or_away(self):
        bad = self.serve({"/images.gz": b"<html>moved</html>"})
        self.images_from(bad.url, nobody(), self.serve({}).url)
        status, said = self.fetch("mnist", "data")
        self.assertEqual(status, 1)
        self.assertIn("mnist: could not get data/mnist/images.gz", said)
        self.assertEqual(list(self.data.rglob("*.gz")), [])

    def test_gets_a_damaged_file_again(self):
        self.images_from(self.serve({"/images.gz": IMAGES}).url)
        path = self.data / "mnist" / "images.gz"
        path.parent.mkdir(parents=True)
        path.write_bytes(IMAGES[:-9])
        status, said = self.fetch("mnist", "data")
        self.assertEqual(status, 0, said)
        self.assertEqual(self.got(), IMAGES)

    def test_asks_the_mirrors_in_place_of_the_public_servers(self):
        public = self.serve({"/images.gz": IMAGES})
        mirror = self.serve({"/sets/mnist/images.gz": IMAGES})
        self.images_from(public.url)
        status, said = self.fetch("mnist", "data", mirror=f"{nobody()} {mirror.url}/sets/")
        self.assertEqual(status, 0, said)
        self.assertEqual(public.requests, [])

    def test_unpacks_an_archive(self):
        archive = tar_of(ARCHIVE_FILES)
        server = self.serve({"/a.tar.gz": archive})
        self.table("imdb aclImdb a.tar.gz train/pos file:" + sha256(archive) + " " + server.url)
        status, said = self.fetch("imdb", "data")
        self.assertEqual(status, 0, said)
        self.assertEqual(self.got("aclImdb/train/pos/1_10.txt"), b"good")
        self.assertEqual(os.listdir(self.data), ["aclImdb"])
        self.assertEqual(self.fetch("imdb", "data")[0], 0)
        self.assertEqual(len(server.requests), 1)

    def test_takes_an_alternative_and_says_what_is_unchecked(self):
        archive = zip_of(FACE_FILES)
        server = self.serve({"/y.zip": archive})
        self.table(f"yale yalefaces y.tar.gz subject02.normal unknown {server.url}",
                   f"yale yalefaces y.zip subject02.normal unknown {server.url}")
        status, said = self.fetch("yale", "data")
        self.assertEqual(status, 0, said)
        self.assertEqual(self.got("yalefaces/subject02.normal"), b"GIF89a")
        self.assertIn("no checksum is published for it; its SHA-256 is " + sha256(archive), said)

    def test_refuses_an_archive_of_something_else(self):
        server = self.serve({"/y.zip": zip_of({"readme.txt": b"moved"}), "/y.tar.gz": b"<html>"})
        self.table(f"yale yalefaces y.zip subject02.normal unknown {server.url}",
                   f"yale yalefaces y.tar.gz subject02.normal unknown {server.url}")
        status, said = self.fetch("yale", "data")
        self.assertEqual(status, 1)
        self.assertIn("could not get data/yalefaces;", said)
        self.assertEqual(said.count("the archive does not hold subject02.normal"), 2)
        self.assertEqual(os.listdir(self.data), [])

    def test_all_goes_on_after_a_set_that_failed(self):
        self.images_from(self.serve({"/images.gz": IMAGES}).url)
        with open(self.root / "sources.txt", "a") as table:
            table.write("faces faces f.tar.gz train_faces file:0\n")
        status, said = self.fetch("all", "data")
        self.assertEqual(status, 1)
        self.assertIn("mnist: complete", said)
        self.assertIn("faces: could not get data/faces", said)

    def test_rejects_wrong_arguments(self):
        self.table()
        for arguments in ((), ("cifar",), ("mnist", "a", "b")):
            self.assertEqual(self.fetch(*arguments)[0], 2)
        self.assertIn("no data set 'cifar'; there are mnist, imdb", self.fetch("cifar")[1])
        self.assertEqual(self.fetch("--help")[0], 0)


class FetchWithWget(Fetch):
    client = "wget"


class Table(unittest.TestCase):
    def test_rows_are_whole(self):
        for line in (SCRIPT.parent / "sources.txt").read_text().splitlines():
            if line.startswith("#"):
                continue
            with self.subTest(row=line):
                name, result, file, marker, check, *urls = line.split()
                self.assertIn(name, ("mnist", "imdb", "yale", "faces"))
                self.assertRegex(check, r"^((file|inside):[0-9a-f]{64}|unknown)$")
                for url in urls:
                    self.assertRegex(url, r"^https?://\S+[^/]$")


if __name__ == "__main__":
    unittest.main()
