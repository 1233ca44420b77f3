#!/usr/bin/env python3
"""Measures what scripts/bench promises, inside the build root. Usage: bench_measure.py BUILD-FOLDER [--quick]

Rates move by tens of percent with the machine's mood; ratios inside one run, server against server in turn, do not.
The server's CPU time per request is the figure that counts, because the generator shares the cores.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

VALUE = "v" * 256


class Bench:
    def __init__(self, build, quick):
        self.build, self.quick = pathlib.Path(build).resolve(), quick
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="vsecm-bench-"))
        # Data on the disk the repository is on, never on tmpfs, where a sync costs nothing. The sidecars' files on tmpfs, as
        # in a pod (emptyDir, medium: Memory).
        pathlib.Path("bench").mkdir(exist_ok=True)
        self.disk = pathlib.Path(tempfile.mkdtemp(prefix="s-", dir="bench")).resolve()
        self.shared_memory = pathlib.Path(tempfile.mkdtemp(prefix="vsecm-bench-", dir="/dev/shm"))
        # As a release has it: without symbols.
        self.vsecm = self.scratch / "vsecm"
        subprocess.run(["strip", "-o", self.vsecm, self.build / "src/vsecm"], check=True)
        self.load = self.build / "test/load/vsecm-load"
        self.tool = self.build / "test/bench/bench-tool"
        self.seconds = 2 if quick else 5
        self.rounds = 2 if quick else 5
        self.rows, self.results = [], {}

    # --- a local system -------------------------------------------------------------------------------------------
    @contextlib.contextmanager
    def system(self, name, where=None, **variables):
        folder = (where or self.scratch) / name
        log = open(self.scratch / (name + ".log"), "a")
        dev = subprocess.Popen([self.vsecm, "dev", "--dir", folder, "--workload", "billing"], stdout=log, stderr=log,
                               env={"PATH": os.environ["PATH"], **variables})
        try:
            wait_for(lambda: "is ready" in (self.scratch / (name + ".log")).read_text(), 60, "vsecm dev")
            yield folder
        finally:
            dev.send_signal(signal.SIGTERM)
            dev.wait(20)

    def environment(self, folder, identity):
        text = (folder / "env" / identity).read_text()
        return {"PATH": os.environ["PATH"], **dict(re.findall(r"^export (\w+)='(.*)'$", text, re.M))}

    def measure(self, folder, *words):
        out = subprocess.run([self.tool, *map(str, words)], env=self.environment(folder, "vsecm-sentinel"),
                             check=True, capture_output=True, text=True)
        return json.loads(out.stdout) if out.stdout.strip() else {}

    def safe_pid(self, folder):
        return int((folder / "safe.pid").read_text())

    def port(self, folder, name):
        return int(re.search(rf"{name}=(\d+)", (folder / "ports").read_text())[1])

    # --- certificates of the same authority, for the generator and for nginx -------------------------------------------
    def certificate(self, folder, name, spiffe_id):
        base = self.scratch / name
        (self.scratch / "ext").write_text(f"basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                                          f"extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=URI:{spiffe_id}\n")
        for command in (f"openssl ecparam -name prime256v1 -genkey -noout -out {base}.key",
                        f"openssl req -new -key {base}.key -subj /C=US/O=SPIRE -out {base}.csr",
                        f"openssl x509 -req -in {base}.csr -CA {folder}/identity/ca.pem -CAkey {folder}/identity/ca.pem "
                        f"-set_serial {time.time_ns()} -days 2 -extfile {self.scratch}/ext -out {base}.crt"):
            subprocess.run(command.split(), check=True, capture_output=True)
        return base

    @contextlib.contextmanager
    def nginx(self, folder, groups):
        root = self.scratch / "nginx"
        shutil.rmtree(root, ignore_errors=True)
        (root / "www").mkdir(parents=True)
        (root / "www/secret").write_text(VALUE)
        server = self.certificate(folder, "nginx-server", "spiffe://vsecm.com/workload/nginx/ns/default/sa/nginx/n/dev")
        (root / "conf").write_text(f"""
daemon off; pid {root}/pid; error_log {root}/error; worker_processes auto; user root;
events {{ worker_connections 4096; }}
http {{ access_log {root}/access; keepalive_requests 100000000; client_body_temp_path {root}; proxy_temp_path {root};
  fastcgi_temp_path {root}; uwsgi_temp_path {root}; scgi_temp_path {root};
  server {{ listen 127.0.0.1:28443 ssl backlog=4096; root {root}/www; ssl_certificate {server}.crt; ssl_certificate_key {server}.key;
    ssl_client_certificate {folder}/identity/ca.pem; ssl_verify_client on; ssl_session_tickets off; ssl_session_cache off;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_ecdh_curve {groups}; }} }}
