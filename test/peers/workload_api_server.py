"""A foreign Workload API server: python's gRPC. Answers FetchX509SVID with the files 1.msg, 2.msg, … of a folder as they
appear there, and ends the stream with PERMISSION_DENIED when a file `refuse` does."""
import os
import sys
import time
from concurrent import futures

try:
    import grpc
except ImportError:
    sys.exit(77)

path, folder = sys.argv[1:]


class handler(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method != "/SpiffeWorkloadAPI/FetchX509SVID":
            return None
        return grpc.unary_stream_rpc_method_handler(self.fetch)

    def fetch(self, request, context):
        if dict(context.invocation_metadata()).get("workload.spiffe.io") != "true":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "security header missing from request")
        number = 1
        while context.is_active():
            if os.path.exists(os.path.join(folder, "refuse")):
                context.abort(grpc.StatusCode.PERMISSION_DENIED, "no identity issued – 100 % ✗")
            message = os.path.join(folder, f"{number}.msg")
            if os.path.exists(message):
                with open(message, "rb") as content:
                    yield content.read()
                number += 1
            time.sleep(0.02)


server = grpc.server(futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers((handler(),))
server.add_insecure_port("unix://" + path)
server.start()
print("ready", flush=True)
server.wait_for_termination(120)
