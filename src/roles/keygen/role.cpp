#include "roles/keygen/role.hpp"

#include "api/exit_status.hpp"
#include "base/encoding.hpp"
#include "base/try.hpp"
#include "config/settings.hpp"
#include "role_frame.hpp"
#include "roles/keygen/decrypt.hpp"
#include "roles/keygen/input.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace vsecm {
namespace {

using namespace base;
using namespace roles::keygen;

enum option : int { opt_help, opt_out, opt_decrypt, opt_root_key, opt_export, opt_file, opt_value, opt_data, opt_name, opt_cfb, opt_history };
constexpr option_row table[] = {
    {'o', "out", option_kind::single, opt_out, "FILE", "write the new key to FILE (made with mode 0600, never overwritten)"},
    {'\0', "decrypt", option_kind::flag, opt_decrypt, "", "decrypt instead; what, is one of the next four:"},
    {'e', "export", option_kind::single, opt_export, "FILE", "the JSON that `safe -l -e` printed: every secret in it"},
    {'f', "file", option_kind::single, opt_file, "FILE", "one store file, or any age file (`-`: standard input): exact bytes"},
    {'v', "value", option_kind::single, opt_value, "FILE", "one base64 value as `safe -e` prints it (`-`: standard input): exact bytes"},
    {'d', "data", option_kind::single, opt_data, "DIR", "every record of a data folder, which is only read"},
    {'k', "root-key", option_kind::single, opt_root_key, "FILE", "the root key; the one line of it that is needed will do"},
    {'\0', "history", option_kind::flag, opt_history, "", "with --data: also the earlier versions that are kept, of deleted secrets too, each with\nits number"},
    {'n', "name", option_kind::single, opt_name, "NAME", "with --export or --data: the value of this secret alone, exact bytes (with --history: its\nversions)"},
    {'\0', "aes-cfb", option_kind::flag, opt_cfb, "", "with --file or --value: the original's AES format, which nothing protects against changes"},
    {'h', "help", option_kind::flag, opt_help, "", "this text"},
};

status check_options(parsed_options const& given, bool decrypt) {
    if (!given.words.empty()) return fail(errc::invalid, "one argument belongs to no option (vsecm keygen --help)");  // not repeated: it may be a key
    std::size_t num_sources = 0;
    for (auto const id : {opt_export, opt_file, opt_value, opt_data}) num_sources += given.has(id);
    if (num_sources > 1) return fail(errc::invalid, "give one of --export, --file, --value and --data");
    if (decrypt && given.has(opt_out)) return fail(errc::invalid, "--out is for a new root key; decrypted values go to standard output");
    if (!decrypt && (num_sources > 0 || given.has(opt_root_key) || given.has(opt_name) || given.has(opt_cfb) || given.has(opt_history)))
        return fail(errc::invalid, "to decrypt, say so: --decrypt");
    bool const exact = given.has(opt_file) || given.has(opt_value);
    if (given.has(opt_name) && exact) return fail(errc::invalid, "--name chooses from --export or --data");
    if (given.has(opt_cfb) && !exact) return fail(errc::invalid, "--aes-cfb is for --file or --value; elsewhere it is found out");
    if (given.has(opt_history) && !given.has(opt_data)) return fail(errc::invalid, "--history is kept in a data folder: it goes with --data");
    for (auto const id : {opt_out, opt_root_key, opt_export, opt_file, opt_value, opt_data, opt_name})
        if (given.has(id) && given.value(id).empty()) return fail(errc::invalid, "an option has an empty value");
    return {};
}

status write_key_file(std::string const& path, crypto::root_key const& key) {
    auto text = key.print();
    text.push_back('\n');
    VSECM_TRY_OK(posix_files().write_new_synced(path, text.bytes(), 0600));
    auto const slash = path.rfind('/');
    return posix_files().sync_folder(slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash));
}

// The original's framing: an empty line before and after.
status generate(std::string_view out_path) {
    auto const key = crypto::root_key::generate();
    if (!out_path.empty()) {
        VSECM_TRY_OK(write_key_file(std::string(out_path), key));
        std::fprintf(stderr, "keygen: root key %s written to %s: keep a copy where nobody finds it\n", key.id().c_str(), printable(out_path).c_str());
        return {};
    }
    secret_text text(std::string_view("\n"));
    text.append(key.print().view());
    text.append(std::string_view("\n\n"));
    VSECM_TRY_OK(write_stdout(text.bytes()));
    if (::isatty(STDOUT_FILENO) != 0)
        std::fputs("keygen: this is a root key, on a screen. Keep it where nobody finds it; `--out FILE` shows it to nobody.\n", stderr);
    return {};
}

