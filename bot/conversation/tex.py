"""Raw TeX, as arXiv's titles, names and abstracts hold it, made into readable Unicode.

This is no TeX engine: it knows what authors use there, and of everything else it keeps
the words and drops the markup. Whatever the input, nothing raises and no word is lost.
The symbols are in `tex_symbols`.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from bot.conversation.tex_symbols import (
    ACCENTS,
    DOUBLE_STRUCK,
    DROPPED,
    FUNCTIONS,
    MATHS_ACCENTS,
    SPACES,
    SUBSCRIPTS,
    SUPERSCRIPTS,
    SYMBOLS,
)
from bot.conversation.text import visible

_DEEPEST = 30  # groups nested deeper than this are read as if their braces were not there
_SPECIAL = re.compile(r"[\\${}~`^_]|--|''")
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s{}\\$]+")
_NAME = re.compile(r"[A-Za-z]+\*?")
_BARE_POWER = re.compile(r"\^(?:\{([-+\d]{1,4}|[nNkdijT])\}|([-+]?\d+|[nNkdijT](?![A-Za-z])))")
_BARE_INDEX = re.compile(r"_(?:\{(\d{1,2})\}|(\d)(?![\w]*\.\w))")
_SHORT_LETTERS = re.compile(r"(?<![A-Za-z0-9_/.-])[A-Za-z]{1,2}$")


@lru_cache(maxsize=4096)  # a morning's digests show the same few hundred papers again and again
def readable(text: str) -> str:
    """Return text in one line, without TeX, control characters or hidden directions."""
    clean = visible(text)
    if _SPECIAL.search(clean):
        clean = visible(_Reader(clean).read())
    return unicodedata.normalize("NFC", clean)


@dataclass(slots=True)
class _Reader:
    """Reads a line from left to right; `at` is the next character."""

    text: str
    at: int = 0
    depth: int = 0

    def read(self) -> str:
        return self._until("", is_maths=False)

    def _until(self, end: str, *, is_maths: bool) -> str:
        """Return what stands before `end` and step over it; the rest of the line without one."""
        parts: list[str] = []
        while self.at < len(self.text):
            if end and self.text.startswith(end, self.at):
                self.at += len(end)
                break
            parts.append(self._piece(parts, is_maths))
        return "".join(parts)

    def _piece(self, before: list[str], is_maths: bool) -> str:
        char = self.text[self.at]
        if char == "\\":
            return self._macro(before, is_maths)
        if char == "{":
            return self._group(is_maths)
        if char == "}":
            self.at += 1
            return ""
        if char == "$":
            return self._dollar(is_maths)
        if is_maths:
            return self._in_maths(char)
        return self._in_text(char, before)

    def _group(self, is_maths: bool, end: str = "}") -> str:
        """Return the contents of the group that opens here."""
        self.at += 1
        if self.depth >= _DEEPEST:
            return ""
        self.depth += 1
        inside = self._until(end, is_maths=is_maths)
        self.depth -= 1
        return inside

    def _dollar(self, is_maths: bool) -> str:
        mark = "$$" if self.text.startswith("$$", self.at) else "$"
        end = -1 if is_maths else _closing(self.text, self.at + len(mark), mark)
        if end < 0:
            self.at += len(mark)
            return "" if is_maths or mark == "$$" else "$"
        inside = _Reader(self.text[self.at + len(mark) : end], depth=self.depth)
        self.at = end + len(mark)
        return inside._until("", is_maths=True).strip()

    def _in_maths(self, char: str) -> str:
        self.at += 1
        if char in "^_":
            return _script(char, self._argument(is_maths=True))
        return {"'": "′", "~": " "}.get(char, char)

    def _in_text(self, char: str, before: list[str]) -> str:
        if found := _ADDRESS.match(self.text, self.at):
            self.at = found.end()
            return found.group()
        if char in "^_" and (script := self._bare_script(char, before)):
            return script
        for mark, sign in (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”")):
            if self.text.startswith(mark, self.at) and not self._is_flag(mark):
                self.at += len(mark)
                return sign
        self.at += 1
        if char == "~" and self._joins():
            return " "
        return "‘" if char == "`" and self._opens_a_quote() else char

    def _is_flag(self, mark: str) -> bool:
        """Whether the dashes belong to a command line (`--help`)."""
        after = self.text[self.at + len(mark) : self.at + len(mark) + 1]
        before = self.text[self.at - 1 : self.at] if self.at else " "
        return mark == "--" and before.isspace() and after.isalpha()

    def _opens_a_quote(self) -> bool:
        """Whether the backtick just read is closed by an apostrophe, not by its like."""
        close, other = self.text.find("'", self.at), self.text.find("`", self.at)
        return close >= 0 and not 0 <= other < close

    def _joins(self) -> bool:
        """Whether the `~` just read stands between two words; otherwise it means "about"."""
        before, after = self.text[: self.at - 1][-1:], self.text[self.at : self.at + 1]
        return bool(before and after) and not before.isspace() and before not in "(["

    def _bare_script(self, sign: str, before: list[str]) -> str:
        """Return the script of `x^2` or `H_2O` written without dollars, if it is one."""
        written = "".join(before[-40:])
        is_power = sign == "^" and written and (written[-1].isalnum() or written[-1] in ")]")
        is_index = sign == "_" and _SHORT_LETTERS.search(written)
        pattern = _BARE_POWER if is_power else _BARE_INDEX if is_index else None
        if pattern and (found := pattern.match(self.text, self.at)):
            self.at = found.end()
            return _script(sign, found.group(1) or found.group(2))
        return ""

    def _argument(self, *, is_maths: bool) -> str:
        """Return a macro's next argument: a group, a macro or one character; "" at the end."""
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1
        char = self.text[self.at : self.at + 1]
        if not char or char in "}$":
            return ""
        if char == "{":
            return self._group(is_maths)
        if char == "\\":
            if self.depth >= _DEEPEST:
                self.at += 1
                return ""
            self.depth += 1
            inside = self._macro([], is_maths)
            self.depth -= 1
            return inside
        self.at += 1
        return char

    def _raw_argument(self) -> str:
        """Return a group's contents as they stand, such as an address."""
        if self.text[self.at : self.at + 1] != "{":
            return ""
        end = self.text.find("}", self.at)
        end = len(self.text) if end < 0 else end
        raw = self.text[self.at + 1 : end]
        self.at = end + 1
        return raw.replace("\\", "")

    def _option(self) -> str:
        """Return an optional argument `[…]`, "" without one."""
        if self.text[self.at : self.at + 1] != "[" or "]" not in self.text[self.at :]:
            return ""
        return self._group(is_maths=True, end="]")

    def _macro(self, before: list[str], is_maths: bool) -> str:
        self.at += 1
        found = _NAME.match(self.text, self.at)
        if not found:
            return self._control(is_maths)
        self.at = found.end()
        name = found.group().rstrip("*")
        if name in ACCENTS and (is_maths or self._accents_something()):
            return _accented(self._argument(is_maths=is_maths), ACCENTS[name])
        if name in MATHS_ACCENTS:
            return _accented(self._argument(is_maths=is_maths), MATHS_ACCENTS[name])
        if name in SYMBOLS:
            return self._symbol(SYMBOLS[name], before)
        if name in FUNCTIONS:
            return self._function(name, before)
        if name in DROPPED:
            return self._dropped(name)
        if name in SPACES:
            return " "
        return self._structure(name, is_maths)

    def _accents_something(self) -> bool:
        """Whether `\\c`, `\\v` … stand before a letter, and are not an author's own macro."""
        return bool(re.match(r"\s*(?:\{[^{}]{0,2}\}|\{\\[ij]\}|\\[ij]\b| [A-Za-z])", self._rest()))

    def _rest(self) -> str:
        return self.text[self.at : self.at + 12]

    def _control(self, is_maths: bool) -> str:
        """Return what a backslash before something that is no letter stands for."""
        sign = self.text[self.at : self.at + 1]
        self.at += 1
        if sign in ("(", "["):
            end = self.text.find("\\" + {"(": ")", "[": "]"}[sign], self.at)
            if end < 0:
                return sign
            inside = _Reader(self.text[self.at : end], depth=self.depth)
            self.at = end + 2
            return inside._until("", is_maths=True).strip()
        if sign in ACCENTS and not is_maths:
            return self._letter_accent(sign)
        return {",": " ", ";": " ", ":": " ", "!": "", "-": "", "/": "", "\\": " ", "|": "‖"}.get(
            sign, sign
        )

    def _letter_accent(self, sign: str) -> str:
        following = self._rest()
        if not following or not re.match(r"\s?(?:\{|\\[ij]\b|[^\W\d_])", following):
            return sign
        return _accented(self._argument(is_maths=False), ACCENTS[sign], else_before=sign)

    def _symbol(self, sign: str, before: list[str]) -> str:
        """A sign keeps the space behind it only where there is one before it."""
        is_spaced = not before or before[-1][-1:].isspace()
        is_letter = sign in _LETTERS
        if is_letter or sign[-1:].isalpha() or not is_spaced:
            self._skip_space(after_letter=sign[-1:].isalpha() and is_spaced and not is_letter)
        if self.text.startswith("{}", self.at):
            self.at += 2
        return sign

    def _skip_space(self, *, after_letter: bool) -> None:
        """TeX ignores a space behind a macro; readers want it before a word, as in "α value"."""
        rest = self.text[self.at : self.at + 3]
        is_word = len(rest) == 3 and rest[1:].isalpha()
        if rest[:1].isspace() and not (after_letter and is_word):
            self.at += 1

    def _function(self, name: str, before: list[str]) -> str:
        last = before[-1][-1:] if before else ""
        following = self.text[self.at : self.at + 1]
        return f"{' ' if last.isalnum() else ''}{name}{' ' if following.isalnum() else ''}"

    def _dropped(self, name: str) -> str:
        if name in ("begin", "end"):
            self._raw_argument()
        elif (name in ("left", "right") and self.text[self.at : self.at + 1] == ".") or self.text[
            self.at : self.at + 1
        ].isspace():
            self.at += 1
        return ""

    def _structure(self, name: str, is_maths: bool) -> str:
        """Return macros with arguments; of one we do not know, its name and what follows."""
        match name:
            case "frac" | "tfrac" | "dfrac" | "nicefrac" | "sfrac":
                return f"{_factor(self._argument(is_maths=True))}/" + _factor(
                    self._argument(is_maths=True)
                )
            case "binom" | "tbinom" | "dbinom":
                return f"({self._argument(is_maths=True)} choose {self._argument(is_maths=True)})"
            case "sqrt":
                return self._root()
            case "mathbb" | "mathds" | "mathbbm":
                inside = self._argument(is_maths=True)
                return "".join(DOUBLE_STRUCK.get(c, c) for c in inside)
            case "textsuperscript" | "textsubscript":
                return _script(
                    "^" if name == "textsuperscript" else "_", self._argument(is_maths=False)
                )
            case "pmod":
                return f"(mod {self._argument(is_maths=True)})"
            case "not":
                return _accented(self._argument(is_maths=is_maths), "\u0338")
            case "url" | "path" | "nolinkurl":
                return self._raw_argument()
            case "href":
                return self._link()
            case "textcolor" | "colorbox":
                self._raw_argument()
                return self._argument(is_maths=is_maths)
            case "footnote":
                return f" ({self._argument(is_maths=False)})"
            case "cite" | "citep" | "citet" | "citealp" | "ref" | "eqref":
                return f"[{self._raw_argument()}]"
            case "item":
                return " • "
            case "verb":
                return self._verbatim()
            case "ding":
                return {"51": "✓", "52": "✔", "55": "✗", "56": "✘"}.get(self._raw_argument(), "•")
            case "unicode":
                return self._code_point()
            case name if name in _WORD_MACROS:
                return self._argument(is_maths=is_maths and name not in _TEXT_MACROS)
            case _:
                return self._unknown(name)

    def _unknown(self, name: str) -> str:
        if self.text.startswith("{}", self.at):
            self.at += 2
        return name + (" " if self.text[self.at : self.at + 1] == "{" else "")

    def _root(self) -> str:
        index = self._option()
        sign = {"3": "∛", "4": "∜", "": "√"}.get(index) or _script("^", index) + "√"
        inside = self._argument(is_maths=True)
        return sign + (inside if inside.isalnum() or len(inside) < 2 else f"({inside})")

    def _link(self) -> str:
        url, words = self._raw_argument(), self._argument(is_maths=False)
        return words if not url or url in words else f"{words} ({url})"

    def _verbatim(self) -> str:
        mark = self.text[self.at : self.at + 1]
        end = self.text.find(mark, self.at + 1) if mark else -1
        if end < 0 or mark.isalnum():
            return ""
        inside = self.text[self.at + 1 : end]
        self.at = end + 1
        return inside

    def _code_point(self) -> str:
        raw = self._raw_argument()
        try:
            sign = chr(int(raw.removeprefix("x"), 16 if raw.startswith("x") else 10))
        except (ValueError, OverflowError):
            return raw
        return sign


