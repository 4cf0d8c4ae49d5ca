"""The command and its verbs. Heavy rooms are imported by the verb that needs them, so that `--help` is quick."""

from __future__ import annotations

import json
import sys
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from kit import actors, logs
from kit.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="A personal advisor for every customer.",
    pretty_exceptions_enable=False,
)

SERVING = frozenset(("serve", "worker", "lmtp", "up"))

Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on.")]


def settings_with(host: str | None = None, port: int | None = None, **more: object) -> Settings:
    """The configuration, with what the command line says in its place."""
    given = {"host": host, "port": port, **more}
    return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def _run(main: Coroutine[Any, Any, None]) -> None:
    """On uvloop, which takes a third off the cost of a request."""
    import uvloop

    uvloop.run(main)


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    loops: Annotated[bool | None, typer.Option(help="Also run the loops here.")] = None,
) -> None:
    """Serve the API and the pages."""
    from cli.serving import serve as run

    settings = settings_with(host, port, workers=loops)
    logs.configure(settings.log_level)
    _run(run(settings))


@app.command()
def worker() -> None:
    """Run the loops without the API."""
    from cli.serving import work

    settings = Settings()
    logs.configure(settings.log_level)
    _run(work(settings))


@app.command()
def lmtp(
    host: Host = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
) -> None:
    """Take mail in for advisors, by LMTP from a mail server."""
    from cli.serving import take_mail

    settings = settings_with(lmtp_host=host, lmtp_port=port)
    logs.configure(settings.log_level)
    _run(take_mail(settings))


@app.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="Where to; `head` is the newest.")] = "head",
) -> None:
    """Bring the database to the newest schema."""
    from cli import migrating

    raise typer.Exit(migrating.migrate(Settings(), revision))


@app.command()
def up(
    host: Host = None,
    port: Port = None,
    demo: Annotated[bool, typer.Option(help="With the demo company, moving.")] = False,
) -> None:
    """Everything on one machine, with the embedded database."""
    from cli.serving import serve as run

    quiet = {"environment": "demo", "access_log": False} if demo else {}
    settings = settings_with(host, port, **quiet)
    logs.configure("warning" if demo else settings.log_level)
    _run(run(settings, demo=demo))


@app.command("demo-env")
def demo_env() -> None:
    """Print shell variables with the URL and the keys of the running demo: `eval "$(durchwahl demo-env)"`."""
    path = Settings().data_dir / "demo-credentials.json"
    if not path.exists():
        typer.echo("The demo hasn't run yet: start it with `./run demo`.", err=True)
        raise typer.Exit(1)
    known = json.loads(path.read_text())
    for name in ("url", "telephony_key", "control_center_key"):
        prefix = "DURCHWAHL_" if name == "url" else ""
        sys.stdout.write(f"export {prefix}{name.upper()}='{known[name]}'\n")


@app.callback()
def _named(context: typer.Context) -> None:
    """What a command does is on the command line's account; what is served is on that of callers and loops."""
    if context.invoked_subcommand not in SERVING:
        actors.become(actors.Actor("cli"))


def _mount() -> None:
    """Verbs that live in modules of their own."""
    from cli import audit, backup, book, keys, people, privacy, replay, skills
    from cli.doctor import command as doctor

    app.add_typer(people.app)
    app.add_typer(book.app)
    app.add_typer(keys.app, name="keys")
    app.add_typer(audit.app, name="audit")
    app.add_typer(privacy.app)
    app.command("skills")(skills.skills)
    app.command("replay")(replay.replay)
    app.command("backup")(backup.backup)
    app.command("restore")(backup.restore)
    app.command("doctor")(doctor.doctor)


_mount()

if __name__ == "__main__":
    app()
