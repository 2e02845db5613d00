"""Which commands there are: those on files and texts, and the models of programs and machines."""

from __future__ import annotations

from collections.abc import Callable

from visualizers.l1_basics.linux import files, modelled, small, texts
from visualizers.l1_basics.linux.builtins import BUILTINS
from visualizers.l1_basics.linux.gitmodel import git
from visualizers.l1_basics.linux.session import Programs
from visualizers.l1_basics.linux.shell import Shell

Command = Callable[[Shell, list[str]], int]

KEYWORDS = ("if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "in",
            "function", "{", "}", "!", "[[", "]]", "time")

COMMANDS: dict[str, Command] = {
    "basename": texts.basename, "bash": small.bash, "cat": texts.cat, "chmod": files.chmod,
    "clear": small.clear, "cp": files.cp, "cut": texts.cut, "date": small.date, "diff": texts.diff,
    "dirname": texts.dirname, "du": small.du, "egrep": texts.egrep, "env": small.env,
    "find": files.find, "grep": texts.grep, "head": texts.head, "hostname": small.hostname,
    "less": texts.cat, "ls": files.ls, "man": small.man, "mkdir": files.mkdir, "more": texts.cat,
    "mv": files.mv, "paste": texts.paste, "printenv": small.env, "rev": texts.rev, "rm": files.rm,
    "rmdir": files.rmdir, "sed": texts.sed, "seq": texts.seq, "sh": small.bash, "sleep": small.sleep,
    "sort": texts.sort, "tac": texts.tac, "tail": texts.tail, "tee": texts.tee, "time": small.time,
    "touch": files.touch, "tr": texts.tr, "uniq": texts.uniq, "wc": texts.wc, "which": small.which,
    "whoami": small.whoami, "xargs": texts.xargs,
}
MODELS: dict[str, Command] = {
    "conda": modelled.conda, "git": git, "nohup": modelled.nohup,
    "nvidia-smi": modelled.nvidia_smi, "pip": modelled.pip, "ps": modelled.ps, "python": modelled.python,
    "scp": modelled.scp, "ssh": modelled.ssh, "tmux": modelled.tmux,
}
# Programs of a real machine that are missing here, so that nobody takes them for typing errors.
LACKING = frozenset((
    "awk", "gawk", "vim", "vi", "nano", "emacs", "code", "sudo", "su", "apt", "apt-get", "yum",
    "top", "htop", "killall", "ln", "df", "mount", "umount", "curl", "wget", "tar", "gzip", "gunzip",
    "zip", "unzip", "rsync", "make", "gcc", "g++", "watch", "crontab", "systemctl", "useradd", "passwd",
    "chown", "chgrp", "file", "stat", "xxd", "od", "split", "join", "comm", "nl", "expr", "bc",
    "dd", "free", "uname", "uptime", "id", "groups", "who", "w", "ping", "ifconfig", "ip", "netstat",
    "docker", "screen", "jupyter", "node", "perl", "ruby", "java", "ftp", "sftp", "ssh-keygen",
    "ssh-copy-id", "locale", "mktemp", "readlink", "realpath", "tree", "column", "shuf", "fold", "fmt",
    "yes", "timeout", "nproc", "lscpu", "lsof", "pgrep", "pkill"))


PROGRAMS = Programs(builtins=BUILTINS, files=COMMANDS, models=MODELS, lacking=LACKING,
                    keywords=frozenset(KEYWORDS))
