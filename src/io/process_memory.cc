#include "io/process_memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "io/file_descriptor.h"

// jemalloc's, where it is the process's malloc: in the program `thalweg`, and where a user chose it. The library does not want it.
extern "C" __attribute__((weak)) int mallctl(const char* name, void* old, size_t* old_size, void* value, size_t size);

namespace thalweg::io {
namespace {

/// First number of a file such as /sys/fs/cgroup/memory.max; 0: none.
int64_t NumberIn(const char* path) {
  int64_t number = 0;
  std::ifstream(path) >> number;
  return number;
}

}  // namespace

MachineMemory FindMachineMemory() {
  MachineMemory found{static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE), "of the machine"};
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    int64_t limit = NumberIn(path);
    if (limit > 0 && limit < found.bytes) found = {limit, "allowed by the control group"};
  }
  return found;
}

int64_t ResidentBytes() {
  // proc(5): "size resident shared ...", in pages.
  FileDescriptor file(open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  char text[128];
  ssize_t size = file.valid() ? read(file.get(), text, sizeof(text) - 1) : -1;
  if (size <= 0) return 0;
  text[size] = '\0';
  long long resident = 0;
  if (std::sscanf(text, "%*d %lld", &resident) != 1) return 0;
  return resident * sysconf(_SC_PAGESIZE);
}

void ReleaseFreedMemory() {
  malloc_trim(0);
  if (mallctl) mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);  // MALLCTL_ARENAS_ALL
}

}  // namespace thalweg::io
