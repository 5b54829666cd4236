"""The command `asiabill-gateway`."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

# The rooms are imported where a command needs them: half of the commands need none, and loading
# all of them takes a second.
if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.doctor import Finding
    from gateway.settings import Settings
    from ledger import Charge, Refund
    from resolvers.account import Account

app = typer.Typer(
    help="A GraphQL payments gateway between a shop's pages and Asiabill.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
schema_app = typer.Typer(help="Print the schema, or check what changed.", no_args_is_help=True)
app.add_typer(schema_app, name="schema")

_out = Console(soft_wrap=True, highlight=False)
_err = Console(stderr=True, soft_wrap=True, highlight=False)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int, typer.Option(help="Processes that serve.", min=1)] = 1,
) -> None:
    """Serve the gateway; in mode simulator with the simulator beside it, on the next port."""
    from gateway import serving
    from gateway.settings import Mode

    # Workers are processes of their own that read the environment: options go the same way.
    if host is not None:
        os.environ["GATEWAY_HOST"] = host
    if port is not None:
        os.environ["GATEWAY_PORT"] = str(port)
    settings = _settings()
    _demand_trusted_documents(settings)
    _migrate(settings)
    base = settings.public_url
    if settings.mode is Mode.SIMULATOR:
        _err.print("[bold yellow]mode simulator: no real money moves[/]")
    _err.print(f"GraphQL    {base}/graphql")
    if settings.graphiql:
        _err.print(f"GraphiQL   {base}/graphiql/")
    if not settings.live:
        _err.print(f"Checkout   {base}/checkout/")
    if settings.mode is Mode.SIMULATOR:
        _err.print(f"Simulator  {settings.asiabill_payment_url.removesuffix('/V2022-03')}/")
    serving.serve(settings, workers)


@app.command()
def simulator(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 9000,
    gateway_no: Annotated[str, typer.Option(help="The account's gateway number.")] = "12246002",
    sign_key: Annotated[
        str, typer.Option(help="The account's sign key.", envvar="GATEWAY_ASIABILL_SIGN_KEY")
    ] = "12H4567r",
    accounts: Annotated[
        str | None,
        typer.Option(
            help="Several accounts instead, as gateway-no:sign-key, comma-separated.",
            envvar="GATEWAY_SIMULATOR_ACCOUNTS",
        ),
    ] = None,
    pci: Annotated[bool, typer.Option(help="Whether raw cards are taken.")] = True,
    saved_cards: Annotated[bool, typer.Option(help="Whether cards may be saved.")] = True,
    pre_authorize: Annotated[
        bool, typer.Option(help="Whether card payments hold the money and do not take it.")
    ] = False,
    state: Annotated[Path | None, typer.Option(help="File that outlives the process.")] = None,
    webhook_time_scale: Annotated[
        float, typer.Option(help="Factor on the waits between deliveries.", min=0.0)
    ] = 1.0,
) -> None:
    """Run the simulator of Asiabill alone."""
    from simulator import Options
    from simulator.server import serve as serve_simulator

    options = Options(
        gateway_no=gateway_no,
        sign_key=sign_key,
        accounts=_sign_keys(accounts) if accounts else None,
        pci=pci,
        saved_cards=saved_cards,
        pre_authorize=pre_authorize,
        state_file=state,
        webhook_time_scale=webhook_time_scale,
        public_url=f"http://{host}:{port}",
    )
    serve_simulator(options, host, port)


@app.command()
def token(
    customer: Annotated[str, typer.Option(help="The customer's cus_ id.")],
    role: Annotated[str, typer.Option(help="Only customer has tokens.")] = "customer",
    permissions: Annotated[
        str, typer.Option(help="Comma-separated permissions.")
    ] = "READ_CARDS,PAY",
    intent: Annotated[str | None, typer.Option(help="The payment intent that it pays.")] = None,
    ttl: Annotated[int, typer.Option(help="Seconds that it is good for.", min=1)] = 900,
    account: Annotated[str, typer.Option(help="The shop, where there are several.")] = "default",
) -> None:
    """Print a client-session token, as createClientSession mints it."""
    from resolvers.principal import ClientPermission
    from resolvers.session import MAX_TTL, ClientSessions

    if role != "customer":
        raise typer.BadParameter("only customer has tokens; use `key` for merchant and ops")
    if timedelta(seconds=ttl) > MAX_TTL:
        raise typer.BadParameter(f"at most {int(MAX_TTL.total_seconds())}", param_hint="--ttl")
    try:
        allowed = frozenset(ClientPermission[word.strip()] for word in permissions.split(","))
    except KeyError as error:
        known = ", ".join(ClientPermission.__members__)
        raise typer.BadParameter(f"known are {known}", param_hint="--permissions") from error
    settings = _settings()
    if account not in settings.shops:
        known = ", ".join(settings.shops)
        raise typer.BadParameter(f"known are {known}", param_hint="--account")
    secrets = [secret.get_secret_value() for secret in settings.session_secrets]
    sessions = ClientSessions(secrets, lambda: datetime.now(UTC))
    minted = sessions.mint(account, customer, allowed, timedelta(seconds=ttl), intent)
    typer.echo(minted.token)


@app.command()
def key(
    name: Annotated[str, typer.Option(help="Who will use it, for the log.")],
    role: Annotated[str, typer.Option(help="merchant or ops.")] = "merchant",
    account: Annotated[str, typer.Option(help="The shop, where there are several.")] = "default",
) -> None:
    """Mint a server key: printed once, with the line for GATEWAY_MERCHANT_KEYS."""
    from gateway import server_key
    from resolvers.principal import Role

    if role not in ("merchant", "ops"):
        raise typer.BadParameter("merchant or ops", param_hint="--role")
    try:
        minted, kept = server_key.mint(name, Role[role.upper()], account)
    except ValueError as error:
        hint = "letters, digits, - and _ only"
        raise typer.BadParameter(hint, param_hint="--name, --account") from error
    typer.echo(f"key   {minted}")
    typer.echo(f"line  {kept.line}")


_DAYS = ["%Y-%m-%d"]


@app.command()
def reconcile(
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=_DAYS, help="The first day, in China's time."),
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=_DAYS, help="The last day, included.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write what differs to this file, for a spreadsheet.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="The shop to compare, where there are several.")
    ] = None,
) -> None:
    """Compare ledger and Asiabill's book over a span of days: exit code 1 where something differs, 2
    where it could not be done. Without a span: ask Asiabill about everything whose end is not known,
    once; exit code 1 where doubt is left."""
    from gateway import log

    log.configure()
    if first is not None and last is not None:
        if last < first:
            raise typer.BadParameter("the span ends before it begins", param_hint="--to")
        if not asyncio.run(_compare(_settings(), account, first.date(), last.date(), csv)):
            raise typer.Exit(1)
        return
    if (first, last, csv, account) != (None, None, None, None):
        raise typer.BadParameter("a span of days has both --from and --to")
    charges, refunds = asyncio.run(_settle(_settings()))
    table = Table("charge", "order", "status", "trade")
    for charge in charges:
        table.add_row(charge.id, charge.order_no, charge.status, charge.trade_no or "")
    if charges:
        _out.print(table)
    for refund in refunds:
        _out.print(
            f"refund {refund.id} of charge {refund.charge_id}, {refund.amount} {refund.currency}: "
            "its answer was lost, and Asiabill finds it by its own number alone"
        )
    doubtful = sum(charge.status.unsettled or charge.action_in_doubt for charge in charges)
    _out.print(f"{len(charges)} looked up, {len(charges) - doubtful} settled, {doubtful} in doubt")
    if doubtful or refunds:
        raise typer.Exit(1)


@app.command(name="refund")
def refund_command(
    refund_id: Annotated[str, typer.Argument(help="The refund's rf_ id.")],
    batch_no: Annotated[
        str | None, typer.Option(help="Its number at Asiabill's desk: Asiabill is asked for it.")
    ] = None,
    not_made: Annotated[
        bool, typer.Option("--not-made", help="Asiabill's desk shows no such refund.")
    ] = False,
    account: Annotated[
        str | None, typer.Option(help="The shop that made it, where there are several.")
    ] = None,
) -> None:
    """Say what became of a refund whose answer was lost, after a look at Asiabill's own desk: exit
    code 1 where that is not believed, 2 where it could not be done."""
    from gateway import log

    if (batch_no is None) is not not_made:
        raise typer.BadParameter("say --batch-no or --not-made")
    log.configure()
    asyncio.run(_told(_settings(), account, refund_id, batch_no))


@app.command(name="migrate")
def migrate_command() -> None:
    """Bring the ledger's database to the newest revision."""
    settings = _settings()
    _migrate(settings)
    _err.print("the database is at the newest revision")


