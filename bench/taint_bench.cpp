// What following received bytes costs: bench/taint/kernels.c run as it is, in plain qemu-user, under the plugin
// (asleep: nothing labelled has arrived; awake: something has, the work is on other data; labelled: all data
// is), under valgrind's memcheck, and built with clang's DataFlowSanitizer. Processor time of the kernel itself,
// best of five; the ratios are to the native run of the same round. Beside that: how much longer a labelled reply
// takes, and what shadow memory a labelled byte costs.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <boost/json.hpp>

namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

struct Ran {
  double kernel_seconds = 0;   // as the kernel says
  double process_seconds = 0;  // of the whole process, start-up included
  long resident_kib = 0;       // at most
};

std::optional<Ran> run(std::vector<std::string> line, const fs::path& folder, const std::vector<std::string>& environment = {}) {
  const fs::path output = folder / "output";
  const pid_t child = fork();
  if (child == 0) {
    const int to = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(to, STDOUT_FILENO);
    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    for (const std::string& variable : environment) putenv(strdup(variable.c_str()));
    std::vector<char*> arguments;
    for (std::string& one : line) arguments.push_back(one.data());
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  int status = 0;
  rusage used{};
  if (child < 0 || wait4(child, &status, 0, &used) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return std::nullopt;
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  Ran ran{0, seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss};
  std::ifstream file(output);
  std::string text;
  std::getline(file, text);
  boost::system::error_code error;
  const json::value said = json::parse(text, error);
  if (!error && said.is_object() && said.as_object().contains("seconds"))
    ran.kernel_seconds = said.as_object().at("seconds").to_number<double>();
  return ran;
}

void write(const fs::path& path, const std::string& content) { std::ofstream(path, std::ios::binary) << content; }

// What k0 reads, to see what a labelled byte costs in memory.
constexpr size_t read_sizes[] = {size_t{8} << 20, size_t{16} << 20};

// 1 MiB each: base64 text, text with repetitions, numbers.
void make_data(const fs::path& folder) {
  constexpr size_t size = size_t{1} << 20;
  std::mt19937_64 random(5);
  static constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string base64, text, numbers;
  while (base64.size() < size) base64 += letters[random() % 64];
  static constexpr const char* words[] = {"GET ", "value=", "hello ", "world ", "token "};
  while (text.size() < size) {
    text += words[random() % 5];
    for (int i = 0; i < 5; ++i) text += static_cast<char>('a' + random() % 25);
  }
  text.resize(size);
  while (numbers.size() < size) numbers += static_cast<char>(random());
  write(folder / "k1", base64);
  write(folder / "k2", text);
  write(folder / "k3", numbers);
  write(folder / "reply", base64.substr(0, 100 << 10));
  write(folder / "first", "0123456789abcdef");
  for (const size_t size_read : read_sizes) write(folder / ("read" + std::to_string(size_read)), std::string(size_read, 'r'));
}

class Bench {
 public:
  explicit Bench(fs::path folder) : folder_(std::move(folder)) {}

  json::object all() {
    make_data(folder_);
    const std::string source = SHIKAKE_SOURCE_DIR "/bench/taint/kernels.c";
    const std::string program = folder_ / "kernels", flow_program = folder_ / "kernels_dfsan";
    if (!run({"cc", "-O2", "-w", "-o", program, source}, folder_)) return {{"error", "no C compiler"}};
    const bool dfsan = run({"clang", "-O2", "-w", "-fsanitize=dataflow", "-o", flow_program, source}, folder_).has_value();
    json::array kernels;
    for (const std::string name : {"k1", "k2", "k3"}) kernels.push_back(kernel(name, program, dfsan ? flow_program : ""));
    return {{"bench", "taint"}, {"kernels", std::move(kernels)}, {"reply", reply(program)}, {"shadow", shadow(program)}};
  }

 private:
  // The plugin on a program whose files under `labelled` are labelled.
  std::vector<std::string> emulated(const std::string& labelled) {
    for (const char* file : {"state", "events"}) fs::remove(folder_ / file);
    return {"qemu-x86_64", "-plugin",
            std::string(SHIKAKE_BUILD_DIR) + "/shikake-taint.so,state=" + (folder_ / "state").string() +
                ",events=" + (folder_ / "events").string() + ",label=" + labelled};
  }
  static std::vector<std::string> with(std::vector<std::string> line, const std::vector<std::string>& more) {
    line.insert(line.end(), more.begin(), more.end());
    return line;
  }

  json::object kernel(const std::string& name, const std::string& program, const std::string& flow_program) {
    const std::string data = folder_ / name, first = folder_ / "first";
    // Only K3 makes its own data when it is not to be labelled.
    const std::string received = name == "k3" ? "k3r" : name;
    const std::vector<std::string> plain{program, name, data}, on_received{program, received, data};
    json::object row{{"kernel", name}};
    const auto native = run(plain, folder_), native_received = run(on_received, folder_);
    if (!native || !native_received) return row;
    row["native_seconds"] = native->kernel_seconds;
    const auto ratio = [&](const char* key, const std::optional<Ran>& ran, const Ran& to) {
      row[key] = ran && ran->kernel_seconds > 0 ? json::value(ran->kernel_seconds / to.kernel_seconds) : json::value(nullptr);
    };
    ratio("qemu_user", run(with({"qemu-x86_64"}, plain), folder_), *native);
    const auto asleep = run(with(emulated("/nonexistent"), plain), folder_);
    ratio("asleep", asleep, *native);
    ratio("awake", run(with(emulated(first), {program, name, data, first}), folder_), *native);
    const auto labelled = run(with(emulated(data), on_received), folder_);
    ratio("labelled", labelled, *native_received);
    ratio("memcheck", run(with({"valgrind", "-q"}, plain), folder_), *native);
    if (!flow_program.empty()) {
      ratio("dfsan", run({flow_program, name, data}, folder_), *native);
      ratio("dfsan_labelled", run({flow_program, received, data}, folder_, {"LABELS=1"}), *native_received);
    }
    if (asleep && labelled) row["labelled_more_resident_kib"] = labelled->resident_kib - asleep->resident_kib;
    return row;
  }

  // A reply of 100 KiB that is decoded once: what it takes more than when nothing of it is labelled.
  json::object reply(const std::string& program) {
    const std::string data = folder_ / "reply";
    const std::vector<std::string> line{program, "k1", data};
    double least[2] = {1e9, 1e9};
    for (int round = 0; round < 5; ++round) {
      for (const bool labelled : {false, true}) {
        const auto ran = run(with(emulated(labelled ? data : "/nonexistent"), line), folder_, {"ROUNDS=1"});
        if (ran) least[labelled] = std::min(least[labelled], ran->process_seconds);
      }
    }
    return {{"bytes", 100 << 10}, {"delay_seconds", least[1] - least[0]}};
  }

  // What a touched labelled byte costs: how much faster memory grows with the size of what is read when that is
  // labelled. What is there whatever the size (labels, code, tables) does not count.
  json::object shadow(const std::string& program) {
    double resident[2][2] = {};
    for (const bool labelled : {false, true}) {
      for (const size_t larger : {size_t{0}, size_t{1}}) {
        const std::string data = folder_ / ("read" + std::to_string(read_sizes[larger])), first = folder_ / "first";
        const auto ran = run(with(emulated(labelled ? data : first), {program, "k0", data, first}), folder_);
        if (!ran) return {{"error", "k0 did not run"}};
        resident[labelled][larger] = static_cast<double>(ran->resident_kib) * 1024;
      }
    }
    const double more = (resident[1][1] - resident[1][0]) - (resident[0][1] - resident[0][0]);
    return {{"bytes_a_labelled_byte", more / static_cast<double>(read_sizes[1] - read_sizes[0])}};
  }

  fs::path folder_;
};

}  // namespace

int main() {
  char folder[] = "/tmp/shikake-taint-bench-XXXXXX";
  if (mkdtemp(folder) == nullptr) return 1;
  std::cout << json::serialize(Bench(folder).all()) << '\n';
  fs::remove_all(folder);
  return 0;
}