""")
        process = subprocess.Popen(["nginx", "-c", root / "conf", "-p", root], stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: (root / "pid").exists() and children(process.pid), 10, "nginx")
            yield children(process.pid)
        finally:
            process.terminate()
            process.wait(10)

    def drive(self, client, port, path, pids, groups, *more):
        command = [self.load, "--port", str(port), "--path", path, "--cert", f"{client}.crt", "--key", f"{client}.key",
                   "--groups", groups, "--seconds", str(self.seconds), "--json", *more]
        for pid in pids:
            command += ["--pid", str(pid)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    # --- the rows -----------------------------------------------------------------------------------------------------
    def row(self, what, value, unit="", reach="", good=None):
        mark = "" if good is None else ("  ok" if good else "  NOT REACHED")
        self.rows.append((what, value, unit, reach, mark))
        self.results[what] = {"value": value, "unit": unit, "reach": reach, "reached": good}
        shown = f"{value:,.2f}" if isinstance(value, float) else str(value)
        print(f"  {what:<66} {shown:>12} {unit:<10} {reach}{mark}", flush=True)

    def against_nginx(self, groups, label):
        with self.system(f"tls-{label}", VSECM_TLS_GROUPS=groups) as folder:
            client = self.certificate(folder, f"client-{label}", "spiffe://vsecm.com/workload/billing/ns/default/sa/billing/n/dev")
            subprocess.run([self.vsecm, "sentinel", "-w", "billing", "-s", VALUE], env=self.environment(folder, "vsecm-sentinel"),
                           check=True, capture_output=True)
            with self.nginx(folder, groups) as workers:
                both = {"safe": (self.port(folder, "api"), "/workload/v1/secrets", [self.safe_pid(folder)]), "nginx": (28443, "/secret", workers)}
                for what, more, reach in (("keep-alive fetches", ("--connections", "32"), 1.2),
                                          ("new connections, the same client", ("--fresh", "--connections", "8"), 0.85)):
                    cpu, rate = {"safe": [], "nginx": []}, {"safe": [], "nginx": []}
                    for _ in range(self.rounds):
                        for name, (port, path, pids) in both.items():
                            seen = self.drive(client, port, path, pids, groups, *more)
                            cpu[name].append(seen["server_cpu_us"])
                            rate[name].append(seen["rate"])
                    ratio = statistics.median(a / b for a, b in zip(cpu["safe"], cpu["nginx"]))
                    self.row(f"{what} ({label}): server CPU, safe/nginx", ratio, "ratio", f"<= {reach}", ratio <= reach)
                    self.row(f"{what} ({label}): rate, safe", statistics.median(rate["safe"]), "/s")
                    self.row(f"{what} ({label}): rate, nginx", statistics.median(rate["nginx"]), "/s")

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
                        s.wait(10)

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
        self.against_nginx("X25519", "X25519")
        self.against_nginx("X25519MLKEM768", "X25519MLKEM768")

    def run(self, only):
        print(f"vsecm bench ({'quick' if self.quick else 'full'}): {os.cpu_count()} cores\n")
        size = self.vsecm.stat().st_size
        self.row("size of the stripped binary", size / 1e6, "MB", "<= 12", size <= 12e6)
        parts = {"memory": self.memory_and_start, "latency": self.put_to_file, "writes": self.durable_writes, "tls": self.tls}
        for name, part in parts.items():
            if only in (None, name):
                part()
        pathlib.Path("bench/results.json").write_text(json.dumps(self.results, indent=2) + "\n")
        missed = [what for what, _, _, _, mark in self.rows if "NOT" in mark]
        print(f"\n{len(missed)} of {sum(1 for r in self.rows if r[4])} budgets not reached" + (": " + "; ".join(missed) if missed else "."))


def wait_for(condition, limit, what, pause=0.005):
    until = time.monotonic() + limit
    while not condition():
        if time.monotonic() > until:
            raise SystemExit(f"{what}: not within {limit} s")
        time.sleep(pause)


def children(pid):
    text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(p) for p in text.split()]


def memory(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return tuple(int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1]) / 1024 for name in ("Anonymous", "Pss"))


def start_time(pid):
    """When a process was started, on the clock of files' dates; exact to a hundredth of a second."""
    ticks = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    since_boot = ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + since_boot


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build")
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--only", choices=["memory", "latency", "writes", "tls"])
    given = arguments.parse_args()
    bench = Bench(given.build, given.quick)
    try:
        bench.run(given.only)
    finally:
        for folder in (bench.scratch, bench.disk, bench.shared_memory):
            shutil.rmtree(folder, ignore_errors=True)
