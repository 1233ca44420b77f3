#!/usr/bin/env python3
"""This workload's secret in Python, through the C interface: prints how long it is, and again whenever it changes, until it is
told to end.

    secret.py [once]
"""
import ctypes
import signal
import sys

lib = ctypes.CDLL('libvsecm.so.1')
OK, UNCHANGED, CLOSED = 0, 10, 11
ENDS = {signal.SIGTERM, signal.SIGINT}
Callback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)
lib.vsecm_message.restype = lib.vsecm_status_name.restype = ctypes.c_char_p
lib.vsecm_secret_data.argtypes, lib.vsecm_secret_data.restype = [ctypes.c_void_p], ctypes.c_void_p
lib.vsecm_secret_size.argtypes, lib.vsecm_secret_size.restype = [ctypes.c_void_p], ctypes.c_size_t
lib.vsecm_secret_free.argtypes = lib.vsecm_watch_free.argtypes = lib.vsecm_close.argtypes = [ctypes.c_void_p]
lib.vsecm_open.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)]
lib.vsecm_fetch.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_void_p)]
lib.vsecm_watch_call.argtypes = [ctypes.c_void_p, Callback, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)]


class VsecmError(Exception):
    """status: a number of vsecm.h."""

    def __init__(self, status):
        super().__init__(f'{lib.vsecm_status_name(status).decode()}: {lib.vsecm_message().decode()}')
        self.status = status


def check(status):
    if status != OK:
        raise VsecmError(status)


def content(secret):
    """Its bytes. Python cannot wipe them: use them where they are needed, and keep them nowhere."""
    return ctypes.string_at(lib.vsecm_secret_data(secret), lib.vsecm_secret_size(secret))


class Client:
    def __init__(self):
        self.handle = ctypes.c_void_p()
        check(lib.vsecm_open(None, ctypes.byref(self.handle)))

    def fetch(self, timeout_ms=10000):
        secret = ctypes.c_void_p()
        check(lib.vsecm_fetch(self.handle, timeout_ms, ctypes.byref(secret)))
        try:
            return content(secret)
        finally:
            lib.vsecm_secret_free(secret)

    def watch(self, told):
        """told(status, bytes or None, message) from a thread of its own. Keep what this returns: (handle, function)."""
        call = Callback(lambda user, status, secret, message: told(status, content(secret) if secret else None, message.decode()))
        watch = ctypes.c_void_p()
        check(lib.vsecm_watch_call(self.handle, call, None, ctypes.byref(watch)))
        return watch, call

    def close(self):
        lib.vsecm_close(self.handle)


def told(status, secret, message):
    print(f'the secret has {len(secret)} bytes' if status == OK else message, flush=True)


if __name__ == '__main__':
    client = Client()
    try:
        if sys.argv[1:] == ['once']:
            told(OK, client.fetch(), '')
        else:
            signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)  # a container's first process is not ended by a signal it does not ask for
            watch, _call = client.watch(told)
            signal.sigwait(ENDS)  # a real program does its work here
            lib.vsecm_watch_free(watch)
    except VsecmError as failure:
        sys.exit(str(failure))
    finally:
        client.close()
