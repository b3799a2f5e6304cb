"""The full crash suite: ``python -m tests.crash --seed 1 --size 1``. Exits with 1 if a scene fails."""

import argparse
import asyncio
import sys
from contextlib import ExitStack

from tests.crash.harness import SceneResult, play_scene, postgres
from tests.crash.scenes import all_scenes


async def main(seed: int, size: float, databases: list[str], only: str) -> int:
    """Play every scene on every database."""
    outcomes: list[SceneResult] = []
    with ExitStack() as stack:
        server = stack.enter_context(postgres()) if "postgresql" in databases else None
        for database in databases:
            for number, (name, scene) in enumerate(all_scenes(size, database).items()):
                if only not in name:
                    continue
                url = server.database() if server is not None and database == "postgresql" else ""
                how = {"node_name": "main"} if name == "the same identity twice" else {}
                outcome = await play_scene(f"{database}: {name}", scene, seed + number, database_url=url, **how)
                outcome.print()
                outcomes.append(outcome)
    failed = [outcome for outcome in outcomes if outcome.failures]
    kills = sum(outcome.kills for outcome in outcomes)
    print(f"{len(outcomes) - len(failed)} of {len(outcomes)} scenes passed, {kills} kills, seed {seed}, size {size:g}")
    return 1 if failed else 0


def arguments() -> argparse.Namespace:
    """The command line that the suites share."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=float, default=1.0, help="1 is the full suite; less is quicker")
    parser.add_argument("--only", default="", help="a part of a scene's name")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append", default=None)
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(asyncio.run(main(given.seed, given.size, given.database or ["sqlite", "postgresql"], given.only)))
