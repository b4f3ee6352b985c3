// Loads a job library (api/job_library.h) into this process, for good: user code may live as long as the process.
#pragma once

#include <string>

#include "api/job_library.h"

namespace thalweg::bin {

/// The entry point of the library at `path`. UserError that says what is wrong and what to do: no such file, no library, a file
/// that is cut short, a program, a missing symbol, no entry point, another ABI. Runs the library's static initialisers.
Result<api::JobEntryFunction*> LoadJob(const std::string& path);

/// Runs it; what it throws becomes a UserError.
Status CallJob(api::JobEntryFunction* entry, api::StreamExecutionEnvironment& env);

}  // namespace thalweg::bin
