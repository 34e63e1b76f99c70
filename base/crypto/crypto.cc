#include "base/crypto/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace offtake::crypto {
namespace {

constexpr std::size_t kDigestBytes = 32;
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

struct CipherFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, CipherFree>;

base::Error bad_key(std::size_t size) {
  return base::terminal("BadKey", fmt::format("the key has {} bytes instead of {}", size, kKeyBytes));
}

}  // namespace

std::string sha256(std::string_view bytes) {
  Sha256 digest;
  digest.update(bytes);
  return digest.finish();
}

std::string sha256_hex(std::string_view bytes) {
  return hex(sha256(bytes));
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::string out(kDigestBytes, '\0');
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(bytes), bytes.size(), bytes_of(out),
       &size);
  return out;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), EVP_sha256(), nullptr);
}

Sha256::~Sha256() {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_));
}

void Sha256::update(std::string_view bytes) {
  EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size());
}

std::string Sha256::finish() {
  std::string out(kDigestBytes, '\0');
  unsigned int size = 0;
  EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), bytes_of(out), &size);
  return out;
}

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  // OpenSSL's generator fails only when the system has no entropy at all; weak bytes must never leave here.
  if (count > 0 && RAND_bytes(bytes_of(out), static_cast<int>(count)) != 1) std::abort();
  return out;
}

base::Result<std::string> seal(std::string_view key, std::string_view plain, std::string_view context) {
  if (key.size() != kKeyBytes) return bad_key(key.size());
  const std::string nonce = random_bytes(kNonceBytes);
  std::string out = nonce;
  out.resize(kNonceBytes + plain.size() + kTagBytes);
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  unsigned char* const text = bytes_of(out) + kNonceBytes;
  unsigned char* const tag = text + plain.size();
  if (cipher == nullptr ||
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)) != 1 ||
      EVP_EncryptUpdate(cipher.get(), nullptr, &size, bytes_of(context), static_cast<int>(context.size())) !=
          1 ||
      EVP_EncryptUpdate(cipher.get(), text, &size, bytes_of(plain), static_cast<int>(plain.size())) != 1 ||
      EVP_EncryptFinal_ex(cipher.get(), tag, &size) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag) != 1) {
    return base::internal("AES-256-GCM could not be used");
  }
  return out;
}

base::Result<std::string> open(std::string_view key, std::string_view sealed, std::string_view context) {
  if (key.size() != kKeyBytes) return bad_key(key.size());
  const auto not_authentic = [] {
    return base::terminal("NotAuthentic",
                          "the sealed value was changed, or sealed under another key or name");
  };
  if (sealed.size() < kNonceBytes + kTagBytes) return not_authentic();
  const std::string_view nonce = sealed.substr(0, kNonceBytes);
  const std::string_view text = sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string out(text.size(), '\0');
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  std::array<unsigned char, kTagBytes> rest;
  if (cipher == nullptr ||
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)) != 1 ||
      EVP_DecryptUpdate(cipher.get(), nullptr, &size, bytes_of(context), static_cast<int>(context.size())) !=
          1 ||
      EVP_DecryptUpdate(cipher.get(), bytes_of(out), &size, bytes_of(text), static_cast<int>(text.size())) !=
          1 ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) != 1 ||
      EVP_DecryptFinal_ex(cipher.get(), rest.data(), &size) != 1) {
    OPENSSL_cleanse(out.data(), out.size());
    return not_authentic();
  }
  return out;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace offtake::crypto
