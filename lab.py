#!/usr/bin/env python3
"""Set up and start Big Models Lab with nothing but Python.

    python3 lab.py               make .venv here if need be, then open the program
    python3 lab.py test          the same for the tests, then run all of them
    python3 lab.py ANYTHING      the program's own commands: list, render, tour, bench, data, a panel

The first start installs into ``.venv`` and fetches the data of the lectures, which ``--no-data``
leaves out; later ones find both and do no set-up. Every failure ends in one sentence that says what
to do, and data that cannot be had keep nobody from starting. Only the standard library is used, and
no syntax that an old Python could not read far enough to be told its age.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.environ.get("BIGMODELS_VENV") or os.path.join(HERE, ".venv")
WINDOWS = os.name == "nt"
PYTHON = os.path.join(VENV, "Scripts" if WINDOWS else "bin", "python.exe" if WINDOWS else "python")
NEEDED_GB = {"": 4, "test": 5}

QT_LIBRARIES = (
    "On Debian or Ubuntu run: sudo apt install libegl1 libgl1 libxkbcommon0 libfontconfig1 "
    "libdbus-1-3 libxcb-cursor0; other systems name the packages alike."
)
# What pip prints, and the sentence for a person. The first match counts.
TROUBLES = (
    (r"No space left|Errno 28|not enough space",
     "The disk is full: free about {need} GB under {venv}, then start again."),
    (r"PermissionError|Permission denied|Read-only file system",
     "Nothing may be written to {venv}: move this folder to a place of your own, then start again."),
    (r"NameResolutionError|Temporary failure in name|ConnectionError|Connection refused|"
     r"ConnectTimeout|Network is unreachable|ProxyError|Max retries|NewConnectionError|"
     r"getaddrinfo failed|Connection to .* timed out|Connection broken|ReadTimeout",
     "There is no network, or it is closed: the first start must download its packages once; "
     "connect, then start again."),
    (r"THESE PACKAGES DO NOT MATCH THE HASHES|hash mismatch",
     "A download was damaged on its way: start again."),
    (r"No matching distribution|Could not find a version|ResolutionImpossible",
     "A package is not to be had for Python {python} on this system: use Python 3.11, 3.12 or 3.13 "
     "on 64-bit Linux, macOS or Windows."),
)


def say(text):
    """One line for the user, at once."""
    print(text, flush=True)


def stop(text):
    """The one sentence that ends a failed start."""
    sys.stderr.write("\n" + text + "\n")
    raise SystemExit(1)


def check_python():
    """Python must be new enough, whole and not 32-bit."""
    version = sys.version_info
    if version < (3, 11):
        stop("Big Models Lab needs Python 3.11 or newer, and this is {}.{}: install a newer Python "
             "and start with it, for example python3.12 lab.py.".format(version[0], version[1]))
    if sys.maxsize < 2**32:
        stop("Big Models Lab needs a 64-bit Python: install one and start again.")
    try:
        import ensurepip  # noqa: F401  (Debian leaves it out of a bare python3)
        import venv  # noqa: F401
    except ImportError:
        stop("This Python cannot make virtual environments: on Debian or Ubuntu run "
             "sudo apt install python3-venv, then start again.")


def fingerprint(extra):
    """Changes when what must be installed changes."""
    digest = hashlib.sha256(extra.encode() + sys.version.encode())
    for name in ("pyproject.toml", "constraints.txt"):
        with open(os.path.join(HERE, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def stamp(extra):
    return os.path.join(VENV, "ready-" + (extra or "program"))


def is_ready(extra):
    """Whether an earlier start finished this set-up. A set-up for the tests serves the program."""
    if not os.path.exists(PYTHON):
        return False
    for kind in {extra, "test"}:
        try:
            with open(stamp(kind)) as file:
                if file.read() == fingerprint(kind):
                    return True
        except OSError:
            pass
    return False


def check_disk(extra):
    folder = VENV if os.path.isdir(VENV) else os.path.dirname(VENV)
    try:
        free = shutil.disk_usage(folder).free / 1e9
    except OSError:
        return
    if free < NEEDED_GB[extra] and not is_ready(extra):
        stop("Only {:.1f} GB are free where {} is to be: free {} GB, then start again.".format(
            free, VENV, NEEDED_GB[extra]))


def set_up(extra):
    """Make the environment and install into it, with a line of progress for each package."""
    started = time.time()
    check_disk(extra)
    say("Setting up Big Models Lab in {} (once; a few minutes) …".format(VENV))
    if not os.path.exists(PYTHON):
        try:
            run_quietly([sys.executable, "-m", "venv", VENV])
        except subprocess.CalledProcessError as error:
            explain(error.output or "", "The virtual environment could not be made in {}.".format(VENV))
    target = HERE + ("[" + extra + "]" if extra else "")
    command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
               "--progress-bar", "off", "-c", os.path.join(HERE, "constraints.txt"), "-e", target]
    lines = []
    pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           universal_newlines=True, cwd=HERE)
    count = 0
    for line in pip.stdout:
        lines.append(line)
        fetched = re.match(r"\s*(?:Collecting|Downloading|Using cached|Processing) (\S+)", line)
        if fetched:
            count += 1
            name = os.path.basename(fetched.group(1)).split(";")[0]
            show("{:4.0f} s  {:3d}  {}".format(time.time() - started, count, name))
        elif line.startswith("Installing collected"):
            show("{:4.0f} s  unpacking".format(time.time() - started))
    show("")
    if pip.wait():
        explain("".join(lines), "The packages could not be installed.")
    check_qt()
    with open(stamp(extra), "w") as file:
        file.write(fingerprint(extra))
    say("Ready after {:.0f} s.".format(time.time() - started))


def bring_data():
    """Fetch what the lectures read into the user's data folder; without it the program works too."""
    say("Fetching the texts and trained models that the lectures read (--no-data leaves them out).")
    try:
        if subprocess.call([PYTHON, "-P", "-m", "app", "data", "fetch", "lectures"]):
            say("Every panel works without them too; what has arrived is kept. To get the rest: "
                "python3 lab.py data fetch lectures")
    except KeyboardInterrupt:
        stop("To get the rest: python3 lab.py data fetch lectures")


