"""A foreign Workload API client: python's gRPC, certificates checked by the openssl command."""
import pathlib
import subprocess
import sys
import tempfile

from frame.workload_api import SECURITY_HEADER, first_svid, write_pem

try:
    import grpc
except ImportError:
    sys.exit(77)


def verify(svid):
    with tempfile.TemporaryDirectory() as folder:
        paths = write_pem(svid, pathlib.Path(folder))
        subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", paths["bundle"], paths["leaf"]], check=True, stdout=subprocess.DEVNULL)
        own = subprocess.run(["openssl", "pkey", "-in", paths["key"], "-pubout"], check=True, capture_output=True).stdout
        leaf = subprocess.run(["openssl", "x509", "-in", paths["leaf"], "-pubkey", "-noout"], check=True, capture_output=True).stdout
        assert own == leaf


def refusal(channel, method, metadata):
    try:
        channel.unary_unary(method)(b"", metadata=metadata, timeout=10)
    except grpc.RpcError as error:
        return f"{error.code().name} {error.details()}"
    return "accepted"


channel = grpc.insecure_channel("unix://" + sys.argv[1])
print("no header:", refusal(channel, "/SpiffeWorkloadAPI/FetchX509SVID", ()), flush=True)
print("jwt:", refusal(channel, "/SpiffeWorkloadAPI/FetchJWTSVID", SECURITY_HEADER), flush=True)
stream = channel.unary_stream("/SpiffeWorkloadAPI/FetchX509SVID")(b"", metadata=SECURITY_HEADER, timeout=30)
seen = set()
for number, message in enumerate(stream, 1):
    svid = first_svid(message)
    verify(svid)
    seen.add(svid[2])
    print("update", number, svid[1].decode(), "verify OK", flush=True)
    if number == 2:
        break
assert len(seen) == 2, "a rotation brings another certificate"
stream.cancel()
