"""Time zones as people write them: an IANA name in any case, a city, a country, an offset."""

import re
import unicodedata
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

_REGION_NAMES = "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific"
_REGIONS = frozenset(_REGION_NAMES.split())

_PLACES = {
    "Africa/Cairo": "egypt, kairo",
    "Africa/Johannesburg": "south africa, cape town, pretoria, durban",
    "Africa/Lagos": "nigeria, abuja",
    "Africa/Nairobi": "kenya",
    "America/Anchorage": "alaska",
    "America/Argentina/Buenos_Aires": "argentina",
    "America/Bogota": "colombia, medellin",
    "America/Chicago": "austin, dallas, houston, minneapolis, madison, urbana, st louis",
    "America/Denver": "salt lake city, boulder",
    "America/Halifax": "nova scotia",
    "America/Lima": "peru",
    "America/Los_Angeles": "san francisco, sf, seattle, san diego, san jose, palo alto, berkeley, "
    "stanford, la, portland",
    "America/New_York": "boston, washington, washington dc, philadelphia, pittsburgh, atlanta, "
    "miami, princeton, nyc, baltimore, ann arbor, ithaca",
    "America/Mexico_City": "monterrey, puebla, mexiko-stadt",
    "America/Phoenix": "arizona, tucson, tempe",
    "America/Sao_Paulo": "rio de janeiro, rio, brasilia, campinas",
    "America/St_Johns": "newfoundland",
    "America/Toronto": "montreal, ottawa, waterloo, quebec",
    "Asia/Bangkok": "thailand",
    "Asia/Dhaka": "bangladesh",
    "Asia/Dubai": "abu dhabi, uae, united arab emirates",
    "Asia/Ho_Chi_Minh": "vietnam, hanoi, saigon",
    "Asia/Hong_Kong": "kowloon, hongkong",
    "Asia/Jerusalem": "haifa",
    "Asia/Kabul": "afghanistan",
    "Asia/Karachi": "pakistan, islamabad, lahore, karatschi",
    "Asia/Kathmandu": "nepal",
    "Asia/Kolkata": "india, mumbai, delhi, new delhi, bangalore, bengaluru, chennai, hyderabad, "
    "pune, kanpur, kalkutta",
    "Asia/Manila": "philippines",
    "Asia/Riyadh": "saudi arabia, jeddah, thuwal, riad",
    "Asia/Seoul": "korea, south korea, daejeon",
    "Asia/Shanghai": "china, beijing, peking, shenzhen, hangzhou, guangzhou, nanjing, wuhan, hefei",
    "Asia/Singapore": "jurong, singapur",
    "Asia/Taipei": "taiwan",
    "Asia/Tehran": "iran, isfahan, shiraz, teheran",
    "Asia/Tokyo": "osaka, kyoto, nagoya, sapporo, tsukuba, tokio",
    "Asia/Yangon": "myanmar, mandalay",
    "Australia/Adelaide": "south australia",
    "Australia/Brisbane": "queensland, gold coast",
    "Australia/Darwin": "northern territory",
    "Australia/Perth": "western australia, fremantle",
    "Australia/Sydney": "canberra, wollongong",
    "Europe/Amsterdam": "netherlands, niederlande, holland, rotterdam, delft, utrecht, "
    "eindhoven, the hague",
    "Europe/Athens": "greece, athen, griechenland",
    "Europe/Berlin": "germany, deutschland, mez, mesz, munich, munchen, muenchen, hamburg, "
    "cologne, koln, koeln, frankfurt, stuttgart, "
    "tubingen, tuebingen, heidelberg, leipzig, dresden, darmstadt, karlsruhe, saarbrucken",
    "Europe/Brussels": "belgium, brussel, belgien, ghent, leuven, antwerp",
    "Europe/Bucharest": "romania, bukarest",
    "Europe/Budapest": "hungary",
    "Europe/Copenhagen": "denmark, kopenhagen, kobenhavn, danemark, aarhus, arhus, odense",
    "Europe/Dublin": "ireland",
    "Europe/Helsinki": "finland, espoo, tampere",
    "Europe/Istanbul": "ankara",
    "Europe/Kyiv": "ukraine, lviv, kharkiv",
    "Europe/London": "uk, united kingdom, england, scotland, wales, oxford, edinburgh, manchester, "
    "bristol, glasgow",
    "Europe/Madrid": "spain, spanien, barcelona, valencia",
    "Europe/Moscow": "saint petersburg, st petersburg, petersburg, moskau",
    "Europe/Oslo": "norway, trondheim, bergen, tromso",
    "Europe/Paris": "france, frankreich, lyon, grenoble, toulouse, marseille, saclay",
    "Europe/Prague": "czechia, prag, tschechien, czech republic, brno",
    "Europe/Rome": "italy, rom, italien, mailand, milan, milano, turin, torino, bologna, pisa, "
    "florence, naples, trento",
    "Europe/Sofia": "bulgaria",
    "Europe/Stockholm": "sweden, gothenburg, uppsala, lund, malmo, linkoping",
    "Europe/Vienna": "austria, osterreich, innsbruck, wien, graz, linz, salzburg",
    "Europe/Warsaw": "warschau, polen, krakow, wroclaw, gdansk, lodz, poznan",
    "Europe/Zurich": "switzerland, schweiz, geneva, genf, basel, lausanne, bern, lugano",
    "Europe/Lisbon": "portugal, porto, coimbra, lissabon",
    "Pacific/Auckland": "new zealand, wellington, christchurch",
    "Pacific/Honolulu": "hawaii",
}