def show(text):
    """Progress: one line that is written over on a terminal, and plain lines elsewhere."""
    if sys.stdout.isatty():
        sys.stdout.write("\r\x1b[K" + text[:100])
        sys.stdout.flush()
    elif text:
        say(text)


def run_quietly(command):
    subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                   universal_newlines=True, cwd=HERE)


def explain(output, otherwise):
    """End with the sentence that fits what went wrong; the last lines of pip for everything else."""
    for pattern, sentence in TROUBLES:
        if re.search(pattern, output):
            stop(sentence.format(venv=VENV, need=NEEDED_GB["test"],
                                 python="{}.{}".format(*sys.version_info[:2])))
    tail = "\n".join(output.strip().splitlines()[-8:])
    stop(tail + "\n\n" + otherwise + " The lines above say why; remove {} and start again.".format(VENV))


def check_qt():
    """Qt loads its system libraries when it is imported; a missing one has a name."""
    probe = subprocess.run([PYTHON, "-c", "import PySide6.QtWidgets, PySide6.QtSvg"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if probe.returncode:
        missing = re.search(r"(lib[\w.+-]+\.so[.\d]*)", probe.stdout)
        what = "the system library {}".format(missing.group(1)) if missing else "a system library"
        stop("Qt needs {}, which this system lacks. {}".format(what, QT_LIBRARIES))


def run_tests(options, environment):
    """All tests in two processes, and then by itself what looks at the clock or at all processes.

    Who names files, tests or marks gets one plain run of pytest with them; -m quick is in between.
    """
    environment["QT_QPA_PLATFORM"] = "offscreen"
    # A process that died is a failure at once: pytest-xdist may wait for its share of the tests for ever.
    together = ["-n", "2", "--dist", "loadgroup", "--max-worker-restart", "0"]
    if options == ["-m", "quick"]:
        runs = [together + ["-m", "quick"]]
    elif any(not one.startswith("--") for one in options):
        runs = [options]
    else:
        runs = [together + ["-m", "not benchmark and not alone"] + options,
                ["-m", "alone and not benchmark"] + options]
    codes = [subprocess.call([PYTHON, "-m", "pytest"] + one, cwd=HERE, env=environment)
             for one in runs]
    return next((code for code in codes if code), 0)


def main():
    """Set up what is missing, then hand over to the program or to the tests."""
    check_python()
    arguments = [one for one in sys.argv[1:] if one != "--no-data"]
    testing = arguments[:1] == ["test"]
    extra = "test" if testing else ""
    if not is_ready(extra):
        try:
            set_up(extra)
        except KeyboardInterrupt:
            stop("Stopped. Start again to go on; what was downloaded is kept.")
        except OSError as error:
            explain(str(error), "The set-up failed: {}.".format(error))
        if "--no-data" not in sys.argv[1:]:
            bring_data()
    environment = dict(os.environ)
    try:
        if testing:
            return run_tests(arguments[1:], environment)
        return subprocess.call([PYTHON, "-P", "-m", "app"] + arguments, env=environment)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
