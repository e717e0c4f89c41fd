// Stands in for libFuzzer: replay_main CORPUS runs the target on every file of the folder, on the
// empty input and on a few hundred mutations of each, always the same ones.
#include "fuzz.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr int kMutations = 300;

std::array<char, 256> current = {};  // what runs now, for the crash message

extern "C" void tell_input(int signal) {
  const auto length =
      static_cast<std::size_t>(std::find(current.begin(), current.end(), '\0') - current.begin());
  if (::write(STDERR_FILENO, current.data(), length) < 0) ::_exit(1);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(const std::string& input, const std::string& name, int mutation) {
  std::snprintf(current.data(), current.size(), "failed on %s, mutation %d\n", name.c_str(),
                mutation);
  // A copy without spare room, so that a sanitizer sees a read past its end.
  const std::vector<std::uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::string mutate(std::string input, std::mt19937_64& random) {
  for (std::uint64_t changes = 1 + random() % 4; changes > 0 && !input.empty(); --changes) {
    const std::size_t at = random() % input.size();
    switch (random() % 5) {
      case 0:
        input[at] = static_cast<char>(random());
        break;
      case 1:
        input[at] = static_cast<char>(input[at] ^ (1 << (random() % 8)));
        break;
      case 2:
        input.erase(at, 1 + random() % 16);
        break;
      case 3:
        input.insert(at, input.substr(random() % input.size(), random() % 64));
        break;
      default:
        input.resize(at);
    }
  }
  return input;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: replay CORPUS\n", stderr);
    return 1;
  }
  for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS}) std::signal(signal, tell_input);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    files.push_back(entry.path());
  }
  if (files.empty()) {
    std::fputs("the corpus is empty\n", stderr);
    return 1;
  }
  std::ranges::sort(files);
  run("", "the empty input", 0);
  for (const std::filesystem::path& file : files) {
    const std::string input = read_file(file);
    const std::string name = file.filename().string();
    std::mt19937_64 random(input.size());
    run(input, name, 0);
    for (int i = 1; i <= kMutations; ++i) run(mutate(input, random), name, i);
  }
  return 0;
}
