"""Whole journeys of readers, word for word, with the bot as a real process on both platforms.

What is written here is what people see; see `transcripts` for how to read it.
"""

from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import pytest

from storage import catalogue
from storage.catalogue import NewPaper
from tests.acceptance.kept import kept_at
from tests.acceptance.papers import A_DAY, DAYS, announced
from tests.acceptance.people import OnDiscord, OnTelegram
from tests.acceptance.process import BotProcess, eventually
from tests.acceptance.transcripts import Play

DIGEST = "[1 👍] [1 👎] [1 🔖] [1 Open] [2 👍] [2 👎] [2 🔖] [2 Open] [3 👍] [3 👎] [3 🔖] [3 Open]"
MORNING = datetime(2026, 5, 19, 5, tzinfo=UTC)
CARD = "[👍 Like] [👎 Skip] [🔖 Save] [Why?] [More like this]…"  # and to share it, on Telegram

NEW_READER = f"""
    Ada: /start
    Lark: I am Paperlark: I find the new research papers you would have picked yourself.
          Tap 👍 or 👎, or send me a paper you love: the next card already knows.
          Your daily digest is on: 5 papers, weekdays at 08:00 (UTC). [Change]
    Lark: {{first}} Ada Lovelace, … · announced 19 May 2026 … {CARD}
    Ada: [👍 Like]
    Toast: Liked. The next paper already knows.
    Edit: {{first}} Ada Lovelace, … 👍 Liked [✓ Liked] … [↩ Undo] …
    Lark: {{second}} Ada Lovelace, … Because you liked “{{first}}” …; shared words: … {CARD}
    Ada: [👎 Skip]
    Toast: Skipped. You may say why.
    Edit: {{second}} Ada Lovelace, … 👎 Skipped … [Not my topic] [Know it] [Not now] …
    Lark: {{third}} Ada Lovelace, … {CARD}
    Ada: [Not my topic]
    Toast: Noted: not your topic. I will bring less of it.
    Edit: {{second}} Ada Lovelace, … Not my topic …
    Ada: [🔖 Save]
    Toast: Saved. /saved shows your papers.
    Edit: {{third}} Ada Lovelace, … 🔖 Saved … [✓ Saved] …
    Ada: /schedule 8:30 Berlin weekdays 3
    Lark: Stored. 3 papers, weekdays at 08:30 (Europe/Berlin) The next one comes on … at 08:30
          (Europe/Berlin). After that on … [07:00] … [✓ Weekdays] … [✓ 3 papers] … [✓ Berlin] …
          [Pause] …
    Ada: /saved
    Lark: Your saved paper 1. {{third}} Ada Lovelace, … 🔖 Saved …
    Ada: /frobnicate please
    Lark: I do not know /frobnicate. /help lists what I understand.
    Ada: /status
    Lark: You liked 1 paper, skipped 1 and saved 1: that is what I know of your taste.
          Your /interests are made of 2 papers that you liked, saved or know.
          3 papers, weekdays at 08:30 (Europe/Berlin). … I have 60 papers, the newest announced on
          Tuesday, 19 May; … [Change] [Next paper]
"""

LINKING = f"""
    Ada: /start
    Lark: I am Paperlark: … [Change]
    Lark: {{paper}} Ada Lovelace, … {CARD}
    Ada: [🔖 Save]
    Toast: Saved. /saved shows your papers.
    Edit: {{paper}} Ada Lovelace, … 🔖 Saved …
    Ada: /link
    Lark: To read with one taste on two platforms, send this to me from your other account:
          /link {{code}} If your other account is on Telegram, open this link there:
          …https://t.me/lark_bot?start=l{{code}}… The code works once and for ten minutes. Give it
          to nobody: whoever sends it shares your likes and your saved papers.
    Ada: /link {{code}}
    Lark: This code is your own: send it to me from your other account.
    Ada there: /link {{code}}
    Lark: Your accounts are one reader now, with 0 liked and 1 saved paper together. The digest
          comes here. /schedule moves it to where you send it.
          [Split them again]
    Ada there: /saved
    Lark: Your saved paper 1. {{paper}} Ada Lovelace, … 🔖 Saved …
    Ben: /link {{code}}
    Lark: This code is not valid, so nothing was changed. Codes work once and for ten minutes: send
          /link from your other account for a new one.
    Ada there: /link undo
    Lark: Your accounts are two again. Each keeps what came through it: likes, saved papers and
          what it was shown.
    Ada there: /saved
    Lark: You have saved nothing yet. Tap 🔖 on a paper, and /saved will show it.
"""

