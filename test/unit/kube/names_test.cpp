#include "kube/names.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm::kube;

TEST_CASE("names, namespaces and keys are Kubernetes' own") {
    for (auto const* good : {"a", "db", "my-db", "a.b-c.d", "0", "9-9"}) CHECK(check_secret_name(good));
    for (auto const* bad : {"", "-a", "a-", "A", "a_b", "a..b", ".a", "a.", "a/b", "a b", "\xc3\xa4", "a.-b"}) CHECK_FALSE(check_secret_name(bad));
    CHECK(check_secret_name(std::string(253, 'a')));
    CHECK_FALSE(check_secret_name(std::string(254, 'a')));

    CHECK(check_namespace_name("vsecm-system"));
    for (auto const* bad : {"", "*", "a.b", "Default", "-x", "x-"}) CHECK_FALSE(check_namespace_name(bad));
    CHECK(check_namespace_name(std::string(63, 'n')));
    CHECK_FALSE(check_namespace_name(std::string(64, 'n')));

    for (auto const* good : {"a", "VALUE", "tls.crt", ".dockerconfigjson", "_x-1", "..."}) {
        INFO(good);
        CHECK(check_data_key(good).has_value() == !std::string_view(good).starts_with(".."));
    }
    for (auto const* bad : {"", ".", "..", "..a", "a b", "a/b", "\xc3\xa4"}) CHECK_FALSE(check_data_key(bad));
    CHECK_FALSE(check_data_key(std::string(254, 'k')));
}

TEST_CASE("what is wrong with a name is told without it") {
    CHECK_FALSE(check_secret_name("TopSecret Name").error().what.contains("TopSecret"));
    CHECK_FALSE(check_data_key("pass word").error().what.contains("pass word"));
}
