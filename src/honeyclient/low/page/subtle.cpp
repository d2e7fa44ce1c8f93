// crypto.subtle: what pages decrypt their payloads with. https://w3c.github.io/webcrypto/
// AES (CBC, CTR, GCM), HMAC, PBKDF2 and SHA; other algorithms are refused, and the record says so.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <memory>

#include "honeyclient/low/page/body.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/promise.h"
#include "honeyclient/low/page/small_interfaces.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

// Half a second of the processor; password managers use 600,000.
constexpr uint32_t max_iterations = 1'000'000;

class Key final : public Native {
 public:
  static constexpr Kind native_kind = Kind::key;
  explicit Key(Window& the_window) : Native(the_window, native_kind) {}
  std::string algorithm, hash;  // "AES-CBC"; of HMAC "SHA-256"
  std::string bytes;
};

struct Refused {
  std::string_view name;
};

std::string text_of(Call& call, JS::HandleObject object, const char* name) {
  JS::RootedValue value(call.cx);
  must(JS_GetProperty(call.cx, object, name, &value));
  return value.isUndefined() ? std::string() : utf8(upper(to_text(call.cx, value)));
}
std::string bytes_at(Call& call, JS::HandleObject object, const char* name) {
  JS::RootedValue value(call.cx);
  must(JS_GetProperty(call.cx, object, name, &value));
  auto bytes = value.isObject() ? bytes_of(&value.toObject()) : std::nullopt;
  if (!bytes && !value.isUndefined()) call.type_error("The provided value is not of type 'BufferSource'.");
  return bytes.value_or(std::string());
}
uint32_t number_at(Call& call, JS::HandleObject object, const char* name, uint32_t otherwise) {
  JS::RootedValue value(call.cx);
  must(JS_GetProperty(call.cx, object, name, &value));
  double number = otherwise;
  if (!value.isUndefined()) must(JS::ToNumber(call.cx, value, &number));
  return number >= 0 && number < 4e9 ? static_cast<uint32_t>(number) : otherwise;
}

// "AES-CBC", or an object whose `name` that is.
std::string algorithm_named(Call& call, JS::HandleValue value) {
  if (!value.isObject()) return utf8(upper(to_text(call.cx, value)));
  JS::RootedObject object(call.cx, &value.toObject());
  return text_of(call, object, "name");
}
std::string hash_named(Call& call, JS::HandleValue value) {
  if (!value.isObject()) return {};
  JS::RootedObject object(call.cx, &value.toObject());
  JS::RootedValue hash(call.cx);
  must(JS_GetProperty(call.cx, object, "hash", &hash));
  return hash.isUndefined() ? std::string() : algorithm_named(call, hash);
}

std::string bytes_argument(Call& call, unsigned i) {
  auto bytes = call.object(i) ? bytes_of(call.object(i)) : std::nullopt;
  if (!bytes) call.type_error("The provided value is not of type '(ArrayBuffer or ArrayBufferView)'.");
  return std::move(*bytes);
}

const EVP_MD* digest_of(const std::string& name) {
  if (name == "SHA-1") return EVP_sha1();
  if (name == "SHA-256") return EVP_sha256();
  if (name == "SHA-384") return EVP_sha384();
  if (name == "SHA-512") return EVP_sha512();
  throw Refused{"NotSupportedError"};
}

const unsigned char* raw(const std::string& bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

std::string digest(const std::string& name, const std::string& bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), raw(out), &size, digest_of(name), nullptr) != 1)
    throw Refused{"OperationError"};
  out.resize(size);
  return out;
}

std::string authenticate(const Key& key, const std::string& bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  if (!HMAC(digest_of(key.hash), key.bytes.data(), static_cast<int>(key.bytes.size()), raw(bytes), bytes.size(),
            raw(out), &size))
    throw Refused{"OperationError"};
  out.resize(size);
  return out;
}

const EVP_CIPHER* cipher_of(const Key& key) {
  const size_t bits = key.bytes.size() * 8;
  if (key.algorithm == "AES-CBC") return bits == 128 ? EVP_aes_128_cbc() : bits == 192 ? EVP_aes_192_cbc() : EVP_aes_256_cbc();
  if (key.algorithm == "AES-CTR") return bits == 128 ? EVP_aes_128_ctr() : bits == 192 ? EVP_aes_192_ctr() : EVP_aes_256_ctr();
  if (key.algorithm == "AES-GCM") return bits == 128 ? EVP_aes_128_gcm() : bits == 192 ? EVP_aes_192_gcm() : EVP_aes_256_gcm();
  throw Refused{"NotSupportedError"};
}

struct Ciphering {
  std::string start, more;  // iv or counter; additional data
  uint32_t tag_bytes = 16;
  bool encrypts = false;
};

void check(bool ok) {
  if (!ok) throw Refused{"OperationError"};
}

