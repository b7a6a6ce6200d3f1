import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.conversation.tex import readable
from bot.conversation.text import clipped, isolated, visible

plain_words = st.text(st.characters(categories=("Lu", "Ll")), min_size=1, max_size=9)
MARKUP = r"{ } $ $$ \{ \} \$ \% \emph{ \textbf{ \em \( \) \[ \] \frac{ \sqrt[ [ ] ~ --"
markup = st.sampled_from(MARKUP.split())
anything = st.text(
    st.sampled_from("\\{}$^_~`'\"-[]()abcdefghijklmnop 019 .%&#é\u202eא"), max_size=200
)


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (r"M\"uller, Schr{\"o}dinger, Erd\H{o}s", "Müller, Schrödinger, Erdős"),
        (r"\'{e}t\'e, {\o}re, Stra\ss e, \c{c}a", "été, øre, Straße, ça"),
        (r"\v{S}t\v ep\'{\i}n, \L{}ukasz, \AA ngstr\"om", "Štěpín, Łukasz, Ångström"),
        (r"$\alpha$-stable, $x^2$, $H_2O$ and CO_2", "α-stable, x², H₂O and CO₂"),
        (r"$\mathbb{R}^d\to\mathbb{R}$", "ℝᵈ→ℝ"),
        (r"$a \leq b$, $2.5\times$ faster, $3 \times 3$", "a ≤ b, 2.5× faster, 3 × 3"),
        (r"$\sqrt{x}$, $\sqrt{x+1}$, $\sqrt[3]{x}$", "√x, √(x+1), ∛x"),
        (r"$\frac{a}{b}$, $\frac{a+1}{b}$, $\tfrac12$", "a/b, (a+1)/b, 1/2"),
        (r"\textbf{x}, \emph{y}, {\em z}, \url{https://x.org/a_b}", "x, y, z, https://x.org/a_b"),
        (r"5\% \& more, Fig.~3, about ~10, a--b---c", "5% & more, Fig. 3, about ~10, a–b—c"),
        ("``quoted'' `words' and `code`", "“quoted” ‘words' and `code`"),
        (r"$O(n\log n)$, $\tilde{O}(\sqrt{n/\epsilon})$", "O(n log n), Õ(√(n/ϵ))"),
        (r"$x_{ij}^{n+1}$, $10^{-3}$, $90^\circ$, $A^\top$", "xᵢⱼⁿ⁺¹, 10⁻³, 90°, Aᵀ"),
        (r"\method achieves \ours{}, \unknown{words}", "method achieves ours, unknown words"),
        ("it costs $5 and $10 more", "it costs $5 and $10 more"),
        (r"unbalanced $x and {brace", "unbalanced $x and brace"),
        ("file_name https://x.org/~me/a_1--2 --flag", "file_name https://x.org/~me/a_1--2 --flag"),
        (r"\href{https://a.b}{here} and \footnote{this}", "here (https://a.b) and (this)"),
        (r"\{0,1\}-valued $\{x_1, \ldots, x_n\}$", "{0,1}-valued {x₁, …, xₙ}"),
        ("two\nlines\tand   spaces", "two lines and spaces"),
    ],
)
def test_tex_becomes_readable(raw, read):
    assert readable(raw) == read


@given(st.text(max_size=300) | anything)
@example("\\" * 5000)
@example("{" * 5000)
@example("$" + "{" * 3000 + "$")
@example("$" + "\\frac" * 3000 + "$")
@example("$x" + "^x" * 3000 + "$")
@example("\\href{" * 1000)
@example("\\verb")
@example("\\unicode{x110000}\\unicode{xd800}")
def test_whatever_comes_in_one_safe_line_comes_out(text):
    read = readable(text)
    assert "\n" not in read
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in read)
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(read)
    assert len(read) <= 4 * len(text) + 10
    read.encode()


def plainly(text):
    return re.sub(r"[()√]", "", unicodedata.normalize("NFKC", text))


@given(st.lists(st.tuples(plain_words, st.lists(markup, max_size=3)), max_size=12))
@example([("B", ["\\sqrt["]), ("A", ["]"])])
@example([("A", ["\\sqrt[", "]", "\\sqrt["]), ("A", ["]"]), ("AA", [])])
def test_no_word_is_lost_however_markup_is_broken(parts):
    raw = " ".join(word + " " + "".join(marks) for word, marks in parts)
    read = readable(raw)
    for word, _ in parts:
        # The index of a root is raised, ³√x, and still the same word. A root or a fraction that
        # is given no braces takes one letter: what is left of the word may stand behind a bracket.
        assert plainly(word) in plainly(read)


@given(st.text(st.characters(categories=("Lu", "Ll", "Nd", "Zs")), max_size=80))
def test_text_without_tex_stays_as_it_is(text):
    assert readable(text) == unicodedata.normalize("NFC", " ".join(text.split()))


@given(st.text(max_size=200), st.integers(1, 100))
def test_a_clipped_text_is_never_longer_than_asked(text, limit):
    safe = visible(text)
    assert len(clipped(safe, limit)) <= limit
    assert len(safe) > limit or clipped(safe, limit) == safe


def test_text_that_runs_right_to_left_cannot_turn_its_surroundings():
    hebrew = isolated(readable("מאמר \u202eevil\u202c על למידה"))
    assert hebrew.startswith("\u2068")
    assert hebrew.endswith("\u2069")
    assert "\u202e" not in hebrew
    assert clipped(f"{hebrew} and more", 12).count("\u2069") == 1
    assert isolated("plain") == "plain"
