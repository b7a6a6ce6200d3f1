"""Short plays on Telegram with the real bot, and what people saw: the matter of the pictures."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from docs.plays import BIBLIOGRAPHY, BOUND, Said, leap, operated_by, running
from tests.local_telegram import LocalTelegram, Posted


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message of the bot as it stands: Telegram's HTML, and the buttons' labels by rows.

    toast: what answered the last tap on it, if it is to be shown. file: the name of one.
    """

    html: str
    labels: Sequence[Sequence[str]] = ()
    toast: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What an inline query proposes in another chat: titles, and a line or two below each."""

    typed: str
    results: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Screen:
    """A phone. field: what stands where people write."""

    shown: Sequence[Bubble | Said | Proposed]
    title: str = "Paperlark"
    under: str = "bot"
    field: str = "Message"


_FIELDS = (
    *("2503.14395", "2503.18162", "2503.19923", "2504.01274", "2506.00498"),  # scans of the body
    *("2505.07813", "2505.11032", "2506.22827", "2506.23126", "2504.08603"),  # robots
)
_NEW = ("2606.29100", "2606.30608", "2606.24348")  # the newest
_GROUP = ("Reading group", "6 members")


class OnThePhone:
    """Somebody who chats with the bot, and what they see of it."""

    def __init__(self, telegram: LocalTelegram, number: int = 42, language: str = "en") -> None:
        self.telegram = telegram
        self.person = telegram.person(number, language)

    async def says(self, line: str, answers: int = 1, chat: int | None = None) -> list[Posted]:
        """Write something; return what is answered there. Raises TimeoutError."""
        where = chat or self.person.id
        known = len(self.telegram.messages(where))
        self.person.say(line, chat)
        return await self.news(known, answers, where)

    async def says_one(self, line: str, chat: int | None = None) -> Posted:
        return (await self.says(line, chat=chat))[0]

    async def taps(self, label: str, posted: Posted) -> str:
        """Tap a button and wait for the message to change; return the toast."""
        edits = posted.edits
        answer = await self.person.sees_answer(self.person.press(label, posted))
        await self.telegram.until(lambda: posted.edits > edits, BOUND)
        return answer

    async def opens(self, label: str, posted: Posted) -> Posted:
        """Tap a button and return the message that comes of it."""
        known = len(self.telegram.messages(posted.chat))
        self.person.press(label, posted)
        return (await self.news(known, 1, posted.chat))[0]

    async def follows(self, posted: Posted) -> Posted:
        """Wait for the message behind another one."""
        return await self.person.hears("", after=posted.id, chat=posted.chat)

    async def likes(self, n: int) -> None:
        """Ask for cards and like them, so that there is a taste to speak of."""
        for _ in range(n):
            card = await self.says_one("/pick")
            await self.taps("👍", card)
            await self.follows(card)

    def bubble(self, posted: Posted, toast: str = "") -> Bubble:
        labels = [[button["text"] for button in row] for row in posted.buttons]
        file = posted.file[0] if posted.file else ""
        return Bubble(_html(self.telegram, posted), labels, toast, file)

    async def news(self, known: int, answers: int, chat: int) -> list[Posted]:
        """Return so many messages behind those that are known. Raises TimeoutError."""
        await self.telegram.until(
            lambda: len(self.telegram.messages(chat)) >= known + answers, BOUND
        )
        return self.telegram.messages(chat)[known : known + answers]


async def cards() -> list[Screen]:
    """A first card that was liked; one that was skipped, and why; a digest.

    Like all plays it raises TimeoutError when the bot does not do its part.
    """
    async with _played() as telegram:
        ada = OnThePhone(telegram)
        welcome, first = await ada.says("/start", answers=2)
        liked = await ada.taps("Like", first)
        second = await ada.follows(first)
        first_liked = ada.bubble(first, liked)
        why = await ada.opens("Why", second)
        skipped = await ada.taps("Skip", second)
        second_skipped = ada.bubble(second, skipped)
        third = await ada.follows(why)
        await ada.taps("Like", third)
        await ada.follows(third)
        undone = await ada.taps("Undo", second)
        second_undone = ada.bubble(second, undone)
        await ada.says("/schedule 08:30 Berlin 3")
        digest = await ada.says_one("/today")
        await ada.taps("1 👍", digest)
        saved = await ada.taps("2 🔖", digest)
        return [
            Screen([Said("/start"), ada.bubble(welcome), first_liked, ada.bubble(why)]),
            Screen([second_skipped, second_undone]),
            Screen([Said("/today"), ada.bubble(digest, saved)]),
        ]


async def finding() -> list[Screen]:
    """A search in plain language; papers like one of them; the bot in another chat."""
    words = "/search robots that learn from video"
    async with _played() as telegram:
        ada = OnThePhone(telegram)
        await ada.likes(2)
        found = await ada.says_one(words)
        card = await ada.opens("1 Open", found)
        more = await ada.opens("More like this", card)
        asked = await ada.person.sees_results(ada.person.ask_inline("robots video"))
        proposed = [(r["title"], r["description"]) for r in asked.results or ()]
        sent = (asked.results or [])[0]
        labels = [[b["text"] for b in row] for row in sent["reply_markup"]["inline_keyboard"]]
        article = Bubble(sent["input_message_content"]["message_text"], labels)
        typed = f"@{telegram.me['username']} robots video"
        return [
            Screen([Said(words), ada.bubble(found)]),
            Screen([ada.bubble(more)]),
            Screen(
                [Proposed(typed, proposed[:9]), article], "Reading group", "5 members", field=typed
            ),
        ]


async def lists() -> list[Screen]:
    """What trends, with one abstract opened; saved papers and a note; history and files."""
    async with _played() as telegram:
        ada, ben = OnThePhone(telegram), OnThePhone(telegram, 43)
        for one, liked in ((ada, _NEW[:2]), (ben, _NEW[1:])):
            await one.says(f"/teach {' '.join(liked)}", answers=2)
        card = await ada.says_one("/pick")
        await ada.taps("Save", card)
        await ada.says("/note read the ablation again #methods")
        other = await ada.says_one("/pick")
        await ada.taps("Save", other)
        trends = await ada.says_one("/trending month")
        opened = await ada.opens("2 Open", trends)
        saved = await ada.says_one("/saved")
        of_saved = await ada.opens("1 Open", saved)
        question = await ada.opens("Note", of_saved)
        history = await ada.says_one("/history")
        menu = await ada.says_one("/export")
        file = await ada.opens("BibTeX", menu)
        return [
            Screen([Said("/trending month"), ada.bubble(trends), ada.bubble(opened)]),
            Screen([Said("/saved"), ada.bubble(saved), ada.bubble(of_saved), ada.bubble(question)]),
            Screen(
                [
                    *(Said("/history"), ada.bubble(history)),
                    *(Said("/export"), ada.bubble(menu), ada.bubble(file)),
                ],
            ),
        ]


async def taste() -> list[Screen]:
    """What it makes of one's likes; what is followed and muted; a paper that was sent."""
    async with _played() as telegram:
        ada = OnThePhone(telegram)
        await ada.says("/teach " + " ".join(_FIELDS), answers=2)
        interests = await ada.says_one("/interests")
        boosted = await ada.taps("1 Boost", interests)
        shown = ada.bubble(interests, boosted)
        name = await ada.opens("2 Rename", interests)
        followed = await ada.says_one("/follow diffusion models")
        await ada.says_one("/follow cs.RO")
        muted = await ada.says_one("/mute quantum")
        topics = await ada.says_one("/follow")
        link = "https://arxiv.org/abs/2503.18102"
        known, near = await ada.says(link, answers=2)
        before = len(telegram.messages(ada.person.id))
        ada.person.send_file("mine.bib", BIBLIOGRAPHY.encode())
        file = (await ada.news(before, 2, ada.person.id))[0]
        return [
            Screen([Said("/interests"), shown, ada.bubble(name)]),
            Screen(
                [
                    *(Said("/follow diffusion models"), ada.bubble(followed)),
                    *(Said("/mute quantum"), ada.bubble(muted)),
                    *(Said("/follow"), ada.bubble(topics)),
                    *(Said("📄 mine.bib"), ada.bubble(file)),
                ]
            ),
            Screen([Said(link), ada.bubble(known), ada.bubble(near)]),
        ]


