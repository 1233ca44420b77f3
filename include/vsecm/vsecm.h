/* vsecm.h: the secret of this workload, from C or any language that can call C.
 *
 *     vsecm_client* client;
 *     vsecm_secret* secret;
 *     if (vsecm_open(NULL, &client) == VSECM_OK && vsecm_fetch(client, 10000, &secret) == VSECM_OK) {
 *         connect_with(vsecm_secret_data(secret));
 *         vsecm_secret_free(secret);
 *     }
 *
 * Which secret that is follows from who this process is: its X.509-SVID comes from the SPIFFE Workload API and is shown to
 * safe over mutual TLS. There is no name, token or password to give.
 *
 * Threads: every function may be called from any thread, with the same handle too, unless it says otherwise. A client has one
 * thread of its own, which takes no signals. fork(): clients and watches of the parent are VSECM_INVALID in the child, and to
 * close or free them there does nothing. pthread_cancel(): no function here is a cancellation point. A call ends as it would, and
 * the thread is cancelled after it; not with PTHREAD_CANCEL_ASYNCHRONOUS, under which hardly any function may be called.
 * Strings are UTF-8 and end with a zero byte. What a function hands over is freed with the _free or _close of its type; those
 * accept NULL. Nothing is written to standard output, standard error or a log.
 * Secrets rest in memory that is wiped when it is freed. Core dumps stay the program's own affair (prctl, PR_SET_DUMPABLE). */
#ifndef VSECM_VSECM_H
#define VSECM_VSECM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define VSECM_PUBLIC __attribute__((visibility("default")))
#define VSECM_MUST_USE __attribute__((warn_unused_result))
#else
#define VSECM_PUBLIC
#define VSECM_MUST_USE
#endif

/* The ABI this header was written for. It grows when something that worked would no longer: a function is gone, or means
 * another thing. New functions and statuses do not change it. The shared library's name carries it: libvsecm.so.1. */
#define VSECM_ABI 1

/* What a call came to. 0 to 6 are the exit statuses of the vsecm commands. Values are never renumbered; new ones may come, so
 * take an unknown one for VSECM_INTERNAL. */
enum vsecm_status {
    VSECM_OK = 0,
    VSECM_INVALID = 1,     /* an argument or a setting is wrong */
    VSECM_REFUSED = 2,     /* safe answered, and said no */
    VSECM_SEALED = 3,      /* safe waits for its root key */
    VSECM_NO_IDENTITY = 4, /* the Workload API gave none, or none of a workload */
    VSECM_UNREACHABLE = 5, /* no answer in time */
    VSECM_ABSENT = 6,      /* there is no secret for this workload, and safe knows of none that was */
    VSECM_DELETED = 7,     /* there is none any more (an original safe does not tell the two apart: it always says this) */
    VSECM_NOT_YET = 8,     /* there is one, and its time has not come */
    VSECM_EXPIRED = 9,     /* there was one, and its time is over */
    VSECM_UNCHANGED = 10,  /* vsecm_watch_next: nothing new within the time given */
    VSECM_CLOSED = 11,     /* the client or the watch was closed meanwhile */
    VSECM_INTERNAL = 12    /* out of memory or threads, or a fault of the library */
};

/* Whether safe says that the workload has nothing now. These alone, of all statuses, mean: do not use the secret any more.
 * They are VSECM_ABSENT to VSECM_EXPIRED; `status` is evaluated once. */
#define VSECM_IS_ABSENCE(status) ((unsigned)(status) - 6U <= 3U)

typedef struct vsecm_client vsecm_client;
typedef struct vsecm_secret vsecm_secret;
typedef struct vsecm_watch vsecm_watch;

/* The ABI of the library that was loaded, to compare with VSECM_ABI when it is loaded by hand. */
VSECM_PUBLIC int vsecm_abi(void);

/* Its version, "0.1.0". Static. */
VSECM_PUBLIC const char* vsecm_version(void);

/* A word for a status: "ok", "no-identity". Static; "unknown" for what this library does not know. */
VSECM_PUBLIC const char* vsecm_status_name(int status);

/* Why the last call of this thread that returns a status did not return VSECM_OK: one sentence for people, without a secret in it.
 * "" if it did. Valid until the thread's next call. */
VSECM_PUBLIC const char* vsecm_message(void);

