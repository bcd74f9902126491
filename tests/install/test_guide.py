"""Compiles and runs every block of docs/guide.md.

    test_guide.py SOURCE_ROOT BUILD_ROOT COMPILER…

Blocks with a file name are written under it. Shell and Python blocks run one after another in that
folder; a text block is what the block before it prints. The other C blocks make one program together,
which calls each function that takes nothing, or a training and a test set.
"""
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE, BUILD, *COMPILER = sys.argv[1:]
del sys.argv[1:]
GUIDE = (pathlib.Path(SOURCE) / "docs" / "guide.md").read_text()
HELLO = pathlib.Path(SOURCE) / "examples" / "hello"
BLOCKS = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", GUIDE, re.M | re.S)
EXAMPLE = re.compile(r"^clf_status (\w+)\((void|const clf_dataset \*train"
                     r"(?:, const clf_dataset \*test)?)\) {", re.M)
MAIN = """
static clf_status some(clf_dataset **data, double fraction) {
  clf_dataset *part = NULL, *rest = NULL;
  clf_status status = clf_dataset_split(&part, &rest, *data, fraction, 0);
  clf_dataset_free(rest);
  clf_dataset_free(*data);
  *data = part;
  return status;
}

int main(void) {
  clf_dataset *train = NULL, *test = NULL;
  int failed = load_digits(&train, &test, "%s") || some(&train, 0.1) || some(&test, 0.2);
%s
  clf_dataset_free(test);
  clf_dataset_free(train);
  return failed;
}
"""
CALL = """
  if (!failed && %s(%s) < 0) {
    fprintf(stderr, "%s: %%s\\n", clf_last_error());
    failed = 1;
  }
"""


class Guide(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.environment = {**os.environ, "LD_LIBRARY_PATH": f"{BUILD}/lib",
                            "PKG_CONFIG_PATH": f"{BUILD}/meson-uninstalled"}
        for language, name, text in BLOCKS:
            if name:
                (self.folder / name).write_text(text)

    def run_command(self, *command):
        result = subprocess.run(command, cwd=self.folder, env=self.environment, text=True,
                                capture_output=True, timeout=120)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def flags(self):
        return self.run_command("pkg-config", "--cflags", "--libs", "classify").split()

    def test_languages_are_known(self):
        self.assertLessEqual({language for language, *_ in BLOCKS},
                             {"c", "csv", "python", "sh", "text"})

    def test_programs_are_those_of_the_examples(self):
        shown = {name: text for language, name, text in BLOCKS if language == "c" and name}
        self.assertEqual(set(shown), {"first.c", "images.c", "network.c", "pieces.c", "text.c"})
        for name in set(shown) - {"first.c"}:
            self.assertEqual(shown[name], (HELLO / name).read_text())
        readme = (pathlib.Path(SOURCE) / "README.md").read_text()
        self.assertIn(f"```c\n{(HELLO / 'classify.c').read_text()}```\n", readme)

    def test_programs_print_what_the_guide_says(self):
        commands = {"sh": ["sh", "-ec"], "python": [sys.executable, "-c"]}
        printed = None
        for language, name, text in BLOCKS:
            if "import numpy" in text and importlib.util.find_spec("numpy") is None:
                self.skipTest("NumPy is not installed")
            if language in commands:
                printed = self.run_command(*commands[language], text)
            elif language == "text" and not name:
                self.assertEqual(printed, text)

    def test_functions_compile_and_run(self):
        code = "".join(text for language, name, text in BLOCKS if language == "c" and not name)
        examples = EXAMPLE.findall(code)
        self.assertGreater(len(examples), 10)
        calls = "".join(CALL % (name, ", ".join(re.findall(r"\*(\w+)", parameters)), name)
                        for name, parameters in examples)
        (self.folder / "guide.c").write_text(code + MAIN % (f"{SOURCE}/examples/data", calls))
        self.run_command(*COMPILER, "-std=gnu11", "-Wall", "-Wextra", "-Werror", "guide.c",
                         *self.flags(), "-pthread", "-o", "guide")
        printed = self.run_command("./guide")
        for said in ("did you mean", "1 7, setosa versicolor", "fruit.csv", "4 rows, 2 features",
                     "8 of 10", "C=1: ", "a boring film: negative", "all threads agree: yes", "five: yes", "alpha=100 scored",
                     "the same: yes", "CLF_ERROR_CANCELLED", "CLF_ERROR_MEMORY"):
            self.assertIn(said, printed)
        self.assertNotIn(": no\n", printed)

    def test_links_lead_somewhere(self):
        for link in re.findall(r"\]\(([^)]+)\)", GUIDE):
            page, _, heading = link.partition("#")
            path = pathlib.Path(SOURCE) / "docs" / (page or "guide.md")
            self.assertTrue(path.exists(), link)
            if heading:
                lines = re.findall(r"^#+ (.*)$", path.read_text(), re.M)
                self.assertIn(heading, {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-")
                                        for line in lines})


if __name__ == "__main__":
    unittest.main()
