// hold-lease FILE: has the file to itself, as a file server's client may, and gives it back a
// moment after somebody else wants to open it. Says "held" once it has it.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGIO);
  sigprocmask(SIG_BLOCK, &wanted, nullptr);
  const int fd = open(argv[1], O_RDWR | O_CLOEXEC);
  if (fd < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) != 0) {
    std::perror(argv[1]);
    return 1;
  }
  std::puts("held");
  std::fflush(stdout);
  int signal = 0;
  sigwait(&wanted, &signal);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  return fcntl(fd, F_SETLEASE, F_UNLCK) == 0 ? 0 : 1;
}
