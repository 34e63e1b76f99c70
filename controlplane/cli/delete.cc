#include "controlplane/cli/documents.h"
#include "controlplane/cli/verbs.h"
#include "controlplane/cli/wait_for.h"

namespace offtake::cli {
namespace {

struct Deletion {
  ObjectName object;
  std::string uid;
};

class Deleting {
 public:
  Deleting(ApiClient& client, const WaitChoices& choices, bool waits, Console& console)
      : client_(client), choices_(choices), waits_(waits), console_(console) {}

  // All are asked to go before any is waited for: they may hold each other.
  int run(const std::vector<ObjectName>& objects, bool missing_is_fine) {
    bool good = true;
    std::vector<Deletion> going;
    for (const ObjectName& object : objects) {
      auto deleted = client_.remove(*object.kind, object.namespace_name, object.name);
      if (!deleted && deleted.error().code == "NotFound" && missing_is_fine) {
        console_.out(object.title() + " is gone already");
      } else if (!deleted) {
        console_.error(deleted.error());
        good = false;
      } else if (deleted->gone) {
        console_.out(object.title() + " deleted");
      } else {
        going.push_back({object, deleted->object["metadata"].string_or("uid")});
      }
    }
    for (const Deletion& one : going) good = wait(one) && good;
    return good ? kDone : kFailed;
  }

 private:
  bool wait(const Deletion& one) {
    if (!waits_) {
      console_.out(one.object.title() + " is being deleted");
      return true;
    }
    if (auto gone = wait_for_deletion(client_, one.object, one.uid, choices_); !gone) {
      console_.error(gone.error());
      return false;
    }
    console_.out(one.object.title() + " deleted");
    return true;
  }

  ApiClient& client_;
  const WaitChoices& choices_;
  bool waits_;
  Console& console_;
};

int run(const Arguments& arguments, Console& console) {
  if (arguments.has("filename") == arguments.has("KIND")) {
    console.say("offtake delete: give either KIND and NAMEs or -f FILE");
    return kUsage;
  }
  auto timeout = base::parse_duration(arguments.text("timeout"));
  if (!timeout) {
    console.error(std::move(timeout).error().in("--timeout"));
    return kUsage;
  }
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  std::vector<ObjectName> objects;
  if (arguments.has("filename")) {
    const auto documents = read_all(arguments.all("filename"), namespace_of(arguments, **client), console);
    if (!documents) return kFailed;
    // What was sent last goes first.
    for (auto document = documents->rbegin(); document != documents->rend(); ++document) {
      objects.push_back({document->kind, document->namespace_name(), document->name()});
    }
  } else {
    auto named = read_object_names(arguments, **client);
    if (!named) {
      console.error(named.error());
      return kUsage;
    }
    objects = *std::move(named);
  }
  WaitChoices choices;
  choices.timeout = std::chrono::milliseconds(*timeout / 1000);
  const bool waits = !arguments.has("wait") || arguments.flag("wait");
  return Deleting(**client, choices, waits, console).run(objects, arguments.has("filename"));
}

}  // namespace

const Verb& delete_verb() {
  static const Verb kVerb = {
      "delete",
      "Deletes objects and waits until they are gone",
      {{"KIND", "dataproduct, dataset, eventstore, targetclass, secret, namespace", false},
       {"NAME", "the objects'; KIND/NAME in one word as well", false, true}},
      {{"-f,--filename", "FILE", "what these documents describe: a file, a folder, or - for standard input",
        "", true},
       {"--wait", "", "until it is gone, which is the default; --wait=false does not"},
       {"--timeout", "DURATION", "how long to wait", "5m"},
       namespace_option()},
      "  offtake delete dataproduct payment-confirmations -n retail\n"
      "  offtake delete dataproduct/late-orders dataproduct/refunds dataset/orders -n retail\n"
      "  offtake delete -f shop/ --wait=false",
      run,
      false,
      true};
  return kVerb;
}

}  // namespace offtake::cli
