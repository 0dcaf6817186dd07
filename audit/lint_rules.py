"""The rules of the static linter, by what their warnings are about, and what each weighs; audit.toml changes that."""

from __future__ import annotations

from collections.abc import Mapping

OFF = "off"


# Warnings of waiting: true only where the statement was seen to hold a lock while it worked on what was there before.
OF_LOCKS = {
    "require-concurrent-index-creation": "P1",
    "constraint-missing-not-valid": "P1",
    "adding-foreign-key-constraint": "P1",
    "adding-field-with-default": "P1",
    "adding-not-nullable-field": "P1",
    "adding-serial-primary-key-field": "P1",
    "disallowed-unique-constraint": "P1",
    "changing-column-type": "P1",
    "require-concurrent-reindex": "P1",
    "prefer-repack": "P2",
}

# Warnings of what the application that still runs will miss: true only where it was there before.
OF_USERS = {
    "adding-required-field": "P1",
    "renaming-column": "P1",
    "renaming-table": "P1",
    "ban-drop-column": "P1",
    "ban-drop-table": "P1",
    "ban-truncate-cascade": "P0",
    "require-concurrent-index-deletion": OFF,
    "require-concurrent-partition-detach": "P2",
}

# Warnings that stand as they are.
OTHERS = {
    "ban-drop-database": "P0",
    "ban-concurrent-index-creation-in-transaction": "P2",
    "transaction-nesting": "P2",
    "ban-uncommitted-transaction": "P1",
    "identifier-too-long": "P2",
    "syntax-error": "P1",
    "ban-char-field": "P3",
    "prefer-timestamp-tz": "P3",
    # Matters of taste, and what the gate sees better by itself.
    **dict.fromkeys(
        [
            "ban-create-domain-with-constraint",
            "ban-alter-domain-with-add-constraint",
            "prefer-bigint-over-int",
            "prefer-bigint-over-smallint",
            "prefer-identity",
            "prefer-robust-stmts",
            "prefer-text-field",
            "require-timeout-settings",
            "require-statement-timeout",
            "unused-ignore",
            "require-enum-value-ordering",
            "require-table-schema",
            "ban-drop-type",
            "ban-drop-schema",
            "ban-drop-sequence",
            "ban-drop-domain",
            "ban-drop-generated-expression",
            "renaming-object",
            "ban-set-schema",
            "ban-alter-identity",
            "ban-drop-extension",
            "ban-alter-generated-expression",
            "ban-drop-index",
            "ban-set-default",
            "ban-disable-trigger",
            "ban-replica-identity",
            "ban-drop-policy",
            "ban-revoke",
            "ban-replace-view-function",
            "ban-alter-policy-condition",
            "ban-alter-policy-roles",
            "ban-create-policy",
            "ban-alter-function-options",
            "ban-alter-view-options",
            "ban-alter-role-options",
            "ban-alter-database-options",
            "ban-alter-row-level-security",
            "ban-new-write-restriction",
            "ban-add-enum-value",
            "ban-add-composite-attribute",
            "ban-add-column",
            "ban-detach-inheritance",
            "ban-alter-sequence-values",
            "ban-alter-system-options",
            "ban-alter-extension",
        ],
        OFF,
    ),
}

# What is judged by what the server was seen to do (audit/gate/rules.py), whatever the linter says of the text.
LOCK_TIMEOUT = "require-lock-timeout"
CASCADE = "dropped-by-cascade"
CONSTRAINT = "ban-drop-constraint"
NOT_NULL = "ban-drop-not-null"
IDENTITY = "ban-drop-identity"
VIEW = "ban-drop-view"
FUNCTION = "ban-drop-function"
USED = "used-in-function"
ALONE = "alone-among-others"
JSON = "prefer-jsonb"
UNPUBLISHED = "no-longer-published"
FLOOD = "flood-of-rows"

SEEN = {
    LOCK_TIMEOUT: "P2",
    CASCADE: "P1",
    CONSTRAINT: "P2",
    NOT_NULL: "P3",
    IDENTITY: "P1",
    VIEW: "P1",
    FUNCTION: "P1",
    USED: "P1",
    ALONE: "P1",
    JSON: "P3",
    UNPUBLISHED: "P2",
    FLOOD: "P2",
}

# The same as ALONE, where there is only the text.
AMONG_OTHERS = "ban-concurrent-index-creation-in-transaction"

# What each rule weighs; audit.toml changes it.
RULES: Mapping[str, str] = {**OF_LOCKS, **OF_USERS, **OTHERS, **SEEN}
