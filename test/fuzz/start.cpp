// What base::harden_process does for the product, without giving up leak detection.
#include <sodium.h>

extern "C" int LLVMFuzzerInitialize(int*, char***) { return sodium_init() < 0 ? 1 : 0; }
