// The libraries of one process export clashing symbols: libparquet a whole OpenSSL, libarrow_compute the re2:: functions. These
// tests hold the order of docs/decisions/0002-arrow-from-the-wheel.md: Debian's libraries first, Arrow's last.
#include <dlfcn.h>
#include <link.h>

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

namespace thalweg {

namespace {

using ::testing::HasSubstr;

// Base name of the file that gives `symbol` to every library of this process; "" if none does.
std::string ProviderOf(const char* symbol) {
  void* address = dlsym(RTLD_DEFAULT, symbol);
  Dl_info info{};
  if (address == nullptr || dladdr(address, &info) == 0) return {};
  const std::string path = info.dli_fname;
  return path.substr(path.rfind('/') + 1);
}

// Base names of the loaded libraries, in the order in which symbols are looked up.
std::vector<std::string> LoadedLibraries() {
  std::vector<std::string> names;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* out) {
        const std::string path = info->dlpi_name;
        static_cast<std::vector<std::string>*>(out)->push_back(path.substr(path.rfind('/') + 1));
        return 0;
      },
      &names);
  return names;
}

// Place in that order of the first library whose name starts with `prefix`; -1 if it is not loaded.
int PlaceOf(const std::string& prefix) {
  const std::vector<std::string> names = LoadedLibraries();
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].starts_with(prefix)) return static_cast<int>(i);
  }
  return -1;
}

TEST(LinkOrder, OpenSslIsDebians) {
  for (const char* symbol : {"EVP_Digest", "EVP_DigestInit_ex", "RAND_bytes", "SHA256"}) {
    EXPECT_THAT(ProviderOf(symbol), HasSubstr("libcrypto.so")) << symbol;
  }
  EXPECT_THAT(ProviderOf("SSL_new"), HasSubstr("libssl.so"));
}

TEST(LinkOrder, DebiansLibrariesAreSearchedBeforeArrows) {
  const int first_arrow = std::min(PlaceOf("libparquet.so"), PlaceOf("libarrow.so"));
  ASSERT_GT(first_arrow, 0) << "Arrow is not in the process";
  for (const char* library : {"libcrypto.so", "libssl.so", "librdkafka.so", "librocksdb.so", "libzstd.so"}) {
    EXPECT_GT(PlaceOf(library), 0) << library;
    EXPECT_LT(PlaceOf(library), first_arrow) << library;
  }
}

TEST(LinkOrder, NeitherDebiansRe2NorItsGrpcIsInTheProcess) {
  for (const char* library : {"libre2.so", "libgrpc.so", "libgrpc++.so"}) EXPECT_EQ(PlaceOf(library), -1) << library;
}

}  // namespace

}  // namespace thalweg
