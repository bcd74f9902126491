"""The sessions of docs/cli.md print what the page says. See cli.py.

A ```console block has commands after "$ " and what they print, standard error first. Numbers with a
decimal point may differ by two in a hundred, those of seconds by anything, and … stands for any text.
Blocks "```csv NAME" are files.
"""
import os
import pathlib
import re
import subprocess

from cli import SAMPLE, TOOL, Cli, main

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "cli.md"
NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]\d+)?")


def blocks():
    for match in re.finditer(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S):
        yield match.groups()


def sessions():
    """Commands, and what each prints."""
    for kind, _, text in blocks():
        if kind == "console":
            for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
                command, _, printed = part.partition("\n")
                while command.endswith("\\"):
                    more, _, printed = printed.partition("\n")
                    command = command[:-1] + more.removeprefix("> ")
                yield command, printed


def is_same(expected, line):
    """Whether a line is as expected; blanks may differ where numbers have other widths."""
    wanted = ["(.*)" if part == "…" else re.escape(part) if not NUMBER.fullmatch(part) else f"({NUMBER.pattern})"
              for part in re.split(f"({NUMBER.pattern}|…)", expected)]
    found = re.fullmatch(re.sub(r"(\\ )+", r" +", "".join(wanted)), line)
    if not found:
        return False
    values = [v for v, part in zip(found.groups(), [p for p in re.split(f"({NUMBER.pattern}|…)", expected)
                                                    if p == "…" or NUMBER.fullmatch(p)]) if part != "…"]
    return all(len(a.split(".")[1]) == 3 or abs(float(a) - float(b)) <= 0.02 * max(abs(float(a)), 0.02)
               for a, b in zip(NUMBER.findall(expected), values))


class Docs(Cli):
    def test_sessions(self):
        for kind, name, text in blocks():
            if name:
                self.write(name, text)
        (self.folder / "examples").mkdir()
        (self.folder / "examples" / "data").symlink_to(SAMPLE)
        environment = {**os.environ, "PATH": f"{os.path.dirname(TOOL)}:{os.environ['PATH']}"}
        count = 0
        for command, expected in sessions():
            run = subprocess.run(["bash", "-c", command], capture_output=True, encoding="utf-8", cwd=self.folder,
                                 env=environment, timeout=120)
            printed = (run.stderr + run.stdout).splitlines()
            wanted = expected.rstrip("\n").splitlines()
            with self.subTest(command):
                self.assertEqual(len(printed), len(wanted), "\n".join(printed))
                for line, want in zip(printed, wanted):
                    self.assertTrue(is_same(want, line), f"expected: {want}\nprinted:  {line}")
            count += 1
        self.assertGreaterEqual(count, 1)


main()
