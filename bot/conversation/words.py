"""Every sentence we say, in one place, because they will be translated.

Plain, short, friendly; no exclamation marks; emoji only on buttons and marks. Nothing here
decides anything: `dialogue`, `cards`, `reasons` and `schedule_words` choose and fill in.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.conversation.zones import shown
from bot.schedule import EVERY_DAY, WEEKDAYS, Due, Schedule

_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

# ---------------------------------------------------------------- buttons

LIKE, LIKE_CHOSEN = "👍 Like", "✓ Liked"
SKIP, SKIP_CHOSEN = "👎 Skip", "✓ Skipped"
SAVE, SAVE_CHOSEN = "🔖 Save", "✓ Saved"
WHY = "Why?"
MORE_LIKE_THIS = "More like this"
UNDO = "↩ Undo"
OFF_TOPIC = "Not my topic"
KNOW_IT = "Know it"
NOT_NOW = "Not now"
CHANGE = "Change"
NEXT_PAPER = "Next paper"
PAUSE = "Pause"
QUIET = "Without sound"
ONLY_A_LINE = "Empty day: a line"
RESUME = "Resume"
NEWER = "‹ Newer"
OLDER = "Older ›"
LIKE_SIGN, SKIP_SIGN, SAVE_SIGN, UNDO_SIGN = "👍", "👎", "🔖", "↩"


def open_button(number: int) -> str:
    return f"{number} Open"


# ---------------------------------------------------------------- marks on cards

MARK_LIKED = "👍 Liked"
MARK_SKIPPED = "👎 Skipped"
MARK_OFF_TOPIC = "👎 Not my topic"
MARK_KNOWN = "✓ Known already"
MARK_NOT_NOW = "✓ Not now"
MARK_SAVED = "🔖 Saved"

# ---------------------------------------------------------------- toasts

LIKED_NOW = "Liked. The next paper already knows."
LIKED_ALONE = "Liked. Your next pick already knows."
SKIPPED_NOW = "Skipped. You may say why."
SAVED_NOW = "Saved. /saved shows your papers."
SKIPPED_IN_DIGEST = "Skipped."
OFF_TOPIC_NOW = "Noted: not your topic. I will bring less of it."
KNOWN_NOW = "Noted: you know it, so the topic is right."
NOT_NOW_NOW = "Noted: not now. This says nothing about your taste."
UNDONE_NOW = "Taken back."
NOTHING_TO_UNDO_HERE = "There is nothing to take back here any more."
ALREADY = {
    "like": "You already liked it.",
    "skip": "You already skipped it.",
    "off_topic": "You already said: not my topic.",
    "known": "You already said: I know it.",
    "not_now": "You already said: not now.",
    "save": "It is already saved.",
}
OLD_BUTTON = "I do not know this button any more, so nothing was changed. Try /pick."
FOREIGN_BUTTON = "This card was made for somebody else, so nothing was changed. Try /pick."
PAPER_GONE = "I no longer have this paper, so nothing was changed. Try /pick."
NOTHING_STORED = "Nothing was stored, because my memory is away. Please try again in a minute."
SCHEDULE_STORED = "Stored."
NO_PAGE = "There is no such page. Try /saved."

# ---------------------------------------------------------------- messages


def welcome(*, is_new: bool, digest: str) -> str:
    greeting = "I am Paperlark" if is_new else "Welcome back. I am still Paperlark"
    return (
        f"{greeting}: I find the new research papers you would have picked yourself.\n"
        "Tap 👍 or 👎, or send me a paper you love: the next card already knows.\n"
        f"{digest}"
    )


def digest_is_on(schedule: Schedule) -> str:
    return f"Your daily digest is on: {schedule_in_words(schedule)}."


DIGEST_ONLY_ASKED = "No digest comes to this place by itself: /today brings the day's papers."
RANKING_AWAY = "I cannot reach my papers right now. Please try /pick in a minute."
NEXT_IS_AWAY = "Your tap is stored, but I cannot reach the next paper. Try /pick in a minute."
NOTHING_LEFT = (
    "You have seen every new paper I have. arXiv announces the next ones on Sunday to Thursday "
    "evenings, US Eastern time. Until then, send me the link or title of a paper you like."
)
NOTHING_LEFT_SAMPLE = (
    "You have seen the whole sample. Real papers come as soon as arXiv has been read; /status "
    "tells how far that is."
)
NOT_UNDERSTOOD = (
    "I understand links, arXiv ids and titles of papers, and commands: /pick brings a paper, "
    "/help lists the rest."
)
NO_SUCH_PAPER = (
    "I know no such paper. Send its arXiv link, its id such as 2301.12652, or its whole title; "
    "/pick brings a new one."
)
SOURCE_AWAY = (
    "I do not have that paper, and arXiv cannot be asked right now. Please send it again later; "
    "/pick brings a new one."
)
NOTHING_TO_UNDO = "There is nothing to take back. /pick brings a paper."
NOTHING_SAVED = "You have saved nothing yet. Tap 🔖 on a paper, and /saved will show it."
WHICH_PAPER = "Which one do you mean?"


def unknown_command(name: str, nearest: str | None) -> str:
    known = f"I do not know /{name}." if name else "I do not know that command."
    guess = f" Did you mean /{nearest}?" if nearest else ""
    return f"{known}{guess} /help lists what I understand."


def saved_heading(first: int, last: int, total: int) -> str:
    if total == 1:
        return "Your saved paper"
    return f"Your saved papers, {first}–{last} of {total}"


def no_saved_page(pages: int) -> str:
    if pages == 1:
        return "All your saved papers are on one page: try /saved."
    return f"Your saved papers fill {pages} pages: try /saved {pages}."


SAVED_WANTS_A_NUMBER = "Write a page number behind /saved, such as /saved 2, or words to look for."

HELP_OPENING = "What I understand:"
HELP_CLOSING = (
    "Or send me a link, an arXiv id or a title: I show that paper, and your 👍 teaches me."
)

# ---------------------------------------------------------------- cards


def authors(names: Sequence[str], shown_at_most: int = 3) -> str:
    # "and 1 more" would be as long as the name.
    kept = list(names if len(names) == shown_at_most + 1 else names[:shown_at_most])
    more = len(names) - len(kept)
    if more:
        return f"{', '.join(kept)} and {more} more"
    return " and ".join(filter(None, (", ".join(kept[:-1]), *kept[-1:])))


def announced(day: date) -> str:
    return f"announced {day.day} {_MONTHS[day.month - 1]} {day.year}"


SAMPLE = "Sample paper, until arXiv has been read."
SAMPLE_SHORT = "Sample paper"
WITHDRAWN = "Withdrawn by its authors."
MAY_BE_SEEN = "You may have seen this."
NO_ABSTRACT = "(no abstract)"

# ---------------------------------------------------------------- digests


def digest_heading(count: int, day: date) -> str:
    return f"Your {f'{count} papers' if count > 1 else 'paper'} for {long_day(day)}"


def digest_is_short(wanted: int) -> str:
    return f"Fewer than your {wanted} today: there is no other new paper that you have not seen."


def digest_is_empty(day: date) -> str:
    return (
        f"No papers for {long_day(day)}: nothing new was announced that you have not seen. "
        "I will look again for your next digest."
    )


def nothing_announced(day: date) -> str:
    return (
        f"No papers for {long_day(day)}: nothing was announced since your last digest. "
        "/today brings the best older ones that you have not seen."
    )


# ---------------------------------------------------------------- reasons

EXPLORING = "An exploring pick, outside your usual."


def exploring_near(did: str, title: str) -> str:
    return f"An exploring pick, outside your usual; nearest to “{title}”, which you {did}."


READERS = "Readers with your taste liked it."
NO_TASTE_YET = "A first guess: nothing you liked speaks for it yet."
ASKED_FOR = "You asked for this paper yourself, so no score chose it."
LIKED, SAVED, KNOWN, SKIPPED = "liked", "saved", "know", "skipped"


def upvotes(count: int) -> str:
    return f"{count} {_plural(count, 'upvote')} on Hugging Face."


def because_first(did: str, title: str, percent: int) -> str:
    return f"you {did} {because_next(title, percent)}"


def because_next(title: str, percent: int) -> str:
    return f"“{title}”" if percent == 100 else f"“{title}” ({percent}\u00a0%)"


def because(pieces: Sequence[str], common: Sequence[str]) -> str:
    shared = f"; shared words: {', '.join(common)}" if common else ""
    return f"Because {' and '.join(pieces)}{shared}."


SHARES_OF_SCORE = "What its score is made of:"
AGAINST_COUNTS = "− marks what speaks against it; sizes add up to 100\u00a0%."
LIKE_OTHER = "close to another paper you rated well"
LIKE_SKIPPED = "close to a paper you skipped"
READERS_LONG = "readers of the same papers liked it"
EXPLORING_LONG = "chance, because this pick explores"
OTHER_LONG = "what every paper gets, and what is too small to name"


def like_paper(did: str, title: str) -> str:
    return f"close to “{title}”, which you {did}"


def sharing(common: Sequence[str]) -> str:
    return f" (shared words: {', '.join(common)})"


def popular_long(count: int) -> str:
    # What is popular without upvotes is popular for being new.
    return f"{count} {_plural(count, 'upvote')} on Hugging Face" if count else "how new it is"


def share_line(percent: int, text: str, *, is_against: bool) -> str:
    return f"{'−' if is_against else ''}{percent}\u00a0%  {text}"


def smaller_parts(count: int, percent: int) -> str:
    return f"{percent}\u00a0%  {count} smaller {_plural(count, 'part')}"


def exploring_chance(propensity: float) -> str:
    percent = round(100 * propensity)
    odds = f"about {percent}\u00a0%" if percent else "under 1\u00a0%"
    return f"It was drawn by chance ({odds}), to learn what else you like."


# ---------------------------------------------------------------- schedule


def long_day(day: date) -> str:
    return f"{_DAY_NAMES[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]}"


def moment(due: Due, zone: str) -> str:
    """The moment as the reader's own clock shows it."""
    local = due.moment.astimezone(ZoneInfo(zone))
    return f"{long_day(local.date())} at {local:%H:%M} ({shown(zone)})"


