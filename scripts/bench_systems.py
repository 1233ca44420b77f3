"""What scripts/bench_measure.py measures on: local systems of vsecm, nginx with certificates of the same authority, and
questions to running processes. Everything lives in folders that close() removes.
"""
import contextlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

VALUE = "v" * 256


class Systems:
    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
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

    def close(self):
        for folder in (self.scratch, self.disk, self.shared_memory):
            shutil.rmtree(folder, ignore_errors=True)

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
            end(dev)

    def environment(self, folder, identity):
        text = (folder / "env" / identity).read_text()
        return {"PATH": os.environ["PATH"], **dict(re.findall(r"^export (\w+)='(.*)'$", text, re.M))}

    def measure(self, folder, *words):
        return output_of([self.tool, *map(str, words)], self.environment(folder, "vsecm-sentinel"))

    def put(self, folder, name, value):
        subprocess.run([self.vsecm, "sentinel", "-w", name, "-s", value], env=self.environment(folder, "vsecm-sentinel"),
                       check=True, stdout=subprocess.DEVNULL)

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

    def billing(self, folder):
        """The certificate of the one workload of system()."""
        return self.certificate(folder, "client", "spiffe://vsecm.com/workload/billing/ns/default/sa/billing/n/dev")

    @contextlib.contextmanager
    def nginx(self, folder, groups):
        """Serves a file as long as VALUE at /secret; its port and the pids of its workers."""
        root, port = self.scratch / "nginx", free_port()
        shutil.rmtree(root, ignore_errors=True)
        (root / "www").mkdir(parents=True)
        (root / "www/secret").write_text(VALUE)
        server = self.certificate(folder, "nginx-server", "spiffe://vsecm.com/workload/nginx/ns/default/sa/nginx/n/dev")
        (root / "conf").write_text(f"""
daemon off; pid {root}/pid; error_log {root}/error; worker_processes {os.cpu_count()}; user root;
events {{ worker_connections 4096; }}
http {{ access_log {root}/access; keepalive_requests 100000000; client_body_temp_path {root}; proxy_temp_path {root};
  fastcgi_temp_path {root}; uwsgi_temp_path {root}; scgi_temp_path {root};
  server {{ listen 127.0.0.1:{port} ssl backlog=4096; root {root}/www; ssl_certificate {server}.crt; ssl_certificate_key {server}.key;
    ssl_client_certificate {folder}/identity/ca.pem; ssl_verify_client on; ssl_session_tickets off; ssl_session_cache off;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_ecdh_curve {groups}; }} }}
""")
        process = subprocess.Popen(["nginx", "-c", root / "conf", "-p", root], stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: (root / "pid").exists() and len(children(process.pid)) == os.cpu_count(), 10, "nginx")
            yield port, children(process.pid)
        finally:
            end(process)

    def drive(self, client, port, pids, groups, *more):
        """Runs vsecm-load; what it says of the server with these pids."""
        command = [self.load, "--port", port, "--cert", f"{client}.crt", "--key", f"{client}.key", "--groups", groups, "--json", *more]
        for pid in pids:
            command += ["--pid", pid]
        return output_of([*map(str, command)])


def output_of(command, environment=None):
    """Of a program that prints one JSON object, or nothing."""
    out = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out) if out.strip() else {}


def end(process):
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def raise_descriptor_limit(wanted):
    """Lets this process, and what it starts, open `wanted` files; fewer if the system does not. What was reached."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for ceiling in (max(hard, wanted), hard):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, ceiling)), ceiling))
            break
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def wait_for(condition, limit, what, pause=0.005):
    until = time.monotonic() + limit
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"{what}: not within {limit} s")
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
