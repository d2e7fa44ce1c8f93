#include "net/ca.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

namespace shikake::net {
namespace {

const base::TimePoint now = *base::from_rfc3339("2024-02-03T04:05:06Z");

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
Certificate read(const std::string& pem) {
  std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                    BIO_free_all);
  return {PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free};
}

// What a client of ours would say at `at`: X509_V_OK or OpenSSL's error.
int verify(const std::string& authority_pem, const std::string& leaf_pem, base::TimePoint at) {
  auto authority = read(authority_pem), leaf = read(leaf_pem);
  std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(), X509_STORE_free);
  X509_STORE_add_cert(store.get(), authority.get());
  std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(X509_STORE_CTX_new(),
                                                                          X509_STORE_CTX_free);
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
  X509_STORE_CTX_set_time(context.get(), 0, base::to_micros(at) / 1'000'000);
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  return X509_verify_cert(context.get()) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context.get());
}

TEST(Ca, IssuesWhatClientsBelieveForThoseNamesAndThatTimeAlone) {
  auto authority = CertificateAuthority::make("Range authority", now);
  ASSERT_TRUE(authority);
  auto issued = authority->issue({"a.example", "*.b.example", "192.0.2.7", "2001:db8::1"}, now);
  ASSERT_TRUE(issued) << issued.error().message();
  EXPECT_EQ(verify(authority->certificate_pem(), issued->chain_pem, now), X509_V_OK);
  EXPECT_EQ(verify(authority->certificate_pem(), issued->chain_pem, now + std::chrono::days(91)),
            X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(verify(authority->certificate_pem(), issued->chain_pem, now - std::chrono::days(2)),
            X509_V_ERR_CERT_NOT_YET_VALID);
  auto leaf = read(issued->chain_pem);
  struct Row {
    const char* host;
    bool named;
  };
  for (const Row& row : {Row{"a.example", true}, Row{"x.b.example", true}, Row{"b.example", false},
                         Row{"x.a.example", false}, Row{"x.y.b.example", false}})
    EXPECT_EQ(X509_check_host(leaf.get(), row.host, 0, 0, nullptr) == 1, row.named) << row.host;
  for (const Row& row : {Row{"192.0.2.7", true}, Row{"192.0.2.8", false}, Row{"2001:db8::1", true}})
    EXPECT_EQ(X509_check_ip_asc(leaf.get(), row.host, 0) == 1, row.named) << row.host;
}

TEST(Ca, AnotherAuthorityOfTheSameNameIsNotBelieved) {
  auto first = CertificateAuthority::make("Range authority", now);
  auto second = CertificateAuthority::make("Range authority", now);
  auto issued = second->issue({"a.example"}, now);
  EXPECT_NE(verify(first->certificate_pem(), issued->chain_pem, now), X509_V_OK);
}

TEST(Ca, SurvivesPem) {
  auto authority = CertificateAuthority::make("Range authority", now);
  auto again = CertificateAuthority::from_pem(authority->certificate_pem(), authority->key_pem());
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->certificate_pem(), authority->certificate_pem());
  auto issued = again->issue({std::string(60, 'a') + ".example"}, now);  // too long for a common name
  ASSERT_TRUE(issued) << issued.error().message();
  EXPECT_EQ(verify(authority->certificate_pem(), issued->chain_pem, now), X509_V_OK);
}

TEST(Ca, Refuses) {
  auto authority = CertificateAuthority::make("Range authority", now);
  auto other = CertificateAuthority::make("Other", now);
  auto leaf = authority->issue({"a.example"}, now);
  EXPECT_FALSE(CertificateAuthority::make("", now));
  EXPECT_FALSE(CertificateAuthority::make(std::string(65, 'x'), now));
  EXPECT_FALSE(CertificateAuthority::from_pem("", ""));
  EXPECT_FALSE(CertificateAuthority::from_pem(authority->certificate_pem(), other->key_pem()));
  EXPECT_FALSE(CertificateAuthority::from_pem(leaf->chain_pem, leaf->key_pem));  // not an authority
  std::string cut = authority->certificate_pem().substr(0, 200);
  EXPECT_FALSE(CertificateAuthority::from_pem(cut, authority->key_pem()));
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a.example,DNS:b.example"),
                                  std::string("a\nb"), std::string(254, 'a'), std::string("a\0b", 3)})
    EXPECT_EQ(authority->issue({name}, now).error().code, ErrorCode::invalid_input) << name;
  EXPECT_FALSE(authority->issue({}, now));
}

}  // namespace
}  // namespace shikake::net