def days(chosen: frozenset[int]) -> str:
    if chosen == EVERY_DAY:
        return "every day"
    if chosen == WEEKDAYS:
        return "weekdays"
    if len(chosen) == 1:
        return f"every {_DAY_NAMES[min(chosen)]}"
    return ", ".join(_DAY_NAMES[day][:3] for day in sorted(chosen))


def schedule_in_words(schedule: Schedule) -> str:
    said = (
        f"{schedule.picks} {_plural(schedule.picks, 'paper')}, {days(schedule.days)} "
        f"at {schedule.at:%H:%M} ({shown(schedule.zone)})"
    )
    sound = ", without a sound" if schedule.is_quiet else ""
    return f"{said}{sound}{'' if schedule.is_filled else ', only a line on days without new ones'}"


def ago(now: datetime, then: datetime) -> str:
    minutes = max(int((now - then) / timedelta(minutes=1)), 0)
    if minutes < 2:
        return "just now"
    if minutes < 120:
        return f"{minutes} minutes ago"
    if minutes < 60 * 48:
        return f"{minutes // 60} hours ago"
    return f"{minutes // (60 * 24)} days ago"


def next_digest(when: str, place: str) -> str:
    return f"The next one comes {'' if place == 'here' else f'to {place} '}on {when}."


