# SPDX-License-Identifier: Apache-2.0
"""Whole-process measurements: commands run in turn, round by round, so that a drift of the machine's speed
hits all of them alike; medians and ratios of medians are what is quoted."""
import os
import statistics
import subprocess
import tempfile


class Sample:
    def __init__(self, wall, cpu, peak_kib):
        self.wall, self.cpu, self.peak_kib = wall, cpu, peak_kib


def run(argv, env=None):
    """One run of argv: wall and CPU seconds and peak memory. GNU time starts it, so that the peak is not that of
    this interpreter, which a process keeps across fork and exec."""
    with tempfile.NamedTemporaryFile("r") as report:
        child = subprocess.run(["/usr/bin/time", "-q", "-f", "%e %U %S %M", "-o", report.name] + argv,
                               env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
        if child.returncode != 0:
            raise SystemExit("%s: exit status %d\n%s" % (" ".join(argv), child.returncode,
                                                        child.stderr.decode(errors="replace")))
        wall, user, system, peak = report.read().split()
    return Sample(float(wall), float(user) + float(system), int(peak))


class Contest:
    """Named commands, each with what to remove before it, run interleaved."""

    def __init__(self):
        self.entries = {}
        self.samples = {}

    def add(self, name, argv, before=None, env=None):
        self.entries[name] = (argv, before, env)
        self.samples[name] = []

    def go(self, rounds, warmup=1):
        for turn in range(rounds + warmup):
            for name, (argv, before, env) in self.entries.items():
                if before:
                    before()
                sample = run(argv, env)
                if turn >= warmup:
                    self.samples[name].append(sample)
        return self

    def wall(self, name):
        return statistics.median(s.wall for s in self.samples[name])

    def cpu(self, name):
        return statistics.median(s.cpu for s in self.samples[name])

    def peak_mib(self, name):
        return max(s.peak_kib for s in self.samples[name]) / 1024

    def ratio(self, name, yardstick):
        """Median of the pairwise ratios yardstick / name: above 1 means that name is faster."""
        pairs = zip(self.samples[yardstick], self.samples[name])
        return statistics.median(y.wall / n.wall for y, n in pairs)


def remove(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def cores():
    return len(os.sched_getaffinity(0))
