#include "fakes/api_server.hpp"

#include "fakes/api_objects.hpp"
#include "net/address.hpp"
#include "net/deadline.hpp"
#include "net/http_server.hpp"
#include "support/tls_identity.hpp"

#include <openssl/ssl.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace vsecm::test {
namespace {

void write(std::string const& path, std::string_view text) {
    // Beside, and renamed: nobody reads half of it.
    std::ofstream(path + ".new", std::ios::binary) << text;
    std::filesystem::rename(path + ".new", path);
}

// A certificate for 127.0.0.1, whoever asks.
class server_certificate final : public net::tls_source {
public:
    std::shared_ptr<net::tls_context const> current() const override {
        std::scoped_lock const guard(lock_);
        return context_;
    }
    // A new one under a new CA, whose PEM is returned.
    std::string renew() {
        test_ca ca;
        auto context = ca.server_context("IP:127.0.0.1");
        SSL_CTX_set_tlsext_servername_callback(context->ctx.get(), &server_certificate::note_name);
        SSL_CTX_set_tlsext_servername_arg(context->ctx.get(), this);
        std::scoped_lock const guard(lock_);
        context_ = std::move(context);
        return ca.cert_pem();
    }
    std::vector<std::string> names_asked() const {
        std::scoped_lock const guard(lock_);
        return names_asked_;
    }

private:
    static int note_name(SSL* ssl, int*, void* self) {
        auto& here = *static_cast<server_certificate*>(self);
        auto const* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        std::scoped_lock const guard(here.lock_);
        if (name != nullptr) here.names_asked_.emplace_back(name);
        return SSL_TLSEXT_ERR_OK;
    }

    mutable std::mutex lock_;
    std::shared_ptr<net::tls_context const> context_;
    std::vector<std::string> names_asked_;
};

std::string verb_of(std::string_view method) {
    if (method == "GET") return "get";
    if (method == "PATCH") return "patch";
    if (method == "PUT") return "update";
    if (method == "POST") return "create";
    return method == "DELETE" ? "delete" : "";
}

std::string parameter(std::string_view query, std::string_view name) {
    auto const found = net::query_parameter(query, name);
    return found && *found ? **found : std::string();
}

}  // namespace

struct api_server::impl final : net::http_handler {
    mutable std::recursive_mutex lock;  // a script may change what is there
    api_objects objects;
    std::string token = "first-token";
    std::map<std::string, std::set<std::string>> forbidden;
    script followed;
    std::vector<std::string> done;

    std::shared_ptr<server_certificate> certificate = std::make_shared<server_certificate>();
    net::runtime loops{1};
    std::unique_ptr<net::http_server> server;
    std::thread thread;

    // "/api/v1/namespaces/NS/secrets[/NAME]"; nothing for another path.
    static std::optional<api_objects::key> split(std::string_view path) {
        constexpr std::string_view before = "/api/v1/namespaces/", between = "/secrets";
        if (!path.starts_with(before)) return std::nullopt;
        path.remove_prefix(before.size());
        auto const slash = path.find('/');
        if (slash == path.npos || !path.substr(slash).starts_with(between)) return std::nullopt;
        auto const rest = path.substr(slash + between.size());
        return api_objects::key{std::string(path.substr(0, slash)), std::string(rest.empty() ? rest : rest.substr(1))};
    }

    api_reply perform(net::http_request const& request, std::string const& verb, api_objects::key const& at) {
        auto const body = std::string(request.body.view());
        if (followed)
            if (auto const told = followed({verb, at.first, at.second, body, parameter(request.query, "fieldManager")})) {
                if (told->done_all_the_same) (void)carry_out(request, verb, at, body);
                auto reply = failed_reply(told->status, told->reason, told->message);
                if (!told->body.empty()) reply.body = told->body;
                reply.retry_after = told->retry_after;
                reply.pause = told->pause;
                return reply;
            }
        return carry_out(request, verb, at, body);
    }