result<crypto::key_ring> read_keys(std::string const& path) {
    auto text = read_file(path, 1U << 20);
    if (!text) return fail(errc::invalid, "root key: {}", text.error().what);
    std::vector<std::string> passed_over;
    auto ring = crypto::key_ring::parse(text->view(), &passed_over);
    for (auto const& line : passed_over) complain(path, line + "; passed over");
    if (!ring) return pass(std::move(ring), path);
    return ring;
}

result<std::size_t> decrypt(parsed_options const& given, config::keygen_settings const& settings) {
    auto found = read_keys(given.has(opt_root_key) ? std::string(given.value(opt_root_key)) : settings.root_key_path);
    if (!found && !given.has(opt_root_key)) found.error().what += " (give the root key with --root-key FILE)";
    VSECM_TRY(keys, std::move(found));
    crypto::byte_sink out = write_stdout;
    decryption const how{keys, out, given.has(opt_cfb) ? format::aes_cfb : format::recognise, given.value(opt_name), given.has(opt_history)};
    auto const path = [&](int id) { return std::string(given.value(id)); };
    if (given.has(opt_file)) return decrypt_file(how, path(opt_file));
    if (given.has(opt_value)) return decrypt_value(how, path(opt_value));
    if (given.has(opt_data)) return decrypt_data(how, path(opt_data));
    if (given.has(opt_export)) return decrypt_export(how, path(opt_export));
    auto done = decrypt_export(how, settings.exported_secret_path);
    if (!done) done.error().what += " (give what is to be decrypted with --export, --file, --value or --data)";
    return done;
}

int give_up(error const& e) {
    std::fprintf(stderr, "keygen: %s\n", e.what.c_str());
    return api::to_int(e.code == errc::not_found ? api::exit_status::not_found : api::exit_status::usage);
}

}  // namespace

constexpr manual keygen_manual{
    .title = "vsecm keygen",
    .summary = "makes a root key; decrypts exports and store files offline",
    .usage = R"(vsecm keygen [--out FILE]
vsecm keygen --decrypt [--root-key FILE] [what] [--name NAME])",
    .about = R"(Without --decrypt: prints a new root key, three lines: an age secret key, its public key, an AES seed. Whoever has it
can read every secret, and without it nobody can.)",
    .options = table,
    .notes = R"(Plaintext goes to standard output. An item that does not open is named on standard error, the others are printed, and
the exit status is 1.

Without options the variables of the original decide: VSECM_KEYGEN_DECRYPT=true, VSECM_KEYGEN_ROOT_KEY_PATH
(/opt/vsecm/keys.txt) and VSECM_KEYGEN_EXPORTED_SECRET_PATH (/opt/vsecm/secrets.json).)",
    .examples = R"(vsecm keygen --out root-key
vsecm keygen --decrypt --root-key root-key --export secrets.json
vsecm keygen --decrypt --root-key root-key --file /var/local/vsecm/data/billing.age
vsecm keygen --decrypt --root-key root-key --data /var/local/vsecm/data --name billing)",
    .variables = config::by_keygen,
};

int run_keygen(arguments args) {
    auto given = parse_options(args, table);
    if (!given) return give_up(given.error());
    if (given->has(opt_help)) return print_answer(help_text(keygen_manual));
    std::vector<std::string> warnings;
    auto const settings = config::keygen_settings::load(environment::of_process(), warnings);
    if (!settings) return give_up(settings.error());
    for (auto const& w : warnings) std::fprintf(stderr, "keygen: %s\n", w.c_str());
    bool const decrypting = settings->decrypt || given->has(opt_decrypt);
    if (auto checked = check_options(*given, decrypting); !checked) return give_up(checked.error());
    if (!decrypting) {
        auto const done = generate(given->value(opt_out));
        return done ? 0 : give_up(done.error());
    }
    auto const num_failed = decrypt(*given, *settings);
    if (!num_failed) return give_up(num_failed.error());
    return *num_failed == 0 ? 0 : 1;
}

}  // namespace vsecm
