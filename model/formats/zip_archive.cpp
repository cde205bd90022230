#include "model/formats/zip_archive.h"

#include <algorithm>

#include "model/formats/byte_reader.h"
#include "model/formats/json.h"

namespace orrery {

namespace {

constexpr std::uint32_t local_sign = 0x04034b50, entry_sign = 0x02014b50, end_sign = 0x06054b50,
                        end64_sign = 0x06064b50, locator64_sign = 0x07064b50;
constexpr std::uint32_t in_extra_field = 0xffffffff;  // the 32-bit field that refers to a 64-bit one
constexpr size_t end_size = 22, locator64_size = 20;

class ZipReader {
 public:
  ZipReader(std::span<const std::byte> bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  ZipEntries read() {
    find_directory();
    if (directory_ > bytes_.size() || count_ > (bytes_.size() - directory_) / 46) fail();
    ByteReader reader(bytes_, file_, size_t(directory_));
    ZipEntries entries;
    for (std::uint64_t i = 0; i < count_; ++i) {
      auto [name, data] = read_entry(reader);
      if (!entries.emplace(name, data).second)
        throw Error(say("{0}: the name {1} occurs twice.", file_, json_excerpt(name)));
    }
    return entries;
  }

 private:
  [[noreturn]] void fail() const { throw Error(say("{0} is no ZIP archive, or it is damaged.", file_)); }

  /// The end record is the last thing in the file but for a comment; a 64-bit one may stand before it.
  void find_directory() {
    if (bytes_.size() < end_size) fail();
    const size_t last = bytes_.size() - end_size, first = last > 0xffff ? last - 0xffff : 0;
    size_t place = last + 1;
    do {
      if (place == first) fail();
      --place;
    } while (ByteReader(bytes_, file_, place).read<std::uint32_t>() != end_sign);
    ByteReader end(bytes_, file_, place + 10);
    count_ = end.read<std::uint16_t>();
    end.read<std::uint32_t>();  // the directory's size
    directory_ = end.read<std::uint32_t>();
    if (place < locator64_size) return;
    ByteReader locator(bytes_, file_, place - locator64_size);
    if (locator.read<std::uint32_t>() != locator64_sign) return;
    locator.read<std::uint32_t>();
    const auto place64 = locator.read<std::uint64_t>();
    if (place64 > bytes_.size()) fail();
    ByteReader end64(bytes_, file_, size_t(place64));
    if (end64.read<std::uint32_t>() != end64_sign) fail();
    end64.take(28);
    count_ = end64.read<std::uint64_t>();
    end64.read<std::uint64_t>();
    directory_ = end64.read<std::uint64_t>();
  }

  std::pair<std::string, std::span<const std::byte>> read_entry(ByteReader& reader) {
    if (reader.read<std::uint32_t>() != entry_sign) fail();
    reader.take(4);
    const auto flags = reader.read<std::uint16_t>(), method = reader.read<std::uint16_t>();
    reader.take(8);
    std::uint64_t packed = reader.read<std::uint32_t>(), size = reader.read<std::uint32_t>();
    const auto name_length = reader.read<std::uint16_t>(), extra_length = reader.read<std::uint16_t>(),
               comment_length = reader.read<std::uint16_t>();
    reader.take(8);
    std::uint64_t place = reader.read<std::uint32_t>();
    const std::string name(reader.text(name_length));
    check_utf8(name);
    read_wide_sizes(reader.take(extra_length), size, packed, place);
    reader.take(comment_length);
    if (method != 0 || (flags & 1) != 0 || packed != size)
      throw Error(say("{0}: the entry {1} is compressed or encrypted; PyTorch writes neither.", file_,
                      json_excerpt(name)));
    return {name, data_of(place, size)};
  }

  void check_utf8(const std::string& name) const {
    if (std::ranges::any_of(name, [](unsigned char c) { return c < 32 || c > 126; })) fail();
  }

  /// The 64-bit extra field holds those of the three numbers that did not fit 32 bits, in this order.
  void read_wide_sizes(std::span<const std::byte> extra, std::uint64_t& size, std::uint64_t& packed,
                       std::uint64_t& place) const {
    ByteReader reader(extra, file_);
    while (reader.left() >= 4) {
      const auto kind = reader.read<std::uint16_t>(), length = reader.read<std::uint16_t>();
      ByteReader field(reader.take(length), file_);
      if (kind != 1) continue;
      for (std::uint64_t* number : {&size, &packed, &place})
        if (*number == in_extra_field) *number = field.read<std::uint64_t>();
    }
  }

  std::span<const std::byte> data_of(std::uint64_t place, std::uint64_t size) const {
    if (place > bytes_.size()) fail();
    ByteReader local(bytes_, file_, size_t(place));
    if (local.read<std::uint32_t>() != local_sign) fail();
    local.take(22);
    const auto name_length = local.read<std::uint16_t>(), extra_length = local.read<std::uint16_t>();
    local.take(std::uint64_t(name_length) + extra_length);
    return local.take(size);
  }

  std::span<const std::byte> bytes_;
  const std::string& file_;
  std::uint64_t directory_ = 0, count_ = 0;
};

}  // namespace

bool is_zip(std::span<const std::byte> bytes) {
  return bytes.size() >= 4 && ByteReader(bytes, "").read<std::uint32_t>() == local_sign;
}

ZipEntries read_zip(std::span<const std::byte> bytes, const std::string& file) {
  return ZipReader(bytes, file).read();
}

}  // namespace orrery
