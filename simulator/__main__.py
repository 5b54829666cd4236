"""`python -m simulator`: the simulator alone."""

import argparse
from pathlib import Path

from simulator.options import Options
from simulator.server import serve


def main() -> None:
    defaults = Options()
    parser = argparse.ArgumentParser(prog="simulator", description="An offline Asiabill.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--gateway-no", default=defaults.gateway_no)
    parser.add_argument("--sign-key", default=defaults.sign_key)
    parser.add_argument(
        "--account",
        action="append",
        default=[],
        metavar="GATEWAY_NO:SIGN_KEY",
        help="a further account; may be given several times",
    )
    parser.add_argument("--pci", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--saved-cards", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--pre-authorize", action=argparse.BooleanOptionalAction, default=False)
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep everything in this file")
    parser.add_argument("--webhook-time-scale", type=float, default=1.0, metavar="X")
    parser.add_argument("--public-url", metavar="ORIGIN", help="what redirect addresses start with")
    given = parser.parse_args()
    accounts = {given.gateway_no: given.sign_key}
    for account in given.account:
        gateway_no, _, sign_key = account.partition(":")
        accounts[gateway_no] = sign_key
    try:
        options = Options(
            accounts=accounts,
            pci=given.pci,
            saved_cards=given.saved_cards,
            pre_authorize=given.pre_authorize,
            state_file=given.state,
            webhook_time_scale=given.webhook_time_scale,
            public_url=given.public_url,
        )
        serve(options, given.host, given.port)
    except (OSError, ValueError) as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
