"""What users look at: HTML of models and estimators, pages, and plots."""

from html.parser import HTMLParser
import os

import numpy as np
import pytest

import libclassify as clf
from libclassify import _html

VOID = {"meta", "br", "img", "hr", "input", "link"}


class Tags(HTMLParser):
    """Every element that is opened is closed, in the reverse order."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes no <{tag}>"


def checked(text):
    parser = Tags()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser.seen


@pytest.fixture
def clouds():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 2))
    y = np.array(["a<b", "c&d", 'e"f'])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)]
    return X, y


def network(clouds):
    X, y = clouds
    return clf.Network("dense units=8 activation=relu; dense units=3", epochs=5).fit(
        X, y, validation=(X[:30], y[:30]))


def test_notebook_shows_parameters_fit_and_curve(clouds):
    model = network(clouds)
    text = model._repr_html_()
    assert checked(text).count("svg") == 2  # losses and accuracies
    assert "dense units=8" in text and "c&amp;d" in text and "c&d" not in text
    assert "Fitted model" not in clf.Model("svm")._repr_html_()


def test_report_of_a_classifier(clouds, tmp_path):
    X, y = clouds
    model = clf.Model("logistic").fit(X, y)
    clf.report(tmp_path / "page.html", model, X, y, title="<clouds>")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    checked(text)
    assert f"{np.mean(model.predict(X) == y):.4g}" in text and "&lt;clouds&gt;" in text
    wrong = int((model.predict(X) != y).sum())
    assert text.count("<tr>") > wrong > 0 and "Confusion matrix" in text
    assert all(measure in text for measure in ("log loss", "Brier score", "calibration error"))
    assert os.listdir(tmp_path) == ["page.html"]


def test_report_of_a_regression(clouds, tmp_path):
    X = clouds[0]
    targets = np.column_stack([X.sum(axis=1), X[:, 0] ** 2])
    model = clf.Model("ridge").fit(X, targets=targets)
    clf.report(tmp_path / "page.html", model, X, targets)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    error = np.sqrt(((model.predict(X) - targets) ** 2).mean(axis=0))
    assert all(f"{value:.4g}" in text for value in error)
    checked(text)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_page_has_the_permissions_of_any_file(clouds, tmp_path):
    path, model = tmp_path / "page.html", clf.Model("logistic").fit(*clouds)
    old = os.umask(0o027)
    try:
        clf.report(path, model, *clouds)
        assert path.stat().st_mode & 0o777 == 0o640
        path.chmod(0o604)
        clf.report(path, model, *clouds)
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o604 and os.listdir(tmp_path) == ["page.html"]


def test_a_failing_report_leaves_the_old_page(clouds, tmp_path):
    X, y = clouds
    path = tmp_path / "page.html"
    path.write_text("old")
    model = clf.Model("logistic").fit(X, y)
    with pytest.raises(ValueError, match="no class 'other'"):
        clf.report(path, model, X, np.full(len(X), "other"))
    with pytest.raises(FileNotFoundError):
        clf.report(tmp_path / "none" / "page.html", model, X, y)
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["page.html"]


def test_estimators_follow_scikit_learns_display(clouds):
    sklearn = pytest.importorskip("sklearn")
    from libclassify.sklearn import Perceptron, StandardScaler

    model = Perceptron().fit(*clouds)
    html = model._repr_mimebundle_()["text/html"]
    assert "Fitted model" in html and "Learning curve" in html
    assert "Fitted model" in model._repr_html_()
    assert "standardize" in StandardScaler().fit(clouds[0])._repr_html_()
    assert "Fitted model" not in Perceptron()._repr_html_()
    with sklearn.config_context(display="text"):
        assert list(model._repr_mimebundle_()) == ["text/plain"]
        assert not hasattr(model, "_repr_html_")


@pytest.mark.parametrize("values", [[1.0], [2.0, 2.0, 2.0], [1.0, float("nan"), 3.0], [float("inf")],
                                    [-1e300, 1e300], [1e-300, 2e-300], list(range(1000)), []])
def test_charts_of_any_numbers(values):
    text = _html.line_chart("curve", {"<name>": values})
    checked(text)
    assert "nan" not in text and "inf" not in text.replace("info", "")
    assert bool(text) == bool(np.isfinite(values).any())


def test_many_classes_are_listed_by_confusion():
    counts = np.eye(40, dtype=int) * 10
    counts[3, 7] = 5
    text = _html.confusion_matrix(counts, [f"class {k}" for k in range(40)])
    checked(text)
    assert "class 3" in text and "class 7" in text and "class 8" not in text


def test_reports_of_very_many_classes_stay_short(tmp_path):
    from libclassify import plots

    random = np.random.default_rng(0)
    y = np.arange(2400) % 600
    X = np.stack([y % 25, y // 25], axis=1) + random.normal(0, 0.3, (2400, 2))
    model = clf.Model("ridge").fit(X, y)
    clf.report(tmp_path / "page.html", model, X, y)
    text = (tmp_path / "page.html").read_text()
    checked(text)
    predicted = np.asarray(model.predict(X))
    wrong = np.bincount(y[predicted != y], minlength=600)
    assert "The 500 of 600 classes with the most wrong rows" in text
    assert text.count('<td class="number">4</td></tr>') >= 500
    first = text.split("with the most wrong rows")[1].split("<td>")[1].split("<")[0]
    assert int(first) == wrong.argmax()
    pairs, counts = np.unique(np.stack([y, predicted])[:, predicted != y], axis=1, return_counts=True)
    (i, j), count = pairs[:, counts.argmax()], counts.max()
    listed = text.split("Most frequent confusions")[1]
    cells = "".join(f'<td class="number">{value}</td>' for value in (i, j, count))
    assert f"<tr>{cells}</tr>" in listed
    with pytest.raises(ValueError, match="at most 100 classes, and the model has 600"):
        plots.plot_confusion_matrix(model, X, y)


def test_measures_of_probabilities_are_those_of_all_rows_at_once(clouds, monkeypatch):
    from libclassify import _report, metrics

    X, y = clouds
    model = clf.Model("logistic").fit(X, y)
    names, true, predicted = _report.true_and_predicted(model, X, y)
    proba = model.predict_proba(X)
    measures = metrics.log_loss, metrics.brier_score_loss, metrics.calibration_error
    expected = [measure(true, proba, labels=range(3)) for measure in measures]
    for values in (3, 21, 1 << 22):  # parts of 1, of 7, and of all rows
        monkeypatch.setattr(_report, "PART_VALUES", values)
        lines, sure = _report._of_probabilities(model, X, true, predicted, 3)
        np.testing.assert_allclose([value for _, value in lines], expected, rtol=1e-12)
        np.testing.assert_array_equal(sure, proba.max(axis=1))
    assert _report._of_probabilities(clf.Model("ridge").fit(X, y), X, true, predicted, 3) == ([], None)


@pytest.fixture
def plots():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from libclassify import plots
    from matplotlib import pyplot

    yield plots
    pyplot.close("all")


def test_plots_draw_what_was_measured(clouds, plots):
    X, y = clouds
    model = network(clouds)
    lines = plots.plot_learning_curve(model).get_lines()
    assert lines[0].get_ydata().tolist() == model.tensors["history_loss"].tolist()
    shown = plots.plot_confusion_matrix(model, X, y).texts
    assert sum(float(text.get_text()) for text in shown) == len(X)
    plots.plot_decision_boundary(model, X, y)
    two = clf.Model("logistic").fit(X, y == y[0])
    roc = plots.plot_roc_curve(two, X, y == y[0])
    x, height = roc.get_lines()[0].get_data()
    area = (np.diff(x) * (height[1:] + height[:-1]) / 2).sum()
    assert f"area {area:.4f}" in roc.get_legend_handles_labels()[1][0]
    assert len(plots.plot_weights(two, (1, 2)).axes) >= 1


def test_weights_are_titled_by_what_they_decide(clouds, plots):
    def titles(model):
        return [ax.get_title() for ax in plots.plot_weights(model, (1, 2)).axes if ax.get_title()]

    X, y = clouds
    names = np.unique(y).tolist()
    pairs = ["a<b or c&d", 'a<b or e"f', 'c&d or e"f']
    assert titles(clf.Model("logistic").fit(X, y)) == names
    assert titles(clf.Model("ridge").fit(X, targets=X)) == ["0", "1"]
    four = (X[:, 0] > 0) + 2 * (X[:, 1] > 0)
    assert titles(clf.Model("svm", kernel="linear").fit(X, y)) == pairs
    pytest.importorskip("sklearn")
    from libclassify.sklearn import SVC, LogisticRegression

    assert titles(LogisticRegression().fit(X, y == y[0])) == ["False or True"]
    assert titles(SVC(kernel="linear").fit(X, y)) == pairs
    assert titles(SVC(kernel="linear").fit(X, y == y[0])) == ["False or True"]
    assert titles(SVC(kernel="linear").fit(X, four)) == [
        "0 or 1", "0 or 2", "0 or 3", "1 or 2", "1 or 3", "2 or 3"]


def test_boxes_are_drawn_where_a_detector_finds_them(plots):
    found = clf.detect.boxes([[1, 2, 4, 6, 0.5, 0], [3, 0, 1, 2, 0.1, 1]])
    for boxes in (found, found[["top", "left", "height", "width"]].tolist()):
        ax = plots.plot_boxes(np.zeros((8, 9)), boxes, ["a", "b"])
        assert [(p.get_y(), p.get_x(), p.get_height(), p.get_width()) for p in ax.patches] == [
            (1, 2, 4, 6), (3, 0, 1, 2)]
        assert [(t.get_text(), t.get_position()) for t in ax.texts] == [
            ("a", (2, -1)), ("b", (0, 1))]
    assert not plots.plot_boxes(np.zeros((8, 9)), []).patches


def test_regions_have_the_colors_of_their_classes(plots):
    X = np.column_stack([np.arange(12.0), np.zeros(12)])
    model = clf.Model("perceptron", kernel="rbf", gamma=2).fit(X, np.arange(12))
    ax = plots.plot_decision_boundary(model, X, np.arange(12), resolution=40)
    image = ax.images[0]
    assert image.get_interpolation() == "nearest"  # colors between two classes are a third one's
    assert set(np.unique(image.get_array())) == set(range(10))
    colors = [image.cmap(image.norm(k))[:3] for k in (10 % 10, 11 % 10)]
    shown = [tuple(points.get_facecolor()[0][:3]) for points in ax.collections[10:]]
    assert shown == colors


def test_plots_refuse_what_they_cannot_draw(clouds, plots):
    X, y = clouds
    model = clf.Model("ridge").fit(X, y)
    for call, words in ((lambda: plots.plot_learning_curve(model), "no history"),
                        (lambda: plots.plot_roc_curve(model, X, y), "two classes"),
                        (lambda: plots.plot_decision_boundary(model, X[:, :1], y), "2 features"),
                        (lambda: plots.plot_weights(model, (3, 3)), "no picture")):
        with pytest.raises(ValueError, match=words):
            call()
