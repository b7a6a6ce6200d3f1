"""Groups in a few dicts: what they have set and who voted how, as the real desk keeps it."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from bot.conversation.events import Person, Place, Platform
from bot.conversation.group_cards import Votes
from bot.conversation.group_phrases import What
from bot.conversation.groups import Change, Drawn, Group, Voted
from bot.conversation.ports import Offer, TemporarilyUnavailable
from bot.schedule import Schedule, next_due
from recommender.feedback import Verdict
from recommender.papers import PaperId
from tests.conversation.scripted_desk import FOREVER, NOW, paper

DAY = date(2026, 11, 23)
Key = tuple[Platform, str]


@dataclass
class ScriptedGroups:
    """cards: which paper an impression showed, and to which group."""

    cards: dict[int, tuple[Key, PaperId]] = field(default_factory=dict)
    groups: dict[Key, Group] = field(default_factory=dict)
    votes: dict[tuple[Key, PaperId, str], Verdict] = field(default_factory=dict)
    admins: list[str] = field(default_factory=list)
    gone: list[Place] = field(default_factory=list)
    is_away: bool = False

    async def group(self, platform: Platform, place: Place) -> Group | None:
        self._reach()
        return self.groups.get((platform, place.account))

    async def change(self, admin: Person, place: Place, change: Change) -> Group:
        self._reach()
        key = (admin.platform, place.account)
        self.admins.append(admin.account)
        changed = self.groups.get(key) or Group(Schedule(), language=admin.language or "en")
        if change.schedule is not None:
            changed = replace(
                changed,
                schedule=change.schedule,
                is_zone_known=change.is_zone_known,
                is_pushed=True,
                paused_until=None,
                stopped="",
            )
        given = {
            "categories": change.categories,
            "has_votes": change.has_votes,
            "has_threads": change.has_threads,
            "language": change.language,
        }
        changed = replace(changed, **{k: v for k, v in given.items() if v is not None})
        match change.what:
            case What.PAUSE:
                until = FOREVER if change.days is None else NOW + timedelta(days=change.days)
                changed = replace(changed, paused_until=until)
            case What.RESUME:
                changed = replace(changed, paused_until=None, is_pushed=True, stopped="")
            case What.STOP:
                changed = replace(changed, is_pushed=False)
        is_on = changed.is_pushed and changed.paused_until is None
        due = next_due(changed.schedule, NOW) if is_on else None
        self.groups[key] = replace(changed, due=due)
        return self.groups[key]

    async def forget(self, platform: Platform, place: Place) -> bool:
        self._reach()
        key = (platform, place.account)
        self.cards = {n: card for n, card in self.cards.items() if card[0] != key}
        return self.groups.pop(key, None) is not None

    async def vote(
        self,
        member: Person,
        place: Place,
        paper: PaperId,
        impression: int,
        verdict: Verdict,
    ) -> Voted:
        self._reach()
        key = (member.platform, place.account)
        if self.cards.get(impression) != (key, paper):
            return Voted.NOT_HERE
        if key in self.groups and not self.groups[key].has_votes:
            return Voted.OFF
        before = self.votes.get((key, paper, member.account))
        self.votes[key, paper, member.account] = verdict
        if before is verdict:
            return Voted.ALREADY
        return Voted.CHANGED if before else Voted.COUNTED

    async def drawn(self, platform: Platform, place: Place, impression: int) -> Drawn | None:
        self._reach()
        key = (platform, place.account)
        mine = {n: p for n, (owner, p) in self.cards.items() if owner == key}
        if impression not in mine:
            return None
        offers = {n: Offer(paper(p), n) for n, p in mine.items()}
        said = {
            p: [v for (k, q, _), v in self.votes.items() if (k, q) == (key, p)]
            for p in mine.values()
        }
        tallies = {p: Votes(v.count(Verdict.LIKE), v.count(Verdict.SKIP)) for p, v in said.items()}
        return Drawn(list(offers.values()), offers[impression], DAY, tallies, True, "en")

    async def left(self, platform: Platform, place: Place) -> None:
        self._reach()
        self.gone.append(place)

    async def joined(self, platform: Platform, place: Place) -> bool:
        self._reach()
        return (platform, place.account) in self.groups

    def _reach(self) -> None:
        if self.is_away:
            raise TemporarilyUnavailable
