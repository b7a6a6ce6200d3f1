"""arXiv's categories, as arXiv names them."""

from difflib import get_close_matches

_SUBJECTS = {
    "astro-ph": "CO EP GA HE IM SR",
    "cond-mat": "dis-nn mes-hall mtrl-sci other quant-gas soft stat-mech str-el supr-con",
    "cs": (
        "AI AR CC CE CG CL CR CV CY DB DC DL DM DS ET FL GL GR GT HC IR IT LG LO MA MM MS NA NE "
        "NI OH OS PF PL RO SC SD SE SI SY"
    ),
    "econ": "EM GN TH",
    "eess": "AS IV SP SY",
    "math": (
        "AC AG AP AT CA CO CT CV DG DS FA GM GN GR GT HO IT KT LO MG MP NA NT OA OC PR QA RA RT "
        "SG SP ST"
    ),
    "nlin": "AO CD CG PS SI",
    "physics": (
        "acc-ph ao-ph app-ph atm-clus atom-ph bio-ph chem-ph class-ph comp-ph data-an ed-ph "
        "flu-dyn gen-ph geo-ph hist-ph ins-det med-ph optics plasm-ph pop-ph soc-ph space-ph"
    ),
    "q-bio": "BM CB GN MN NC OT PE QM SC TO",
    "q-fin": "CP EC GN MF PM PR RM ST TR",
    "stat": "AP CO ME ML OT TH",
}
_WHOLE = "gr-qc hep-ex hep-lat hep-ph hep-th math-ph nucl-ex nucl-th quant-ph".split()  # noqa: SIM905
CATEGORIES = frozenset(
    [*_WHOLE, *(f"{group}.{name}" for group, names in _SUBJECTS.items() for name in names.split())]
)
_SPELLED = {category.casefold(): category for category in CATEGORIES}


def category(written: str) -> str | None:
    """Return the category that is meant, as arXiv spells it; None when there is none."""
    return _SPELLED.get(written.casefold())


def nearest(written: str) -> str:
    """Return the category that looks most like what was written; empty when none does."""
    close = get_close_matches(written.casefold(), _SPELLED, n=1, cutoff=0.6)
    return _SPELLED[close[0]] if close else ""
