"""What TeX's names stand for in Unicode: the ones that arXiv's metadata really uses."""

ACCENTS = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "d": "\u0323",
    "c": "\u0327",
    "k": "\u0328",
    "b": "\u0331",
}
"""Accents over letters in text: the combining mark each one is."""

MATHS_ACCENTS = {
    "acute": "\u0301",
    "grave": "\u0300",
    "hat": "\u0302",
    "widehat": "\u0302",
    "tilde": "\u0303",
    "widetilde": "\u0303",
    "bar": "\u0304",
    "overline": "\u0304",
    "breve": "\u0306",
    "dot": "\u0307",
    "ddot": "\u0308",
    "check": "\u030c",
    "vec": "\u20d7",
}

_GREEK_NAMES = """
alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi
omicron pi varpi rho varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta
Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
"""
_GREEK = dict(zip(_GREEK_NAMES.split(), "αβγδϵεζηθϑικλμνξοπϖρϱσςτυϕφχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True))

_SIGNS_TEXT = r"""
times ×  cdot ·  div ÷  pm ±  mp ∓  ast *  star ⋆  bigstar ★  circ ∘  bullet •  leq ≤  le ≤
leqslant ≤  geq ≥  ge ≥  geqslant ≥  neq ≠  ne ≠  ll ≪  gg ≫  approx ≈  sim ∼  simeq ≃  cong ≅
equiv ≡  propto ∝  lesssim ≲  gtrsim ≳  prec ≺  succ ≻  preceq ⪯  succeq ⪰  doteq ≐  asymp ≍
to →  rightarrow →  longrightarrow ⟶  leftarrow ←  gets ←  leftrightarrow ↔  Rightarrow ⇒
implies ⇒  Leftarrow ⇐  Leftrightarrow ⇔  Longleftrightarrow ⇔  iff ⇔  mapsto ↦  uparrow ↑
downarrow ↓  nearrow ↗  searrow ↘  hookrightarrow ↪  leadsto ⇝  xrightarrow →
rightleftharpoons ⇌  Longrightarrow ⇒  in ∈  notin ∉  ni ∋  subset ⊂  subseteq ⊆  supset ⊃
supseteq ⊇  cup ∪  cap ∩  bigcup ⋃  bigcap ⋂  setminus ∖  emptyset ∅  varnothing ∅  forall ∀
exists ∃  nexists ∄  neg ¬  lnot ¬  land ∧  wedge ∧  lor ∨  vee ∨  oplus ⊕  otimes ⊗  odot ⊙
ominus ⊖  perp ⊥  bot ⊥  top ⊤  parallel ∥  mid ∣  vdash ⊢  models ⊨  sum ∑  prod ∏  coprod ∐
int ∫  iint ∬  oint ∮  partial ∂  nabla ∇  infty ∞  angle ∠  triangle △  square □  Box □
diamond ⋄  dagger †  ddagger ‡  ell ℓ  hbar ℏ  Re ℜ  Im ℑ  aleph ℵ  wp ℘  prime ′  degree °
langle ⟨  rangle ⟩  lceil ⌈  rceil ⌉  lfloor ⌊  rfloor ⌋  lvert ∣  rvert ∣  vert ∣  lVert ‖
rVert ‖  Vert ‖  ldots …  dots …  cdots ⋯  dotsc …  vdots ⋮  textellipsis …  colon :  lbrace {
rbrace }  backslash \  ss ß  o ø  O Ø  l ł  L Ł  ae æ  AE Æ  oe œ  OE Œ  aa å  AA Å  i ı  j ȷ
dh ð  DH Ð  th þ  TH Þ  dj đ  DJ Đ  ng ŋ  S §  P ¶  copyright ©  textcopyright ©
textregistered ®  texttrademark ™  pounds £  euro €  texteuro €  textdegree °  textmu µ
textendash –  textemdash —  textquoteright ’  textquoteleft ‘  textquotedblleft “
textquotedblright ”  textbackslash \  textasciitilde ~  textasciicircum ^  textunderscore _
textbar ∣  textgreater >  textless <  checkmark ✓  cmark ✓  xmark ✗  blacksquare ■  sharp ♯
flat ♭  lt <  gt >  textpm ±  texttimes ×  textbullet •  slash /  And &  triangleq ≜
coloneqq ≔  vartriangle △
"""
_SIGNS = dict(zip(_SIGNS_TEXT.split()[::2], _SIGNS_TEXT.split()[1::2], strict=True))

SYMBOLS = _GREEK | _SIGNS

_FUNCTIONS_NAMES = """
log ln lg exp sin cos tan cot sec csc sinh cosh tanh arcsin arccos arctan min max sup inf lim
limsup liminf arg argmin argmax det dim ker gcd deg hom Pr mod bmod
"""
FUNCTIONS = frozenset(_FUNCTIONS_NAMES.split())

_DROPPED_NAMES = """
left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr middle limits nolimits
displaystyle textstyle scriptstyle em bf it rm sc sf tt sl bfseries itshape rmfamily sffamily
ttfamily scshape upshape mdseries normalfont small footnotesize scriptsize tiny large Large
LARGE huge Huge normalsize xspace protect centering noindent par newline linebreak begin end
relax null quad qquad enspace thinspace hfill allowbreak nobreak scriptscriptstyle footnotemark
maketitle
"""
DROPPED = frozenset(_DROPPED_NAMES.split())

_SPACES_NAMES = """
quad qquad enspace thinspace hfill par newline linebreak
"""
SPACES = frozenset(_SPACES_NAMES.split())

DOUBLE_STRUCK = {"C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ", "1": "𝟙"} | {
    chr(ord("A") + n): chr(0x1D538 + n) for n in range(26) if chr(ord("A") + n) not in "CHNPQRZ"
}

SUPERSCRIPTS = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW*′†‡⊤",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ*′†‡ᵀ",
        strict=True,
    )
)

SUBSCRIPTS = dict(
    zip("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)
)
