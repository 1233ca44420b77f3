// OpenSSL's methods for zlib and zstd, as OpenSSL itself answers them when it is built without both: not available. Linked
// into the executable ahead of libcrypto, so that neither library (0.8 MB) comes with it. TLS compression has no place beside
// secrets, and certificate compression is off (design section 4, TLS): what is never used cannot be attacked either.
#include <openssl/bio.h>
#include <openssl/comp.h>

extern "C" {

COMP_METHOD* COMP_zlib(void) { return nullptr; }
COMP_METHOD* COMP_zlib_oneshot(void) { return nullptr; }
COMP_METHOD* COMP_zstd(void) { return nullptr; }
COMP_METHOD* COMP_zstd_oneshot(void) { return nullptr; }
BIO_METHOD const* BIO_f_zlib(void) { return nullptr; }
BIO_METHOD const* BIO_f_zstd(void) { return nullptr; }

// Called by OPENSSL_cleanup(); in no public header.
void ossl_comp_zlib_cleanup(void);
void ossl_comp_zstd_cleanup(void);
void ossl_comp_zlib_cleanup(void) {}
void ossl_comp_zstd_cleanup(void) {}

}  // extern "C"
