"""What a reader hands on, and how somebody is greeted who opens it."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.conversation import invitations_words
from bot.conversation.events import Platform
from bot.conversation.messages import Send
from tests.conversation.journey import ADA, BOB, Journey
from tests.conversation.scripted_desk import ScriptedDesk, paper, talking

IN_TELEGRAM = "https://t.me/lark_bot?start=i"
IN_DISCORD = (
    "https://discord.com/oauth2/authorize?client_id=11&integration_type=1"
    "&scope=applications.commands"
)
ON_DISCORD = replace(ADA, platform=Platform.DISCORD)
ON_BOTH = {Platform.TELEGRAM: "lark_bot", Platform.DISCORD: "11"}


@pytest.fixture
def desk():
    return ScriptedDesk([paper(n) for n in range(1, 5)])


def links(message):
    return [span.url for span in message.text if span.url]


async def invites(desk, person=ADA):
    """Return how an invitation is explained, and the invitation."""
    explained, invitation = await Journey(talking(desk), person).command("/invite")
    return explained.message, invitation.message


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ({Platform.TELEGRAM: "lark_bot"}, [IN_TELEGRAM]),
        ({Platform.DISCORD: "11"}, [IN_DISCORD]),
        (ON_BOTH, [IN_TELEGRAM, IN_DISCORD]),
    ],
)
async def test_an_invitation_has_the_links_that_lead_somewhere_and_no_others(desk, found, shown):
    desk.found = found
    for person in (ADA, ON_DISCORD):
        _, invitation = await invites(desk, person)
        assert links(invitation) == shown
        assert invitation.rows == ()  # it is to be forwarded as it stands


async def test_where_nobody_can_find_the_bot_that_is_said_and_no_link_is_shown(desk):
    ada = Journey(talking(desk))
    await ada.command("/invite")
    assert ada.transcript[1:] == [invitations_words.NO_WAY_IN]


async def test_on_telegram_a_button_asks_at_once_whom_to_send_it_to(desk):
    desk.found = ON_BOTH
    explained, _ = await invites(desk)
    ((button,),) = explained.rows
    shared = parse_qs(urlsplit(button.url).query)
    assert shared == {"url": [IN_TELEGRAM], "text": [invitations_words.PITCH]}
    explained, _ = await invites(desk, ON_DISCORD)
    assert explained.rows == ()


async def test_an_invitation_is_the_same_whoever_invites(desk):
    desk.found = ON_BOTH
    ada, bob = [await invites(desk, person) for person in (ADA, BOB)]
    assert ada == bob


async def test_in_a_group_only_who_asks_gets_the_invitation(desk):
    desk.found = ON_BOTH
    group = Journey(talking(desk), replace(ADA, chat="9", is_private=False))
    for action in await group.command("/invite"):
        assert isinstance(action, Send)
        assert action.is_private


async def test_who_opens_an_invitation_is_greeted_as_invited_and_reads_a_paper_at_once(desk):
    bob = Journey(talking(desk), BOB)
    await bob.command("/start i")
    assert bob.transcript[1] == (
        "Somebody who reads with me invited you: welcome! I am Paperlark: I find the new research "
        "papers you would have picked yourself. Neither of you sees what the other reads."
    )
    assert "Paper number 1" in bob.last
