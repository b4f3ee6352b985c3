// A job as a library that `thalweg run JOB.so` loads. Build it as a shared library linked with thalweg:
//
//   #include "api/thalweg.h"
//   THALWEG_JOB(env) {
//     env.FromSequence(1, 100).Print();
//     return env.Execute("numbers").status();
//   }
//
// Rule: the entry point is called only if the library's ABI tag equals the program's: C++ objects go through it.
#pragma once

#include <string>

#include "base/abi.h"
#include "base/status.h"
#include "base/version.h"

namespace thalweg::api {

class StreamExecutionEnvironment;

/// What must agree between who calls through C++ types and who is called: version, compiler, standard library, sanitizer.
inline std::string AbiTag() {
  return std::string("thalweg ") + kHeaderVersion + ", " THALWEG_COMPILER THALWEG_STDLIB THALWEG_SANITIZERS;
}

// Names and types of what a job library exports.
inline constexpr char kJobAbiSymbol[] = "thalweg_job_abi";
inline constexpr char kJobEntrySymbol[] = "thalweg_job_entry";
using JobAbiFunction = const char*();
using JobEntryFunction = void(StreamExecutionEnvironment& env, Status* status);

}  // namespace thalweg::api

/// The job's body: defines the streams, calls `env.Execute` and returns a Status. One per library.
#define THALWEG_JOB(env)                                                                    \
  static ::thalweg::Status ThalwegJob(::thalweg::api::StreamExecutionEnvironment& env);     \
  extern "C" __attribute__((visibility("default"))) const char* thalweg_job_abi() {         \
    static const std::string tag = ::thalweg::api::AbiTag();                                \
    return tag.c_str();                                                                     \
  }                                                                                         \
  extern "C" __attribute__((visibility("default"))) void thalweg_job_entry(                 \
      ::thalweg::api::StreamExecutionEnvironment& environment, ::thalweg::Status* status) { \
    *status = ThalwegJob(environment);                                                      \
  }                                                                                         \
  static ::thalweg::Status ThalwegJob(::thalweg::api::StreamExecutionEnvironment& env)
