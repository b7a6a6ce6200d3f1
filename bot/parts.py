"""Which parts the conversation has, and which desk each of them asks."""

from bot.account_desk import AccountDesk
from bot.admin_desk import AdminDesk
from bot.clock import Clock
from bot.conversation.account import AccountFeature
from bot.conversation.admin import Admin
from bot.conversation.exporting import ExportFeature
from bot.conversation.groups import Groups
from bot.conversation.interests import InterestsFeature
from bot.conversation.invitations import Invitations
from bot.conversation.language_choice import LanguageChoice
from bot.conversation.library import LibraryFeature
from bot.conversation.notes import NotesFeature
from bot.conversation.search import Search
from bot.conversation.service import Conversation
from bot.conversation.surprise import Surprise
from bot.conversation.taste_file import TasteFiles
from bot.conversation.teaching import BibliographyFiles, Teaching
from bot.conversation.topics import TopicsFeature
from bot.desk import Desk
from bot.group_desk import GroupDesk
from bot.library_desk import LibraryDesk
from bot.look_up import Elsewhere, SourceLookUp
from bot.metrics import Metrics
from bot.personal_pace import PersonalPace
from bot.presence import Presence
from bot.search_desk import SearchDesk
from bot.settings import Settings
from bot.shelf import Shelf
from bot.teaching_desk import TeachingDesk
from bot.wishes_desk import WishesDesk
from storage.database import Database
from storage.dialogue_state import DialogueState

EXPORTS = "exports"  # in DATA_DIR: what the terminal's person asked for; /forget empties it


def conversation_of(
    settings: Settings,
    clock: Clock,
    *,
    database: Database,
    state: DialogueState,
    shelf: Shelf,
    desk: Desk,
    look_up: SourceLookUp,
    others: Elsewhere,
    search: SearchDesk,
    presence: Presence,
    for_operators: AdminDesk,
    metrics: Metrics,
) -> Conversation:
    """Return the conversation with all its parts."""
    library = LibraryDesk(database, look_up, clock)
    account = AccountDesk(database, desk.reader_of, state, clock, settings.data_dir / EXPORTS)
    told = WishesDesk(
        database,
        shelf,
        desk,
        clock,
        always=settings.arxiv_categories,
        most=settings.max_categories,
    )
    taught = TeachingDesk(database, shelf, look_up, state, clock, others)
    groups = GroupDesk(database, clock, metrics=metrics)
    files = (TasteFiles(library, told), BibliographyFiles(taught))
    teaching, notes = Teaching(taught, files), NotesFeature(library)
    interests = InterestsFeature(told)
    return Conversation(
        desk,
        clock,
        features=(
            Surprise(desk),
            LanguageChoice(desk),
            Search(search),
            AccountFeature(account, clock, presence, settings.contact or None),
            Invitations(presence),
            LibraryFeature(library),
            notes,
            ExportFeature(library),
            TopicsFeature(told),
            teaching,
            interests,
        ),
        files=files,
        closed=[Admin(for_operators, clock, settings.operators)],
        listeners=[notes, interests, teaching],
        forms=[notes, interests],
        groups=Groups(groups, clock, settings.arxiv_categories),
        patience=PersonalPace(state),
    )