SCHEDULE_EXAMPLES = (
    "To change it, tap below or write /schedule with any of: hour, city or zone, days, number of "
    "papers. For example /schedule 08:30 Berlin weekdays 5. Write quiet or loud for its sound, and "
    "for days without new papers: best for the best older ones, or line for only a line."
)
ZONE_IS_UNKNOWN = "I do not know your time zone yet, so UTC holds: write your city."
OFFSET_HAS_NO_SUMMER = (
    "This zone has no summer time; write your city instead, and I follow its clocks."
)
SCHEDULE_TOO_LONG = (
    "That is too long for a schedule, so nothing was changed: write something like "
    "/schedule 08:30 Berlin weekdays 5."
)
WEEKLY_IS_ONE_DAY = (
    "Weekly means one day, and you named several, so nothing was changed: leave out “weekly”, "
    "or name one day."
)


def not_a_schedule(token: str, nearest: str | None) -> str:
    guess = f"did you mean {nearest}? Write" if nearest else "write"
    return (
        f"I did not understand “{token}”, so nothing was changed: {guess} something like "
        "/schedule 08:30 Berlin weekdays 5."
    )


def several_clocks(place: str) -> str:
    return f"{place} has more than one clock, so nothing was changed: write your city instead."


def ambiguous_zone(name: str) -> str:
    return (
        f"{name} can mean more than one clock, so nothing was changed: write your city instead, "
        "such as New York."
    )


