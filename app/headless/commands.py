"""The panels without a window: for scripts, pictures in slides, and checks.

No display is needed: pictures are drawn on Qt's offscreen platform. Whatever the user got wrong is
one sentence that names the nearest match or the allowed range, and exit status 2.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.files import link
from app.files.link import Handed
from visualizers.catalog import LECTURES, Said, lecture_of, panel, panels
from visualizers.panel import Panel
from visualizers.refusal import Refusal
from widgets.controls.parameters import Unfit, changed, parameter, parse, to_dict
from widgets.theme import numbers
from widgets.theme.words import LANGUAGES, window_words

COMMANDS = ("list", "render", "tour", "lecture", "bench", "data")


def run(arguments: Sequence[str]) -> int:
    """One headless command; the exit status."""
    parser = _parser()
    options = parser.parse_args(list(arguments))
    try:
        return int(options.does(options))
    except (Refusal, Unfit) as refusal:
        words = window_words(getattr(options, "lang", None) or "en")
        print(words.tell(refusal.message, refusal.values), file=sys.stderr)
        return 2


class _Parser(argparse.ArgumentParser):
    """argparse, with an error that is one sentence."""

    def error(self, message: str) -> Any:
        sentence = message[:1].upper() + message[1:].rstrip(".")
        print(f"{sentence}; see {self.prog} --help.", file=sys.stderr)
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="bigmodels-lab", description="Big Models Lab without a window.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def command(name: str, does: Callable[[Any], int], help: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=help, description=help)
        one.set_defaults(does=does)
        return one

    one = command("list", list_panels, "all panels, and every parameter with --json")
    one.add_argument("--json", action="store_true")

    one = command("render", render, "train a panel and draw its page")
    one.add_argument("panel", metavar="PANEL", help="its id, or the line bml:… of a state")
    one.add_argument("--steps", type=_count, metavar="N", help="training steps to take first")
    _add_values(one)
    one.add_argument("--lang", choices=sorted(LANGUAGES), default="en")
    one.add_argument("--theme", choices=("light", "dark"), default="light")
    one.add_argument("--size", type=_size, default=(1280, 720), metavar="1280x720")
    one.add_argument("--scale", type=_scale, default=1.0, metavar="F",
                     help="pixels of the picture for each pixel of the page, 0.5 to 8")
    one.add_argument("--present", action="store_true",
                     help="as in presenter mode on a projector of that size")
    one.add_argument("--view-only", action="store_true", help="the view without the page round it")
    for suffix, what in (("png", "the picture"), ("json", "the last scalars and the frame"),
                         ("npz", "the frame's arrays"), ("csv", "the scalars of all steps")):
        one.add_argument(f"--{suffix}", type=Path, metavar="FILE", help=what)

    one = command("tour", tour, "run the tours; exit 1 if an expectation or a question fails")
    one.add_argument("panels", nargs="*", metavar="PANEL")
    one.add_argument("--seed", type=_count, metavar="S", help="begin with another seed")
    one.add_argument("--json", action="store_true")

    one = command("lecture", lecture,
                  "rehearse a lecture; exit 1 if one of its moments is not ready")
    one.add_argument("lecture", metavar="FILE|l1…l9", help="a .lecture file, a script, or one that ships")
    one.add_argument("--limit", type=float, metavar="SECONDS", help="for making a moment; otherwise 60")
    one.add_argument("--save", type=Path, metavar="FILE.lecture", help="the lecture with all runs made here")
    one.add_argument("--handout", type=Path, metavar="FILE.pdf|.html", help="every moment on a page")
    one.add_argument("--notes", action="store_true", help="the speaker's notes on the handout, too")
    one.add_argument("--lang", choices=sorted(LANGUAGES), default="en")
    one.add_argument("--json", action="store_true")

    one = command("bench", bench, "the window against the bare training loop, in one call")
    one.add_argument("panel", nargs="?", metavar="PANEL")
    one.add_argument("--startup", action="store_true",
                     help="first paint against an empty pyqtgraph window")
    one.add_argument("--seconds", type=float, default=12.0, metavar="S")
    one.add_argument("--threads", type=_count, default=1, help="torch's threads on both sides")
    _add_values(one)
    one.add_argument("--json", action="store_true")

    one = command("data", data, "the data pack: list, fetch all | lectures | lecture-N | NAME …, where")
    one.add_argument("action", choices=("list", "fetch", "where"))
    one.add_argument("names", nargs="*", metavar="NAME")
    one.add_argument("--json", action="store_true")
    return parser


def state(arguments: Sequence[str]) -> Callable[[str], Handed]:
    """What a window is to open: a language to the state. The values that a panel is to have, or a line
    ``bml:…``.

    Raises:
        ValueError: they do not fit; one sentence.
    """
    parser = _Parser(prog="bigmodels-lab", usage="bigmodels-lab PANEL | bml:… [--set name=value …] "
                     "[--seed S] [--steps N]")
    parser.add_argument("panel")
    parser.add_argument("--steps", type=_count)
    parser.add_argument("--set", action="append", default=[], dest="values")
    parser.add_argument("--seed", type=_count)
    options = parser.parse_args(list(arguments))
    try:
        _asked(options, "en")
    except Refusal as refusal:
        raise ValueError(str(refusal)) from refusal
    return lambda language: _asked(options, language)


def _asked(options: Any, language: str) -> Handed:
    """The state that a command line names. Raises ``Refusal`` or ``Unfit``."""
    if link.is_link(options.panel):
        if options.values or options.seed is not None:
            raise Refusal("A link has its values with it: leave --set and --seed out.")
        found = link.read(options.panel)
        return found if options.steps is None else dataclasses.replace(
            found, step=options.steps,
            changes=tuple(each for each in found.changes if each.step < options.steps))
    one = panel(options.panel)
    params = chosen_params(one, options.values, options.seed, language)
    return Handed(one.id, params, step=options.steps or 0 if one.trains else 0)


def _add_values(one: argparse.ArgumentParser) -> None:
    one.add_argument("--set", action="append", default=[], metavar="name=value", dest="values",
                     help="a parameter's value; may be repeated")
    one.add_argument("--seed", type=_count, metavar="S")
    one.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")


def _count(typed: str) -> int:
    if not typed.isascii() or not typed.isdigit():
        raise argparse.ArgumentTypeError(f"{typed!r} is not a whole number from 0 up")
    return int(typed)


def _size(typed: str) -> tuple[int, int]:
    wide, _, high = typed.lower().partition("x")
    if not (wide.isdigit() and high.isdigit() and 320 <= int(wide) <= 7680 and 240 <= int(high) <= 4320):
        raise argparse.ArgumentTypeError(
            f"a size is WIDTHxHEIGHT from 320x240 to 7680x4320, not {typed!r}")
    return int(wide), int(high)


def _scale(typed: str) -> float:
    try:
        value = float(typed)
    except ValueError:
        value = 0.0
    if not 0.5 <= value <= 8:
        raise argparse.ArgumentTypeError(f"a scale is a number from 0.5 to 8, not {typed!r}")
    return value


def chosen_params(
    one: Panel, values: Sequence[str], seed: int | None = None, language: str = "en"
) -> Any:
    """The params object for ``--set name=value …``, otherwise with the defaults of a language.

    Raises ``Unfit``.
    """
    given: dict[str, Any] = {}
    for each in values:
        name, found, typed = each.partition("=")
        if not found:
            raise Unfit("{each} is not of the form name=value.", each=repr(each))
        given[name.strip()] = parse(parameter(one.params, name.strip()), typed)
    if seed is not None:
        given["seed"] = seed
    return changed(Said(one, language).params(), **given)


# --- list ----------------------------------------------------------------------------------------


def described(one: Panel) -> dict[str, Any]:
    """A panel's declaration as plain JSON types."""
    lecture = lecture_of(one)
    said = {language: Said(one, language) for language in LANGUAGES}
    return {
        "id": one.id,
        "lecture": lecture.number,
        "title": {language: said[language].title for language in LANGUAGES},
        "claim": {language: said[language].claim for language in LANGUAGES},
        "trains": one.trains,
        "concepts": list(one.concepts),
        "rests_on": list(one.rests_on),
        "parameters": [
            {
                "name": each.name, "kind": each.kind, "default": each.default, "low": each.low,
                "high": each.high, "choices": list(each.choices), "restart": each.restart,
                "unit": each.unit, "help": {language: said[language].help(each.name)
                                            for language in LANGUAGES},
            }
            for each in one.parameters
        ],
    }