BY_TAP = f"""
    Ada: /link
    Lark: To read with one taste on two platforms, … /link {{code}} If … there:
          …https://t.me/lark_bot?start=l{{code}}… The code works once … papers.
    Ada there: /start l{{code}}
    Lark: Shall this account and the one that made the link be one reader? … yourself.
          [Yes, both are mine] [No]
    Ada there: [Yes, both are mine]
    Edit: Your accounts are one reader now, … [Split them again]
    Ada: /link
    Lark: To read with one taste on two platforms, … /link {{again}} If … there:
          …https://t.me/lark_bot?start=l{{again}}… The code works once … papers.
    Ben: /pick
    Lark: … {CARD}
    Ben: /start l{{again}}
    Lark: Shall this account and the one that made the link be one reader? Both then see all likes,
          saved papers and notes. Say yes only if you made the link yourself.
          [Yes, both are mine] [No]
    Ben: [No]
    Edit: Nothing was joined. /pick brings the next paper.
    Ben: /link undo
    Lark: No other account is linked with this one. /link gives you a code for that.
"""

INVITING = f"""
    Ada: /invite
    Lark: Forward the next message to whoever may like it. Whoever comes begins with a taste of
          their own: neither of you sees what the other reads, and I do not keep who invited whom.…
    Lark: Every morning Paperlark brings me the few new research papers that I would have picked
          myself, and it learns from every like. No account, no form: open it and read your first
          paper. On Telegram: …https://t.me/lark_bot?start=i… On Discord: …add it to your apps…
    Ben: /start i
    Lark: Somebody who reads with me invited you: welcome! I am Paperlark: I find the new research
          papers you would have picked yourself. Neither of you sees what the other reads.
          Tap 👍 or 👎, … [Change]
    Lark: … {CARD}
    Cem: /start i
    Lark: Jemand, der mit mir liest, hat dich eingeladen: willkommen! … [Ändern]
    Lark: … [👍 Gefällt] [👎 Weiter] …
"""

EXPORT_AND_FORGET = f"""
    Ada: /start
    Lark: I am Paperlark: … [Change]
    Lark: {{paper}} Ada Lovelace, … {CARD}
    Ada: [🔖 Save]
    Toast: Saved. /saved shows your papers.
    Edit: {{paper}} Ada Lovelace, … 🔖 Saved …
    Ada: /export
    Lark: Your saved papers as a file for other programs, your taste for another Paperlark, or
          everything I know about you: which one?
          [BibTeX] [RIS] [CSL-JSON] [CSV] [Taste file] [Export everything]
    Ada: [BibTeX]
    Lark: Your saved paper. (papers.bib)
    Ada: /export json
    Lark: Everything I keep about you, as one JSON file. /forget deletes it here. (paperlark.json)
    Ada: /forget
    Lark: Shall I forget you? Everything goes at once and for good: your likes, saved papers, notes,
          schedule and history, of all your linked accounts. Nobody can bring it back.
          [Yes, forget everything] [Export first] [Keep it]
    Ada: [Yes, forget everything]
    Toast: Forgotten.
    Edit: I have forgotten you: nothing about you is kept any more, and nothing will be sent.
          /start begins anew, as with a stranger.
    Ada: /saved
    Lark: You have saved nothing yet. Tap 🔖 on a paper, and /saved will show it.
"""

A_WEEK = f"""
    Ada: /schedule 08:00 UTC daily 3
    Lark: Stored. 3 papers, every day at 08:00 (UTC) The next one comes on Tuesday, 19 May at 08:00
          (UTC). …
    Time: 2026-05-19 08:00
    Lark: Your 3 papers for Tuesday, 19 May 1. {{a}} Ada … 2. {{b}} Ada … 3. {{c}} Ada … {DIGEST}
    Ada: [2 👍]
    Toast: Liked. Your next pick already knows.
    Edit: Your 3 papers for Tuesday, 19 May 1. {{a}} Ada … 2. {{b}} Ada … 👍 Liked 3. {{c}} Ada …
    News: 2026-05-20
    Time: 2026-05-20 08:00
    Lark: Your 3 papers for Wednesday, 20 May 1. … Because you liked “…” … {DIGEST}
    Ada: /pause 2
    Lark: The digest is paused until Friday, 22 May. /resume starts it earlier. The next one comes
          on Friday, 22 May at 08:00 (UTC). [Resume]
    News: 2026-05-21
    Time: 2026-05-21 08:00
    Ada: /status
    Lark: You liked 1 paper, … The digest is paused until Friday, 22 May. … The last digest was
          sent, for Wednesday, 20 May. …
    Time: 2026-05-22 08:00
    Lark: Your 3 papers for Friday, 22 May 1. … {DIGEST}
    Time: 2026-05-23 08:00
    Lark: … for Saturday, 23 May … {DIGEST}
    Ada: /schedule line
    Lark: Stored. 3 papers, every day at 08:00 (UTC), … The next one comes on Sunday, 24 May …
    Time: 2026-05-24 08:00
    Lark: No papers for Sunday, 24 May: nothing was announced since your last digest. /today brings
          the best older ones that you have not seen.
    Ada: /schedule weekdays 07:00
    Lark: Stored. 3 papers, weekdays at 07:00 (UTC), … The next one comes on Monday, 25 May at 07:00
          (UTC). …
    Time: 2026-05-25 07:00
    Lark: No papers for Monday, 25 May: nothing was announced since your last digest. …
"""


