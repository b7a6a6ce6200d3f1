"""From what Discord reports to the conversation's events; and the commands it offers.

Without privileged intents text arrives in direct messages and where the bot is mentioned;
everything else comes as interactions.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import discord

from bot.adapters.discord_render import Payload
from bot.conversation.commands import MESSAGE_COMMANDS, joined, meant
from bot.conversation.events import (
    Command,
    CommandOption,
    CommandSpec,
    Event,
    Filled,
    MessageRef,
    Person,
    Platform,
    Pressed,
    Said,
    Suggests,
)
from bot.conversation.events import Place as GroupPlace
from bot.conversation.language import ENGLISH, LANGUAGES, _, speaking
from bot.conversation.messages import CHOSEN

_HIDDEN_LINK = re.compile(r"\]\(\s*<?(https?://[^\s)>]+)")
_TYPED_COMMAND = re.compile(r"/(\w{1,64})(?:\s+(.*))?", re.DOTALL)
_ON_MESSAGE = 3  # the kind of a command that stands in the menu of a message
_KINDS = {"text": 3, "whole": 4, "choice": 3, "file": 11}
_EVERYWHERE = {"contexts": [0, 1, 2], "integration_types": [0, 1]}  # servers, DMs, private chats
# In servers that took the bot in, to whoever may manage them unless they say otherwise; that is
# only what is offered: each use is checked.
_FOR_ADMINS = {
    "contexts": [0],
    "integration_types": [0],
    "default_member_permissions": str(discord.Permissions(manage_guild=True).value),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something happened.

    is_dm: a direct message with the bot; nobody else reads along there.
    tapped: the message whose button was pressed.
    is_tapped_public: whether others see that message, so that it is not one person's to change.
    """

    channel: str
    is_dm: bool
    tapped: str = ""
    is_tapped_public: bool = False


def place(interaction: discord.Interaction) -> Place:
    is_dm = interaction.guild_id is None and not interaction.context.private_channel
    message = interaction.message
    is_public = bool(message and not is_dm and not message.flags.ephemeral)
    tapped = str(message.id) if message else ""
    return Place(str(interaction.channel_id), is_dm, tapped, is_public)


def person(
    user: discord.abc.User,
    chat: str | None,
    is_dm: bool,
    locale: str | None,
    group: GroupPlace | None = None,
) -> Person:
    return Person(
        Platform.DISCORD, str(user.id), chat, is_private=is_dm, language=locale, group=group
    )


def group_of(interaction: discord.Interaction) -> GroupPlace | None:
    """Return the server's channel in which something happened, a thread's being the one around it.

    Discord sends with each interaction what its person and the bot may do there.
    """
    channel, home = interaction.channel, interaction.guild_id
    if home is None or channel is None:
        return None
    number = channel.parent_id if isinstance(channel, discord.Thread) else channel.id
    theirs, ours = interaction.permissions, interaction.app_permissions
    return channel_as_group(
        number,
        home,
        is_admin=theirs.manage_guild or theirs.administrator,
        may_post=ours.administrator
        or (ours.view_channel and ours.send_messages and ours.embed_links),
    )


def channel_as_group(
    channel: int, home: int, *, is_admin: bool | None = None, may_post: bool | None = None
) -> GroupPlace:
    """Return a server's channel as a group; nobody else has an account of that name."""
    return GroupPlace(
        account=f"channel:{channel}",
        chat=str(channel),
        home=str(home),
        is_admin=is_admin,
        may_post=may_post,
    )


def as_group(group: GroupPlace) -> Person:
    """Return a channel, or a whole server, that acts as itself."""
    return Person(Platform.DISCORD, group.account, group.chat, is_private=False, group=group)


def server_as_group(home: int) -> Person:
    """Return a server with all its channels."""
    return as_group(GroupPlace(account="", chat="", home=str(home)))


