#include "sandbox/supervisor/planting.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include <fmt/format.h>

#include "sandbox/run/run.h"

namespace shikake::sandbox::supervisor {
namespace {

// Programs look in one of these, by the library that they use: the bundle (GnuTLS, curl, Go), or the folder
// by the subject's hash (OpenSSL).
constexpr std::string_view trusted_bundle = "/etc/ssl/certs/ca-certificates.crt";
constexpr std::string_view trusted_folder = "/etc/ssl/certs/";

Result<std::string> read_sample() {
  struct stat status {};
  if (::fstat(run::sample_fd, &status) != 0) return fail_errno(Module::sandbox, "cannot read the sample");
  if (static_cast<uint64_t>(status.st_size) > run::max_sample_bytes)
    return fail(Module::sandbox, ErrorCode::limit,
                fmt::format("{} bytes are more than can be run ({})", status.st_size, run::max_sample_bytes));
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got =
        ::pread(run::sample_fd, bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
    if (got < 0) return fail_errno(Module::sandbox, "cannot read the sample");
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

std::string guests_own(const cell::Guest& guest, std::string_view path) {
  constexpr size_t most = size_t{4} << 20;  // Debian's bundle is 220 KB
  std::string relative(path.substr(1));
  base::UniqueFd file(::openat(guest.root.get(), relative.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  std::string text;
  char buffer[1 << 16];
  ssize_t got;
  while (file && text.size() < most && (got = ::read(file.get(), buffer, sizeof buffer)) > 0)
    text.append(buffer, static_cast<size_t>(got));
  return text;
}

// The name that OpenSSL looks for: X509_NAME_hash in hexadecimal and a number.
std::string hashed_name(const std::string& pem) {
  std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                BIO_free);
  if (!bio) return "";
  std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  if (!certificate) return "";
  return fmt::format("{:08x}.0", X509_subject_name_hash(certificate.get()));
}

}  // namespace

Result<std::vector<cell::GuestFile>> files_to_plant(const run::Plan& plan, const cell::Guest& guest,
                                                    const gateway::Ready* network) {
  std::vector<cell::GuestFile> files;
  cell::GuestFile sample;
  sample.path = plan.sample_path;
  SHIKAKE_ASSIGN(sample.content, read_sample());
  sample.mode = 0755;
  sample.users = true;
  sample.age = std::chrono::minutes(2);
  files.push_back(std::move(sample));
  for (const run::PlannedFile& planned : plan.files) {
    cell::GuestFile file;
    file.path = planned.path;
    file.content = planned.content;
    file.mode = planned.mode;
    file.users = planned.users;
    files.push_back(std::move(file));
  }
  if (!network) return files;
  cell::GuestFile resolvers;
  resolvers.path = "/etc/resolv.conf";
  for (const std::string& address : network->resolvers) resolvers.content += "nameserver " + address + "\n";
  files.push_back(std::move(resolvers));
  const std::string& authority = network->ca_certificate_pem;
  if (authority.empty()) return files;
  cell::GuestFile bundle;
  bundle.path = trusted_bundle;
  bundle.content = guests_own(guest, trusted_bundle) + authority;
  bundle.age = std::chrono::days(90);
  files.push_back(std::move(bundle));
  if (const std::string name = hashed_name(authority); !name.empty()) {
    cell::GuestFile hashed;
    hashed.path = std::string(trusted_folder) + name;
    hashed.content = authority;
    hashed.age = std::chrono::days(90);
    files.push_back(std::move(hashed));
  }
  return files;
}

}  // namespace shikake::sandbox::supervisor
