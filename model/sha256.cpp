#include <openssl/evp.h>

#include <fstream>
#include <memory>

#include "model/model.h"

namespace orrery {

std::string Model::weights_sha256() const {
  if (weights_files_.empty()) return "";
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::vector<char> buffer(1 << 20);
  for (const std::filesystem::path& path : weights_files_) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Error(say("{0}: cannot be read", path.string()));
    while (file.read(buffer.data(), std::streamsize(buffer.size())) || file.gcount() > 0)
      EVP_DigestUpdate(context.get(), buffer.data(), size_t(file.gcount()));
    if (file.bad()) throw Error(say("{0}: cannot be read", path.string()));
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_DigestFinal_ex(context.get(), digest, &length);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) {
    hex += "0123456789abcdef"[digest[i] >> 4];
    hex += "0123456789abcdef"[digest[i] & 15];
  }
  return hex;
}

}  // namespace orrery
