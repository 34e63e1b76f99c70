#include "children.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace offtake::targets_test {

Writer::Writer(const WriterSettings& settings, const std::string& crash_at) {
  char path[] = "/tmp/offtake-child-XXXXXX";
  const int log = mkstemp(path);
  REQUIRE(log >= 0);
  log_path_ = path;
  const std::string text = settings_text(settings);
  pid_ = fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    dup2(log, 2);
    if (crash_at.empty()) {
      unsetenv("OFFTAKE_CRASH_AT");
    } else {
      setenv("OFFTAKE_CRASH_AT", crash_at.c_str(), 1);
    }
    execl(TARGET_CHILD, TARGET_CHILD, text.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  close(log);
}

Writer::~Writer() {
  if (!ended_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  unlink(log_path_.c_str());
}

int Writer::wait() {
  int status = 0;
  REQUIRE(waitpid(pid_, &status, 0) == pid_);
  ended_ = true;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Writer::wait_until_stopped() {
  int status = 0;
  REQUIRE(waitpid(pid_, &status, WUNTRACED) == pid_);
  REQUIRE_MESSAGE(WIFSTOPPED(status), log());
}

void Writer::resume() {
  kill(pid_, SIGCONT);
}

std::string Writer::log() const {
  std::ifstream file(log_path_);
  std::stringstream out;
  out << file.rdbuf();
  return out.str();
}

}  // namespace offtake::targets_test
