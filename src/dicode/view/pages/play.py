"""Playing in the browser: sessions by level, each prepared in the background, stepped by requests, seen as PNG frames."""

import io
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from dicode.errors import DicodeError
from dicode.types import LevelRecord
from dicode.view.pages.game import Game
from dicode.view.pages.machine import Machine, Moment, Table

_MOST_SESSIONS = 4


@dataclass
class Session:
    """One level in the browser."""

    record: LevelRecord
    stage: str = "waiting for another level"
    since: float = 0.0
    """When the stage began."""
    error: str = ""
    table: Table | None = None
    watched: list[Moment] = field(default_factory=list)
    watching: bool = False

    def say(self, stage: str) -> None:
        """What is being done now."""
        self.stage, self.since = stage, time.monotonic()


class Sessions:
    """The levels that are being played; beyond `_MOST_SESSIONS` the one that was used longest ago goes."""

    def __init__(self, machine: Machine, game: Game) -> None:
        self.machine, self._game = machine, game
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._guard = threading.Lock()

    def open(self, record: LevelRecord) -> Session:
        """The session of a level; a new one is prepared in the background."""
        with self._guard:
            session = self._sessions.get(record.id)
            if session is None or session.error:
                session = self._sessions[record.id] = Session(record)
                threading.Thread(target=self._run, args=(session, self._prepare), daemon=True).start()
            self._sessions.move_to_end(record.id)
            while len(self._sessions) > _MOST_SESSIONS:
                self._sessions.popitem(last=False)
            return session

    def get(self, level: str) -> Session | None:
        """The session of a level, if it was opened."""
        return self._sessions.get(level)

    def act(self, session: Session, action: int) -> None:
        """One step."""
        with self.machine.lock:
            if session.table is not None:
                session.table.act(action)

    def again(self, session: Session) -> None:
        """A new episode."""
        with self.machine.lock:
            if session.table is not None:
                session.table.start()

    def watch(self, session: Session) -> None:
        """Let the agent play the level, in the background."""
        with self._guard:
            if session.table is None or session.watching or session.watched:
                return
            session.watching = True
        threading.Thread(target=self._run, args=(session, self._watch), daemon=True).start()

    def _run(self, session: Session, job: Callable[[Session], None]) -> None:
        try:
            with self.machine.lock:
                job(session)
        except (DicodeError, OSError, ValueError) as error:
            session.error = str(error)
        finally:
            session.watching = False
            session.say("")

    def _prepare(self, session: Session) -> None:
        table = self.machine.table(session.record, session.say)
        session.say("starting")
        table.start()
        session.table = table

    def _watch(self, session: Session) -> None:
        assert session.table is not None
        session.watched = session.table.watch(session.say)

    def state(self, session: Session) -> dict[str, Any]:
        """All that the page shows beside the picture."""
        moment = session.table.moment if session.table else None
        return {
            "stage": session.stage,
            "seconds": round(time.monotonic() - session.since) if session.since else 0,
            "error": session.error,
            "moment": self.told(moment) if moment else None,
            "watched": len(session.watched),
            "watching": session.watching,
        }

    def told(self, moment: Moment) -> dict[str, Any]:
        """A moment's numbers and words."""
        return {
            "step": moment.step,
            "reward": round(moment.reward, 3),
            "total": round(moment.total, 3),
            "ended": moment.ended,
            "unlocked": [self._game.plain(self._game.achievements[number]) for number in moment.unlocked],
            **(self._game.panel(moment.scalars) if self._game.panel else {}),
        }

    def png(self, moment: Moment) -> bytes:
        """The moment's picture."""
        assert self._game.frame is not None, "a game without pictures has no page on which it is played"
        packed = io.BytesIO()
        Image.fromarray(self._game.frame(moment.cells, moment.scalars)).save(packed, format="png", compress_level=1)
        return packed.getvalue()