_LETTERS = frozenset("ßøØłŁæÆœŒåÅıȷðÐþÞđĐŋ")  # parts of words, unlike α or →
_TEXT_MACROS_NAMES = """
text textrm textbf textit textsf texttt textsc textnormal mbox
"""
_TEXT_MACROS = frozenset(_TEXT_MACROS_NAMES.split())
_WORD_MACROS_NAMES = """
emph underline uline uwave textsl textmd textup textlf textmath hbox mathrm mathbf mathit
mathsf mathtt mathcal mathfrak mathscr mathnormal mathop mathbin mathrel boldsymbol bm
operatorname ensuremath smash gls glspl Gls num overset phantom overbrace underbrace mathord
title section paragraph centerline hl sout st uppercase lowercase texorpdfstring
"""
_WORD_MACROS = _TEXT_MACROS | frozenset(_WORD_MACROS_NAMES.split())


def _closing(text: str, start: int, mark: str) -> int:
    """Return where the maths opened before `start` ends, -1 when the dollar is money.

    As in Markdown, the first dollar has no space behind it, the last none before it and
    no digit behind it; inside there may be anything once it holds TeX.
    """
    end = start
    while (end := text.find("$", end)) >= 0:
        if text[end - 1] == "\\":
            end += 1
            continue
        inside, following = text[start:end], text[end + len(mark) : end + len(mark) + 1]
        is_tight = bool(inside) and not (inside[0].isspace() or inside[-1].isspace())
        holds_tex = bool(re.search(r"[\\^_]", inside))
        if text.startswith(mark, end) and inside:
            if (is_tight and not following.isdigit()) or holds_tex:
                return end
            if is_tight and len(inside) <= 12 and " " not in inside:
                return end
            if inside.strip() and len(inside) <= 12 and not inside.strip()[0].isdigit():
                return end
        if not holds_tex and len(inside) > 200:
            return -1
        end += 1
    return -1


def _script(sign: str, inside: str) -> str:
    """Return a power or index as small characters, else behind its sign."""
    inside = inside.strip()
    table = SUPERSCRIPTS if sign == "^" else SUBSCRIPTS
    if inside in ("∘", "°") and sign == "^":
        return "°"
    if inside and set(inside) <= {"′"}:
        return inside
    small = [table.get(c) for c in inside.replace(" ", "")]
    if all(small):
        return "".join(c for c in small if c)
    return f"{sign}{inside}" if inside.isalnum() or len(inside) == 1 else f"{sign}({inside})"


def _accented(letters: str, mark: str, else_before: str = "") -> str:
    """Put a combining mark on the first letter; a longer argument keeps its letters plain."""
    letters = {"ı": "i", "ȷ": "j"}.get(letters, letters)
    if not letters or letters[0].isspace():
        return else_before + letters
    if len(letters) > 2 and mark in MATHS_ACCENTS.values():
        return letters
    return unicodedata.normalize("NFC", letters[0] + mark) + letters[1:]


def _factor(inside: str) -> str:
    """Return a part of a fraction, in brackets where it needs them."""
    inside = inside.strip()
    return f"({inside})" if re.search(r"[\s+\-−/=±]", inside) else inside
