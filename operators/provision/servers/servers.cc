#include "operators/provision/servers/servers.h"

#include <thread>

#include "base/log.h"
#include "operators/provision/servers/site.h"
#include "operators/provision/servers/supervisor.h"

namespace offtake::provision::servers {
namespace {

constexpr const char* kRetained = "retained";

base::Error draining() {
  return base::transient("Draining", "`offtake serve` is stopping");
}

}  // namespace

Servers::Servers(files::Path directory, MakeKind make_kind)
    : directory_(std::move(directory)), make_kind_(std::move(make_kind)) {}

Servers::~Servers() = default;

base::Status Servers::keep(const ServerOrder& order) {
  if (auto fine = check_parameters(order.engine, true, order.parameters); !fine) return fine;
  std::lock_guard lock(mutex_);
  if (draining_) return draining();
  auto& supervisor = supervisors_[order.name];
  if (supervisor && supervisor->wanted().uid != order.uid) {
    return base::transient("DirectoryTaken",
                           fmt::format("the server of an earlier class {} is still there", order.name));
  }
  if (supervisor) {
    supervisor->follow(order);
    return {};
  }
  supervisor = std::make_shared<Supervisor>(directory_ / order.name, make_kind_, order);
  supervisor->start_watching();
  return {};
}

ServerView Servers::look(const std::string& name, const std::string& uid) const {
  std::shared_ptr<Supervisor> supervisor;
  {
    std::lock_guard lock(mutex_);
    const auto found = supervisors_.find(name);
    if (found != supervisors_.end()) supervisor = found->second;
  }
  if (supervisor && supervisor->wanted().uid == uid) return supervisor->view();
  ServerView out;
  out.usable = base::waiting("ServerStarting", fmt::format("the server of class {} is being started", name));
  return out;
}

base::Status Servers::note_retained(const std::string& name, const std::string& what) {
  const files::Path note = directory_ / name / kRetained;
  auto before = files::read_file(note);
  if (!before && before.error().code != "NotFound") return std::move(before).error();
  std::string text = before ? *std::move(before) : "";
  const std::string line = what + "\n";
  if (text.find(line) != std::string::npos) return {};
  return files::write_file_atomic(note, text + line, 0600);
}

base::Status Servers::remove(const ServerOrder& order) {
  const files::Path directory = directory_ / order.name;
  std::shared_ptr<Supervisor> supervisor;
  {
    std::lock_guard lock(mutex_);
    const auto found = supervisors_.find(order.name);
    if (found != supervisors_.end() && found->second->wanted().uid == order.uid) supervisor = found->second;
  }
  auto record = read_record(directory);
  if (!record) return std::move(record).error();
  const bool ours = *record && (*record)->uid == order.uid;
  // One that this process never watched.
  if (!supervisor && ours) supervisor = std::make_shared<Supervisor>(directory, make_kind_, order);
  if (supervisor) {
    if (auto stopped = supervisor->stop(); !stopped) return stopped;
  }
  if (ours) {
    if (files::exists(directory / kRetained)) {
      const files::Path aside = directory_ / fmt::format("{}.retained-{}", order.name, order.uid);
      std::error_code error;
      std::filesystem::rename(directory, aside, error);
      if (error) {
        return base::transient("FileError", fmt::format("cannot move {} to {}: {}", directory.string(),
                                                        aside.string(), error.message()));
      }
      base::log_info("a server's data is retained", {{"directory", aside.string()}});
    } else if (auto gone = files::remove_tree(directory); !gone) {
      return gone;
    }
  }
  std::lock_guard lock(mutex_);
  const auto found = supervisors_.find(order.name);
  if (found != supervisors_.end() && found->second == supervisor) supervisors_.erase(found);
  return {};
}

void Servers::stop_all() {
  std::map<std::string, std::shared_ptr<Supervisor>> stopping;
  {
    std::lock_guard lock(mutex_);
    draining_ = true;
    stopping = supervisors_;
  }
  std::vector<std::jthread> threads;
  for (const auto& [name, supervisor] : stopping) {
    threads.emplace_back([name = name, supervisor = supervisor] {
      if (auto stopped = supervisor->stop(); !stopped)
        base::log_error("a server was not stopped",
                        {{"target_class", name}, {"error", stopped.error().text()}});
    });
  }
}

}  // namespace offtake::provision::servers
