// What people read about the operator's command line, and the table its parser follows.
#include "config/variables.hpp"
#include "roles/sentinel/options.hpp"
#include "roles/sentinel/role.hpp"

namespace vsecm::roles::sentinel {
namespace {

using base::option_kind;

constexpr base::option_row table[] = {
    {'w', "workload", option_kind::list, o_workload, "NAME", "the workload, or raw:NAME, or k8s:NAME; may be repeated"},
    {'n', "namespace", option_kind::list, o_namespace, "NAME", "namespaces that may read it (default: default; '*': all); may be repeated"},
    {'s', "secret", option_kind::single, o_secret, "VALUE",
     "the secret. `-`: standard input, to its end, byte for byte. A VALUE on the command line is\n"
     "visible to other processes and in the shell's history: prefer `-` or --secret-file.\n"
     "gen:PATTERN makes one up that nobody knows: each [CLASS]{COUNT} in PATTERN becomes COUNT random\n"
     "characters: [a-z0-9]{8}; [\\w]{8} letters, digits, symbols; [\\d]{8} digits; [\\x]{8} symbols"},
    {'\0', "secret-file", option_kind::single, o_secret_file, "FILE", "the secret is the file's content, byte for byte"},
    {'a', "append", option_kind::flag, o_append, "", "put the value in front of those the workload has, instead of replacing them"},
    {'b', "store", option_kind::single, o_store, "file|memory", "where this secret is kept"},
    {'\0', "if-version", option_kind::single, o_if_version, "N",
     "only if the secret's version is N, as -l shows it (0: there is none yet). Another one: nothing is\n"
     "written for any of the workloads, exit 2"},
    {'d', "delete", option_kind::flag, o_delete, "",
     "delete the secrets of the workloads: they are gone for every reader at once. What --versions lists\n"
     "stays on safe's disk, encrypted, for --undelete; nothing does where safe runs with\n"
     "VSECM_SAFE_SECRET_BACKUP_COUNT=0"},
    {'\0', "versions", option_kind::flag, o_versions, "",
     "what is kept of a secret; safe keeps the last VSECM_SAFE_SECRET_BACKUP_COUNT (3) versions before the\npresent one"},
    {'\0', "rollback", option_kind::single, o_rollback, "N", "all values and dates of version N again. --if-version guards it, as it does -s"},
    {'\0', "undelete", option_kind::flag, o_undelete, "", "take back a deletion; with --if-version N: only if the deletion is version N, as --versions shows it"},
    {'e', "encrypt", option_kind::flag, o_encrypt, "", "without -w: encrypt only; with -w: the value is such ciphertext; with -l: list ciphertexts"},
    {'l', "list", option_kind::flag, o_list, "", "names and dates of all secrets"},
    {'i', "input-keys", option_kind::single, o_input_keys, "KEYS",
     "the root key: private key, public key and AES seed, one a line, and behind them what else a root key\n"
     "file has: keys that were replaced. `-`: standard input. Safe takes it only if it opens what is\n"
     "stored, and keeps it in memory; with VSECM_ROOT_KEY_INPUT_PERSIST=true it stores it"},
    {'\0', "rotate-root-key", option_kind::flag, o_rotate_key, "",
     "safe makes a new root key, or takes the one given with -i, stores it, and encrypts everything anew\n"
     "with it, without a pause: `safe status` says how far it is. The old key stays, to decrypt with"},
    {'\0', "forget-key", option_kind::single, o_forget_key, "ID",
     "once nothing in safe's folder needs it, drops a replaced key that `safe status` lists. What\n"
     "`safe -e` and `safe -l -e` printed under it, and copies of the folder, open with it alone: keep a\n"
     "copy of the key as long as there are any, or encrypt them again before"},
    {'t', "template", option_kind::single, o_template, "TEMPLATE",
     "a Go template (text/template) for a secret that is a JSON object: the workload receives its result"},
    {'f', "format", option_kind::single, o_format, "json|yaml|raw|none",
     "what the workload receives. json (default): the template's result if it is a JSON object, else the\n"
     "secret; yaml: a JSON object as YAML; raw: whatever it is; none: the same, and without a template the\n"
     "exact bytes (default for standard input or a file without -t). A warning says what could not be done"},
    {'N', "nbf", option_kind::single, o_nbf, "DATE", "not before: now, or a date like 2026-01-31T00:00:00Z"},
    {'E', "exp", option_kind::single, o_exp, "DATE", "expires: never, or a date"},
    {'\0', "output", option_kind::single, o_output, "text|json", "text (default), or json: no framing, for programs; apply gives a line a block"},
    {'\0', "dry-run", option_kind::flag, o_dry_run, "", 
     "show what the workload would receive; with apply, what each block would do. Nobody is contacted.\n"
     "A template that fails is exit 1"},
    {'\0', "version", option_kind::flag, o_version, "", "the version of this program"},
    {'h', "help", option_kind::flag, o_help, "", "this text"},
};

constexpr std::string_view words[] = {"serve", "status", "doctor", "apply", "render"};

}  // namespace

std::span<base::option_row const> option_table() noexcept { return table; }

}  // namespace vsecm::roles::sentinel

namespace vsecm {

constexpr manual sentinel_manual{
    .title = "vsecm sentinel",
    .summary = "the operator's command line, also called as `safe`",
    .usage = R"(safe -w NAME [-w NAME]... [-n NAMESPACE]... -s VALUE|-     keep a secret for workloads
safe -w NAME ... -e -s CIPHERTEXT                          the same, from what `safe -e` printed
safe -w NAME [-w NAME]... -d                               delete
safe -w NAME --versions                                    list what is kept of a secret: number, date, size
safe -w NAME --rollback N                                  make version N current again, as a new version
safe -w NAME [-w NAME]... --undelete                       take back a deletion
safe -e -s VALUE|-                                         encrypt only: prints the ciphertext
safe -l [-e]                                               list; with -e: the encrypted export
safe -i -                                                  give the root key (three lines on standard input)
safe --rotate-root-key [-i -]                              a new root key; what is stored is encrypted anew
safe --forget-key ID                                       drop a root key that was replaced
safe status                                                how the server is
safe doctor                                                why does it not work? one check a line, and what to do
safe [-w NAME] -s VALUE|- [-t TEMPLATE] --dry-run          what the workload would receive, here and now: the exact bytes
safe apply FILE|- [--dry-run]                              do the blocks of an init-command script, or of a YAML list; or only tell them
safe render -t TEMPLATE -s JSON|-                          what a template makes of data, here and now: the exact bytes
vsecm sentinel serve                                       the long-running part: init commands, probes)",
    .options = roles::sentinel::table,
    .notes = R"(What `safe apply` and the init commands read: lines KEY:VALUE, with the short options as keys (w and n take several, with
commas between them), and also sleep:MILLISECONDS and exit:true; a line -- ends a block. Or a YAML list of maps with the same keys:

  - {w: [orders, shop], n: default, s: 'gen:[a-zA-Z0-9]{24}'}

Errors are one sentence on standard error. Settings come from the environment: vsecm help env)",
    .examples = R"(printf %s "$PASSWORD" | safe -w billing -n default -s -
safe -w billing -s 'gen:{"username":"admin-[a-z0-9]{6}","password":"[a-zA-Z0-9]{24}"}'
safe -l --output json)",
    .exit_status = R"(0 done; 1 usage or a local problem; 2 the server refused; 3 sealed (no root key yet); 4 no identity, or not
a sentinel's; 5 server not reachable; 6 not found)",
    .words = roles::sentinel::words,
    .variables = config::by_sentinel,
};

}  // namespace vsecm
