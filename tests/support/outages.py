"""Servers that are stopped, as a machine does that hangs, and continued."""

from __future__ import annotations

import os
import signal
import subprocess


def stop_tree(pid: int) -> None:
    """Stop a server that the tests started, and its children: they answer nobody and keep all that they have."""
    _signal(pid, signal.SIGSTOP)


def continue_tree(pid: int) -> None:
    """Let a stopped server go on."""
    _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> None:
    for each in tree(pid):
        os.kill(each, number)


def tree(pid: int) -> list[int]:
    """Return a server's own process and those of its children."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    children = [int(child) for child, parent in (line.split() for line in listed.splitlines()) if int(parent) == pid]
    return [pid, *children]