def no_such_offset(phrase: str) -> str:
    return f"No zone of mine keeps {phrase}, so nothing was changed: write your city instead."


def no_time_of_day(phrase: str) -> str:
    return f"“{phrase}” is no time of day, so nothing was changed: write it like 08:30 or 8 pm."


def no_hour(hour: int) -> str:
    return f"{hour} is no hour of the day, so nothing was changed: write it like 08:30 or 8 pm."


def said_twice(what: str) -> str:
    return f"I found two different {what}, so nothing was changed: send it again with one of them."


def too_many_papers(most: int) -> str:
    return f"A digest holds 1 to {most} papers, so nothing was changed: send such a number."


def read_as_hour(hour: int) -> str:
    return f"I read {hour} as the hour; for the number of papers write “{hour} papers”."


PAUSED_FOR_EVER = "The digest is paused until you send /resume. Everything else goes on."
PAUSE_WANTS_DAYS = (
    "Write a number of days from 1 to 365 behind /pause, such as /pause 7, or nothing to pause "
    "until /resume. Nothing was changed."
)


def paused_until(day: date) -> str:
    return f"The digest is paused until {long_day(day)}. /resume starts it earlier."


DIGEST_OFF = "The digest is off. /resume starts it."
RESUMED = "The digest is on again."
UNREACHABLE = {
    "blocked": "I could not reach you with the last digest, because I was blocked here.",
    "dms_closed": (
        "I could not send the last digest, because your direct messages are closed to me: open "
        "them, then send /resume."
    ),
}
COULD_NOT_REACH = {
    "blocked": "I sent no digest since I was blocked here; now that you are back, I do again.",
    "dms_closed": (
        "I sent no digest since your direct messages were closed to me; now that you are back, I "
        "do again."
    ),
}
COULD_NOT_REACH_OTHERWISE = (
    "I sent no digest since this chat could not be reached; now that you are back, I do again."
)
UNREACHABLE_OTHERWISE = "I could not deliver the last digest to this chat. /resume tries again."

# ---------------------------------------------------------------- status


def taste(likes: int, skips: int, saved: int) -> str:
    if not likes + skips + saved:
        return "I know nothing of your taste yet: /pick brings a paper to like or skip."
    return (
        f"You liked {likes or 'no'} {_plural(likes, 'paper')}, skipped {skips} and saved {saved}: "
        "that is what I know of your taste."
    )


_WHY_NOT = {
    "blocked": "I was blocked there",
    "dms_closed": "your direct messages are closed to me",
    "unreachable": "none of your accounts could be reached",
    "busy": "the platform asked for patience",
    "platform_away": "the platform could not be reached",
    "platform_off": "I am not connected to the platform it goes to",
    "refused": "the platform refused the message",
    "paused": "you paused it",
    "fault": "something went wrong on my side",
    "connection": "the connection broke while it was sent",
    "interrupted": "I was interrupted while sending it",
}


def last_digest(state: str, due: date, reason: str, retry: str) -> str:
    """retry: the local time at which one that waits is tried again, or nothing."""
    day = long_day(due)
    why = f", because {_WHY_NOT.get(reason, reason.replace('_', ' '))}" if reason else ""
    if retry and why:
        return f"The digest for {day} is late{why}. I try again at {retry}."
    return {
        "sent": f"The last digest was sent, for {day}.",
        "empty": f"For {day} there was nothing new, and I said so.",
        "failed": f"The digest for {day} could not be delivered{why}. /today shows its papers.",
        "unknown": f"The digest for {day} may not have arrived{why}. /today shows its papers.",
    }.get(state, f"The digest for {day} is on its way.")


