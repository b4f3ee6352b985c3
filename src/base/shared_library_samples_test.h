// A small ELF file for tests: header, two segments, their bytes, and a table of sections at the end, as linkers lay them out.
#pragma once

#include <elf.h>

#include <cstring>
#include <string>

#include "base/bytes.h"

namespace thalweg {

struct SmallElf {
  SmallElf() {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_DYN;
    header.e_phoff = sizeof(Elf64_Ehdr);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 2;
    header.e_shoff = kContent + kContentBytes;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 2;
    header.e_shstrndx = 1;
    segments[0].p_type = segments[1].p_type = PT_LOAD;
    segments[1].p_offset = kContent;
    segments[0].p_filesz = kContent;
    segments[1].p_filesz = kContentBytes;
    sections[1].sh_type = SHT_STRTAB;
    sections[1].sh_offset = kContent;
    sections[1].sh_size = 10;
  }
  std::string Bytes() const {
    ByteWriter out;
    out.Fixed(header);
    for (const Elf64_Phdr& segment : segments) out.Fixed(segment);
    out.Raw(std::string(kContentBytes, '\0'));
    for (const Elf64_Shdr& section : sections) out.Fixed(section);
    return out.Take();
  }

  static constexpr uint64_t kContent = sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr);
  static constexpr uint64_t kContentBytes = 100;
  Elf64_Ehdr header = {};
  Elf64_Phdr segments[2] = {};
  Elf64_Shdr sections[2] = {};
};

}  // namespace thalweg
