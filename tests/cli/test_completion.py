"""classify completion and the manual pages: every option of every verb is in the help, the page and the
completion, and the shells complete. See cli.py.

The scripts ask `classify --complete WORD…`; a test asks it too, one asks each shell that is installed.
"""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time
import unittest

from cli import TOOL, Cli, main

SHELLS = ("bash", "zsh", "fish")


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"no {program}")


class Completion(Cli):
    def candidates(self, *words):
        """What may follow: the words about all candidates, and the candidates."""
        about, *lines = self.classify("--complete", *words).splitlines()
        self.assertEqual([line for line in lines if line.count("\t") != 1], [])
        return about.split(), [line.split("\t")[0] for line in lines]

    def names(self, *words):
        return self.candidates(*words)[1]

    def verbs(self):
        verbs = self.names("")
        self.assertIn("train", verbs)
        return verbs

    def own_program(self, verb):
        """Verbs that read their command line as another program does."""
        return verb.startswith("svm-")

    def test_every_option_is_in_help_page_and_completion(self):
        self.classify("--manual", "man1")
        listed = self.classify("--help")
        pages = {page.name for page in (self.folder / "man1").iterdir()}
        self.assertEqual(pages, {"classify.1"} | {f"classify-{verb}.1" for verb in self.verbs()})
        program = (self.folder / "man1" / "classify.1").read_text(encoding="ascii")
        self.assertEqual({name.replace("\\-", "-") for name in re.findall(r"\\fB(\\-\S+?)\\fR", program)},
                         {*self.names("-"), "-h"})
        for verb in self.verbs():
            with self.subTest(verb):
                self.assertRegex(listed, rf"(?m)^  {verb} +\w")
                self.assertIn(f".BR classify\\-{verb} (1)\n", program)
                page = (self.folder / "man1" / f"classify-{verb}.1").read_text(encoding="ascii")
                bold = {name.replace("\\-", "-") for name in re.findall(r"\\fB(\\-\S+?)\\fR", page)}
                words = set(self.names(verb, "-"))
                if self.own_program(verb):
                    self.assertEqual(words, bold)
                    continue
                helped = self.classify(verb, "--help")
                options = set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", helped, re.M))
                letters = set(re.findall(r"^  (-\w), --", helped, re.M))
                self.assertEqual(words, options)
                self.assertEqual(bold, options | letters | {"-h"})
                self.assertIn(helped.split("example: ")[1].splitlines()[0],
                              page.replace("\\-", "-").replace("\\(aq", "'").replace("\\(ti", "~")
                              .replace("\\e", "\\").replace("[u2026]", "…"))

    @needs("man")
    def test_pages_render_without_warnings(self):
        self.classify("--manual", "man1")
        for page in sorted((self.folder / "man1").iterdir()):
            with self.subTest(page.name):
                run = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, encoding="utf-8",
                                     env={**os.environ, "LC_ALL": "C.UTF-8", "MANPAGER": "cat", "MANWIDTH": "80",
                                          "MANROFFOPT": "-ww"})
                self.assertEqual((run.returncode, run.stderr), (0, ""))
                text = re.sub(".\b", "", run.stdout)
                for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLE", "SEE ALSO"):
                    self.assertRegex(text, rf"(?m)^{heading}$")
        train = subprocess.run(["man", "-l", self.folder / "man1" / "classify-train.1"], capture_output=True,
                               encoding="utf-8", env={**os.environ, "LC_ALL": "C.UTF-8", "MANPAGER": "cat"}).stdout
        self.assertIn("'svm kernel=rbf C=5'", re.sub(".\b", "", train))

    def test_verbs_and_options(self):
        self.assertEqual(self.names("trai"), ["train"])
        self.assertEqual(self.names("--"), ["--help", "--version"])
        self.assertEqual(self.names("trian", ""), [])
        self.assertEqual(self.names("train", "--mod"), ["--model"])
        self.assertNotIn("--json", self.names("train", "--json", "--"))
        self.assertIn("--transform", self.names("train", "--transform", "pca", "--"))
        self.assertNotIn("--output", self.names("train", "-o", "x", "--"))
        self.assertEqual(self.candidates("train", ""), (["files"], []))
        self.assertEqual(self.candidates("train", "-o", ""), (["files"], []))
        self.assertEqual(self.candidates("train", "--", "--mod"), (["files"], []))
        self.assertEqual(self.candidates("train", "--threads", ""), ([], []))
        self.assertEqual(self.names("completion", ""), list(SHELLS))
        self.assertEqual(self.names("completion", "bash", ""), [])
        self.assertEqual(self.classify("--complete"), self.classify("--complete", ""))

    def test_kinds_and_parameters(self):
        kinds = self.names("list", "model", "")
        self.assertEqual(self.names("train", "--model", ""), kinds)
        self.assertEqual(self.names("train", "--model=s"), ["--model=svm"])
        self.assertEqual(self.candidates("train", "--model", "svm ke"),
                         (["open"], ["svm kernel="] + ["svm kernel=" + word for word in
                          ("linear", "polynomial", "rbf", "sigmoid", "precomputed")]))
        self.assertEqual(self.names("train", "--model=svm C=5 kernel=r"), ["--model=svm C=5 kernel=rbf"])
        self.assertEqual(self.names("train", "--model", "svm probability="),
                         ["svm probability=true", "svm probability=false"])
        self.assertEqual(self.names("train", "--model", "svm deg"), ["svm degree=", "svm degree=3"])
        self.assertNotIn("svm C=5 C=", self.names("train", "--model", "svm C=5 "))
        self.assertEqual(self.names("train", "--model", "smv C"), [])
        self.assertEqual(self.names("train", "--transform", "st"), ["standardize"])
        self.assertEqual(self.names("train", "--vocabulary", "ngr"), ["ngrams=", "ngrams=1"])
        formats = self.names("train", "--format", "")
        self.assertEqual(len(formats), len(set(formats)))
        self.assertLessEqual(set(self.names("list", "dataset_reader", "")), set(formats))
        self.assertIn("csv label=kind delimiter=", self.names("train", "--format", "csv label=kind deli"))

    def test_layers_within_quotes(self):
        layers = "network layers='dense units=5; "
        self.assertEqual(self.names("train", "--model", layers + "de"), [layers + "dense"])
        self.assertEqual(self.names("train", "--model", layers + "dense activation=re"),
                         [layers + "dense activation=relu"])
        self.assertEqual(self.names("train", "--model", layers + "dense units=2' ep")[0],
                         layers + "dense units=2' epochs=")

    def test_grids(self):
        before = ["tune", "data.csv", "--model", "svm kernel=rbf"]
        self.assertEqual(self.candidates(*before, "--search", "gam"), (["open"], ["gamma="]))
        self.assertEqual(self.names(*before, "--search", "C=1|10 kernel=rbf|si"), ["C=1|10 kernel=rbf|sigmoid"])
        self.assertNotIn("C=1|10 C=", self.names(*before, "--search", "C=1|10 "))
        self.assertIn("--search=C=1 gamma=", self.names(*before, "--search=C=1 "))
        self.assertEqual(self.names(*before, "--transform", "pca", "--search", "pca.comp"), ["pca.components="])
        self.assertEqual(self.names("tune", "--model=network", "--optimizer", "sgd", "--search", "optimizer.mom"),
                         ["optimizer.momentum="])
        self.assertIn("max_iterations=", self.names("tune", "--search", ""))  # of the model without --model

    def script(self, shell):
        return self.write("script." + shell, self.classify("completion", shell))

    def test_scripts_are_printed(self):
        for shell in SHELLS:
            self.assertIn(f"# Completion of classify for {shell}", self.classify("completion", shell))
        self.classify("completion", "fihs", status=2)
        self.assertIn("did you mean fish?", self.said)
        self.classify("completion", status=2)

    def test_syntax(self):
        for shell in SHELLS:
            if shutil.which(shell):
                run = subprocess.run([shell, "-n", self.script(shell)], capture_output=True, encoding="utf-8",
                                     cwd=self.folder)
                self.assertEqual((run.returncode, run.stderr), (0, ""), shell)

    def replies(self, *words):
        """COMPREPLY of bash for words as it splits them."""
        quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
        text = (f"compopt() {{ echo \"compopt $*\"; }}; source {self.script('bash')}; COMP_WORDS=(classify {quoted}); "
                f"COMP_CWORD={len(words)}; _classify '{TOOL}' '' ''; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        run = subprocess.run(["bash", "--norc", "-c", text], capture_output=True, encoding="utf-8", cwd=self.folder)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout.splitlines()

    @needs("bash")
    def test_bash_replies(self):
        self.assertEqual(self.replies("trai"), ["train"])
        self.assertEqual(self.replies("train", "--mod"), ["--model"])
        self.assertEqual(self.replies("train", "--model", "=", "sv"), ["svm"])
        self.assertIn("svm", self.replies("train", "--model", "="))
        self.assertEqual(self.replies("train", "--model", "'svm kernel=r"), ["compopt -o nospace", "svm kernel=rbf"])
        self.assertEqual(self.replies("train", "--model", "=", "'svm kernel=r"),
                         ["compopt -o nospace", "svm kernel=rbf"])
        self.assertEqual(self.replies("train", "--model", "'svm C=5'", "--transf"), ["--transform"])
        self.assertEqual(self.replies("train", "")[0], "compopt -o default")

    def typed(self, shell, setup, keys, expected):
        """Types keys into an interactive shell, and waits for what the line becomes."""
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.environ.update(TERM="dumb", PS1="> ", HOME=str(self.folder), COLUMNS="200",
                              PATH=f"{os.path.dirname(TOOL)}:{os.environ['PATH']}")
            os.execvp(shell[0], shell)
        seen, end = "", time.monotonic() + 60

        def wait(text):
            nonlocal seen
            while text not in seen and time.monotonic() < end:
                if select.select([terminal], [], [], 0.2)[0]:
                    seen += os.read(terminal, 65536).decode(errors="replace")
            self.assertIn(text, seen)
        try:
            os.write(terminal, (setup + "; echo is ready\n").encode())
            wait("\r\nis ready")
            os.write(terminal, keys.encode())
            wait(expected)
        finally:
            os.kill(child, signal.SIGKILL)
            os.close(terminal)
            os.waitpid(child, 0)

    KEYS = ((("classify trai\t", "classify train ")),
            ("classify train --model 'svm ker\t", "nel="),
            ("classify train --model 'svm kernel=rb\t", "rbf"),
            ("classify train --model=sv\t", "svm "))

    @needs("bash")
    def test_bash_completes(self):
        for keys, expected in self.KEYS:
            with self.subTest(keys):
                self.typed(["bash", "--norc", "--noprofile", "-i"], f"source {self.script('bash')}", keys, expected)

    @needs("zsh")
    def test_zsh_completes(self):
        for keys, expected in self.KEYS:
            with self.subTest(keys):
                self.typed(["zsh", "-f", "-i"], "autoload -Uz compinit; compinit -u -D; "
                           f"source {self.script('zsh')}", keys, expected)

    @needs("fish")
    def test_fish_completes(self):
        for typed, expected in (("classify trai", "train"), ("classify train --mod", "--model"),
                                ("classify train --model 'svm kernel=r", "svm kernel=rbf"),
                                ("classify train --model='svm kernel=r", "--model=svm kernel=rbf"),
                                ("classify train --model \"network layers='dense activation=re",
                                 "network layers='dense activation=relu")):
            text = 'source script.fish; complete -C "$argv[1]"'
            self.script("fish")
            run = subprocess.run(["fish", "--no-config", "-c", text, typed], capture_output=True, encoding="utf-8",
                                 cwd=self.folder, env={**os.environ, "HOME": str(self.folder),
                                                       "PATH": f"{os.path.dirname(TOOL)}:{os.environ['PATH']}"})
            self.assertEqual((run.returncode, run.stderr), (0, ""))
            self.assertIn(expected, [line.split("\t")[0] for line in run.stdout.splitlines()])


main()
