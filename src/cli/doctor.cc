#include "cli/doctor.h"

#include <dlfcn.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "config/memory_budget.h"
#include "config/options.h"
#include "io/process_memory.h"
#include "io/storage.h"

namespace thalweg::cli {
namespace {

Finding Good(std::string subject, std::string found) { return {Health::kOk, std::move(subject), std::move(found), {}}; }

Finding ExamineCores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int cores = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 0;
  if (cores > 0) return Good("cores", fmt::format("{} usable", cores));
  return {Health::kWarning, "cores", "unknown", "Say how many by -D thalweg.cores=N"};
}

Finding ExamineCpu() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  std::string features = "x86-64-v2";
  if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt"))
    return {Health::kFailure, "cpu", "older than x86-64-v2 (no SSE4.2)",
            "Thalweg is compiled for machines from 2009 on: use a newer one, or let the virtual machine show its "
            "host's features"};
  if (__builtin_cpu_supports("avx2")) features += ", AVX2";
  if (__builtin_cpu_supports("avx512bw")) features += ", AVX-512";
  return Good("cpu", features);
#else
  return Good("cpu", "no x86-64: portable code");
#endif
}

Finding ExamineMemory(const config::Configuration& config) {
  const io::MachineMemory machine = io::FindMachineMemory();
  std::string found = fmt::format("{:.1f} GiB {}", static_cast<double>(machine.bytes) / (1ull << 30), machine.whose);
  auto budget = config::DivideMemory(config, machine.bytes);
  if (!budget.ok())
    return {Health::kFailure, "memory", budget.status().message(),
            "Give a size such as taskmanager.memory.process.size: 2g"};
  found += fmt::format("; jobs may use {}: {}", config::MemoryText(budget->limit), budget->ToString());
  if (budget->limit > machine.bytes)
    return {Health::kWarning, "memory", found, "taskmanager.memory.process.size is more than there is: lower it"};
  constexpr int64_t kLeast = int64_t{512}
                             << 20;  // RocksDB's and librdkafka's buffers at their defaults, and room to work
  if (budget->limit >= kLeast) return Good("memory", found);
  return {Health::kWarning, "memory", found, "Jobs with state want 512 MiB or more: raise the limit"};
}

Finding ExamineOpenFiles() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t kEnough = 4096;  // RocksDB keeps its files open, Kafka a connection per broker
  std::string found = limit.rlim_cur == RLIM_INFINITY ? "unlimited" : fmt::format("{}", limit.rlim_cur);
  if (limit.rlim_cur >= kEnough) return Good("open files", found);
  return {Health::kWarning, "open files", found,
          "RocksDB keeps many files open: 'ulimit -n 65536' before the start, or LimitNOFILE= in the unit file"};
}

Finding ExamineOpenSsl() {
  void* address = dlsym(RTLD_DEFAULT, "EVP_Digest");
  Dl_info where{};
  const bool known = address && dladdr(address, &where) != 0;
  std::string file = known ? where.dli_fname : "nowhere";
  file = file.substr(file.rfind('/') + 1);
  if (file.starts_with("libcrypto")) return Good("OpenSSL", "from " + file);
  return {Health::kFailure, "OpenSSL", "from " + file,
          "Another library's OpenSSL comes first and TLS to Kafka would crash: link thalweg before Arrow and Parquet, "
          "and unset LD_PRELOAD"};
}

}  // namespace

Finding ExamineFolder(const std::string& subject, const std::string& folder, const std::string& key) {
  const std::string advice = fmt::format("Make it writable for user {}, or choose another by {}", geteuid(), key);
  auto path = io::LocalFolder(folder);
  if (!path.ok())
    return {Health::kFailure, subject, path.status().message(),
            fmt::format("Name a folder of this machine by {}", key)};
  auto storage = io::OpenStorage(*path);
  if (!storage.ok()) return {Health::kFailure, subject, storage.status().message(), advice};
  const std::string probe = fmt::format("thalweg-doctor-{}", getpid());
  Status status = (*storage)->Put(probe, "probe");
  if (status.ok()) status = (*storage)->Get(probe).status();
  if (status.ok()) status = (*storage)->Delete(probe);
  if (!status.ok()) return {Health::kFailure, subject, status.message(), advice};
  struct statvfs disk{};
  std::string found = *path + " is writable";
  if (statvfs(path->c_str(), &disk) != 0) return Good(subject, found);
  const uint64_t free = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  found += fmt::format(", {:.1f} GiB free", static_cast<double>(free) / (1ull << 30));
  constexpr uint64_t kLeast = 1ull << 30;
  if (free >= kLeast) return Good(subject, found);
  return {Health::kWarning, subject, found, fmt::format("Make room, or choose another by {}", key)};
}

std::vector<Finding> Examine(const config::Configuration& config) {
  std::vector<Finding> findings = {ExamineCores(), ExamineCpu(), ExamineMemory(config), ExamineOpenFiles(),
                                   ExamineOpenSsl()};
  std::error_code error;
  std::filesystem::path temporary = std::filesystem::temp_directory_path(error);
  if (error)
    findings.push_back({Health::kFailure, "temporary folder", error.message(), "Set TMPDIR to a folder that exists"});
  else
    findings.push_back(ExamineFolder("temporary folder", temporary.string(), "TMPDIR"));
  auto configured = config.Find(config::kCheckpointDir);
  const std::string key(config::kCheckpointDir.key);
  if (!configured.ok())
    findings.push_back({Health::kFailure, "checkpoints", configured.status().message(), "Correct " + key});
  else if (!*configured)
    findings.push_back(
        {Health::kWarning, "checkpoints", "no folder is configured",
         fmt::format("Set {} (and execution.checkpointing.interval), or jobs start afresh after a failure", key)});
  else
    findings.push_back(ExamineFolder("checkpoints", **configured, key));
  const auto local = config.Find(config::kRocksDbLocalDir);
  if (local.ok() && *local)
    findings.push_back(ExamineFolder("RocksDB's files", **local, std::string(config::kRocksDbLocalDir.key)));
  return findings;
}

std::string FindingsText(const std::vector<Finding>& findings) {
  constexpr const char* kNames[] = {"ok", "warning", "FAILURE"};
  std::string text;
  for (const Finding& finding : findings) {
    text += fmt::format("{:<9}{:<18}{}\n", kNames[static_cast<size_t>(finding.health)], finding.subject, finding.found);
    if (!finding.advice.empty()) text += fmt::format("{:<27}{}\n", "", finding.advice);
  }
  return text;
}

}  // namespace thalweg::cli