/* Makes a client. It contacts nobody yet, so it succeeds while the system around it still starts.
 * settings: NULL, or an array that ends with NULL of "NAME=VALUE" texts, which win over the environment's. The names are those
 *     of the environment: SPIFFE_ENDPOINT_SOCKET, VSECM_SAFE_ENDPOINT_URL, VSECM_REQUEST_TIMEOUT and what else is read by
 *     the SDK according to `vsecm help env`. Copied.
 * client: set to NULL on failure. To be closed with vsecm_close.
 * VSECM_INVALID: a setting does not parse, or has a name that nobody knows. VSECM_INTERNAL. */
VSECM_PUBLIC VSECM_MUST_USE int vsecm_open(const char* const* settings, vsecm_client** client);

/* Ends every call and watch on it with VSECM_CLOSED, waits for callbacks that are under way, closes its connections and ends its
 * thread. From now on nothing may be begun on this client, and nothing is called back; its watches are freed before or after. Not
 * from inside a callback. */
VSECM_PUBLIC void vsecm_close(vsecm_client* client);

/* Asks safe for the secret, now.
 * timeout_ms: for all of it: identity, connection and answer. Less than 1 is VSECM_INVALID.
 * secret: set to NULL unless VSECM_OK is returned. To be freed with vsecm_secret_free.
 * Calls that come together share one question and its answer; all calls of a client share one kept connection. After a failed
 * call the client is as good as before: call again. Any status but VSECM_UNCHANGED. */
VSECM_PUBLIC VSECM_MUST_USE int vsecm_fetch(vsecm_client* client, int timeout_ms, vsecm_secret** secret);

/* The bytes, and a zero byte behind them that does not count. Valid until vsecm_secret_free. */
VSECM_PUBLIC const char* vsecm_secret_data(const vsecm_secret* secret);

/* How many bytes. */
VSECM_PUBLIC size_t vsecm_secret_size(const vsecm_secret* secret);

/* When it was registered: seconds since 1970 (UTC); 0 if safe did not say. */
VSECM_PUBLIC long long vsecm_secret_created(const vsecm_secret* secret);

/* When it was last changed, in the same way. */
VSECM_PUBLIC long long vsecm_secret_updated(const vsecm_secret* secret);

/* Wipes and frees. */
VSECM_PUBLIC void vsecm_secret_free(vsecm_secret* secret);

/* Follows the secret: safe tells within milliseconds when it changes; a safe that cannot (the original) is asked every
 * VSECM_SIDECAR_POLL_INTERVAL. All watches of a client share one connection, which is not that of vsecm_fetch.
 * watch: set to NULL on failure. To be freed with vsecm_watch_free.
 * VSECM_CLOSED, VSECM_INTERNAL. */
VSECM_PUBLIC VSECM_MUST_USE int vsecm_watch_open(vsecm_client* client, vsecm_watch** watch);

/* Waits for news. The first call returns what is there as soon as that is known; each later one what it has become. Of several
 * changes since the last call only the newest is told. One thread at a time for a watch.
 * timeout_ms: 0 looks and does not wait; -1 waits for ever.
 * secret: as in vsecm_fetch.
 * VSECM_OK, or an absence: this is so now. VSECM_UNCHANGED. VSECM_CLOSED: there will be no more. Anything else is trouble on the
 * way, told once for as long as it stays the same, and not any more once it is over: the secret told before stands, and the watch
 * goes on by itself. */
VSECM_PUBLIC VSECM_MUST_USE int vsecm_watch_next(vsecm_watch* watch, int timeout_ms, vsecm_secret** secret);

/* One piece of news: status and secret as of vsecm_watch_next, message as of vsecm_message. Both pointers are the library's, and
 * valid during the call only. It must not throw. It may call vsecm_fetch, and vsecm_watch_free of its own watch. */
typedef void vsecm_callback(void* user, int status, const vsecm_secret* secret, const char* message);

/* vsecm_watch_open, with a thread of its own that calls `callback` with all news; VSECM_UNCHANGED and VSECM_CLOSED are none.
 * Nothing is called back before `watch` is set.
 * vsecm_watch_next is VSECM_INVALID for such a watch. `user` is handed through.
 * VSECM_INVALID: there is no callback. VSECM_CLOSED, VSECM_INTERNAL. */
VSECM_PUBLIC VSECM_MUST_USE int vsecm_watch_call(vsecm_client* client, vsecm_callback* callback, void* user, vsecm_watch** watch);

/* Ends the watch; no vsecm_watch_next may be under way on it. Once this has returned the callback does not run and will not
 * again; called from inside the callback, it is not called again. */
VSECM_PUBLIC void vsecm_watch_free(vsecm_watch* watch);

#ifdef __cplusplus
}
#endif

#endif
