#include "bin/job_loader.h"

#include <dlfcn.h>

#include <exception>
#include <filesystem>
#include <string_view>

#include "base/shared_library.h"

namespace thalweg::bin {
namespace {

Status CheckFile(const std::string& path) {
  std::error_code error;
  auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) return UserError("Job library does not exist: {}", path);
  if (error) return UserError("Job library cannot be read: {}: {}", path, error.message());
  if (!std::filesystem::is_regular_file(status)) return UserError("Job library is no file: {}", path);
  return {};
}

Status LoadError(const std::string& path, std::string_view why) {
  if (why.find("executable") != std::string_view::npos)
    return UserError("Job library is a program: {}; start it by itself, or build it with -shared -fPIC", path);
  if (why.find("undefined symbol") != std::string_view::npos)
    return UserError("Job library needs what is not in this process ({}): rebuild it against thalweg {}", why,
                     Version());
  return UserError("Job library cannot be loaded: {}", why);
}

}  // namespace

Result<api::JobEntryFunction*> LoadJob(const std::string& path) {
  THALWEG_TRY(CheckFile(path));
  // Of the process: several libraries of one job share their types.
  auto library = OpenSharedLibrary(path, SymbolScope::kProcess);
  if (!library.ok()) return LoadError(path, library.status().message());
  auto* abi = reinterpret_cast<api::JobAbiFunction*>(dlsym(*library, api::kJobAbiSymbol));
  auto* entry = reinterpret_cast<api::JobEntryFunction*>(dlsym(*library, api::kJobEntrySymbol));
  if (!abi || !entry)
    return UserError(
        "Job library has no entry point: {}; define the job by THALWEG_JOB(env) {{ ... }} of api/job_library.h", path);
  const std::string theirs = abi(), ours = api::AbiTag();
  if (theirs != ours)
    return UserError("Job library was built for another ABI: rebuild {}; it has '{}', this program has '{}'", path,
                     theirs, ours);
  return entry;
}

Status CallJob(api::JobEntryFunction* entry, api::StreamExecutionEnvironment& env) {
  Status status;
  try {
    entry(env, &status);
  } catch (const std::exception& thrown) {
    return UserError("Job's entry point threw: {}", thrown.what());
  } catch (...) {
    return UserError("Job's entry point threw something that is no std::exception");
  }
  return status;
}

}  // namespace thalweg::bin