def list_panels(options: Any) -> int:
    """Print the catalogue."""
    if options.json:
        print(as_json([described(one) for one in panels()]))
        return 0
    for lecture in LECTURES:
        print(f"{lecture.number} {lecture.title}: {lecture.about}")
        for one in panels():
            if one.lecture == lecture.folder:
                print(f"    {one.id:20} {one.title}. {one.claim}")
    return 0


# --- render --------------------------------------------------------------------------------------


def render(options: Any) -> int:
    """Train, draw, write what was asked for."""
    from app.headless.trial import Trial

    asked = _asked(options, options.lang)
    one = panel(asked.panel)
    wanted = [path for path in (options.png, options.json, options.npz, options.csv) if path]
    if not wanted:
        raise Refusal("Say where to: --png, --json, --npz or --csv with a file's name.")
    for path in wanted:
        if not path.resolve().parent.is_dir():
            raise Refusal("There is no folder {folder}; choose another place to save to.",
                          folder=str(path.parent))
    notes: list[tuple[str, dict[str, object]]] = []
    words = window_words(options.lang).with_table(Said(one, options.lang).words().table)
    trial = Trial(one, asked.params, device=options.device, on_progress=_progress,
                  on_note=lambda text, values: notes.append((text, values)))
    for change in asked.changes:
        trial.train(change.step - trial.step)
        trial.params = dataclasses.replace(trial.params, **change.values)
    trial.train(asked.step - trial.step)
    shown = trial.shown()
    for text, values in notes:
        print(words(text, **{name: words(value) if isinstance(value, str) else value
                             for name, value in values.items()}), file=sys.stderr)
    if options.json:
        _write_json(one, shown, options.json)
    if options.npz:
        _write_npz(shown.frame, options.npz)
    if options.csv:
        from app.files.scalars import save_csv

        save_csv(shown.history, options.csv)
    if options.png:
        _write_png(one, shown, options, notes, trial.device)
    return 0