_SEVERAL_NAMES = (
    "usa, us, america, united states, canada, brazil, australia, russia, mexico, indonesia, "
    "kazakhstan, chile, europe, asia, africa, "
    "amerika, kanada, brasilien, australien, russland, mexiko, europa, asien, afrika"
)
SEVERAL = frozenset(_SEVERAL_NAMES.split(", "))
"""Countries and continents with more than one clock."""

_ABBREVIATION_NAMES = (
    "est edt cst cdt mst mdt pst pdt et ct mt pt ist bst sst hst ast jst kst cest eest msk aest"
)
ABBREVIATIONS = frozenset(_ABBREVIATION_NAMES.split())
"""Names of clocks that mean several zones, or only half of the year."""

_NO_ZONE = SEVERAL | ABBREVIATIONS | {"factory", "localtime", "posixrules"}

_OFFSET = re.compile(r"(?:utc|gmt)?\s?([+-])\s?([0-9]{1,2})(?::?([0-9]{2}))?")


_LETTERS = str.maketrans(
    {"−": "-", "ß": "ss", "ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "ı": "i", "đ": "d", "Đ": "d"}
)
"""What Unicode does not take apart into a plain letter and its mark."""


def folded(text: str) -> str:
    """Return text for comparing: lower case, without accents, compatibility forms resolved."""
    flat = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(c for c in flat.lower() if not unicodedata.combining(c))


def named(phrase: str) -> str | None:
    """Return the IANA zone that a folded phrase names, if any."""
    return _names().get(_key(phrase))


def nearest(phrase: str) -> str | None:
    """Return a place with nearly this name, as one would write it."""
    found = get_close_matches(_key(phrase)[:40], _names(), n=1, cutoff=0.8)
    return found[0].title() if found else None


def offset(phrase: str) -> str | None:
    """Return the zone of a whole-hour offset such as "+2" or "utc-5".

    None when it is no offset; "" when no zone has it, as for half hours.
    """
    found = _OFFSET.fullmatch(phrase)
    if found is None:
        return None
    hours, minutes = int(found[2]), int(found[3] or 0)
    if minutes or hours > (14 if found[1] == "+" else 12):
        return ""
    # POSIX counts west of Greenwich as plus.
    return f"Etc/GMT{'-' if found[1] == '+' else '+'}{hours}" if hours else "UTC"


def shown(zone: str) -> str:
    """Return a zone as people read it."""
    found = re.fullmatch(r"Etc/GMT([+-])(\d+)", zone)
    if found:
        return f"UTC{'−' if found[1] == '+' else '+'}{found[2]}"
    return zone.replace("_", " ")


def city(zone: str) -> str:
    """Return the place that a zone is named after."""
    return zone.rpartition("/")[2].replace("_", " ")


def usual() -> list[str]:
    """Return the zones that are named after a place, in the order of their names."""
    return [
        zone
        for zone in sorted(available_timezones())
        if zone.partition("/")[0] in _REGIONS and "/" in zone
    ]


def well_known() -> list[str]:
    """Return the zones of which more names are known than their own, those of most names first."""
    return sorted(_PLACES, key=lambda zone: -_PLACES[zone].count(","))


def _key(phrase: str) -> str:
    return re.sub(r"(?<=[a-z])[-_](?=[a-z])|[_\s]+", " ", folded(phrase)).strip(" .")


@cache
def _names() -> dict[str, str]:
    """Return every name we know, folded, and its zone: full names win over last parts."""
    zones = sorted(available_timezones())
    names = {_key(zone.rpartition("/")[2]): zone for zone in reversed(usual())}
    names |= {_key(place): zone for zone, places in _PLACES.items() for place in places.split(",")}
    names |= {_key(zone): zone for zone in zones}
    names |= dict.fromkeys(("utc", "zulu", "universal", "gmt"), "UTC")
    return {name: zone for name, zone in names.items() if name not in _NO_ZONE}
