#include "base/shared_library.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/shared_library_samples_test.h"

namespace thalweg {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Refusal(const SmallElf& elf) { return CheckElf(elf.Bytes()).message(); }

TEST(SharedLibrary, AWholeFileIsFine) {
  EXPECT_TRUE(CheckElf(SmallElf().Bytes()).ok());
  EXPECT_TRUE(CheckElf(SmallElf().Bytes() + "what stands behind").ok());
}

TEST(SharedLibrary, AFileIsRefusedWhereverItIsCut) {
  const std::string whole = SmallElf().Bytes();
  for (size_t size = SELFMAG; size < whole.size(); ++size) {
    const Status cut = CheckElf(std::string(whole, 0, size));
    ASSERT_FALSE(cut.ok()) << size;
    EXPECT_THAT(cut.message(), StartsWith("File is cut short, build it or copy it again: ")) << size;
  }
  EXPECT_THAT(CheckElf(std::string(whole, 0, whole.size() - 1)).message(),
              HasSubstr(fmt::format("{} of {} bytes or more are there", whole.size() - 1, whole.size())));
}

TEST(SharedLibrary, WhatIsNoElfFileIsSaidToBeNone) {
  for (std::string_view bytes :
       {"", "\x7f", "#!/bin/sh\necho a script that is longer than a header of an ELF file is\n"})
    EXPECT_EQ(CheckElf(bytes).message(), "File is no shared library; build it with -shared -fPIC");
}

TEST(SharedLibrary, AnotherMachinesFileIsRefused) {
  SmallElf narrow;
  narrow.header.e_ident[EI_CLASS] = ELFCLASS32;
  EXPECT_THAT(Refusal(narrow), HasSubstr("another machine"));
  SmallElf big_endian;
  big_endian.header.e_ident[EI_DATA] = ELFDATA2MSB;
  EXPECT_THAT(Refusal(big_endian), HasSubstr("another machine"));
}

TEST(SharedLibrary, HeadersThatSpeakOfMoreThanThereIsAreRefused) {
  SmallElf table;
  table.header.e_phoff = UINT64_MAX - 8;
  EXPECT_THAT(Refusal(table), StartsWith("File is cut short"));
  SmallElf segment;
  segment.segments[1].p_filesz = UINT64_MAX;
  EXPECT_THAT(Refusal(segment), StartsWith("File is cut short"));
  SmallElf unused = segment;
  unused.segments[1].p_type = PT_NULL;
  EXPECT_TRUE(CheckElf(unused.Bytes()).ok());
  SmallElf sections;
  sections.header.e_shnum = 100;
  EXPECT_THAT(Refusal(sections), StartsWith("File is cut short"));
  SmallElf entries;
  entries.header.e_phentsize = 8;
  EXPECT_EQ(Refusal(entries), "File is damaged, build it or copy it again: its program headers have 8 bytes each");
}

// As a copy leaves it that laid out the file first, and was broken off.
TEST(SharedLibrary, ZerosWhereTheTableOfSectionsShouldBeAreRefused) {
  SmallElf zeros;
  zeros.sections[1] = {};
  EXPECT_EQ(Refusal(zeros), "File is damaged, build it or copy it again: it has no table of sections at byte 276");
}

TEST(SharedLibrary, ALibraryWithoutTheTableOfSectionsIsFine) {
  SmallElf stripped;
  stripped.header.e_shoff = stripped.header.e_shnum = stripped.header.e_shstrndx = 0;
  EXPECT_TRUE(CheckElf(stripped.Bytes().substr(0, SmallElf::kContent + SmallElf::kContentBytes)).ok());
}

// The library that this function lies in, cut in the middle of its segments.
TEST(SharedLibrary, ACutLibraryIsAnErrorThatNamesTheFile) {
  Dl_info found = {};
  ASSERT_NE(dladdr(reinterpret_cast<void*>(&CheckElf), &found), 0);
  std::ifstream whole(found.dli_fname, std::ios::binary);
  std::string bytes(256 << 10, '\0');
  ASSERT_TRUE(whole.read(bytes.data(), static_cast<std::streamsize>(bytes.size())));
  const std::string path = ::testing::TempDir() + "cut-" + std::to_string(getpid()) + ".so";
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_THAT(OpenSharedLibrary(path, SymbolScope::kOwn).status().message(),
              StartsWith(path + ": File is cut short, build it or copy it again: 262144 of "));
  std::remove(path.c_str());
}

TEST(SharedLibrary, WhatCannotBeReadNamesTheFile) {
  EXPECT_EQ(OpenSharedLibrary("/absent/f.so", SymbolScope::kOwn).status().message(),
            "/absent/f.so: File cannot be read: No such file or directory");
}

TEST(SharedLibrary, AWholeLibraryIsLoaded) {
  Dl_info found = {};
  ASSERT_NE(dladdr(reinterpret_cast<void*>(&CheckElf), &found), 0);
  auto library = OpenSharedLibrary(found.dli_fname, SymbolScope::kOwn);
  ASSERT_TRUE(library.ok()) << library.status().ToString();
  EXPECT_NE(*library, nullptr);
}

}  // namespace
}  // namespace thalweg
