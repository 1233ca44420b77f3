#include "roles/keygen/input.hpp"

#include "base/encoding.hpp"
#include "base/try.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace vsecm::roles::keygen {

using namespace base;

result<crypto::byte_source> open_source(std::string const& path) {
    unique_fd owned;
    if (path != "-") {
        owned = unique_fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
        if (!owned) return fail(errc::invalid, "opening {}: {}", path, std::strerror(errno));
    }
    return crypto::byte_source([owned = std::move(owned), path](byte_span out) -> result<std::size_t> {
        for (;;) {
            auto const n = ::read(owned ? owned.get() : STDIN_FILENO, out.data(), out.size());
            if (n >= 0) return static_cast<std::size_t>(n);
            if (errno != EINTR) return fail(errc::storage, "reading {}: {}", path == "-" ? "standard input" : path, std::strerror(errno));
        }
    });
}

result<secret_text> read_all(crypto::byte_source& source, std::size_t max_len) {
    secret_text out;
    std::size_t len = 0;
    for (;;) {
        out.resize(std::min(std::max<std::size_t>(2 * len, 65536), max_len + 1));
        VSECM_TRY(n, crypto::read_fully(source, out.span().subspan(len)));
        len += n;
        if (len > max_len) return fail(errc::too_large, "the input is larger than {} bytes", max_len);
        if (len < out.size()) break;
    }
    out.resize(len);
    return out;
}

status write_stdout(byte_view bytes) { return base::write_all(STDOUT_FILENO, bytes, "standard output"); }

void complain(std::string_view name, std::string_view why) {
    auto const line = std::string("keygen: ") + printable(name) + ": " + std::string(why) + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace vsecm::roles::keygen
