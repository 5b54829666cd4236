"""An offline Asiabill for development and tests, written from the contract alone."""

from simulator.app import create_app
from simulator.options import Options

__all__ = ["Options", "create_app"]
