#include "roles/demo/script.hpp"

#include "base/file.hpp"
#include "base/try.hpp"
#include "roles/demo/stage.hpp"

#include <signal.h>

#include <charconv>
#include <cstdio>

namespace vsecm::roles::demo {
namespace {

using base::errc, base::fail;
using words = std::vector<std::string>;

constexpr std::string_view operator_name = "vsecm-sentinel";

void tell(std::string const& line) { std::printf("%s\n", line.c_str()); }
void show(std::string const& line) { std::printf("    %s\n", line.c_str()); }

double ms_between(moment from, moment to) { return std::chrono::duration<double, std::milli>(to - from).count(); }

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    while (!text.empty() && text.front() == '\n') text.erase(0, 1);
    return text;
}

// The step's claim about a finished command.
base::status expect(bool good, std::string_view claim, outcome const& seen) {
    if (good) return {};
    return fail(errc::internal, "{} - but the command ended with {}, saying `{}{}`", claim, seen.status, trimmed(seen.out), trimmed(seen.err));
}

base::status expect_ok(outcome const& seen, std::string_view claim) { return expect(seen.status == 0 && trimmed(seen.out) == "OK", claim, seen); }

// Runs a command that changes the secret, and tells how long after its `OK` the file followed.
base::status change_and_watch(stage& scene, words command, std::string const& file, std::string const& expected) {
    file_watch watch(file, expected);
    VSECM_TRY(done, scene.run(operator_name, std::move(command)));
    VSECM_TRY_OK(expect_ok(done, "the operator's command answers OK"));
    auto const seen = watch.seen(milliseconds{5000});
    if (!seen) return fail(errc::timeout, "the sidecar's file does not become `{}`; it holds `{}`\n{}", expected, content_of(file), scene.tail_of("sidecar"));
    auto const late = ms_between(done.spoke, *seen);
    if (late <= 0) show("OK; the sidecar's file had it before the operator's command could print that");
    else show(std::format("OK; the sidecar's file followed {:.1f} ms after it", late));
    show(std::format("{} holds: {}", file.substr(file.rfind('/') + 1), content_of(file)));
    return {};
}

base::status register_first(stage& scene, base::child_process& waiting, std::string const& file) {
    tell("2. The operator registers a secret for `billing`:   vsecm sentinel -w billing -s 'TopSecret'");
    VSECM_TRY_OK(change_and_watch(scene, {"sentinel", "-w", "billing", "-s", "TopSecret"}, file, "TopSecret"));
    if (!eventually(milliseconds{10'000}, [&] { return waiting.ended().has_value(); }) || waiting.ended() != 0)
        return fail(errc::internal, "`vsecm init` does not end well once the secret exists:\n{}", scene.tail_of("init"));
    show("vsecm init, which was waiting for it, has exited 0");
    return {};
}

base::status append_second(stage& scene, std::string const& file) {
    tell("3. A second value is put in front of it:             vsecm sentinel -w billing -a -s 'EvenMoreSecret'");
    return change_and_watch(scene, {"sentinel", "-w", "billing", "-a", "-s", "EvenMoreSecret"}, file, R"(["EvenMoreSecret","TopSecret"])");
}

base::status refuse_others(stage& scene) {
    tell("4. A workload with another identity, `shipping`, tries:");
    VSECM_TRY(nothing, scene.run("shipping", {"inspector"}));
    VSECM_TRY_OK(expect(nothing.status == 6 && nothing.out.empty(), "another workload sees nothing", nothing));
    show("it asks for its secret: there is none for it (exit 6)");
    // A client that lies about what it is still has only its own certificate to show.
    VSECM_TRY(liar, scene.run("shipping", {"sentinel", "-l"}, {"VSECM_SPIFFEID_PREFIX_SENTINEL=^spiffe://vsecm.com/workload/shipping/.*$"}));
    VSECM_TRY_OK(expect(liar.status == 2, "safe refuses a workload that poses as the operator", liar));
    show("it poses as the operator: " + trimmed(liar.err) + " (exit 2)");
    return {};
}

base::status list_encrypted(stage& scene) {
    tell("5. The operator can list and export, but never read:  vsecm sentinel -l -e");
    VSECM_TRY(list, scene.run(operator_name, {"sentinel", "-l", "-e"}));
    VSECM_TRY_OK(expect(list.status == 0 && list.out.contains("\"billing\"") && !list.out.contains("TopSecret"), "the list has the name and not the value", list));
    show(trimmed(list.out).substr(0, 100) + "…");
    return {};
}

base::result<::pid_t> pid_of_safe(stage& scene) {
    auto const text = content_of(scene.path("dev/safe.pid"));
    ::pid_t pid = 0;
    std::from_chars(text.data(), text.data() + text.size(), pid);
    if (pid <= 1) return fail(errc::not_found, "dev/safe.pid does not name a process");
    return pid;
}

base::status survive_kill(stage& scene) {
    tell("6. safe is killed (SIGKILL) and started again:");
    VSECM_TRY(before, pid_of_safe(scene));
    ::kill(before, SIGKILL);
    auto const killed = std::chrono::steady_clock::now();
    outcome seen;
    bool const back = eventually(milliseconds{10'000}, [&] {
        auto got = scene.run("billing", {"inspector"});
        if (got) seen = *std::move(got);
        return seen.status == 0;
    });
    VSECM_TRY(after, pid_of_safe(scene));
    VSECM_TRY_OK(expect(back && after != before && seen.out.contains("EvenMoreSecret"), "the secret is still there after a SIGKILL", seen));
    show(std::format("after {:.0f} ms billing has it again: {}", ms_between(killed, std::chrono::steady_clock::now()), trimmed(seen.out)));
    return {};
}

base::status open_backup(stage& scene) {
    tell("7. The stored file opens with nothing but the root key: vsecm keygen --decrypt --root-key … --file data/billing.age");
    VSECM_TRY(opened, scene.run(operator_name, {"keygen", "--decrypt", "--root-key", scene.path("dev/root-key"), "--file", scene.path("dev/data/billing.age")}));
    VSECM_TRY_OK(expect(opened.status == 0 && opened.out.contains("EvenMoreSecret"), "the record opens", opened));
    show(trimmed(opened.out).substr(0, 100) + "…");
    return {};
}

base::status remove(stage& scene, std::string const& file) {
    tell("8. The operator deletes it:                          vsecm sentinel -w billing -d");
    VSECM_TRY_OK(change_and_watch(scene, {"sentinel", "-w", "billing", "-d"}, file, ""));
    VSECM_TRY(gone, scene.run("billing", {"inspector"}));
    return expect(gone.status == 6, "the workload sees nothing any more", gone);
}

base::status bootstrap_complete(stage& scene) {
    tell("9. The system says that its bootstrap is complete, and keystone becomes Ready:");
    auto keystone = scene.launch("vsecm-keystone", {"keystone"}, "keystone", {"VSECM_LOG_LEVEL=4"});
    if (!keystone) return pass(std::move(keystone), "starting keystone");
    VSECM_TRY(done, scene.run(operator_name, {"sentinel", "-w", "vsecm-keystone", "-n", "vsecm-system", "-s", "keystone-init"}));
    VSECM_TRY_OK(expect_ok(done, "the mark is stored"));
    if (!eventually(milliseconds{10'000}, [&] { return scene.tail_of("keystone").contains("ready"); }))
        return fail(errc::timeout, "keystone does not become ready:\n{}", scene.tail_of("keystone"));
    show("keystone is ready");
    return {};
}

}  // namespace

base::status play() {
    auto const began = std::chrono::steady_clock::now();
    tell("vsecm demo: a whole system on this machine, for a few seconds. Not for production.\n");
    VSECM_TRY(scene, stage::open());
    tell("1. An identity issuer, a safe, and two workloads start on loopback:   vsecm dev --workload billing --workload shipping");
    VSECM_TRY_OK(scene.start_dev({"billing", "shipping"}));
    show(std::format("ready after {:.0f} ms", ms_between(began, std::chrono::steady_clock::now())));

    auto const file = scene.path("secrets.json");
    VSECM_TRY(sidecar, scene.launch("billing", {"sidecar"}, "sidecar", {"VSECM_SIDECAR_SECRETS_PATH=" + file, "VSECM_LOG_LEVEL=4"}));
    VSECM_TRY(waiting, scene.launch("billing", {"init"}, "init", {"VSECM_INIT_CONTAINER_POLL_INTERVAL=200"}));
    show("billing has a sidecar that keeps secrets.json, and an init container that waits");

    VSECM_TRY_OK(register_first(scene, waiting, file));
    VSECM_TRY_OK(append_second(scene, file));
    VSECM_TRY_OK(refuse_others(scene));
    VSECM_TRY_OK(list_encrypted(scene));
    VSECM_TRY_OK(survive_kill(scene));
    VSECM_TRY_OK(open_backup(scene));
    VSECM_TRY_OK(remove(scene, file));
    VSECM_TRY_OK(bootstrap_complete(scene));
    tell(std::format("\nEvery step was as told, in {:.1f} s. Next: vsecm dev --dir ./playground --workload billing",
                     ms_between(began, std::chrono::steady_clock::now()) / 1000));
    return {};
}

}  // namespace vsecm::roles::demo