def digest_is_late(day: date, at: str) -> str:
    return f"The digest for {long_day(day)} was due at {at} and is late: it comes as soon as I can."


NO_DAY_TODAY = "Today is no day of your schedule."
HOUR_HAD_PASSED = (
    "None comes today: its hour had passed when the schedule was set or the digest switched on."
)
NO_DIGEST_YET = "No digest was due yet."


def catalogue(papers: int, newest_day: date | None, read: str) -> str:
    kept = f"I have {papers} {_plural(papers, 'paper')}"
    newest = f", the newest announced on {long_day(newest_day)}" if newest_day else ""
    return f"{kept}{newest}{f'; new ones came in {read}' if read else ''}."


STATUS_SAMPLE = "These are sample papers: real ones arrive once arXiv has been read."


def source_trouble(names: Sequence[str]) -> str:
    return f"Trouble right now with: {', '.join(names)}. I keep trying by myself."


def model(version: str) -> str:
    return f"Model: {version}"


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"


# ---------------------------------------------------------------- the surprise dial

SURPRISE = (
    "Surprise is at 0: only what is closest to your taste, and no pick explores.",
    "Surprise is at 1: close to your taste, and the exploring pick stays near.",
    "Surprise is at 2: mostly your taste, with some variety and an exploring pick.",
    "Surprise is at 3: more variety, and the exploring pick goes further.",
    "Surprise is at 4: as much variety as I have, and the exploring pick goes far.",
)
SURPRISE_DIAL = (
    "The dial sets two things: how much the papers of one digest differ from each other, and how "
    "far one pick in five may leave your usual. It counts from the next papers I choose. To turn "
    "it, tap a number or write /surprise with one, 0 to 4."
)
SURPRISE_WANTS_A_NUMBER = (
    "Write a number from 0, the most familiar, to 4, the most surprising, behind /surprise, such "
    "as /surprise 3. Nothing was changed."
)
SURPRISE_STORED = "Stored. The next papers I choose follow it."
# ---------------------------------------------------------------- a person's own data

PRIVACY = (
    (
        "What I keep",
        "The number of your account and of this chat, so that I can answer; your schedule and "
        "language; which papers I showed you, where and why; what you tapped, saved and wrote as "
        "a note; topics you follow or mute; which accounts you linked. No names. Of messages you "
        "write I keep nothing but notes, what you asked me to follow and, for a day, what you last "
        "searched for.",
    ),
    (
        "For how long",
        "Until you send /forget. Then all of it is deleted at once; copies that my operator "
        "makes for safety end when they are replaced.",
    ),
    (
        "Who sees it",
        "My operator can. The likes of all readers, without saying whose, teach which papers go "
        "together; a trained model holds numbers about papers only. My logs hold numbers, never "
        "words. A link or title that you send may be looked up at arXiv, without saying who asks. "
        "What stands in this chat is also kept by the platform you write on.",
    ),
    (
        "How to get it, and to be rid of it",
        "/export json is everything as one file; /export has your saved papers in other forms. "
        "/forget deletes all of it.",
    ),
    (
        "One exception",
        "When an operator shuts an account out, a keyed hash of its number stays after /forget. "
        "Nobody can read from it who that was; I only recognise the account when it comes back.",
    ),
)
PRIVACY_NO_CONTACT = "Questions are for whoever runs this bot."


def privacy_contact(contact: str) -> str:
    return f"Questions are for whoever runs this bot: {contact}"


