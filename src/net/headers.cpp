#include "net/address.hpp"
#include "net/backoff.hpp"
#include "net/deadline.hpp"
#include "net/http_client.hpp"
#include "net/http_message.hpp"
#include "net/http_server.hpp"
#include "net/probes.hpp"
#include "net/runtime.hpp"
#include "net/tls_context.hpp"
#include "net/tls_stream.hpp"
#include "net/wake_signal.hpp"
namespace vsecm::net {
awaitable<base::result<int>> probe1() { co_return 1; }
awaitable<base::result<int>> probe() { co_return co_await with_deadline(probe1(), std::chrono::seconds(1), "x"); }
}
