"""Readers are met by the accounts through which they speak: known, new, or back.

Many who speak at once share a handful of statements. Whoever taps on is only read.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import insert_into, table_of
from storage.tables import AccountRow, UserRow
from storage.users import (
    PERSON,
    Account,
    Found,
    NextDue,
    by_id,
    find,
    found_by,
    owe,
    set_language,
)
from storage.visits import Came, count_visit

_LONGEST_LANGUAGE = 16
_TOUCH = timedelta(minutes=1)  # a reader who taps on is not written down at every tap

_users = table_of(UserRow)
_accounts = table_of(AccountRow)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks. chat: where digests go from now on; None leaves what stands.

    language: what the platform says of it; it holds until one is chosen.
    speaks_there: whether it is in that very chat that they speak: then they can be reached
        there again, and are owed digests again. Elsewhere it proves nothing.
    """

    platform: str
    external_id: str
    chat: str | None
    language: str | None
    now: datetime
    speaks_there: bool = True

    @property
    def account(self) -> tuple[str, str]:
        return self.platform, self.external_id


async def find_or_create(
    db: AsyncSession,
    platform: str,
    external_id: str,
    chat: str | None,
    language: str | None,
    now: datetime,
    next_due: NextDue,
    *,
    kind: str = PERSON,
    speaks_there: bool = True,
) -> Found:
    """Return the reader behind an account, made with the default schedule if there is none.

    Two processes at once make one. The rest as `Speaker` says.
    """
    speaker = Speaker(platform, external_id, chat, language, now, speaks_there)
    return (await all_met(db, [speaker], next_due, kind=kind))[0]


async def all_met(
    db: AsyncSession, speakers: Sequence[Speaker], next_due: NextDue, *, kind: str = PERSON
) -> list[Found]:
    """Return the readers behind many accounts; see `find_or_create`.

    Those who are known already cost a handful of statements together.
    """
    held = await found_by(db, {one.account for one in speakers}, is_held=True)
    first = {one.account: number for number, one in reversed(list(enumerate(speakers)))}
    known = [(held[account], speakers[n]) for account, n in first.items() if account in held]
    touched = await _touched(db, known, next_due)
    met: list[Found] = []
    for number, one in enumerate(speakers):
        if first[one.account] != number:  # who speaks twice at the same moment
            met += await all_met(db, [one], next_due, kind=kind)
        elif one.account in held:
            met.append(touched[one.account])
        else:
            met.append(await _made(db, one, next_due, kind))
    return met


async def _made(db: AsyncSession, speaker: Speaker, next_due: NextDue, kind: str) -> Found:
    """Make the reader of an account that is new, unless another process has just done so."""
    now = speaker.now
    made = await db.execute(
        insert(UserRow)
        .values(
            kind=kind,
            language=(speaker.language or "en")[:_LONGEST_LANGUAGE],
            created=now,
            last_seen=now,
        )
        .returning(UserRow.id)
    )
    user: int = made.scalar_one()
    won = await db.scalar(
        insert_into(db, AccountRow)
        .values(
            user_id=user,
            platform=speaker.platform,
            external_id=speaker.external_id,
            chat=speaker.chat,
            last_used=now,
        )
        .on_conflict_do_nothing(index_elements=["platform", "external_id"])
        .returning(AccountRow.id)
    )
    if won is None:
        await db.execute(delete(_users).where(_users.c.id == user))
    else:
        new = await by_id(db, user)
        assert new is not None, "a reader just made was not found"
        await owe(db, new, now, next_due)
        # In the order in which those who are known are counted too, so that two transactions
        # never wait for each other's rows of the day.
        for came in (Came.ACTIVE, Came.NEW) if kind == PERSON else ():
            await count_visit(db, speaker.platform, now, came)
    found = await find(db, *speaker.account)
    assert found is not None, "an account that stands was not found"
    return replace(found, is_new=won is not None)


