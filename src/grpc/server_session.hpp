// The server half of one connection, and the calls on it. Internal to the room.
#pragma once

#include "grpc/http2_session.hpp"
#include "grpc/server.hpp"

#include <map>

namespace vsecm::grpc {

class server_session;

class incoming_call final : public server_call, public std::enable_shared_from_this<incoming_call> {
public:
    incoming_call(server_session& session, net::executor ex, std::int32_t stream);

    std::string_view path() const noexcept override { return path_; }
    metadata const& headers() const noexcept override { return headers_; }
    base::secret_text const& request() const noexcept override { return request_; }
    peer_credentials peer() const noexcept override { return peer_; }
    base::status send(base::byte_view message) override;
    void finish(call_status status) override;
    bool closed() const noexcept override { return closed_; }
    void on_closed(std::function<void()> then) override;

private:
    friend class server_session;
    void answer_now(std::string_view http_status, call_status status);  // Trailers-Only
    void close();

    std::weak_ptr<http2_session> session_;
    server_session* raw_session_;  // valid while session_ is
    std::int32_t stream_;
    message_assembler assembler_;
    std::vector<base::secret_text> messages_;
    std::string method_;
    std::string path_;
    std::string content_type_;
    std::string timeout_;
    metadata headers_;
    std::size_t header_len_ = 0;
    base::secret_text request_;
    peer_credentials peer_;
    outgoing_body body_;
    call_status end_;
    net::timer deadline_;
    std::function<void()> then_;
    bool request_complete_ = false;
    bool headers_sent_ = false;
    bool finished_ = false;
    bool closed_ = false;
};

class server_session final : public http2_session {
public:
    server_session(stream_socket socket, server_options const& options, server::service const& handle,
                   peer_credentials peer, std::function<void(server_session*)> lost);
    // After start(): closes connections that never speak HTTP/2, or never call.
    void watch_idleness();

private:
    friend class incoming_call;
    std::shared_ptr<incoming_call> find(std::int32_t stream);
    void begin(incoming_call& call);     // headers are complete
    void idle_check();

    outgoing_body* outgoing_of(std::int32_t stream) override;
    bool submit_trailers(std::int32_t stream) override;
    void on_header_block(std::int32_t stream) override;
    bool on_header(std::int32_t stream, std::string_view name, std::string_view value) override;
    void on_headers(std::int32_t stream, bool end_stream) override;
    void on_data(std::int32_t stream, base::byte_view bytes) override;
    void on_end(std::int32_t stream) override;
    void on_stream_closed(std::int32_t stream, std::uint32_t http2_error) override;
    void on_end_sent(std::int32_t stream) override;
    void on_settings() override { greeted_ = true; }
    void on_lost(std::string_view why) override;

    server_options const options_;
    server::service const handle_;
    peer_credentials const peer_;
    std::function<void(server_session*)> lost_;
    std::map<std::int32_t, std::shared_ptr<incoming_call>> calls_;
    net::timer idle_;
    bool greeted_ = false;
    bool used_since_check_ = false;
};

}  // namespace vsecm::grpc
