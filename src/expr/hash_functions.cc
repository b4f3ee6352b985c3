// MD5 and the SHA family: the digest's lower-case hex digits.
#include <openssl/evp.h>

#include "expr/families.h"
#include "expr/functions.h"
#include "expr/rows.h"
#include "expr/signature.h"

namespace thalweg::expr {

using types::DataType;
using types::TypeId;

namespace {

std::string Digest(const EVP_MD* algorithm, std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  THALWEG_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest, &size, algorithm, nullptr) == 1);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

void Add(Registry& registry, const char* name, const EVP_MD* algorithm, int digits) {
  registry.Add(
      Define(name, {{{Param::kStringOrBinary}}}, Returns(DataType::VarChar(digits)),
             RowKernel<std::string_view>([algorithm](std::string_view text) { return Digest(algorithm, text); })));
}

Result<std::string> Sha2(std::string_view text, int32_t bits) {
  switch (bits) {
    case 224: return Digest(EVP_sha224(), text);
    case 256: return Digest(EVP_sha256(), text);
    case 384: return Digest(EVP_sha384(), text);
    case 512: return Digest(EVP_sha512(), text);
    default: return UserError("SHA2 has lengths 224, 256, 384 and 512, not {}", bits);
  }
}

}  // namespace

void AddHashes(Registry& registry) {
  Add(registry, "MD5", EVP_md5(), 32);
  Add(registry, "SHA1", EVP_sha1(), 40);
  Add(registry, "SHA224", EVP_sha224(), 56);
  Add(registry, "SHA256", EVP_sha256(), 64);
  Add(registry, "SHA384", EVP_sha384(), 96);
  Add(registry, "SHA512", EVP_sha512(), 128);
  Function sha2 = Define("SHA2", {{{Param::kStringOrBinary, Param::kInt}}}, Returns(DataType::VarChar(128)),
                         RowKernel<std::string_view, int32_t>(Sha2));
  sha2.fails = true;
  registry.Add(std::move(sha2));
}

}  // namespace thalweg::expr