async def settled(db: AsyncSession, speakers: Sequence[Speaker]) -> list[Found | None]:
    """Return what `find_or_create` would where it has nothing to write, else None; of many.

    So who taps on waits for no writer to be known.
    """
    found = await found_by(db, {one.account for one in speakers})
    settled = []
    for one in speakers:
        known = found.get(one.account)
        is_news = (
            known is None or _other_language(known, one.language) or not _is_nothing_new(known, one)
        )
        settled.append(None if is_news else known)
    return settled


def _has_moved(found: Found, speaker: Speaker) -> bool:
    return speaker.chat is not None and speaker.chat != found.account.chat


def _is_back(found: Found, speaker: Speaker) -> bool:
    is_there = speaker.chat is not None and speaker.speaks_there
    return is_there and found.account.unreachable is not None


def _is_nothing_new(found: Found, speaker: Speaker) -> bool:
    is_news = _has_moved(found, speaker) or _is_back(found, speaker)
    return not is_news and speaker.now - found.account.last_used < _TOUCH


def _other_language(found: Found, language: str | None) -> str:
    """Return the language that the platform now says, empty where it changes nothing."""
    spoken = (language or "")[:_LONGEST_LANGUAGE]
    return "" if found.user.is_language_chosen or spoken == found.user.language else spoken


async def _followed(db: AsyncSession, found: Found, language: str | None) -> Found:
    """Follow the platform to another language, unless the reader chose theirs."""
    spoken = _other_language(found, language)
    if not spoken:
        return found
    user = await set_language(db, found.user.id, spoken, is_chosen=False)
    return replace(found, user=user)


async def _touched(
    db: AsyncSession, known: Sequence[tuple[Found, Speaker]], next_due: NextDue
) -> dict[tuple[str, str], Found]:
    """Return these readers, who are held, as they stand now that they have spoken; each once."""
    pairs = [(await _followed(db, found, one.language), one) for found, one in known]
    news = [(found, one) for found, one in pairs if not _is_nothing_new(found, one)]
    moved = [(_moved(found, one), found, one) for found, one in news]
    await _write_touched(db, [(account, one.now) for account, _, one in moved])
    touched = {one.account: found for found, one in pairs}
    for account, found, one in moved:
        user = replace(found.user, last_seen=max(one.now, found.user.last_seen))
        is_back = _is_back(found, one)
        if (_has_moved(found, one) or is_back) and user.next_push_at is None:
            user = await owe(db, user, one.now, next_due)
        why = (found.account.unreachable or "") if is_back else ""
        touched[one.account] = Found(user, account, is_new=False, back_from=why)
    await _count_first_of_day(db, news)
    return touched


def _moved(found: Found, speaker: Speaker) -> Account:
    """Return the account as it is from now on."""
    account = found.account
    return replace(
        account,
        chat=speaker.chat or account.chat,
        unreachable=None if _is_back(found, speaker) else account.unreachable,
        last_used=max(speaker.now, account.last_used),
    )


async def _write_touched(db: AsyncSession, moved: Sequence[tuple[Account, datetime]]) -> None:
    if not moved:
        return
    # On the connection: one executemany, where a session would look for entities to refresh.
    connection = await db.connection()
    await connection.execute(
        update(_accounts)
        .where(_accounts.c.id == bindparam("of"))
        .values(chat=bindparam("goes_to"), unreachable=bindparam("why"), last_used=bindparam("at")),
        [
            {"of": one.id, "goes_to": one.chat, "why": one.unreachable, "at": one.last_used}
            for one, _ in moved
        ],
    )
    await connection.execute(
        update(_users)
        .where(_users.c.id == bindparam("of"), _users.c.last_seen < bindparam("at"))
        .values(last_seen=bindparam("at")),
        [{"of": one.user, "at": now} for one, now in moved],
    )


async def _count_first_of_day(db: AsyncSession, spoken: Sequence[tuple[Found, Speaker]]) -> None:
    """Count who comes for the first time today, all of a platform at once.

    Everybody's first word of a day is counted in that one row, which others wait for until
    the transaction ends: so it comes last.
    """
    came = Counter(
        (one.platform, _midnight(one.now))
        for found, one in spoken
        if found.account.last_used < _midnight(one.now)
    )
    for (platform, day), n in sorted(came.items()):
        await count_visit(db, platform, day, Came.ACTIVE, n)


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