def _progress(done: int, total: int, what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what} {done}/{total}", end="" if done < total else "\n", file=sys.stderr)


def _write_json(one: Panel, shown: Any, path: Path) -> None:
    from visualizers.files import replacing

    table = {
        "panel": one.id, "step": shown.step, "params": to_dict(shown.params),
        "scalars": shown.history.last(),
        "frame": {each.name: getattr(shown.frame, each.name)
                  for each in dataclasses.fields(shown.frame)},
    }
    with replacing(path) as file:
        file.write_text(as_json(table), "utf-8")


def plain(value: Any) -> Any:
    """An array as nested lists, a tuple as a list, a number that is none as None; the rest as it is."""
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_json(value: Any) -> str:
    """A value for other programs: what is no number is null, since JSON knows no NaN."""
    return json.dumps(plain(value), ensure_ascii=False, indent=1, default=str, allow_nan=False)


def _write_npz(frame: Any, path: Path) -> None:
    import numpy as np

    from visualizers.files import replacing

    arrays = {each.name: getattr(frame, each.name) for each in dataclasses.fields(frame)
              if isinstance(getattr(frame, each.name), np.ndarray)}
    with replacing(path) as file, file.open("wb") as out:
        np.savez(out, **arrays)


def _write_png(
    one: Panel, shown: Any, options: Any, notes: Sequence[tuple[str, dict[str, object]]], device: str
) -> None:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # never a window, with a display or without
    from app.headless.picture import page_picture

    page_picture(one, shown, options.png, language=options.lang, shade=options.theme,
                 size=options.size, pixels=options.scale, view_only=options.view_only, notes=notes,
                 device=device, present=options.present)


# --- tour ----------------------------------------------------------------------------------------


