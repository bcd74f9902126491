"""What the reports and command lines of all example programs have in common."""
import re
import subprocess


def check_report(test, page, rows):
    """The facts of the run, and the parameters of each model in full."""
    facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
    for name in ("Data", "Machine", "Kernels", "Threads", "Seed", "Date", "libclassify"):
        test.assertTrue(facts.get(name), f"the report does not say: {name}")
    test.assertEqual(facts["libclassify"], rows[0]["version"])
    test.assertEqual(facts["Kernels"], rows[0]["cpu"])
    test.assertEqual((int(facts["Threads"]), int(facts["Seed"])), (rows[0]["threads"], rows[0]["seed"]))
    test.assertRegex(facts["Date"], r"^\d{4}-\d\d-\d\d$")
    test.assertNotIn("…", page)
    for row in rows:
        if "params" in row:
            test.assertIn(f"<small>{row['params']}", page)


def check_help(test, program, *phrases):
    """-h and --help are the same, fit a terminal, and have these phrases."""
    texts = [subprocess.run([program, option], capture_output=True, text=True, check=True).stdout
             for option in ("-h", "--help")]
    test.assertEqual(*texts)
    test.assertLessEqual(max(map(len, texts[0].splitlines())), 80)
    words = " ".join(texts[0].split())
    for phrase in ("--data DIR", "$CLASSIFY_DATA", *phrases):
        test.assertIn(phrase, words)


def check_usage(test, run, *more):
    """Wrong options are refused on standard error, in one line, with exit status 2."""
    for arguments, says in ((["--nonsense"], "no option '--nonsense'"),
                            (["-x"], "no option '-x'"),
                            (["--sed=1"], "did you mean --seed?"),
                            (["--seed"], "--seed needs a value: S"),
                            (["--seed="], "--seed takes a whole number"),
                            (["--seed", "1.5"], "--seed takes a whole number from 0 up, not '1.5'"),
                            (["--threads", "0"], "--threads takes a whole number from 1 up, not '0'"),
                            (["--json="], "--json is empty"),
                            (["--help=1"], "--help takes no value"), *more):
        with test.subTest(arguments=arguments):
            test.assertIn(says, run(*arguments, status=2))