async def settings() -> list[Screen]:
    """When the digest comes; how far picks go; what is kept, and how it is taken or deleted."""
    async with _played() as telegram:
        ada = OnThePhone(telegram)
        await ada.likes(2)
        schedule = await ada.says_one("/schedule 08:30 Berlin weekdays 5")
        menu = ada.bubble(schedule)
        hours = await ada.says_one("/schedule")
        await ada.taps("Other hour", hours)
        status = await ada.says_one("/status")
        surprise = await ada.says_one("/surprise")
        language = await ada.says_one("/language")
        pause = await ada.says_one("/pause 7")
        privacy = await ada.says_one("/privacy")
        link = await ada.says_one("/link")
        explained, invitation = await ada.says("/invite", answers=2)
        forget = await ada.says_one("/forget")
        return [
            Screen(
                [
                    *(Said("/schedule 08:30 Berlin weekdays 5"), menu, ada.bubble(hours)),
                    *(Said("/status"), ada.bubble(status)),
                    *(Said("/pause 7"), ada.bubble(pause)),
                ]
            ),
            Screen(
                [
                    *(Said("/surprise"), ada.bubble(surprise)),
                    *(Said("/language"), ada.bubble(language)),
                    *(Said("/invite"), ada.bubble(explained), ada.bubble(invitation)),
                    *(Said("/forget"), ada.bubble(forget)),
                ]
            ),
            Screen(
                [
                    *(Said("/privacy"), ada.bubble(privacy)),
                    *(Said("/link"), ada.bubble(link)),
                ]
            ),
        ]


