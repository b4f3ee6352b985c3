#include "cli/version.h"

#include <fmt/format.h>

#include <arrow/config.h>
#include <librdkafka/rdkafka.h>
#include <openssl/crypto.h>
#include <rocksdb/version.h>
#include <simdjson.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

#include "base/version.h"

namespace thalweg::cli {

std::vector<std::pair<std::string, std::string>> LibraryVersions() {
  return {{"Arrow", arrow::GetBuildInfo().version_string},
          {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
          {"librdkafka", rd_kafka_version_str()},
          {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)},
          {"RocksDB", rocksdb::GetRocksVersionAsString()},
          {"simdjson", fmt::format("{}.{}.{}", static_cast<int>(simdjson::SIMDJSON_VERSION_MAJOR),
                                   static_cast<int>(simdjson::SIMDJSON_VERSION_MINOR),
                                   static_cast<int>(simdjson::SIMDJSON_VERSION_REVISION))},
          {"xxHash", fmt::format("{}.{}.{}", XXH_versionNumber() / 10000, XXH_versionNumber() / 100 % 100,
                                 XXH_versionNumber() % 100)},
          {"zlib", zlibVersion()},
          {"zstd", ZSTD_versionString()}};
}

std::string VersionText() {
  std::string text = fmt::format("thalweg {}\n", Version());
  text += fmt::format("  {:<12}{}\n", "compiler", __VERSION__);
  for (const auto& [name, version] : LibraryVersions()) text += fmt::format("  {:<12}{}\n", name, version);
  return text;
}

}  // namespace thalweg::cli
