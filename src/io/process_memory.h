// What the system says of memory: how much this process may use, and how much it does.
#pragma once

#include <cstdint>
#include <string>

namespace thalweg::io {

struct MachineMemory {
  int64_t bytes = 0;
  std::string whose;  // "of the machine", "allowed by the control group"
};

/// Physical memory, or less if the control group allows less.
MachineMemory FindMachineMemory();

/// Resident bytes of this process now; 0 if the system does not tell. A few microseconds.
int64_t ResidentBytes();

/// Gives back to the system what was freed and the allocator still holds. Milliseconds, if that is much.
void ReleaseFreedMemory();

}  // namespace thalweg::io
