#include "controlplane/cli/demo/mail_story.h"

#include "base/process/process.h"
#include "controlplane/cli/connection.h"
#include "controlplane/cli/demo/history.h"
#include "controlplane/cli/progress.h"
#include "controlplane/cli/wait_for.h"

namespace offtake::cli::demo {

using namespace std::chrono_literals;

base::Status MailStory::start() {
  auto box = Mailbox::open();
  if (!box) return std::move(box).error();
  box_ = *std::move(box);
  if (!apply()) return base::terminal("NotApplied", "the example was not applied");
  ObjectName object{&resources::kind_of<resources::DataProduct>(), space_, kMailProduct};
  WaitChoices choices;
  choices.timeout = 10min;
  choices.show_progress = true;
  choices.stop = stop_;
  if (auto live = wait_for_condition(client_, object, "Ready", "True", choices, console_); !live) return live;
  console_.out(
      fmt::format("{} is live: from now on its function is told of each new payment, and of none before",
                  object.title()));
  return wait_for_first();
}

// This program, wherever it is, and the mailbox's port.
bool MailStory::apply() {
  ExamplePlace place;
  const auto own = process::own_executable();
  place.edit = [&](json::Value& object) {
    if (object.string_or("kind") != "DataProduct") return;
    json::Value& function = object.get_or_add("spec").get_or_add("target").get_or_add("function");
    if (own) function.get_or_add("command").as_array().front() = own->string();
    function.get_or_add("env").as_array().front().set("value", std::to_string(box_->port()));
  };
  return apply_example(client_, "mails/product.yaml", place, console_);
}

base::Status MailStory::wait_for_first() {
  const auto end = std::chrono::steady_clock::now() + 2min;
  std::mutex mutex;
  std::condition_variable_any wake;
  while (box_->newest(1).empty()) {
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop_, 100ms, [] { return false; });
    if (stop_.stop_requested()) return base::terminal("Cancelled", "stopped");
    if (std::chrono::steady_clock::now() >= end)
      return base::terminal("TimedOut", "no mail came within two minutes");
  }
  const Mail mail = box_->newest(1).front();
  console_.out("a mail that it sent:");
  console_.out(fmt::format("  To: {}\n  Subject: {}\n  Message-ID: <{}>", mail.to, mail.subject, mail.id));
  return {};
}

base::Result<bool> MailStory::is_through(base::Micros time) {
  http::ClientRequest request;
  request.path = view_path(space_, kMailProduct, "progress");
  auto progress = client_.call(std::move(request));
  if (!progress) return std::move(progress).error();
  auto through = base::parse_instant(newest_progress(*progress).string_or("completeThrough"));
  return through && *through >= time;
}

}  // namespace offtake::cli::demo
