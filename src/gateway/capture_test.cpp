// The capture file, read by tshark: another's reading of the format, of TLS and of our names.
#include <gmock/gmock.h>
#include <sys/mount.h>

#include "gateway/testing.h"

namespace shikake::gateway {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string tshark(const std::filesystem::path& file, const std::string& arguments) {
  const std::string command = "HOME=/nonexistent tshark -r " + file.string() + " " + arguments + " 2>&1";
  std::string text;
  if (FILE* pipe = popen(command.c_str(), "r")) {
    char bytes[4096];
    while (size_t size = fread(bytes, 1, sizeof bytes, pipe)) text.append(bytes, size);
    pclose(pipe);
  }
  return text;
}

TEST(Capture, TsharkReadsPacketsNamesFlowsAndPlaintext) {
  SHIKAKE_NEED_PROGRAM("tshark");
  in_private_network(false, [] {
    Lab lab;
    ASSERT_TRUE(lab.ok());
    EXPECT_EQ(lab.run("curl -sS https://new.example/first").status, 0);
    EXPECT_EQ(lab.run("curl -sS --tls-max 1.2 https://old.example/second").status, 0);
    auto ended = lab.finish();
    ASSERT_TRUE(ended);
    const std::string all = tshark(lab.capture_path, "-N d");
    EXPECT_EQ(static_cast<uint64_t>(std::count(all.begin(), all.end(), '\n')), ended->captured_packets)
        << all;
    // Decrypted with the secrets in the file alone, in one pass.
    const std::string requests =
        tshark(lab.capture_path, "-Y http.request -T fields -e http.request.full_uri");
    EXPECT_THAT(requests, HasSubstr("https://new.example/first"));
    EXPECT_THAT(requests, HasSubstr("https://old.example/second"));
    const std::string names =
        tshark(lab.capture_path, "-N nN -Y 'tcp.flags.syn==1' -T fields -e ip.dst_host");
    EXPECT_THAT(names, HasSubstr("new.example"));
    const std::string comments = tshark(lab.capture_path, "-Y frame.comment -T fields -e frame.comment");
    EXPECT_THAT(comments, HasSubstr("flow 1\n"));
    const std::string checks =
        tshark(lab.capture_path,
               "-o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE "
               "-Y 'ip.checksum.status==0 || tcp.checksum.status==0 || udp.checksum.status==0'");
    EXPECT_EQ(checks, "");
    const std::string sizes = tshark(lab.capture_path, "-Y 'frame.len > 1514'");
    EXPECT_EQ(sizes, "");
  });
}

TEST(Capture, StopsAtItsBoundAndSaysSo) {
  GatewayPlan plan;
  plan.limits.capture_bytes = 64 << 10;
  in_private_network(false, [&] {
    Lab lab(plan);
    ASSERT_TRUE(lab.ok());
    lab.run("head -c 300000 /dev/zero | nc -N -w 2 c2.example 4444");
    auto ended = lab.finish();
    ASSERT_TRUE(ended);
    EXPECT_LE(ended->captured_bytes, plan.limits.capture_bytes);
    EXPECT_GT(ended->lost_packets, 0U);
    EXPECT_THAT(lab.seen.limits, testing::Contains("capture_bytes"));
  });
}

TEST(Capture, AFullDiskEndsTheFileAndNotTheRun) {
  in_private_network(false, [] {
    const TemporaryFolder place;
    const std::filesystem::path& folder = place.path();
    ASSERT_EQ(mount("none", folder.c_str(), "tmpfs", 0, "size=128k"), 0);
    {
      Lab lab({}, folder);
      ASSERT_TRUE(lab.ok());
      lab.run("head -c 500000 /dev/zero | nc -N -w 2 c2.example 4444");
      EXPECT_THAT(lab.run("curl -s http://a.example/").text, HasSubstr("It works"));
      auto ended = lab.finish();
      ASSERT_TRUE(ended);
      EXPECT_GT(ended->captured_packets, 0U);
      EXPECT_GT(ended->lost_packets, 0U);
      EXPECT_THAT(lab.seen.limits, testing::Contains(HasSubstr("No space left on device")));
      if (have("tshark")) {
        // What was written before can be read.
        const std::string read = tshark(lab.capture_path, "-T fields -e frame.number");
        EXPECT_THAT(read, testing::EndsWith("\n" + std::to_string(ended->captured_packets) + "\n"));
      }
    }
    umount(folder.c_str());
  });
}

TEST(Capture, ADeadCaptureFileIsAClearErrorAtTheStart) {
  in_private_network(false, [] {
    base::UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
    ASSERT_TRUE(full);
    auto gateway = Gateway::start({.capture_fd = full.get()});
    ASSERT_FALSE(gateway);
    EXPECT_THAT(gateway.error().message(), HasSubstr("No space left on device"));
  });
}

}  // namespace
}  // namespace shikake::gateway