def tour(options: Any) -> int:
    """Run tours with the plain loop and print what was observed."""
    import time

    from app.headless.trial import take_tour

    chosen = [panel(each) for each in options.panels] or list(panels())
    report, failed = [], 0
    for one in chosen:
        started = time.perf_counter()
        steps, before = [], failed
        for seen in take_tour(one, options.seed):
            failed += not seen.good
            right = [answer + 1 for answer in seen.right]
            steps.append({"step": seen.index + 1, "holds": seen.held, "expect": seen.step.expect,
                          "asks": seen.step.ask is not None, "right": right,
                          "trained": seen.shown.step, "error": seen.error})
            if not options.json:
                asked = "" if seen.step.ask is None else \
                    f"  (asked: {', '.join(map(str, right)) or 'no answer'} right)"
                print(f"{one.id} {seen.index + 1}: {'holds' if seen.good else 'FAILS'}"
                      f"  {seen.step.expect}{asked}"
                      + (f"  ({seen.error})" if seen.error else ""), flush=True)
        report.append({"panel": one.id, "holds": failed == before,
                       "seconds": round(time.perf_counter() - started, 2), "steps": steps})
    if options.json:
        print(as_json(report))
    else:
        print(f"{len(report)} tours, {failed} expectations failed")
    return 1 if failed else 0


# --- lecture -------------------------------------------------------------------------------------


def lecture(options: Any) -> int:
    """Rehearse a lecture: make every moment on this machine, and say which are ready."""
    from app.files import lecture as files
    from app.files.rehearsed import LIMIT
    from app.headless.rehearsal import rehearse, with_runs

    scripts = files.shipped()
    if options.lecture in scripts:
        one = scripts[options.lecture]
    elif Path(options.lecture).suffix:
        one = files.read(Path(options.lecture))
    else:
        raise Refusal("There is no lecture {name}; name a file, or one of {names}.",
                      name=repr(options.lecture), names=", ".join(scripts))
    if not one.moments:
        raise Refusal("{name} has no moments yet.", name=options.lecture)
    if options.save and options.save.suffix != files.ENDING:
        raise Refusal("A lecture is saved as {ending}; choose a name that ends so.", ending=files.ENDING)
    if options.handout and options.handout.suffix.lower() not in (".pdf", ".html"):
        raise Refusal("A page is saved as .pdf or .html, not as {suffix}.",
                      suffix=options.handout.suffix or "-")
    limit = LIMIT if options.limit is None else options.limit
    if not limit > 0:
        raise Refusal("A limit is a number of seconds above 0, not {limit}.", limit=limit)
    words = window_words(options.lang)
    found, runs = [], []
    for row, run in rehearse(one, limit=limit):
        if not options.json:
            _print_rehearsed(row, words)
        found.append(row)
        runs.append(run)
    ready = sum(row.state == "ready" for row in found)
    if options.json:
        print(as_json({"lecture": options.lecture, "title": one.title, "limit": limit,
                       "ready": ready == len(found), "moments": [_rehearsed(row) for row in found]}))
    else:
        minutes = sum(row.moment.minutes for row in found)
        print(words("{ready} of {all} moments are ready; {minutes} minutes are planned.",
                    ready=ready, all=len(found), minutes=numbers.decimal(minutes)))
    if options.save:
        files.write(options.save, with_runs(one, runs))
    if options.handout:
        _write_handout(with_runs(one, runs), options)
    return 0 if ready == len(found) else 1


