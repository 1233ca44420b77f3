"""The Workload API as python's gRPC sees it, protobuf read by hand. Only in the build root, which has python3-grpcio."""
import subprocess

SECURITY_HEADER = (('workload.spiffe.io', 'true'),)


def fields(message):
    """(number, bytes) of each field of a protobuf message of length-delimited fields."""
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
        assert key & 7 == 2, 'only length-delimited fields are expected'
        length = varint()
        yield key >> 3, message[at:at + length]
        at += length


def first_svid(response):
    """The fields of the default identity: 1 its SPIFFE ID, 2 certificates, 3 key, 4 bundle; all DER."""
    return dict(fields(dict(fields(response))[1]))


def write_pem(svid, folder):
    """leaf, key and bundle as PEM files, converted by the openssl command; their paths by name."""
    paths = {name: str(folder / name) for name in ('leaf', 'key', 'bundle')}
    for name, tag, kind in (('leaf', 2, 'x509'), ('key', 3, 'pkey'), ('bundle', 4, 'x509')):
        subprocess.run(['openssl', kind, '-inform', 'DER', '-out', paths[name]], input=svid[tag], check=True)
    return paths