def interaction_event(interaction: discord.Interaction, who: Person, where: Place) -> Event | None:
    """Return what an interaction means, None for kinds that we never offered."""
    data = cast(dict[str, Any], interaction.data or {})
    event = str(interaction.id)
    if interaction.type is discord.InteractionType.component:
        tapped = MessageRef(where.channel, where.tapped)
        return Pressed(
            event, who, str(data.get("custom_id", "")), tapped, _shown(interaction.message)
        )
    if interaction.type is discord.InteractionType.modal_submit:
        return Filled(event, who, str(data.get("custom_id", "")), _written(data))
    if is_about_a_message(interaction):
        about = MESSAGE_COMMANDS.get(str(data.get("name", "")))
        return Command(event, who, about, _text_of_target(data)) if about else None
    if interaction.type is discord.InteractionType.application_command:
        name = str(data.get("name", ""))
        options = {str(o["name"]): o.get("value") for o in data.get("options", ())}
        names = [str(file.get("filename", "")) for file in attached(interaction)]
        return Command(event, who, name, "\n".join(filter(None, (joined(name, options), *names))))
    return None


def _shown(message: discord.Message | None) -> tuple[tuple[str, bool], ...]:
    """Return the data of a message's buttons, and which of them are drawn as chosen."""
    rows = message.components if message else ()
    buttons = (b for row in rows if isinstance(row, discord.ActionRow) for b in row.children)
    return tuple(
        (b.custom_id or "", (b.label or "").startswith(CHOSEN))
        for b in buttons
        if isinstance(b, discord.Button)
    )


def attached(interaction: discord.Interaction) -> list[Any]:
    """Return the files that came as options of a command, as Discord describes them."""
    data = cast(dict[str, Any], interaction.data or {})
    files = data.get("resolved", {}).get("attachments", {})
    wanted = (o for o in data.get("options", ()) if o.get("type") == _KINDS["file"])
    return [files[str(o.get("value"))] for o in wanted if str(o.get("value")) in files]


def _written(data: dict[str, Any]) -> str:
    """Return what stands in the field of a form, however its field is wrapped."""
    for row in data.get("components") or ():
        for field in row.get("components") or [row.get("component") or {}]:
            if "value" in field:
                return str(field["value"] or "")
    return ""


def is_about_a_message(interaction: discord.Interaction) -> bool:
    """Return whether this came from the menu of somebody's message."""
    data = cast(dict[str, Any], interaction.data or {})
    is_command = interaction.type is discord.InteractionType.application_command
    return is_command and data.get("type") == _ON_MESSAGE


def _text_of_target(data: dict[str, Any]) -> str:
    """Return what a message says, with the links of what is embedded in it or forwarded by it."""
    messages = data.get("resolved", {}).get("messages", {})
    target = messages.get(str(data.get("target_id")), {})
    forwarded = [part.get("message", {}) for part in target.get("message_snapshots") or ()]
    found = list[str]()
    for message in (target, *forwarded):
        found.append(str(message.get("content") or ""))
        found += [str(embed.get("url") or "") for embed in message.get("embeds") or ()]
    return "\n".join(filter(None, found))


def typed(
    interaction: discord.Interaction, commands: Sequence[CommandSpec]
) -> tuple[Suggests, str] | None:
    """Return what somebody is typing into an option, and what to propose for it."""
    data = cast(dict[str, Any], interaction.data or {})
    spec = next((spec for spec in commands if spec.name == data.get("name")), None)
    focused = next((o for o in data.get("options", ()) if o.get("focused")), None)
    if spec is None or focused is None:
        return None
    option = next((o for o in spec.options if o.name == focused.get("name")), None)
    if option is None or option.suggests is None:
        return None
    return option.suggests, str(focused.get("value", ""))


