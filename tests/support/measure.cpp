// measure FILE COMMAND [ARGUMENT...]
//
// Runs a command and appends one line to FILE: wall seconds, processor seconds (user + system),
// peak memory in MiB. Ends with the command's exit status.

#include <fmt/core.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: measure FILE COMMAND [ARGUMENT...]\n";
    return 2;
  }
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  int status = 0;
  rusage used = {};
  if (child < 0 || wait4(child, &status, 0, &used) != child) {
    std::cerr << "measure: cannot run " << argv[2] << '\n';
    return 2;
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  std::ofstream(argv[1], std::ios::app) << fmt::format(
      "{:.3f} {:.3f} {:.1f}\n", wall.count(), seconds(used.ru_utime) + seconds(used.ru_stime),
      static_cast<double>(used.ru_maxrss) / 1024);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
