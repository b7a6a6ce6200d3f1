"""Do the platforms take our tokens? Asked with plain requests, without starting a bot."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.commands.finding import Finding, fine, note, wrong
from bot.settings import Settings

INVITE = (
    "https://discord.com/oauth2/authorize?client_id={id}"
    "&scope=bot+applications.commands&permissions=19456"
)  # 19456: see channels, send messages, embed links
# Discord wants bots to say so in this form, and may shut out what does not.
_INTRODUCTION = "DiscordBot (paperlark, 0.1)"
_NETWORK = "check the network, a firewall or proxy, and {setting}"


class _NoAnswer(Exception):
    """Nothing usable came back; the message says what did, in words of ours."""


class _Refused(Exception):
    """The platform does not know the token."""


async def _ask(
    http: httpx.AsyncClient, url: str, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the JSON object at an address. Raises _NoAnswer, _Refused."""
    try:
        response = await http.get(url, headers=headers)
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise _NoAnswer(f"cannot be reached ({type(error).__name__})") from None
    if response.status_code in (401, 404):
        raise _Refused
    if response.status_code != 200:
        raise _NoAnswer(f"answers with status {response.status_code}")
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _NoAnswer("answers with something else than its API")
    return body


async def telegram(settings: Settings, http: httpx.AsyncClient) -> list[Finding]:
    """Ask who we are and what Telegram knows of our webhook."""
    what = "Telegram"
    if settings.telegram_token is None:
        return [note(what, "off: TELEGRAM_TOKEN is not set")]
    base = f"{settings.telegram_api_base}/bot{settings.telegram_token.get_secret_value()}"
    try:
        me = _result(await _ask(http, f"{base}/getMe"))
        if not isinstance(me.get("username"), str):
            raise _NoAnswer("answers with something else than its API")
        hook = _result(await _ask(http, f"{base}/getWebhookInfo"))
    except _Refused:
        todo = "copy the whole token from @BotFather into TELEGRAM_TOKEN"
        return [wrong(what, "does not know this token", todo)]
    except _NoAnswer as answer:
        return [wrong(what, str(answer), _NETWORK.format(setting="TELEGRAM_API_BASE"))]
    return [fine(what, f"you are @{me['username']}"), _webhook(settings, hook)]


def _result(body: dict[str, Any]) -> dict[str, Any]:
    result = body.get("result")
    if body.get("ok") is not True or not isinstance(result, dict):
        raise _NoAnswer("answers with something else than its API")
    return result


def _webhook(settings: Settings, hook: Mapping[str, Any]) -> Finding:
    what, wanted, stands = "webhook", settings.telegram_webhook_url, hook.get("url") or ""
    waiting = f"{hook.get('pending_update_count', 0)} updates waiting"
    if not wanted and not stands:
        return fine(what, f"none, so updates are polled; {waiting}")
    if not wanted:
        host = urlsplit(str(stands)).hostname
        return note(
            what,
            f"Telegram still has one, at {host}; {waiting}",
            "the next start takes it away and polls",
        )
    if str(stands).rstrip("/") != wanted.rstrip("/"):
        return note(what, "Telegram does not have it yet", "the next start registers it")
    if hook.get("last_error_date"):
        return wrong(
            what,
            f"Telegram could not deliver lately; {waiting}",
            "check that TELEGRAM_WEBHOOK_URL leads to TELEGRAM_WEBHOOK_LISTEN, by https",
        )
    return fine(what, f"registered; {waiting}")


async def discord(settings: Settings, http: httpx.AsyncClient) -> list[Finding]:
    """Ask who we are, and whether the gateway lets us in today."""
    what = "Discord"
    if settings.discord_token is None:
        return [note(what, "off: DISCORD_TOKEN is not set")]
    base = settings.discord_api_base
    headers = {
        "Authorization": f"Bot {settings.discord_token.get_secret_value()}",
        "User-Agent": _INTRODUCTION,
    }
    try:
        me = await _ask(http, f"{base}/users/@me", headers)
        application = await _ask(http, f"{base}/applications/@me", headers)
        gateway = await _ask(http, f"{base}/gateway/bot", headers)
        if not application.get("id") or not gateway.get("url"):
            raise _NoAnswer("answers with something else than its API")
    except _Refused:
        todo = "press Reset Token in the Developer Portal and copy the new one to DISCORD_TOKEN"
        return [wrong(what, "does not know this token", todo)]
    except _NoAnswer as answer:
        return [wrong(what, str(answer), _NETWORK.format(setting="DISCORD_API_BASE"))]
    number = application["id"]
    found = [
        fine(what, f"you are {me.get('username', 'a bot')}, application {number}"),
        note("invite link", INVITE.format(id=number)),
    ]
    limit = gateway.get("session_start_limit")
    if isinstance(limit, Mapping) and limit.get("remaining") == 0:
        todo = "look for a process that starts over and over, and wait until tomorrow"
        found.append(wrong("gateway", "no start is left for today", todo))
    return found
