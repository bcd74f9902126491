"""Tables that pandas writes, read back; and texts that pandas reads, read alike."""

import itertools
import pathlib
import sys
import tempfile

import classify as clf
import numpy as np

try:
    import pandas as pd
    from pandas._libs.parsers import STR_NA_VALUES
except ImportError:
    print("pandas is not installed: skipped")
    sys.exit(77)

folder = tempfile.TemporaryDirectory(prefix="classify-tables-")
at = pathlib.Path(folder.name) / "t.csv"
rng = np.random.default_rng(0)


def frame(names, rows=30):
    x = np.round(rng.normal(size=(rows, 4)) * 100, 3)
    y = np.array(["setosa", "versicolor", "virgínica"])[rng.integers(0, 3, rows)]
    table = pd.DataFrame(x, columns=names[:4])
    table[names[4]] = y
    return table, x, y


def same(dataset, x, y):
    assert np.array_equal(dataset.tensor("x"), np.asarray(x, np.float32), equal_nan=True), at.read_bytes()[:200]
    assert list(np.array(dataset.class_names())[dataset.tensor("labels")]) == list(y)


def written__by_pandas_in_any_dialect():
    headers = ["a", "b", "c", "d", "kind"], [0, 1, 2, 3, "kind"], [0, 1, 2, 3, 4]
    for names, index, sep, quoting, encoding, end in itertools.product(
            headers, [False, True], ",;\t|", [0, 1, 2], ["utf-8", "utf-8-sig", "latin-1"],
            ["\n", "\r\n"]):
        for decimal in "." if sep == "," else ".,":
            table, x, y = frame(names)
            table.to_csv(at, index=index, sep=sep, decimal=decimal, quoting=quoting,
                         encoding=encoding, lineterminator=end)
            options = "encoding=latin1" if encoding == "latin-1" else None
            same(clf.Dataset.load("csv", at, options), x, y)


def written__without_names():
    for sep, order in itertools.product(",;\t| ", ["first", "last"]):
        table, x, y = frame(["a", "b", "c", "d", "kind"])
        if order == "first":
            table = table[["kind", "a", "b", "c", "d"]]
        table.to_csv(at, index=False, header=False, sep=sep)
        same(clf.Dataset.load("csv", at, f"label={1 if order == 'first' else -1}"), x, y)


def written__twice():
    """A table that was read without index_col=0 and written again has "Unnamed: 0"."""
    table, x, y = frame(["a", "b", "c", "d", "kind"])
    table.to_csv(at)
    pd.read_csv(at).to_csv(at, index=False)
    same(clf.Dataset.load("csv", at), x, y)


def written__as_aligned_text():
    table, x, y = frame(["a", "b", "c", "d", "kind"])
    at.write_text(table.to_string(index=False), encoding="utf-8")
    same(clf.Dataset.load("csv", at), x, y)
    at.write_text(table.to_string(), encoding="utf-8")  # the header is a name short
    same(clf.Dataset.load("csv", at), x, y)


def missing__values_are_those_of_pandas():
    windows = {"1.#IND", "1.#QNAN", "-1.#IND", "-1.#QNAN"}  # of C libraries before 2015
    for text in sorted(STR_NA_VALUES - windows):
        at.write_text(f"a,b,kind\n1,{text},x\n3,4,y\n")
        expected = pd.read_csv(at)[["a", "b"]].to_numpy(float)
        assert np.isnan(expected[0, 1])
        same(clf.Dataset.load("csv", at, "missing=nan"), expected, ["x", "y"])
        same(clf.Dataset.load("csv", at, "missing=skip"), expected[1:], ["y"])
    for na_rep in "", "NA", "null", "-", "-9":
        table, x, y = frame(["a", "b", "c", "d", "kind"])
        table.loc[3:5, ["b"]] = x[3:6, 1] = np.nan
        table.to_csv(at, na_rep=na_rep, index=False)
        options = f"missing=nan missing_values={na_rep}" if na_rep in ("-", "-9") else "missing=nan"
        same(clf.Dataset.load("csv", at, options), x, y)


def read__as_by_pandas():
    texts = [
        ("a b kind\n1  2 x\n3 \t4   y\n", dict(delim_whitespace=True), None),
        ("a,b,kind\n1,2,x # one\n# two\n3,4,y\n", dict(comment="#"), "comment=hash"),
        ("a;b;kind\n1.234,5;2;x\n3;4,25;y\n", dict(sep=";", decimal=",", thousands="."),
         "thousands=point"),
        ('a,b,kind\n"1,234",2,x\n3,"4,000.5",y\n', dict(thousands=","), "thousands=comma"),
        ("a,b,kind,\n1,2,x,\n3,4,y,\n", dict(usecols=[0, 1, 2]), None),
        ("a,b,kind\n1,2,x,\n3,4,y,\n", dict(index_col=False), None),
        ("a,b,kind\nFiat,1,2,x\nAudi,3,4,y\n", dict(), None),
        ('"a","b","kind"\n"1",1,2,"x"\n"2",3,4,"y"\n', dict(), None),
        ('a,b,kind\n1,2,"x\n\ny"\n3,4,"""z"\n', dict(), None),
        ("a,b,kind\r1,2,x\r3,4,y\r", dict(), None),
        ("a,b,kind\n1,2,x\n-999,4,y\n", dict(na_values=[-999]),
         "missing=nan missing_values=-999"),
    ]
    for text, pandas, own in texts:
        at.write_bytes(text.encode())
        expected = pd.read_csv(at, **pandas)
        same(clf.Dataset.load("csv", at, own), expected[["a", "b"]].to_numpy(float),
             [name.strip() for name in expected["kind"]])


clf.run([value for name, value in list(globals().items()) if "__" in name[1:-2] and callable(value)])
