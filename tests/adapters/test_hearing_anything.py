"""Whatever stands in a message or a form, it is heard as what it is, or not at all."""

from types import SimpleNamespace

import discord
from hypothesis import example, given
from hypothesis import strategies as st
from telegram import Update

from bot.adapters.discord_hear import Place, interaction_event
from bot.adapters.telegram_hear import hear
from bot.conversation.events import Command, Filled, Person, Platform, Said

ADA = {"id": 42, "is_bot": False, "first_name": "Ada"}
LARK = {"id": 7001, "is_bot": True, "first_name": "Lark", "username": "lark_bot"}
nasty = st.text(
    st.sampled_from("/@lark_bot pick<>&_*`[]() é\u200b\u200d\u202e\u2067אב👍🏽🇩🇪\n\t\x00٣²0aZ"),
    max_size=80,
)
texts = st.text(max_size=200) | nasty
links = st.lists(
    st.builds(
        lambda url, offset: {"type": "text_link", "offset": offset, "length": 1, "url": url},
        texts,
        st.integers(0, 300),
    ),
    max_size=3,
)


ME = SimpleNamespace(id=LARK["id"], username=LARK["username"])  # all that hearing asks of a bot


@given(texts, links, st.sampled_from([None, ADA, LARK]), texts, st.booleans())
@example("x" * 10_000, [], LARK, "📝 \u202e", True)
def test_a_message_on_telegram_is_heard_with_what_it_replies_to(
    written, entities, answered, quoted, is_private
):
    chat = {"id": 42 if is_private else -1001, "type": "private" if is_private else "group"}
    message = {"message_id": 2, "date": 1, "chat": chat, "from": ADA, "text": written or "x",
               "entities": entities}  # fmt: skip
    if answered:
        message["reply_to_message"] = {"message_id": 1, "date": 1, "chat": chat,
                                       "from": answered, "text": quoted or "y",
                                       "entities": entities}  # fmt: skip
    heard = hear(Update.de_json({"update_id": 1, "message": message}, None), ME)
    if heard is None:
        assert not is_private or "@" in written
        return
    assert isinstance(heard.event, Said | Command)
    assert heard.event.person.is_private is is_private
    if isinstance(heard.event, Said):
        assert (heard.event.answers is not None) is (answered is LARK)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
fields = st.fixed_dictionaries({"type": st.just(4)}, optional={"value": texts | st.none()})
rows = st.fixed_dictionaries(
    {"type": st.sampled_from([1, 10, 18])},
    optional={"components": st.lists(fields, max_size=2), "component": fields},
)


@given(st.lists(rows, max_size=3) | st.none(), texts, values)
def test_a_form_on_discord_is_heard_however_its_field_is_wrapped(components, data, more):
    interaction = SimpleNamespace(
        id=5,
        type=discord.InteractionType.modal_submit,
        data={"custom_id": data, "components": components, "resolved": more},
    )
    who = Person(Platform.DISCORD, "42", "43")
    event = interaction_event(interaction, who, Place("43", is_dm=True))
    assert isinstance(event, Filled)
    assert event.data == data
    assert isinstance(event.text, str)