std::string cipher(const Key& key, const Ciphering& how, std::string bytes) {
  const bool gcm = key.algorithm == "AES-GCM";
  check(gcm ? !how.start.empty() : how.start.size() == 16);
  std::string tag;
  if (gcm && !how.encrypts) {
    check(bytes.size() >= how.tag_bytes);
    tag = bytes.substr(bytes.size() - how.tag_bytes);
    bytes.erase(bytes.size() - how.tag_bytes);
  }
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> held(EVP_CIPHER_CTX_new(),
                                                                            EVP_CIPHER_CTX_free);
  EVP_CIPHER_CTX* context = held.get();
  const int encrypts = how.encrypts ? 1 : 0;
  check(context && EVP_CipherInit_ex(context, cipher_of(key), nullptr, nullptr, nullptr, encrypts) == 1);
  if (gcm)
    check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_IVLEN, static_cast<int>(how.start.size()), nullptr) == 1);
  check(EVP_CipherInit_ex(context, nullptr, nullptr, raw(key.bytes), raw(how.start), encrypts) == 1);
  int size = 0, last = 0;
  if (!how.more.empty())
    check(EVP_CipherUpdate(context, nullptr, &size, raw(how.more), static_cast<int>(how.more.size())) == 1);
  std::string out(bytes.size() + 32, '\0');
  size = 0;
  if (!bytes.empty())
    check(EVP_CipherUpdate(context, raw(out), &size, raw(bytes), static_cast<int>(bytes.size())) == 1);
  if (gcm && !how.encrypts)
    check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag.size()), raw(tag)) == 1);
  check(EVP_CipherFinal_ex(context, raw(out) + size, &last) == 1);
  out.erase(std::min(static_cast<size_t>(size) + static_cast<size_t>(last), out.size()));
  if (gcm && how.encrypts) {
    tag.resize(how.tag_bytes);
    check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag.size()), raw(tag)) == 1);
    out += tag;
  }
  return out;
}

Key& key_argument(Call& call, unsigned i) {
  Key* key = native_as<Key>(call.at(i));
  if (!key) call.type_error("parameter is not of type 'CryptoKey'.");
  return *key;
}

// Each method gives a promise: of what `make` gives, or rejected with what it throws.
template <class Make>
void promised(Call& call, const Make& make) {
  JS::RootedObject promise(call.cx, must(JS::NewPromiseObject(call.cx, nullptr)));
  call.give(promise);
  JS::RootedValue value(call.cx);
  try {
    value.set(make());
  } catch (const Refused& refused) {
    if (refused.name == "NotSupportedError") call.page.unemulated("an algorithm of crypto.subtle", true);
    return reject_with_dom_error(call.cx, call.window, promise, refused.name, "The operation failed.");
  } catch (const Thrown&) {
    if (!JS_IsExceptionPending(call.cx)) throw;
    must(JS_GetPendingException(call.cx, &value));
    JS_ClearPendingException(call.cx);
    must(JS::RejectPromise(call.cx, promise, value));
    return;
  }
  must(JS::ResolvePromise(call.cx, promise, value));
}

JS::Value buffer(Call& call, const std::string& bytes) {
  return JS::ObjectValue(*array_buffer(call.cx, bytes));
}

void digest_bytes(Call& call) {
  promised(call, [&] { return buffer(call, digest(algorithm_named(call, call.at(0)), bytes_argument(call, 1))); });
}

template <bool Encrypts>
void cipher_bytes(Call& call) {
  promised(call, [&] {
    JS::RootedObject options(call.cx, call.object(0));
    if (!options) call.type_error("Algorithm: name: Missing or not a string");
    Key& key = key_argument(call, 1);
    if (text_of(call, options, "name") != key.algorithm) throw Refused{"InvalidAccessError"};
    Ciphering how{.encrypts = Encrypts};
    how.start = bytes_at(call, options, key.algorithm == "AES-CTR" ? "counter" : "iv");
    how.more = bytes_at(call, options, "additionalData");
    how.tag_bytes = number_at(call, options, "tagLength", 128) / 8;
    check(how.tag_bytes >= 4 && how.tag_bytes <= 16);
    return buffer(call, cipher(key, how, bytes_argument(call, 2)));
  });
}

void sign(Call& call) {
  promised(call, [&] { return buffer(call, authenticate(key_argument(call, 1), bytes_argument(call, 2))); });
}
void verify(Call& call) {
  promised(call, [&] {
    return JS::BooleanValue(authenticate(key_argument(call, 1), bytes_argument(call, 3)) == bytes_argument(call, 2));
  });
}

