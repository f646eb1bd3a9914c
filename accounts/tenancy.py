"""The walls between accounts that every model below an account stands behind."""

from __future__ import annotations

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from accounts.walls import EVERY, SETTING


class SameOwner(models.BaseConstraint):
    """The row that `field` points to belongs to the same account as this row.

    Emits a composite foreign key, (field, account) -> (id, account), that the database checks at once. So
    neither `create`, `bulk_create`, `update` nor SQL can tie rows of two accounts together. An empty `field`
    is not checked. With `cascades` the database deletes this row with the other one.
    """

    default_violation_error_message = "That belongs to another account."

    def __init__(self, field: str, *, name: str, cascades: bool = False, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.field = field
        self.cascades = cascades

    def _foreign_key(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        quote = schema_editor.quote_name
        relation = cast("models.ForeignKey[models.Model, models.Model]", model._meta.get_field(self.field))
        target = relation.related_model._meta.db_table
        return (
            f"CONSTRAINT {quote(self.name)} FOREIGN KEY ({quote(relation.column)}, {quote('account_id')}) "
            f"REFERENCES {quote(target)} ({quote('id')}, {quote('account_id')})"
            f"{' ON DELETE CASCADE' if self.cascades else ''}"
        )

    def constraint_sql(  # type: ignore[override]  # Django passes both, the stubs allow None
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> str:
        return self._foreign_key(model, schema_editor)

    def create_sql(  # type: ignore[override]  # the same
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self._foreign_key(model, schema_editor)}"

    def remove_sql(  # type: ignore[override]  # the same
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> str:
        quote = schema_editor.quote_name
        return f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"

    def validate(
        self,
        model: type[models.Model],
        instance: models.Model,
        exclude: Any = None,
        using: str = "default",
    ) -> None:
        """Raise ValidationError, on the field, where the other row is of another account."""
        if exclude and self.field in exclude:
            return
        other = getattr(instance, self.field)
        if other is not None and other.account_id != instance.account_id:  # type: ignore[attr-defined]  # any tenant
            raise ValidationError({self.field: self.get_violation_error_message()})

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, _, kwargs = super().deconstruct()
        return path, (self.field,), {**kwargs, **({"cascades": True} if self.cascades else {})}

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SameOwner):
            return (self.name, self.field, self.cascades) == (other.name, other.field, other.cascades)
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash((self.name, self.field))


class Wall(models.BaseConstraint):
    """Row-level security: a statement sees and writes the rows of the account that `accounts.walls` entered, no others.

    FORCE, because the application owns its tables. The setting is read once for each statement, not for each row.
    COALESCE tells the planner nothing, which is better than what it guesses from the bare comparison: that hardly a row
    is let through, as if a roadmap had one item and a link one run.
    Whoever is a superuser, or has BYPASSRLS, walks around the wall: the site must not sign in as one.
    """

    def create_sql(  # type: ignore[override]  # Django passes both, the stubs allow None
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> str:
        table, name = (schema_editor.quote_name(each) for each in (model._meta.db_table, self.name))
        whose = f"(SELECT NULLIF(current_setting('{SETTING}', true), '')::bigint)"
        return (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; "
            f"CREATE POLICY {name} ON {table} USING (COALESCE({whose} IN (account_id, {EVERY}), false))"
        )

    def constraint_sql(  # type: ignore[override]  # the same
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> None:
        """A policy can't be part of CREATE TABLE; it follows once the table is there."""
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))

    def remove_sql(  # type: ignore[override]  # the same
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> str:
        table, name = (schema_editor.quote_name(each) for each in (model._meta.db_table, self.name))
        return (
            f"DROP POLICY {name} ON {table}; "
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"
        )

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Nothing that a form could do wrong."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Wall) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


class OwnedByAccount(models.Model):
    """A row of one account, behind its wall. `(id, account)` is unique, so that SameOwner can point at it."""

    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["id", "account"], name="%(app_label)s_%(class)s_owner"),
            Wall(name="%(app_label)s_%(class)s_wall"),
        ]