def _write_handout(one: Any, options: Any) -> None:
    """The moments that could be made, a page each. Raises ``Refusal``."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from app.headless.picture import handout_of

    handout_of(one, options.handout, language=options.lang, notes=options.notes)


def _print_rehearsed(row: Any, words: Any) -> None:
    from app.files.lecture import spoken
    from app.files.rehearsed import kept_said, reasons, state_said

    made = f"{numbers.fixed(row.seconds, 1)} s"
    opens = f"{numbers.fixed(row.opens)} s" if math.isfinite(row.opens) else "–"
    name, kept = spoken(row.moment.name, words.language), kept_said(row, words)
    print(f"{row.number:3}  {state_said(row, words):8} {made:>9} {opens:>8}  "
          f"{row.moment.panel:22} {name}  {kept}".rstrip(), flush=True)
    for sentence in reasons(row, words):
        print(f"     {sentence}", flush=True)


def _rehearsed(row: Any) -> dict[str, Any]:
    """A row of the table as plain JSON types."""
    from app.files.rehearsed import reasons

    return {"number": row.number, "panel": row.moment.panel, "name": dict(row.moment.name),
            "state": row.state, "seconds": round(row.seconds, 3), "opens": row.opens, "limit": row.limit,
            "asks": row.moment.question is not None, "right": [each + 1 for each in row.right],
            "failing": [{"part": part, "values": dict(values)} for part, values in row.expected],
            "lacks": [one.id for one in row.lacking], "fetch": row.fetch,
            "kept": {"field": row.unlike, "apart": row.apart} if not math.isnan(row.apart) else None,
            "reasons": reasons(row, window_words("en"))}


# --- bench ---------------------------------------------------------------------------------------


def bench(options: Any) -> int:
    """Print the figures of one panel, or of the startup."""
    if bool(options.panel) == options.startup:
        raise Refusal("Name a panel to bench, or --startup.")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from app.headless import bench as measuring

    if options.startup:
        figures = measuring.startup()
    else:
        one = panel(options.panel)
        if not 2 <= options.seconds <= 600:
            raise Refusal("A bench takes 2 to 600 seconds, not {seconds}.", seconds=options.seconds)
        figures = measuring.measure(one, chosen_params(one, options.values, options.seed),
                                    seconds=options.seconds, threads=max(1, options.threads),
                                    device=options.device)
    print(as_json(figures) if options.json else measuring.table(figures))
    return 0


# --- data ----------------------------------------------------------------------------------------


def data(options: Any) -> int:
    """List, fetch or locate the data pack."""
    from visualizers.data import Data, default_folder
    from visualizers.uses import listing, pack_sets

    if options.action != "fetch" and options.names:
        raise Refusal("{action} takes no names.", action=options.action)
    if options.action == "where":
        print(default_folder())
    elif options.action == "list":
        _print_listing(listing(Data()), options.json)
    elif not options.names:
        raise Refusal("Name what to fetch, an archive of \"data list\" or one of these sets: {names}.",
                      names=", ".join(one.id for one in pack_sets()))
    else:
        return _fetch(options.names)
    return 0


def _fetch(names: Sequence[str]) -> int:
    """Fetch what is not here, with a line for each archive and a sentence for each that fails."""
    from visualizers.data import Data, fetch, pin
    from visualizers.uses import chosen

    pack = Data().pack
    wanted = [pin(name) for name in chosen(names)]
    absent = [one for one in wanted if not pack.is_sound(one.name)]
    if not absent:
        print(f"All {len(wanted)} archives are here, in {pack.folder}.")
    else:
        count = "1 archive" if len(absent) == 1 else f"{len(absent)} archives"
        print(f"Fetching {count}, {numbers.size(sum(one.size for one in absent))}, into "
              f"{pack.folder} …", flush=True)
    try:
        report = fetch([one.name for one in absent], on_progress=_Progress())
    except KeyboardInterrupt:
        print("\nStopped; what has arrived whole is kept.", file=sys.stderr)
        return 130
    if absent and sys.stdout.isatty():
        print()  # ends the line of progress
    for sentence in dict.fromkeys(map(str, report.failed.values())):
        lacking = [name for name, why in report.failed.items() if str(why) == sentence]
        more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
        print(f"Not fetched: {', '.join(lacking[:3])}{more}. {sentence}", file=sys.stderr)
    return 1 if report.failed else 0


class _Progress:
    """One line that is written over on a terminal; elsewhere a line for each archive that arrives."""

    def __init__(self) -> None:
        self.name = ""

    def __call__(self, name: str, done: int, total: int) -> None:
        if sys.stdout.isatty():
            print(f"\r\x1b[K{numbers.size(done)} of {numbers.size(total)}  {name}", end="", flush=True)
        elif name != self.name:
            self.name = name
            print(f"{numbers.size(done)} of {numbers.size(total)}  {name}", flush=True)


def _print_listing(rows: Sequence[Mapping[str, Any]], listed: bool) -> None:
    if listed:
        print(as_json(rows))
        return
    for row in rows:
        state = "fetched" if row["present"] else "not fetched"
        print(f"{row['name']:32} {numbers.size(row['bytes']):>8}  {state:11}  "
              f"{row['gives']} ({row['licence']})")
    from visualizers.uses import pack_sets

    for one in pack_sets():
        count = "1 archive" if len(one.pins) == 1 else f"{len(one.pins)} archives"
        print(f"{one.id:32} {numbers.size(one.size):>8}  {count}")
