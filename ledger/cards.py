"""What we keep about cards: ids alone. The cards themselves are Asiabill's."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from ledger.database import insert_new
from ledger.table import card_fingerprints, default_cards, session_cards


def defaults(connection: Connection, account: str, customer_ids: Collection[str]) -> dict[str, str]:
    """Payment method id by customer id; customers without a default are left out."""
    rows = connection.execute(
        select(default_cards.c.customer_id, default_cards.c.payment_method_id).where(
            default_cards.c.account == account, default_cards.c.customer_id.in_(customer_ids)
        )
    )
    return {row.customer_id: row.payment_method_id for row in rows}


def set_default(
    connection: Connection,
    account: str,
    customer_id: str,
    payment_method_id: str,
    now: datetime,
) -> None:
    """The last one set wins."""
    values = {
        "account": account,
        "customer_id": customer_id,
        "payment_method_id": payment_method_id,
        "updated_at": now,
    }
    if insert_new(connection, default_cards, values) is None:
        connection.execute(
            update(default_cards)
            .where(default_cards.c.account == account, default_cards.c.customer_id == customer_id)
            .values(payment_method_id=payment_method_id, updated_at=now)
        )


def default_owner(connection: Connection, account: str, payment_method_id: str) -> str | None:
    """The customer whose default the card is."""
    owner: str | None = connection.scalar(
        select(default_cards.c.customer_id).where(
            default_cards.c.account == account,
            default_cards.c.payment_method_id == payment_method_id,
        )
    )
    return owner


def replace_default(
    connection: Connection,
    account: str,
    payment_method_id: str,
    successor: str | None,
    now: datetime,
) -> None:
    """Only where it still is this card: a default set meanwhile stays. None leaves no default."""
    chosen = (
        default_cards.c.account == account,
        default_cards.c.payment_method_id == payment_method_id,
    )
    if successor is None:
        connection.execute(delete(default_cards).where(*chosen))
    else:
        connection.execute(
            update(default_cards).where(*chosen).values(payment_method_id=successor, updated_at=now)
        )


def forget_fingerprint(connection: Connection, account: str, payment_method_id: str) -> None:
    """A print lives as long as its card."""
    connection.execute(
        delete(card_fingerprints).where(
            card_fingerprints.c.account == account,
            card_fingerprints.c.payment_method_id == payment_method_id,
        )
    )


def remember(
    connection: Connection,
    account: str,
    payment_method_id: str,
    customer_id: str,
    now: datetime,
) -> None:
    """Asiabill's ids are unique, so the first customer to bring a card keeps it."""
    values = {
        "account": account,
        "payment_method_id": payment_method_id,
        "customer_id": customer_id,
        "created_at": now,
    }
    insert_new(connection, session_cards, values)


def forget(connection: Connection, account: str, payment_method_id: str) -> None:
    """Of no effect where nobody has it."""
    connection.execute(
        delete(session_cards).where(
            session_cards.c.account == account,
            session_cards.c.payment_method_id == payment_method_id,
        )
    )


def owner(connection: Connection, account: str, payment_method_id: str) -> str | None:
    """The customer whose session created the unattached card."""
    found: str | None = connection.scalar(
        select(session_cards.c.customer_id).where(
            session_cards.c.account == account,
            session_cards.c.payment_method_id == payment_method_id,
        )
    )
    return found