@app.command(name="doctor")
def doctor_command() -> None:
    """Look at keys, clock, signature, database and addresses; exit code 1 where something must be mended."""
    from gateway import log
    from gateway.doctor import State

    log.configure()
    findings = asyncio.run(_examine(_settings()))
    colours = {State.GOOD: "green", State.LOOK: "yellow", State.BAD: "red"}
    for finding in findings:
        state = f"[{colours[finding.state]}]{finding.state.value:4}[/]"
        _out.print(f"{state}  {escape(finding.subject)}: {escape(finding.found)}")
        if finding.mend:
            _out.print(f"      -> {escape(finding.mend)}")
    bad = sum(1 for finding in findings if finding.state is State.BAD)
    _out.print(f"{bad} to mend" if bad else "nothing to mend")
    if bad:
        raise typer.Exit(1)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
) -> None:
    """Copy the SQLite ledger while it is in use, and check the copy. For PostgreSQL use pg_dump."""
    from ledger import LedgerError
    from ledger import backup as copied

    try:
        size = copied(_settings().database_url.get_secret_value(), target)
    except (LedgerError, ValueError) as error:
        _err.print(f"[red]{error}[/]")
        raise typer.Exit(1) from error
    _out.print(f"{target}: {size} bytes, checked")


@app.command()
def move(
    to: Annotated[
        str,
        typer.Argument(
            help="postgresql+asyncpg://...: an empty database.", envvar="GATEWAY_MOVE_TO"
        ),
    ],
) -> None:
    """Move the SQLite ledger to PostgreSQL, every row compared. Stop every gateway first."""
    from ledger import LedgerError
    from ledger import move as moved

    try:
        rows = asyncio.run(moved(_settings().database_url.get_secret_value(), to))
    except (LedgerError, ValueError) as error:
        _err.print(f"[red]{error}[/]")
        raise typer.Exit(1) from error
    table = Table("table", "rows")
    for name, count in rows.items():
        table.add_row(name, str(count))
    _out.print(table)
    _out.print(f"{sum(rows.values())} rows moved, and the same on both sides")