EXPORT_ALL = "Export everything"
EXPORT_FIRST = "Export first"
FORGET_BUTTON = "Forget me"
FORGET_ME = "Yes, forget everything"
KEEP_ME = "Keep it"
FORGET_SURELY = (
    "Shall I forget you? Everything goes at once and for good: your likes, saved papers, notes, "
    "schedule and history, of all your linked accounts. Nobody can bring it back."
)
NOT_FORGOTTEN = "Nothing was deleted."
FORGET_AGAIN = "That question is too old, so nothing was deleted. I ask again."
FORGOTTEN_SHORT = "Forgotten."
FORGOTTEN_BEFORE = "You are forgotten already; nothing is kept."
FORGOTTEN = (
    "I have forgotten you: nothing about you is kept any more, and nothing will be sent. "
    "/start begins anew, as with a stranger."
)
LINK_CODE_BEFORE = (
    "To read with one taste on two platforms, send this to me from your other account:"
)
LINK_CODE_AFTER = (
    "The code works once and for ten minutes. Give it to nobody: whoever sends it shares your "
    "likes and your saved papers."
)
LINK_WANTS_A_CODE = (
    "Write /link alone to get a code, /link and the six characters of a code to join the "
    "accounts, or /link undo to split them. Nothing was changed."
)
LINK_REFUSED = {
    "wrong": (
        "This code is not valid, so nothing was changed. Codes work once and for ten minutes: "
        "send /link from your other account for a new one."
    ),
    "own": "This code is your own: send it to me from your other account.",
    "slowed": (
        "Too many codes were wrong, so nothing was changed. Wait ten minutes, then send /link "
        "from your other account for a new one."
    ),
    "busy": "I cannot take codes right now, so nothing was changed. Please try in ten minutes.",
}
LINK_UNDO = "Split them again"
UNLINKED = (
    "Your accounts are two again. Each keeps what came through it: likes, saved papers and what "
    "it was shown."
)
NOTHING_LINKED = "No other account is linked with this one. /link gives you a code for that."


def linked(likes: int, saved: int, place: str) -> str:
    goes = {
        "": "The digest can reach neither of them yet.",
        "here": "The digest comes here.",
    }.get(place, f"The digest goes to {place}.")
    return (
        f"Your accounts are one reader now, with {likes} liked and {saved} saved "
        f"{_plural(saved, 'paper')} together. {goes} /schedule moves it to where you send it."
    )


# ---------------------------------------------------------------- library


NOTE = "📝 Note"
NO_HISTORY = "I have shown you nothing yet. /pick brings the first paper."
NO_HISTORY_PAGE = "There is no such page. Try /history."
HISTORY_WANTS_A_NUMBER = "Write a page number behind /history, such as /history 2."
NOTHING_TO_NOTE = "There is no paper to write on yet. Open one, then send /note and your words."
NOTE_ASKED = (
    "Send /note and your words, and they stand on this paper; a #tag in them makes a list that "
    "/saved shows. /note - takes them away:"
)
NOTE_STANDS = "Your note:"
NOTED = "Noted on"
NOTE_REMOVED = "There is no note any more on"
EXPORT_TASTE = "Taste file"
EXPORT_WHICH = (
    "Your saved papers as a file for other programs, your taste for another Paperlark, or "
    "everything I know about you: which one?"
)
EXPORT_UNKNOWN = "I do not write that form. These I do:"
EXPORTED_ALL = "Everything I keep about you, as one JSON file. /forget deletes it here."
EXPORTED_TASTE = (
    "Your taste: the papers you judged or saved, and how. Send this file to another Paperlark, "
    "and it knows as much."
)
NOTHING_TO_EXPORT = "I know nothing of your taste yet: /pick brings a paper to like or skip."


FILE_NOT_FETCHED = (
    "I could not read that file: it is larger than 1 MB, or it could not be fetched. Nothing was "
    "changed; please send it again, or a smaller one."
)
TASTE_BROKEN = (
    "This is no taste file that I can read, so nothing was changed: /export taste on the other "
    "Paperlark makes one."
)
TASTE_NEWER = (
    "This taste file was made by a newer Paperlark than I am, so nothing was changed. My operator "
    "can update me."
)
TASTE_EMPTY = "There is no paper in this taste file that I could use, so nothing was changed."


def taste_too_long(most: int) -> str:
    return f"A taste file holds at most {most} papers, so nothing was changed."


def taste_taken_in(papers: int, stored: int, lacking: int) -> str:
    read = f"I read {papers} {_plural(papers, 'paper')}: {stored} taught me something new."
    asking = f" {lacking} I do not have yet, and ask arXiv for them now." if lacking else ""
    return f"{read}{asking} What you said here before stands."


