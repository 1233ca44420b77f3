"""A foreign Workload API client: python's gRPC, protobuf read by hand, certificates checked by the openssl command."""
import os
import subprocess
import sys
import tempfile

try:
    import grpc
except ImportError:
    sys.exit(77)


def fields(message):
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        assert key & 7 == 2, "only length-delimited fields are expected"
        length = varint()
        yield key >> 3, message[at : at + length]
        at += length


def verify(svid):
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: os.path.join(folder, name) for name in ("leaf", "key", "bundle")}
        for name, tag, kind in (("leaf", 2, "x509"), ("key", 3, "pkey"), ("bundle", 4, "x509")):
            with open(paths[name] + ".der", "wb") as out:
                out.write(svid[tag])
            subprocess.run(["openssl", kind, "-inform", "DER", "-in", paths[name] + ".der", "-out", paths[name]], check=True)
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
header = (("workload.spiffe.io", "true"),)
print("no header:", refusal(channel, "/SpiffeWorkloadAPI/FetchX509SVID", ()), flush=True)
print("jwt:", refusal(channel, "/SpiffeWorkloadAPI/FetchJWTSVID", header), flush=True)
stream = channel.unary_stream("/SpiffeWorkloadAPI/FetchX509SVID")(b"", metadata=header, timeout=30)
seen = set()
for number, message in enumerate(stream, 1):
    svid = dict(fields(dict(fields(message))[1]))
    verify(svid)
    seen.add(svid[2])
    print("update", number, svid[1].decode(), "verify OK", flush=True)
    if number == 2:
        break
assert len(seen) == 2, "a rotation brings another certificate"
stream.cancel()
