// `thalweg doctor`: is this machine fit to run jobs, and if not, what to do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/configuration.h"

namespace thalweg::cli {

enum class Health : uint8_t { kOk, kWarning, kFailure };

struct Finding {
  Health health = Health::kOk;
  std::string subject;  // "open files"
  std::string found;    // "1024"
  std::string advice;   // what to do; empty if kOk
};

/// Looks at the machine, the process's limits, and the folders that `config` names. Writes and removes a small file in each folder.
std::vector<Finding> Examine(const config::Configuration& config);

/// Writes, reads and removes a file below `folder`, which is made if it does not exist.
Finding ExamineFolder(const std::string& subject, const std::string& folder, const std::string& key);

/// A line per finding, and one of advice below those that need it.
std::string FindingsText(const std::vector<Finding>& findings);

}  // namespace thalweg::cli