    api_reply carry_out(net::http_request const& request, std::string const& verb, api_objects::key const& at, std::string const& body) {
        auto const manager = parameter(request.query, "fieldManager");
        auto const type = request.header("Content-Type");
        bool const makes = verb == "patch" && !objects.secrets.contains(at);
        if (!may(at.first, verb) || (makes && !may(at.first, "create")))
            return failed_reply(403, "Forbidden", std::format("secrets \"{}\" is forbidden: User \"system:serviceaccount:vsecm-system:vsecm-safe\" cannot {} resource \"secrets\" in API group \"\" in the namespace \"{}\"", at.second, verb, at.first),
                                R"({"kind":"secrets"})");
        if (verb == "get") return objects.get(at);
        if (verb == "delete") return objects.remove(at, body);
        if (body.size() > 3'145'728) return failed_reply(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728");
        if (type != (verb == "patch" ? "application/apply-patch+yaml" : "application/json")) return failed_reply(415, "UnsupportedMediaType", "the body of the request was in an unknown format");
        if (verb == "create") return objects.create(at, manager, body);
        if (verb == "update") return objects.replace(at, manager, body);
        return objects.apply(at, manager, parameter(request.query, "force") == "true", body);
    }

    bool may(std::string const& space, std::string const& verb) const {
        for (auto const& where : {space, std::string("*")})
            if (auto const rules = forbidden.find(where); rules != forbidden.end() && rules->second.contains(verb)) return false;
        return true;
    }

    net::awaitable<net::http_response> handle(net::http_request& request, net::http_exchange&) override {
        api_reply reply;
        {
            std::scoped_lock const guard(lock);
            auto const verb = verb_of(request.method);
            auto const at = split(request.path);
            if (request.header("Authorization") != "Bearer " + token) reply = failed_reply(401, "Unauthorized", "Unauthorized");
            else if (!at || verb.empty()) reply = failed_reply(404, "NotFound", "the server could not find the requested resource");
            else reply = perform(request, verb, *at);
            done.push_back(std::format("{} {}/{} {}", verb, at ? at->first : "?", at ? at->second : "?", reply.status));
        }
        if (reply.pause.count() > 0) (void)co_await net::sleep_for(reply.pause);
        net::http_response response;
        response.status = reply.status;
        response.content_type = "application/json";
        if (!reply.retry_after.empty()) response.headers.emplace_back("Retry-After", reply.retry_after);
        response.body = base::secret_text(reply.body);
        co_return response;
    }
};

api_server::api_server() : impl_(std::make_unique<impl>()) {
    std::filesystem::create_directory(account_folder());
    write(account_folder() + "/token", impl_->token + "\n");
    write(account_folder() + "/namespace", "vsecm-system");
    write(account_folder() + "/ca.crt", impl_->certificate->renew());
    auto listener = net::listen_tcp({"127.0.0.1", 0});
    if (!listener) throw std::runtime_error(listener.error().what);
    net::http_server_options options;
    options.limits.max_body_len = 4 << 20;
    impl_->server = std::make_unique<net::http_server>(impl_->loops, *std::move(listener), impl_->certificate, *impl_, options);
    impl_->loops.set_grace(std::chrono::seconds{2});
    impl_->loops.on_stop("http", [this] { impl_->server->stop_taking_in(); });
    impl_->server->start();
    impl_->thread = std::thread([this] { impl_->loops.run(); });
}

api_server::~api_server() {
    impl_->loops.stop();
    impl_->thread.join();
}

unsigned api_server::port() const { return impl_->server->port(); }

void api_server::add_namespace(std::string const& name) {
    std::scoped_lock const guard(impl_->lock);
    impl_->objects.namespaces.insert(name);
}

void api_server::put(std::string const& space, std::string const& name, fake_secret secret, std::string const& manager) {
    std::scoped_lock const guard(impl_->lock);
    impl_->objects.namespaces.insert(space);
    impl_->objects.store({space, name}, std::move(secret), manager);
}

std::optional<fake_secret> api_server::find(std::string const& space, std::string const& name) const {
    std::scoped_lock const guard(impl_->lock);
    auto const found = impl_->objects.secrets.find({space, name});
    return found == impl_->objects.secrets.end() ? std::nullopt : std::optional(found->second);
}

void api_server::remove(std::string const& space, std::string const& name) {
    std::scoped_lock const guard(impl_->lock);
    impl_->objects.secrets.erase({space, name});
}

void api_server::make_anew(std::string const& space, std::string const& name) {
    std::scoped_lock const guard(impl_->lock);
    auto copy = impl_->objects.secrets.at({space, name});
    impl_->objects.secrets.erase({space, name});
    impl_->objects.store({space, name}, std::move(copy), "vsecm Update");
}

void api_server::edit(std::string const& space, std::string const& name, std::function<void(fake_secret&)> const& change) {
    std::scoped_lock const guard(impl_->lock);
    auto copy = impl_->objects.secrets.at({space, name});
    copy.managers.clear();
    change(copy);
    impl_->objects.store({space, name}, std::move(copy), "kubectl-edit Update");
}

void api_server::forbid(std::string const& space, std::set<std::string> verbs) {
    std::scoped_lock const guard(impl_->lock);
    impl_->forbidden[space] = std::move(verbs);
}

void api_server::allow_everything() {
    std::scoped_lock const guard(impl_->lock);
    impl_->forbidden.clear();
}

void api_server::follow(script what) {
    std::scoped_lock const guard(impl_->lock);
    impl_->followed = std::move(what);
}

void api_server::change_token(std::string const& token, bool tell_the_pod) {
    std::scoped_lock const guard(impl_->lock);
    impl_->token = token;
    if (tell_the_pod) write(account_folder() + "/token", token + "\n");
}

void api_server::change_ca() { write(account_folder() + "/ca.crt", impl_->certificate->renew()); }

std::vector<std::string> api_server::names_asked() const { return impl_->certificate->names_asked(); }

std::vector<std::string> api_server::log() const {
    std::scoped_lock const guard(impl_->lock);
    return impl_->done;
}

std::size_t api_server::count(std::string const& line_start) const {
    std::size_t num = 0;
    for (auto const& line : log()) num += line.starts_with(line_start) ? 1 : 0;
    return num;
}

}  // namespace vsecm::test
