#include "delivery/deciding_names.hpp"

#include <algorithm>

namespace vsecm::delivery {
namespace {

// Of these there is one for each part, version or architecture.
constexpr std::string_view beginnings[] = {
    "LD_", "BASH_FUNC_", "DOTNET_ROOT", "CORECLR_", "COMPLUS_", "LUA_INIT", "LUA_PATH", "LUA_CPATH", "GIT_CONFIG",
};

constexpr std::string_view names[] = {
    // shells: what they run, or run by, and where their start-up files lie
    "PATH", "IFS", "ENV", "BASH_ENV", "BASHOPTS", "SHELLOPTS", "PS4", "PROMPT_COMMAND", "CDPATH", "ZDOTDIR",
    // the C library: modules, locales, catalogues of formats, tunables, resolver
    "GCONV_PATH", "GETCONF_DIR", "LOCPATH", "NLSPATH", "GLIBC_TUNABLES", "HOSTALIASES", "RESOLV_HOST_CONF",
    // OpenSSL, Kerberos, SASL, ODBC, GLib: modules that are loaded into the program
    "OPENSSL_CONF", "OPENSSL_CONF_INCLUDE", "OPENSSL_MODULES", "OPENSSL_ENGINES", "KRB5_CONFIG", "GSS_MECH_CONFIG", "SASL_PATH", "SASL_CONF_PATH", "ODBCSYSINI",
    "ODBCINSTINI", "GIO_EXTRA_MODULES", "GIO_MODULE_DIR", "GTK_MODULES", "QT_PLUGIN_PATH",
    // runtimes
    "DOTNET_STARTUP_HOOKS", "DOTNET_ADDITIONAL_DEPS", "DOTNET_SHARED_STORE", "DOTNET_BUNDLE_EXTRACT_BASE_DIR",
    "NODE_OPTIONS", "NODE_PATH", "NODE_REPL_EXTERNAL_MODULE", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "JAVA_OPTS", "JAVA_HOME", "CLASSPATH",
    "PYTHONSTARTUP", "PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONPLATLIBDIR", "PYTHONPYCACHEPREFIX", "PYTHONEXECUTABLE", "PYTHONWARNINGS", "PYTHONBREAKPOINT",
    "PYTHONINSPECT", "PERL5OPT", "PERL5LIB", "PERLLIB", "PERL5DB", "RUBYOPT", "RUBYLIB", "GEM_HOME", "GEM_PATH", "BUNDLE_GEMFILE", "PHPRC", "PHP_INI_SCAN_DIR",
    "ERL_FLAGS", "ERL_AFLAGS", "ERL_ZFLAGS", "ERL_LIBS", "ELIXIR_ERL_OPTIONS", "R_HOME", "R_PROFILE", "R_PROFILE_USER", "R_ENVIRON", "R_ENVIRON_USER", "R_LIBS",
    "R_LIBS_USER", "R_LIBS_SITE", "JULIA_LOAD_PATH", "JULIA_DEPOT_PATH", "GUILE_LOAD_PATH", "TCLLIBPATH",
    // tools: what git, ssh, make, man and less start
    "GIT_SSH", "GIT_SSH_COMMAND", "GIT_EXEC_PATH", "GIT_ASKPASS", "GIT_PROXY_COMMAND", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "GIT_PAGER", "GIT_EXTERNAL_DIFF",
    "GIT_TEMPLATE_DIR", "GIT_DIR", "SSH_ASKPASS", "MAKEFLAGS", "MAKEFILES", "LESSOPEN", "LESSCLOSE",
};

}  // namespace

bool decides_what_runs(std::string_view name) noexcept {
    return std::ranges::contains(names, name) || std::ranges::any_of(beginnings, [name](std::string_view beginning) { return name.starts_with(beginning); });
}

}  // namespace vsecm::delivery
