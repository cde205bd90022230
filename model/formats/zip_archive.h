#pragma once
#include <cstddef>
#include <map>
#include <span>
#include <string>

namespace orrery {

/// The files of a ZIP archive by name. They lie inside the bytes that were read.
using ZipEntries = std::map<std::string, std::span<const std::byte>>;

/// Whether bytes begin as a ZIP archive does.
bool is_zip(std::span<const std::byte> bytes);

/// Reads the directory of an archive whose entries are stored without compression, as PyTorch writes it; with
/// the 64-bit fields of large archives, too (PKWARE's APPNOTE.TXT 6.3, sections 4.3 and 4.5.3). Throws Error
/// naming `file` and the entry.
ZipEntries read_zip(std::span<const std::byte> bytes, const std::string& file);

}  // namespace orrery
