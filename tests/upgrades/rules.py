"""What a migration may not do to a site that goes on working, with the old code, while it is migrated.

Judged by the SQL that it sends. Tables that the migration itself makes are its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

#: What stands in a statement, and what is wrong with it.
RULES = (
    (r"ALTER COLUMN \S+ (?:SET DATA )?TYPE ", "rewrites the table, or reads it whole, under a lock"),
    (r"ADD COLUMN [^;]*GENERATED ALWAYS AS .*STORED", "rewrites the table"),
    (r"ADD COLUMN [^;]*DEFAULT \(?(?:random|gen_random_uuid|clock_timestamp|nextval)", "rewrites the table"),
    (r"ADD COLUMN (?:(?! DEFAULT )[^;])* NOT NULL", "fails where there are rows"),
    (r"ALTER COLUMN \S+ DROP DEFAULT", "takes the default away that old code needs: give the field a db_default"),
    (r"ALTER COLUMN \S+ SET NOT NULL", "reads the table whole under a lock"),
    (
        r"CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)",
        "lets nobody write while the index is made: use AddIndexConcurrently",
    ),
    (r"ADD CONSTRAINT (?!.* NOT VALID)", "reads the table whole under a lock: add it NOT VALID, validate it later"),
    (r"DROP COLUMN|DROP TABLE|RENAME (?:TO|COLUMN|CONSTRAINT)", "takes away what old code asks for"),
    (r"ENABLE ROW LEVEL SECURITY", "hides all rows from old code"),
    (r"^(?:UPDATE|DELETE|INSERT|WITH) |^-- (?:THIS OPERATION|Raw Python)", "may change many rows in one transaction"),
)
_TABLE = re.compile(r'(?:ALTER TABLE|ON|UPDATE|INTO|FROM|DROP TABLE)(?: IF EXISTS| ONLY)? "?(\w+)"?')
_MADE = re.compile(r'CREATE TABLE "?(\w+)"?')


def complaints(statements: Iterable[str]) -> list[str]:
    """What is wrong with these statements, each with the statement."""
    pieces = [" ".join(piece.split()) for statement in statements for piece in _split(statement)]
    made = {name for piece in pieces for name in _MADE.findall(piece)}
    return [
        f"{why}: {piece[:160]}"
        for piece in pieces
        if not (set(_TABLE.findall(piece)[:1]) & made)
        for pattern, why in RULES
        if re.search(pattern, piece)
    ]


def _split(statement: str) -> Iterator[str]:
    """Statements one by one; the body of a function stays with it."""
    whole = re.sub(r"\$\$.*?\$\$", "$$", statement, flags=re.DOTALL)
    lines = [line for line in whole.splitlines() if not line.startswith("--") or "THIS OPERATION" in line]
    yield from (piece for piece in "\n".join(lines).split(";") if piece.strip())
