"""Whatever stands in a message or a form, it is heard as what it is, or not at all."""

from types import SimpleNamespace

import discord
from hypothesis import example, given
from hypothesis import strategies as st
from telegram import Update

from bot.adapters.discord_hear import Place, interaction_event
from bot.adapters.telegram_hear import hear, pressed
from bot.conversation.events import Command, Filled, MessageRef, Person, Platform, Said
from bot.conversation.events import Place as TelegramPlace

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


@given(
    st.sampled_from(["private", "group", "supergroup", "channel"]),
    st.sampled_from([None, "de", "pt-br"]),
    texts | st.none(),
    st.none() | st.integers(1, 99),
    st.booleans(),
)
def test_a_tap_on_telegram_is_heard_as_the_library_reads_it(kind, language, data, topic, is_old):
    number = 42 if kind == "private" else -1001
    message = {"message_id": 9, "date": 0 if is_old else 1, "chat": {"id": number, "type": kind}}
    if topic and not is_old:
        message |= {"is_topic_message": True, "message_thread_id": topic}
    sent = {"id": "77", "from": ADA, "chat_instance": "1", "message": message}
    sent["from"] = ADA | ({"language_code": language} if language else {})
    sent |= {} if data is None else {"data": data}
    heard, read = pressed(5, sent), Update.de_json({"update_id": 5, "callback_query": sent}, None)
    query, person = read.callback_query, heard.event.person
    assert (heard.query, heard.event.data) == (query.id, query.data or "")
    assert heard.event.message == MessageRef(
        str(query.message.chat.id), str(query.message.message_id)
    )
    assert (person.account, person.language) == (str(query.from_user.id), language)
    assert person.is_private is (query.message.chat.type == "private")
    assert person.group == (None if person.is_private else TelegramPlace(
        str(number), str(number), is_channel=kind == "channel"))  # fmt: skip
    assert heard.thread == getattr(query.message, "message_thread_id", None)


def test_no_bot_taps_and_a_tap_on_no_message_is_none():
    message = {"message_id": 9, "date": 1, "chat": {"id": 42, "type": "private"}}
    assert pressed(5, {"id": "77", "from": LARK, "message": message, "data": "l"}) is None
    assert pressed(5, {"id": "77", "from": ADA, "inline_message_id": "3", "data": "l"}) is None


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