@app.command()
def prune(
    older_than_days: Annotated[
        int, typer.Option(help="Charges and all that belongs to them are kept for so long.")
    ] = 3650,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and remove nothing.")] = False,
) -> None:
    """Remove from the ledger what ended long ago. Take a backup first; gateways may go on serving."""
    from ledger import LedgerError
    from ledger import prune as pruned

    url = _settings().database_url.get_secret_value()
    older_than = timedelta(days=older_than_days)
    try:
        rows = asyncio.run(pruned(url, datetime.now(UTC), older_than, dry=dry_run))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--older-than-days") from error
    except LedgerError as error:
        _err.print(f"[red]{error}[/]")
        raise typer.Exit(1) from error
    table = Table("table", "rows")
    for name, count in rows.items():
        table.add_row(name, str(count))
    _out.print(table)
    _out.print(f"{sum(rows.values())} rows {'would go' if dry_run else 'removed'}")


@schema_app.command(name="print")
def schema_print() -> None:
    """Print the schema in SDL, as schema.graphql holds it."""
    from schema import root

    typer.echo(root.build().as_str())


@schema_app.command(name="check")
def schema_check(
    file: Annotated[Path, typer.Option(help="The committed schema.")] = Path("schema.graphql"),
    released: Annotated[Path, typer.Option(help="The last released schema.")] = Path(
        "schema/released.graphql"
    ),
    documents: Annotated[
        list[Path] | None,
        typer.Option(help="A manifest of registered documents that must fit; may be repeated."),
    ] = None,
) -> None:
    """Fail where schema.graphql is stale, or where it breaks clients of the last release."""
    from graphql import GraphQLError

    from gateway.trusted import TrustedDocuments, Untrustworthy
    from schema import changes, root

    built = root.build()
    present = built.as_str() + "\n"
    if not file.exists() or file.read_text(encoding="utf-8") != present:
        _err.print(f"[red]{file} is not what the code says: run `make schema`[/]")
        raise typer.Exit(1)
    try:
        found = changes.between(released.read_text(encoding="utf-8"), present)
    except (OSError, GraphQLError) as error:
        _err.print(f"[red]{released} can't be read as a schema: {error}[/]")
        raise typer.Exit(2) from error
    for kind, colour, lines in (
        ("breaking", "red", found.breaking),
        ("dangerous", "yellow", found.dangerous),
        ("safe", "green", found.safe),
    ):
        for line in lines:
            _out.print(f"[{colour}]{kind}[/] {line}", markup=True)
    _out.print(
        f"{len(found.breaking)} breaking, {len(found.dangerous)} dangerous, {len(found.safe)} safe"
    )
    unfit = 0
    for manifest in documents or ():
        try:
            TrustedDocuments.load(manifest, built.documents)
        except Untrustworthy as error:
            _err.print(f"[red]{escape(str(error))}[/]")
            unfit += 1
    if found.breaking or unfit:
        raise typer.Exit(1)


