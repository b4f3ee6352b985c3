#include <dlfcn.h>

#include <cstdio>
#include <cstring>

#include "base/hash.h"

// A plain program that links the engine gets Debian's OpenSSL, not the one inside libparquet.
int main() {
  Dl_info info{};
  void* digest = dlsym(RTLD_DEFAULT, "EVP_Digest");
  if (digest == nullptr || dladdr(digest, &info) == 0 || std::strstr(info.dli_fname, "libcrypto.so") == nullptr) {
    std::printf("EVP_Digest comes from %s\n", info.dli_fname);
    return 1;
  }
  std::printf("%016llx\n", static_cast<unsigned long long>(thalweg::Hash64("thalweg")));
}