JS::Value made_key(Call& call, std::string algorithm, std::string hash, std::string bytes) {
  const bool aes = algorithm == "AES-CBC" || algorithm == "AES-CTR" || algorithm == "AES-GCM";
  if (!aes && algorithm != "HMAC" && algorithm != "PBKDF2") throw Refused{"NotSupportedError"};
  if (aes && bytes.size() != 16 && bytes.size() != 24 && bytes.size() != 32) throw Refused{"DataError"};
  auto* key = new Key(call.window);
  key->algorithm = std::move(algorithm), key->hash = std::move(hash), key->bytes = std::move(bytes);
  return JS::ObjectValue(*wrap_native(call.cx, *key, "CryptoKey"));
}

void import_key(Call& call) {
  promised(call, [&] {
    if (call.text(0) != u"raw") throw Refused{"NotSupportedError"};
    return made_key(call, algorithm_named(call, call.at(2)), hash_named(call, call.at(2)), bytes_argument(call, 1));
  });
}
void export_key(Call& call) {
  promised(call, [&] {
    if (call.text(0) != u"raw") throw Refused{"NotSupportedError"};
    return buffer(call, key_argument(call, 1).bytes);
  });
}

std::string derive(Call& call, size_t size) {
  JS::RootedObject options(call.cx, call.object(0));
  Key& key = key_argument(call, 1);
  if (!options || key.algorithm != "PBKDF2") throw Refused{"NotSupportedError"};
  const std::string salt = bytes_at(call, options, "salt"), hash = hash_named(call, call.at(0));
  const uint32_t iterations = number_at(call, options, "iterations", 0);
  check(iterations > 0 && size > 0 && size <= 1024);
  if (iterations > max_iterations) {
    call.page.unemulated("PBKDF2 of many iterations", true);
    throw Refused{"OperationError"};
  }
  std::string out(size, '\0');
  check(PKCS5_PBKDF2_HMAC(key.bytes.data(), static_cast<int>(key.bytes.size()), raw(salt),
                          static_cast<int>(salt.size()), static_cast<int>(iterations), digest_of(hash),
                          static_cast<int>(size), raw(out)) == 1);
  return out;
}
void derive_bits(Call& call) {
  promised(call, [&] { return buffer(call, derive(call, static_cast<size_t>(std::max(0, call.integer(2))) / 8)); });
}
uint32_t key_bytes(Call& call, unsigned i, uint32_t otherwise) {
  JS::RootedObject options(call.cx, call.object(i));
  return options ? number_at(call, options, "length", otherwise * 8) / 8 : otherwise;
}
void derive_key(Call& call) {
  promised(call, [&] {
    return made_key(call, algorithm_named(call, call.at(2)), hash_named(call, call.at(2)),
                    derive(call, key_bytes(call, 2, 64)));
  });
}
void generate_key(Call& call) {
  promised(call, [&] {
    std::string bytes(std::min(key_bytes(call, 0, 64), 1024u), '\0');
    for (char& byte : bytes) byte = static_cast<char>(call.page.random());
    return made_key(call, algorithm_named(call, call.at(0)), hash_named(call, call.at(0)), std::move(bytes));
  });
}

void get_type(Call& call) {
  call.self<Key>(), call.give(std::string_view("secret"));
}
void get_algorithm(Call& call) {
  JS::RootedObject made(call.cx, must(JS_NewPlainObject(call.cx)));
  JS::RootedString name(call.cx, to_string(call.cx, wide(call.self<Key>().algorithm)));
  must(JS_DefineProperty(call.cx, made, "name", name, JSPROP_ENUMERATE));
  call.give(made);
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("encrypt", cipher_bytes<true>, 3),
                                      SHIKAKE_METHOD("decrypt", cipher_bytes<false>, 3),
                                      SHIKAKE_METHOD("sign", sign, 3),
                                      SHIKAKE_METHOD("verify", verify, 4),
                                      SHIKAKE_METHOD("digest", digest_bytes, 2),
                                      SHIKAKE_METHOD("generateKey", generate_key, 3),
                                      SHIKAKE_METHOD("deriveKey", derive_key, 5),
                                      SHIKAKE_METHOD("deriveBits", derive_bits, 2),
                                      SHIKAKE_METHOD("importKey", import_key, 5),
                                      SHIKAKE_METHOD("exportKey", export_key, 2),
                                      JS_FS_END};
constexpr JSPropertySpec key_properties[] = {SHIKAKE_GETTER("type", get_type),
                                             SHIKAKE_GETTER("algorithm", get_algorithm), JS_PS_END};
constexpr Interface table[] = {
    {.name = "SubtleCrypto", .parent = "", .methods = methods, .engines = on_modern},
    {.name = "CryptoKey", .parent = "", .properties = key_properties, .engines = on_modern}};

}  // namespace

void get_subtle(Call& call) {
  Window& window = call.window;
  call.give(singleton(call.cx, window, "SubtleCrypto", [&] { return simple_object(call.cx, window, "SubtleCrypto"); }));
}

std::span<const Interface> subtle_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