@asynccontextmanager
async def open_bot(world, clock=None):
    """The bot, with the papers of the first day."""
    settings = world.settings | ({"CLOCK_FILE": str(clock)} if clock else {})
    url = f"sqlite+aiosqlite:///{world.data_dir}/paperlark.db"
    async with kept_at(url) as kept:
        await kept.database.migrate()
        first_day = [paper for paper in announced() if paper.announced == DAYS[0]]
        async with kept.database.writing() as db:  # before, so that nobody is shown the sample
            await catalogue.take_in(db, [as_taken_in(p) for p in first_day], MORNING)
        async with BotProcess(settings, world.data_dir, "run") as bot:
            await bot.says("discord.started")
            yield kept
    # Who leaps through days waits no three seconds between two requests.
    assert world.violations == [] or (clock and not said_of_readers(world))


def said_of_readers(world):
    return [*world.telegram.violations, *world.discord.violations]


def as_taken_in(paper):
    return NewPaper(
        key=f"arxiv:{paper.id}",
        title=paper.title,
        announced=paper.announced,
        abstract=paper.abstract,
        authors=paper.authors,
        categories=paper.categories,
        version=1,
    )


async def has_come(kept, day):
    async def is_whole():
        return await kept.announced(day) == A_DAY

    await eventually(is_whole, f"the papers of {day}")


@pytest.fixture(params=[OnTelegram, OnDiscord])
def ada(request, world):
    return met(world, request.param)


def met(world, platform, number=4201):
    if platform is OnDiscord:
        return OnDiscord(world.discord, number)
    return OnTelegram(world.telegram, number, "Ada")


@pytest.mark.parametrize("script", [NEW_READER, EXPORT_AND_FORGET], ids=["new", "forget"])
async def test_a_journey_of_one_reader(world, ada, script):
    async with open_bot(world):
        await Play({"Ada": ada}).play(script)


@pytest.mark.parametrize("platforms", [(OnTelegram, OnDiscord), (OnDiscord, OnTelegram)])
async def test_two_accounts_are_joined_and_split(world, platforms):
    here, there = platforms
    readers = {
        "Ada": met(world, here),
        "Ada there": met(world, there, 4202),
        "Ben": met(world, here, 4203),
    }
    async with open_bot(world):
        await Play(readers).play(LINKING)


async def test_a_link_joins_accounts_once_whoever_opens_it_has_said_so(world):
    readers = {
        "Ada": met(world, OnDiscord),
        "Ada there": met(world, OnTelegram, 4202),
        "Ben": met(world, OnTelegram, 4203),
    }
    async with open_bot(world):
        await Play(readers).play(BY_TAP)


async def test_who_is_invited_is_greeted_in_their_language_and_reads_at_once(world, ada):
    ben, cem = met(world, OnTelegram, 4203), met(world, OnTelegram, 4204)
    cem.person.user["language_code"] = "de"
    async with open_bot(world):
        await Play({"Ada": ada, "Ben": ben, "Cem": cem}).play(INVITING)


async def test_a_week_of_digests(world, ada, tmp_path):
    clock = tmp_path / "ahead"
    play = Play({"Ada": ada}, clock)
    play.leap("2026-05-19 06:00")
    async with open_bot(world, clock) as kept:

        async def news(day):
            world.feeds.today = date.fromisoformat(day)
            play.leap(f"{day} 06:00")
            await has_come(kept, world.feeds.today)

        play.news = news
        await play.play(A_WEEK)
