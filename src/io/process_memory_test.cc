#include "io/process_memory.h"

#include <gtest/gtest.h>

#include <vector>

namespace thalweg::io {
namespace {

TEST(ProcessMemory, WhatIsWrittenToBecomesResident) {
  const int64_t before = ResidentBytes();
  ASSERT_GT(before, 0);
  constexpr int64_t kBytes = int64_t{64} << 20;
  std::vector<char> block(kBytes, 1);
  EXPECT_GE(ResidentBytes() - before, kBytes * 9 / 10);
  EXPECT_EQ(block[kBytes / 2], 1);
}

TEST(ProcessMemory, TheMachineHasMoreThanThisProcessUses) {
  MachineMemory machine = FindMachineMemory();
  EXPECT_GT(machine.bytes, ResidentBytes());
  EXPECT_FALSE(machine.whose.empty());
}

}  // namespace
}  // namespace thalweg::io