async def together() -> list[Screen]:
    """A reading group that sets its digest up, and votes on it; what operators see."""
    set_up, word = "/channel 08:00 UTC daily 3", "/admin broadcast We move tonight, back at ten."
    async with LocalTelegram() as telegram:
        olga = OnThePhone(telegram)
        with operated_by(f"telegram:{olga.person.id}") as (operators, ahead):
            async with _bot(telegram, "run", **operators):
                group = telegram.group()
                telegram.admins[group] = {olga.person.id, telegram.me["id"]}
                await olga.says("/start", answers=2)
                olga.person.add_bot(group)
                greeting = await olga.person.hears("/channel", chat=group)
                menu = await olga.says_one(set_up, chat=group)
                stored = olga.bubble(menu)
                await olga.taps("Language", menu)
                languages = olga.bubble(menu)
                leap(ahead, days=1)
                digest = await olga.person.hears("3 papers for ", chat=group)
                for number, label in ((1, "1 👍"), (2, "1 👍"), (3, "2 👍"), (4, "1 👎")):
                    await OnThePhone(telegram, 50 + number).taps(label, digest)
                admin = await olga.says_one("/admin")
                await olga.taps("Readers", admin)
                readers = olga.bubble(admin)
                await olga.taps("Sources", admin)
                preview = await olga.says_one(word)
                private = [
                    *(Said("/admin"), readers, olga.bubble(admin)),
                    *(Said(word), olga.bubble(preview)),
                ]
                return [
                    Screen(
                        [olga.bubble(greeting), Said(set_up), stored, languages],
                        *_GROUP,
                    ),
                    Screen([olga.bubble(digest)], *_GROUP),
                    Screen(private),
                ]


