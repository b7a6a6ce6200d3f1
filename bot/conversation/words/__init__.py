"""Every sentence we say that belongs to no single feature, by subject, to be translated.

Plain, short, friendly; no exclamation marks; emoji only on buttons and marks. Nothing here
decides anything: `dialogue`, `cards`, `reasons` and `schedule_words` choose and fill in.

A constant is a sentence in English, and said as `_(words.WHY)`; a function returns what is
said now. Sentences are whole, because languages put their words in different places.
"""

from bot.conversation.words.account import *
from bot.conversation.words.buttons import *
from bot.conversation.words.cards import *
from bot.conversation.words.library import *
from bot.conversation.words.messages import *
from bot.conversation.words.moments import *
from bot.conversation.words.reasons import *
from bot.conversation.words.schedule import *
from bot.conversation.words.search import *
from bot.conversation.words.status import *
from bot.conversation.words.surprise import *
from bot.conversation.words.toasts import *