@schema_app.command(name="release")
def schema_release(
    folder: Annotated[Path, typer.Argument(help="Where the two files go.")] = Path("dist"),
) -> None:
    """Write the schema for the code generators of apps: SDL, and the introspection answer as JSON."""
    import msgspec
    from graphql import build_schema, introspection_from_schema

    from schema import root

    sdl = root.build().as_str() + "\n"
    answer = {"data": introspection_from_schema(build_schema(sdl))}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schema.graphql").write_text(sdl, encoding="utf-8")
    text = msgspec.json.format(msgspec.json.encode(answer), indent=2)
    (folder / "schema.json").write_bytes(text + b"\n")
    _err.print(f"{folder}/schema.graphql and {folder}/schema.json")


def _sign_keys(line: str) -> dict[str, str]:
    pairs = [pair.strip().partition(":") for pair in line.split(",")]
    return {gateway_no: sign_key for gateway_no, _, sign_key in pairs}


async def _settle(settings: "Settings") -> tuple[list["Charge"], list["Refund"]]:
    async with _opened(settings) as gateway:
        charges = await gateway.recovery.once()
        lost = [await gateway.ledger.refunds.unresolved(name) for name in gateway.shops]
        return charges, [refund for refunds in lost for refund in refunds]


async def _compare(
    settings: "Settings", name: str | None, first: date, last: date, csv: Path | None
) -> bool:
    from clients.asiabill import AsiabillError
    from gateway import reconciliation
    from resolvers.reconciliation import Span

    async with _opened(settings) as gateway:
        account = _account(gateway, name)
        try:
            return await reconciliation.compare(
                account, gateway.ledger, Span(first, last), _out, _err, csv
            )
        except AsiabillError as error:
            _err.print(f"[red]Asiabill's book can't be read: {escape(str(error))}[/]")
        except OSError as error:
            _err.print(f"[red]the file can't be written: {escape(str(error))}[/]")
        raise typer.Exit(2)


async def _told(
    settings: "Settings", name: str | None, refund_id: str, batch_no: str | None
) -> None:
    from clients.asiabill import AsiabillError
    from resolvers import refund_desk

    async with _opened(settings) as gateway:
        account = _account(gateway, name)
        try:
            if batch_no is None:
                now = datetime.now(UTC)
                found = await refund_desk.not_made(account, gateway.ledger, refund_id, now)
            else:
                found = await refund_desk.numbered(account, gateway.ledger, refund_id, batch_no)
        except refund_desk.NotBelieved as reason:
            _err.print(f"[red]{escape(str(reason))}[/]")
            raise typer.Exit(1) from reason
        except AsiabillError as error:
            _err.print(f"[red]Asiabill can't be asked: {escape(str(error))}[/]")
            raise typer.Exit(2) from error
    _out.print(f"refund {found.id} is {found.status}")


def _account(gateway: "Gateway", name: str | None) -> "Account":
    shops = gateway.shops
    if name not in shops and (name is not None or len(shops) > 1):
        known = ", ".join(shops)
        raise typer.BadParameter(f"one of {known}", param_hint="--account")
    return shops[name or next(iter(shops))].account


@asynccontextmanager
async def _opened(settings: "Settings") -> AsyncIterator["Gateway"]:
    from gateway.app import Gateway
    from ledger import LedgerError

    gateway = Gateway(settings)
    try:
        async with gateway.opened():
            yield gateway
    except LedgerError as error:
        _err.print(f"[red]the database can't be used: {escape(str(error))}[/]")
        raise typer.Exit(2) from error


async def _examine(settings: "Settings") -> list["Finding"]:
    from gateway import doctor

    return [finding async for finding in doctor.examine(settings)]


def _settings() -> "Settings":
    from pydantic import ValidationError

    from gateway.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in problem["loc"]).upper()
            prefix = f"GATEWAY_{name}: " if name else ""
            for line in problem["msg"].removeprefix("Value error, ").split("; "):
                _err.print(f"[red]{prefix}{line}[/]")
        raise typer.Exit(2) from error


def _demand_trusted_documents(settings: "Settings") -> None:
    """Here and not only in the workers, which would each say it in a traceback."""
    if settings.trusted_documents is None:
        return
    from gateway.trusted import TrustedDocuments, Untrustworthy
    from schema import root

    documents = root.build(introspection=bool(settings.introspection)).documents
    try:
        TrustedDocuments.load(settings.trusted_documents, documents)
    except Untrustworthy as error:
        for line in str(error).splitlines():
            _err.print(f"[red]GATEWAY_TRUSTED_DOCUMENTS: {line}[/]")
        raise typer.Exit(2) from error


def _migrate(settings: "Settings") -> None:
    from ledger import LedgerError, migrate

    try:
        asyncio.run(migrate(settings.database_url.get_secret_value()))
    except LedgerError as error:
        _err.print(f"[red]the database can't be used: {error}[/]")
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app()
