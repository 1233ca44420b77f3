#!/usr/bin/env python3
"""Measures what scripts/bench promises, inside the build root. Usage: bench_measure.py BUILD-FOLDER [--quick]

Rates move by tens of percent with the machine's mood; ratios inside one run, server against server in turn, do not.
The server's CPU time per request is the figure that counts, because the generator shares the cores.
"""
import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

from bench_systems import VALUE, Systems, end, memory, raise_descriptor_limit, start_time, wait_for

DEFAULT_GROUPS = "X25519MLKEM768:X25519:P-256"  # of both sides, unless VSECM_TLS_GROUPS says otherwise
# More than safe asks for itself (20,000 connections and some), so that neither it nor the generator runs short.
DESCRIPTORS = 21_000


class Bench(Systems):
    def __init__(self, build, quick):
        super().__init__(build)
        self.quick = quick
        self.seconds = 2 if quick else 5
        self.rounds = 2 if quick else 5
        # Servers are compared in many short turns: what else the machine does then falls on both.
        self.turns = 3 if quick else 20
        self.descriptors = raise_descriptor_limit(DESCRIPTORS)
        self.rows, self.results, self.broken = [], {}, []

    # --- the rows -----------------------------------------------------------------------------------------------------
    def row(self, what, value, unit="", reach="", good=None):
        mark = "" if good is None else ("  ok" if good else "  NOT REACHED")
        self.rows.append((what, value, unit, reach, mark))
        self.results[what] = {"value": value, "unit": unit, "reach": reach, "reached": good}
        shown = f"{value:,.2f}" if isinstance(value, float) else str(value)
        print(f"  {what:<66} {shown:>12} {unit:<10} {reach}{mark}", flush=True)

    def against_nginx(self, groups):
        with self.system(f"tls-{groups}", VSECM_TLS_GROUPS=groups) as folder:
            client = self.billing(folder)
            self.put(folder, "billing", VALUE)
            with self.nginx(folder, groups) as (nginx_port, workers):
                both = {"safe": (self.port(folder, "api"), [self.safe_pid(folder)], "/workload/v1/secrets"), "nginx": (nginx_port, workers, "/secret")}
                fresh = ("--fresh", "--connections", 8)
                for what, more, reach in (("keep-alive fetches", ("--connections", 32), 1.2), ("new connections, the same client", fresh, 0.85),
                                          ("new connections, clients never seen", (*fresh, "--ca-key", folder / "identity/ca.pem"), 1.0)):
                    cpu, rate = {"safe": [], "nginx": []}, {"safe": [], "nginx": []}
                    for _ in range(self.turns):
                        for name, (port, pids, path) in both.items():
                            seen = self.drive(client, port, pids, groups, "--path", path, "--seconds", 1, "--warmup", 0.2, *more)
                            cpu[name].append(seen["server_cpu_us"])
                            rate[name].append(seen["rate"])
                    ratio = statistics.median(a / b for a, b in zip(cpu["safe"], cpu["nginx"]))
                    self.row(f"{what} ({groups}): server CPU, safe/nginx", ratio, "ratio", f"<= {reach}", ratio <= reach)
                    for name in both:
                        self.row(f"{what} ({groups}): server CPU, {name}", statistics.median(cpu[name]), "us")
                        self.row(f"{what} ({groups}): rate, {name}", statistics.median(rate[name]), "/s")

    def loops(self):
        """Whether the work is spread over the event loops: the share of the idlest."""
        with self.system("loops") as folder:
            client = self.billing(folder)
            self.put(folder, "billing", VALUE)
            shares = []
            for _ in range(self.turns):
                seen = self.drive(client, self.port(folder, "api"), [self.safe_pid(folder)], DEFAULT_GROUPS, "--path", "/workload/v1/secrets",
                                  "--connections", 8, "--seconds", 1, "--warmup", 0.2)
                spent = [t["cpu_s"] for t in seen["threads"] if t["name"] == "main" or t["name"].startswith("loop ")]
                shares.append(100 * min(spent) / sum(spent))
                time.sleep(0.2)  # the connections of one turn are gone before those of the next
            smallest, reach = min(shares), 70 / len(spent)  # 35 % each of two
            self.row(f"8 keep-alive connections: smallest share of {len(spent)} loops", smallest, "% of CPU", f">= {reach:.0f}", smallest >= reach)

    def held_connections(self):
        wanted = 1000 if self.quick else 10_000
        num = min(wanted, self.descriptors - 500)
        if num < wanted:
            print(f"  only {num} held connections: a process may have {self.descriptors} files open here")
        for label, groups, variables in (("default groups", DEFAULT_GROUPS, {}), ("X25519", "X25519", {"VSECM_TLS_GROUPS": "X25519"})):
            with self.system(f"held-{groups}", **variables) as folder:
                client = self.billing(folder)
                self.put(folder, "billing", VALUE)
                seen = self.drive(client, self.port(folder, "api"), [self.safe_pid(folder)], groups, "--path", "/workload/v1/secrets",
                                  "--hold", "--connections", num, "--seconds", 150)
                for what in ("idle", "watching"):
                    each = seen[f"{what}_bytes_each"] / 1000
                    self.row(f"{num:,} {what} connections ({label}): anonymous memory each", each, "kB", "<= 40", each <= 40)

    def durable_writes(self):
        with self.system("writes", self.disk) as folder:
            bare_folder = self.disk / "bare"
            bare_folder.mkdir(exist_ok=True)
            one, many = [], []
            for _ in range(self.rounds):
                bare = self.measure(folder, "bare", bare_folder, self.seconds)["rate"]
                single = self.measure(folder, "writers", 1, self.seconds)["rate"]
                crowd = self.measure(folder, "writers", 64, self.seconds)["rate"]
                one.append(single / bare)
                many.append(crowd / single)
            self.row("durable upserts: one writer / bare loop", statistics.median(one), "ratio", ">= 0.6", statistics.median(one) >= 0.6)
            self.row("durable upserts: 64 writers / one writer", statistics.median(many), "ratio", ">= 5", statistics.median(many) >= 5)
            self.row("durable upserts: one writer", single, "/s")
            self.row("durable upserts: 64 writers", crowd, "/s")

    def put_to_file(self):
        with self.system("latency", self.disk) as folder:
            self.measure(folder, "fill", 1, 10)
            for num in (1, 100):
                files = self.shared_memory / f"files-{num}"
                files.mkdir()
                environment = self.environment(folder, "billing")
                sidecars = [subprocess.Popen([self.vsecm, "sidecar"], env={**environment, "VSECM_SIDECAR_SECRETS_PATH": str(files / f"f{i}")},
                                             stderr=subprocess.DEVNULL) for i in range(num)]
                try:
                    time.sleep(0.5 + num / 50)
                    seen = self.measure(folder, "latency", files, num, 40 if num == 1 else 20)
                    self.row(f"put to file, {num} sidecar(s): p50", seen["p50_ms"], "ms", "<= 5" if num == 1 else "", seen["p50_ms"] <= 5 if num == 1 else None)
                    self.row(f"put to file, {num} sidecar(s): p99", seen["p99_ms"], "ms", "<= 50" if num == 100 else "", seen["p99_ms"] <= 50 if num == 100 else None)
                    if num == 1:
                        anon, pss = memory(sidecars[0].pid)
                        self.row("idle sidecar: anonymous memory", anon, "MiB", "<= 3", anon <= 3)
                        self.row("idle sidecar: PSS", pss, "MiB")
                finally:
                    for s in sidecars:
                        s.terminate()
                    for s in sidecars:
                        end(s)

    def memory_and_start(self):
        with self.system("memory", self.disk) as folder:
            anon, pss = memory(self.safe_pid(folder))
            self.row("idle safe: anonymous memory", anon, "MiB", "<= 5", anon <= 5)
            self.row("idle safe: PSS", pss, "MiB")
            empty = self.start_times(folder)
            self.row("start to ready, 0 secrets", empty, "ms", "<= 50", empty <= 50)
            self.measure(folder, "fill", 10000, 1024)
            full = self.start_times(folder)
            self.row("start to ready, 10,000 secrets", full, "ms", "<= 1000", full <= 1000)
            anon, pss = memory(self.safe_pid(folder))
            self.row("safe with 10,000 x 1 KiB: anonymous memory", anon, "MiB", "<= 40", anon <= 40)
            self.row("safe with 10,000 x 1 KiB: PSS", pss, "MiB")

    def start_times(self, folder):
        """Median time from exec to a safe that serves; a second safe would be refused the folder, so this one is killed."""
        took = []
        for _ in range(self.rounds):
            before = self.safe_pid(folder)
            answered = folder / "safe.ports"
            answered.unlink()
            os.kill(before, signal.SIGKILL)
            wait_for(lambda: self.safe_pid(folder) != before, 20, "a new safe")
            began = start_time(self.safe_pid(folder))
            wait_for(answered.exists, 30, "safe to answer", pause=0.0005)
            took.append((answered.stat().st_mtime - began) * 1000)
        return statistics.median(took)

    def tls(self):
        self.loops()
        self.against_nginx("X25519")
        self.against_nginx("X25519MLKEM768")

    def run(self, only):
        """True if every row could be measured, reached or not."""
        print(f"vsecm bench ({'quick' if self.quick else 'full'}): {os.cpu_count()} cores\n")
        size = self.vsecm.stat().st_size
        self.row("size of the stripped binary", size / 1e6, "MB", "<= 12", size <= 12e6)
        for name, part in self.parts().items():
            if only not in (None, name):
                continue
            try:
                part()
            except (OSError, subprocess.CalledProcessError, TimeoutError) as failure:  # the other parts are worth having
                print(f"  {name}: BROKEN OFF: {failure}", flush=True)
                self.broken.append(name)
        pathlib.Path("bench/results.json").write_text(json.dumps(self.results, indent=2) + "\n")
        missed = [what for what, _, _, _, mark in self.rows if "NOT" in mark]
        print(f"\n{len(missed)} of {sum(1 for r in self.rows if r[4])} budgets not reached" + (": " + "; ".join(missed) if missed else "."))
        return not self.broken

    def parts(self):
        return {"memory": self.memory_and_start, "latency": self.put_to_file, "writes": self.durable_writes, "tls": self.tls,
                "held": self.held_connections}


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build")
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--only", choices=["memory", "latency", "writes", "tls", "held"])
    given = arguments.parse_args()
    bench = Bench(given.build, given.quick)
    try:
        sys.exit(0 if bench.run(given.only) else 1)
    finally:
        bench.close()