def taste_looked_up(stored: int, unknown: Sequence[str], more: int) -> str:
    found = f"{stored} more {_plural(stored, 'paper')} found and taken in."
    if not unknown:
        return found
    listed = "\n".join(f"· {name}" for name in unknown)
    behind = f"\nand {more} more" if more else ""
    return (
        f"{found} These I could not find; send the file again later to try once more:\n"
        f"{listed}{behind}"
    )


def note_line(note: str) -> str:
    return f"📝 {note}"


def note_too_long(most: int) -> str:
    return f"A note holds at most {most} characters, so nothing was changed: send a shorter one."


def history_heading(first: int, last: int, total: int) -> str:
    if total == 1:
        return "The paper you were shown"
    return f"What you were shown, {first}–{last} of {total}"


def no_such_history_page(pages: int) -> str:
    if pages == 1:
        return "All your history is on one page: try /history."
    return f"Your history fills {pages} pages: try /history {pages}."


def exported(count: int) -> str:
    if count == 1:
        return "Your saved paper."
    return f"Your {count} saved {_plural(count, 'paper')}."


def found_heading(sought: str, first: int, last: int, total: int) -> str:
    if total == 1:
        return f"One saved paper with “{sought}”"
    return f"Saved papers with “{sought}”, {first}–{last} of {total}"


def nothing_found(sought: str) -> str:
    return f"None of your saved papers has “{sought}”. /saved shows all of them."


# ---------------------------------------------------------------- search, similar, trending

BACK, FORTH = "‹ Back", "More ›"
BY_RELEVANCE = "Plain relevance"
BY_TASTE = "My taste first"
PERIODS = {"day": "Day", "week": "Week", "month": "Month"}
OPEN_IN_BOT = "Like, save, more like this"  # on a paper sent from inline mode
SEARCH_WANTS_WORDS = (
    "Write what you look for behind /search: words, names, or a sentence such as "
    "/search robots that learn to grasp from video."
)
SEARCH_IS_OVER = "That search is too long ago, so I no longer know it. Please send /search again."
SIMILAR_WANTS_A_PAPER = (
    "Like which paper? Write a link, an id or a title behind /similar, or tap “More like this” "
    "below a paper."
)
NO_LINK_HERE = (
    "That message names no paper: I look for a link or an id such as 2301.12652. /similar takes a "
    "title as well."
)
NOTHING_SIMILAR = "I have no paper like this one yet. /pick brings another."
TRENDING_WANTS_A_PERIOD = "Write day, week or month behind /trending, such as /trending month."
NO_SUCH_PAGE = "There is no such page."


def nothing_matches(asked: str) -> str:
    return f"I have no paper about “{asked}”. Try other words; the link of a paper works as well."


def search_heading(asked: str, first: int, last: int, total: int, *, by_taste: bool) -> str:
    order = "your taste first" if by_taste else "by relevance"
    return f"“{asked}”: {first}–{last} of {total}, {order}"


def similar_heading(title: str) -> str:
    return f"Papers like “{title}”, by their texts"


def similar_to(title: str, common: Sequence[str]) -> str:
    shared = f"; shared words: {', '.join(common)}" if common else ""
    return f"Like “{title}”, which you asked about{shared}."


def shared_words(common: Sequence[str]) -> str:
    return f"Shared words: {', '.join(common)}." if common else ""


SIMILAR_LONG = (
    "You asked for papers like another one, so only the likeness of the two texts counted, and "
    "not your taste."
)


def trending_heading(period: str) -> str:
    return {
        "day": "Trending among the papers of the newest day",
        "week": "Trending among the papers of the last week",
        "month": "Trending among the papers of the last month",
    }[period]


def nothing_trends(period: str) -> str:
    papers = {"day": "the newest day", "week": "the last week", "month": "the last month"}[period]
    return f"Nobody has voted for the papers of {papers} yet. A 👍 here counts."


def votes(likes: int, upvotes_elsewhere: int) -> str:
    # A single like would tell a small circle whose it is.
    here = f"{likes} likes here" if likes > 1 else ""
    elsewhere = (
        f"{upvotes_elsewhere} {_plural(upvotes_elsewhere, 'upvote')} on Hugging Face"
        if upvotes_elsewhere
        else ""
    )
    return " · ".join(filter(None, (here, elsewhere)))