def said_text(message: discord.Message, me: int) -> str | None:
    """Return the text that is meant for the bot, with names of files; None when nothing is.

    Bots, webhooks and system messages are not listened to. In a server the bot must be
    mentioned in so many words: a reply that merely notifies it is between people.
    """
    is_talk = message.type in (discord.MessageType.default, discord.MessageType.reply)
    if message.author.bot or message.webhook_id or not is_talk:
        return None
    without = re.sub(rf"<@!?{me}>", " ", message.content)
    if not isinstance(message.channel, discord.DMChannel) and without == message.content:
        return None
    pieces = [without, *(file.filename for file in message.attachments)]
    for snapshot in message.message_snapshots:
        pieces += [snapshot.content, *(file.filename for file in snapshot.attachments)]
        pieces += [embed.url or "" for embed in snapshot.embeds]
    without = "\n".join(filter(None, pieces))
    return re.sub(r"[ \t]{2,}", " ", without).strip()


def said_event(event: str, who: Person, text: str) -> Event:
    """Return free text, or the command that somebody typed without choosing it in the menu."""
    command = _TYPED_COMMAND.fullmatch(text)
    if command:
        name = meant(command[1].lower())
        return Command(event, who, name, (command[2] or "").strip())
    return Said(event, who, text, tuple(_HIDDEN_LINK.findall(text)))


def offered(commands: Sequence[CommandSpec]) -> list[Payload]:
    """Return the commands as Discord registers them, and those of a message's menu."""
    slash = [
        {
            "type": 1,
            **_named(spec.name, f"/{spec.name}"),
            **_described(spec.description),
            "options": [_option(option) for option in spec.options],
            **(_FOR_ADMINS if spec.is_for_admins else _EVERYWHERE),
        }
        for spec in commands
    ]
    on_message = [
        {"type": _ON_MESSAGE, **_named(name, name), **_EVERYWHERE} for name in MESSAGE_COMMANDS
    ]
    return [*slash, *on_message]


def _option(option: CommandOption) -> Payload:
    shape: Payload = {
        "type": _KINDS[option.kind],
        **_named(option.name, f"{option.name}:"),
        **_described(option.description),
        "required": False,
    }
    if option.kind == "choice":
        shape["choices"] = [{**_named(name, name), "value": name} for name in option.choices]
    if option.suggests:
        shape["autocomplete"] = True
    if option.kind == "whole":
        bounds = {"min_value": option.minimum, "max_value": option.maximum}
        shape |= {name: bound for name, bound in bounds.items() if bound is not None}
    return shape


def _named(name: str, sentence: str) -> Payload:
    """Return a name in all our languages. sentence: how translators know it."""
    names = {code: said.strip("/:") for code, said in _translated(sentence).items()}
    return {"name": name, "name_localizations": names}


def _described(description: str) -> Payload:
    return {
        "description": description,
        "description_localizations": _translated(description),
    }


def _translated(sentence: str) -> dict[str, str]:
    """Return what is said in each language but English, which is what all others see."""
    found = dict[str, str]()
    for code in LANGUAGES:
        if code != ENGLISH:
            with speaking(code):
                found[code] = _(sentence)
    return found


def is_same(ours: list[Payload], theirs: list[Payload]) -> bool:
    """Whether Discord already has these commands, in any order and with whatever it adds."""
    return _comparable(ours) == _comparable(theirs)


def _comparable(commands: list[Payload]) -> dict[Any, Any]:
    return {(c.get("type", 1), c["name"]): _essence(c) for c in commands}


def _essence(shape: Payload) -> tuple[Any, ...]:
    return (
        shape.get("type", 1),
        shape["name"],
        shape.get("description") or "",
        bool(shape.get("autocomplete")),
        bool(shape.get("required")),
        shape.get("min_value"),
        shape.get("max_value"),
        [(c["name"], c["value"], _names(c)) for c in shape.get("choices") or ()],
        [_essence(option) for option in shape.get("options") or ()],
        sorted(shape.get("contexts") or ()),
        sorted(shape.get("integration_types") or ()),
        _names(shape),
        sorted((shape.get("description_localizations") or {}).items()),
        str(shape.get("default_member_permissions") or ""),
    )


def _names(shape: Payload) -> list[tuple[str, str]]:
    return sorted((shape.get("name_localizations") or {}).items())