async def more() -> list[Screen]:
    """All commands; interests muted and forgotten, a list by a tag; other pages of operators."""
    word, ban = "/admin broadcast We move tonight, back at ten.", "/admin ban telegram:7000001"
    async with LocalTelegram() as telegram:
        olga = OnThePhone(telegram)
        with operated_by(f"telegram:{olga.person.id}") as (operators, ahead):
            async with _bot(telegram, "run", **operators):
                said = await olga.says_one("/help")
                await olga.says("/teach " + " ".join(_FIELDS), answers=2)
                await olga.likes(3)
                card = await olga.says_one("/pick")
                await olga.taps("Save", card)
                await olga.says("/note read the ablation again #methods")
                tagged = await olga.says_one("/saved #methods")
                interests = await olga.says_one("/interests")
                await olga.taps("1 Mute", interests)
                forgotten = await olga.taps("2 Forget", interests)
                unknown = await olga.says_one("/serch robots")
                await olga.says_one("/schedule 08:00 UTC daily 3")
                leap(ahead, days=1)
                await olga.person.hears("papers for ")
                admin = await olga.says_one("/admin")
                await olga.taps("Likes", admin)
                likes = olga.bubble(admin)
                await olga.taps("Digests", admin)
                digests = olga.bubble(admin)
                preview = await olga.says_one(word)
                begun = await olga.taps("Send", preview)
                progress = olga.bubble(preview, begun)
                shut_out = await olga.says_one(ban)
                return [
                    Screen([Said("/help"), olga.bubble(said)]),
                    Screen(
                        [
                            *(Said("/interests"), olga.bubble(interests, forgotten)),
                            *(Said("/saved #methods"), olga.bubble(tagged)),
                            *(Said("/serch robots"), olga.bubble(unknown)),
                        ]
                    ),
                    Screen(
                        [
                            *(Said("/admin"), likes, digests),
                            *(Said(word), progress, Said(ban), olga.bubble(shut_out)),
                        ]
                    ),
                ]


async def german() -> list[Screen]:
    """The same in German: a first card, a digest, and a channel that is set up in private."""
    async with _played() as telegram:
        ada = OnThePhone(telegram, language="de")
        channel = telegram.group(-1008, "channel", "@unsere_paper")
        telegram.chat(channel).update(title="Unsere Paper")
        telegram.admins[channel] = {ada.person.id, telegram.me["id"]}
        welcome, first = await ada.says("/start", answers=2)
        liked = await ada.taps("👍", first)
        shown = ada.bubble(first, liked)
        await ada.follows(first)
        await ada.says_one("/schedule 8:30 Berlin 2")
        digest = await ada.says_one("/heute")
        menu = await ada.says_one("@unsere_paper")
        await ada.taps("08:00", menu)
        await ada.taps("Sprache", menu)
        languages = ada.bubble(menu)
        await ada.taps("Deutsch", menu)
        return [
            Screen([Said("/start"), ada.bubble(welcome), shown], field="Nachricht"),
            Screen([Said("/heute"), ada.bubble(digest)], field="Nachricht"),
            Screen([Said("@unsere_paper"), ada.bubble(menu), languages], field="Nachricht"),
        ]


def _html(telegram: LocalTelegram, posted: Posted) -> str:
    """Return the HTML that a message was last given."""
    if posted.file:
        sent = telegram.called("sendDocument")
        files = [one for one in telegram.deliveries if one.file]
        return str(sent[files.index(posted)].get("caption", ""))
    edits = [p for p in telegram.called("editMessageText") if p["message_id"] == posted.id]
    said = [one for one in telegram.deliveries if not one.file]
    sent = telegram.called("sendMessage")[said.index(posted)]
    return str((edits[-1] if edits else sent)["text"])


@asynccontextmanager
async def _played() -> AsyncIterator[LocalTelegram]:
    """Serve Telegram, and the bot on it, while the block lasts."""
    async with LocalTelegram() as telegram, _bot(telegram):
        yield telegram


@asynccontextmanager
async def _bot(
    telegram: LocalTelegram, role: str = "telegram", **settings: str
) -> AsyncIterator[None]:
    """Serve Telegram with the real program while the block lasts."""
    address = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.origin}
    async with running(role, **address, **settings):
        yield
