"""A line that shows how far a long call is: tqdm's bar where it is installed."""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from .progress import Progress


def _line(progress: Progress) -> str:
    """Return such as "svm 120/500, loss 0.1234, 3 s"."""
    steps = f" {progress.step}/{progress.steps}" if progress.steps > 0 else ""
    return f"{progress.stage}{steps}{_numbers(progress)}, {progress.seconds:.0f} s"


def _numbers(progress: Progress) -> str:
    named = (("loss", progress.loss), ("score", progress.metric))
    return "".join(f", {name} {value:.4g}" for name, value in named if not math.isnan(value))


def _is_shown(stream: Any) -> bool:
    """Return whether someone looks at the stream: a terminal, or the output of a notebook."""
    return stream.isatty() or type(stream).__module__.startswith("ipykernel.")


class Bar:
    """Shows reports on stderr.

    Parameters
    ----------
    verbose : int
        0 shows nothing; 1 where stderr is a terminal or a notebook; 2 everywhere.
    """

    def __init__(self, verbose: int) -> None:
        self._stream = sys.stderr
        self._wanted = self._stream is not None and (
            verbose > 1 or (verbose == 1 and _is_shown(self._stream))
        )
        self._tqdm: Any = None
        self._line: Optional[_Line] = None

    def show(self, progress: Progress) -> None:
        """Show a report."""
        if not self._wanted:
            return
        if self._tqdm is None and self._line is None:
            self._open()
        if self._line is not None:
            self._line.show(progress)
        else:
            self._show_tqdm(progress)

    def _open(self) -> None:
        if _is_shown(self._stream):
            try:
                from tqdm.auto import tqdm

                self._tqdm = tqdm(file=self._stream, total=0, dynamic_ncols=True)
                return
            except ImportError:
                pass
        self._line = _Line(self._stream)

    def _show_tqdm(self, progress: Progress) -> None:
        bar, total = self._tqdm, max(progress.steps, 0) or None
        if bar.desc != f"{progress.stage}: " or bar.total != total or progress.step < bar.n:
            bar.reset(total)
            bar.set_description(progress.stage, refresh=False)
        bar.set_postfix_str(_numbers(progress).lstrip(", "), refresh=False)
        bar.update(progress.step - bar.n)

    def close(self) -> None:
        """Leave what was shown, and end its line."""
        if self._tqdm is not None:
            self._tqdm.refresh()
            self._tqdm.close()
        if self._line is not None:
            self._line.close()
        self._tqdm = self._line = None


class _Line:
    """One line, written again and again on a terminal, and once a second anywhere else."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._again = _is_shown(stream)
        self._width = 0
        self._next = 0.0

    def show(self, progress: Progress) -> None:
        now = time.monotonic()
        if self._again:
            line = _line(progress)
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
        elif now >= self._next:
            self._stream.write(_line(progress) + "\n")
            self._next = now + 1
        self._stream.flush()

    def close(self) -> None:
        if self._width > 0:
            self._stream.write("\n")
            self._stream.flush()
