"""What the self-test finds: a line for each thing that is tested."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Line", "Result", "failed", "passed", "skipped"]


class Result(Enum):
    PASS = "pass"
    FAIL = "FAIL"
    SKIP = "skip"


@dataclass(frozen=True)
class Line:
    """``text`` says what was found, ``advice`` what to look at where it failed."""

    name: str
    result: Result
    text: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.result.value}  {self.name}: {self.text}" + (
            f" {self.advice}" if self.advice else ""
        )


def passed(name: str, text: str) -> Line:
    return Line(name, Result.PASS, text)


def failed(name: str, text: str, advice: str) -> Line:
    return Line(name, Result.FAIL, text, advice)


def skipped(name: str, text: str) -> Line:
    """It could not be tested here, and nothing is wrong."""
    return Line(name, Result.SKIP, text)
