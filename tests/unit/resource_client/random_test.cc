// Random writes by several managers, the same to the API server of Kubernetes and to the embedded store:
// every answer is the same, and so is what is stored.
#include <random>
#include <set>

#include "cases.h"

namespace offtake::resource_client_test {
namespace {

using json::Value;
using Random = std::mt19937;

constexpr int kScripts = 100, kSteps = 14;

const resources::Kind& datasets() {
  return resources::kind_of<resources::Dataset>();
}

int below(Random& random, int bound) {
  return static_cast<int>(random() % static_cast<unsigned>(bound));
}
bool chance(Random& random, int percent) {
  return below(random, 100) < percent;
}
std::string letter(Random& random, std::string_view of) {
  return std::string(1, of[static_cast<std::size_t>(below(random, static_cast<int>(of.size())))]);
}

// Some of the letters, each at most once, in any order.
std::vector<std::string> some(Random& random, std::string_view of) {
  std::vector<std::string> out;
  for (const char c : of) {
    if (chance(random, 50)) out.emplace_back(1, c);
  }
  std::shuffle(out.begin(), out.end(), random);
  return out;
}

Value columns(Random& random) {
  Value out = Value::array();
  for (const std::string& path : some(random, "abcd")) {
    Value column = json::Object{{"path", path}};
    if (chance(random, 60)) column.set("description", letter(random, "xy"));
    if (chance(random, 40)) column.set("classification", letter(random, "pq"));
    out.push_back(std::move(column));
  }
  return out;
}

Value texts(const std::vector<std::string>& texts) {
  Value out = Value::array();
  for (const std::string& text : texts) out.push_back(text);
  return out;
}

// Members of a spec that may be there or not.
void fill_spec(Random& random, Value& spec) {
  if (chance(random, 40)) spec.set("owner", letter(random, "op"));
  if (chance(random, 40)) spec.set("description", letter(random, "st"));
  if (chance(random, 50)) spec.set("columns", columns(random));
  if (chance(random, 40)) spec.set("tags", texts(some(random, "uvw")));
  if (chance(random, 30)) spec.set("key", json::Object{{"columns", texts({letter(random, "kl")})}});
  if (chance(random, 30)) spec.set("eventTime", json::Object{{"column", letter(random, "mn")}});
  if (chance(random, 20)) spec.set("deletionPolicy", chance(random, 50) ? "Delete" : "Retain");
}

void fill_labels(Random& random, Value& metadata) {
  if (!chance(random, 50)) return;
  Value& labels = metadata.set("labels", Value::object());
  for (const std::string& name : some(random, "fgh")) labels.set(name, letter(random, "12"));
}

Value conditions(Random& random) {
  Value out = Value::array();
  for (const std::string& type : some(random, "ABC")) {
    out.push_back(json::Object{{"type", type}, {"status", chance(random, 50) ? "True" : "False"}});
  }
  return out;
}

// A write as it is sent to both.
struct Write {
  enum class How { kApply, kApplyStatus, kMerge, kMergeStatus, kUpdate } how;
  std::string manager;
  bool force = false;
  Value body;

  std::string text() const {
    static constexpr std::array<std::string_view, 5> kNames{"apply", "apply status", "merge", "merge status",
                                                            "update"};
    return fmt::format("{} by {}{}: {}", kNames[static_cast<std::size_t>(how)], manager,
                       force ? " forced" : "", json::dump(body));
  }
};

Write random_write(Random& random, bool first) {
  using How = Write::How;
  Write out;
  const int kind = first ? 0 : below(random, 100);
  out.how = kind < 50   ? How::kApply
            : kind < 65 ? How::kApplyStatus
            : kind < 80 ? How::kMerge
            : kind < 85 ? How::kMergeStatus
                        : How::kUpdate;
  out.manager = fmt::format("m{}", below(random, 4));
  out.force = chance(random, 40);
  out.body = Value::object();
  if (out.how == How::kApplyStatus || out.how == How::kMergeStatus) {
    Value& status = out.body.set("status", Value::object());
    if (chance(random, 80)) status.set("conditions", conditions(random));
    if (chance(random, 50)) status.set("partitions", below(random, 2) + 1);
    return out;
  }
  fill_labels(random, out.body.set("metadata", Value::object()));
  Value& spec = out.body.set("spec", Value::object());
  if (first || out.how == How::kUpdate || (out.how == How::kApply && chance(random, 60))) {
    spec.set("type", "Event");
    spec.set("source", json::Object{{"eventStoreName", "m"}, {"topic", "t"}});
  }
  fill_spec(random, spec);
  if (out.how == How::kMerge && chance(random, 40))
    spec.set(chance(random, 50) ? "owner" : "columns", nullptr);
  return out;
}

base::Result<store::Written> carry_out(store::ResourceClient& client, const World& world,
                                       const Write& write) {
  Value object = write.body;
  object.set("kind", "Dataset");
  object.set("name", "d");
  object = whole_object(world, object);
  switch (write.how) {
    case Write::How::kApply:
    case Write::How::kApplyStatus:
      return client.apply(object, {write.manager, write.force, false, write.how == Write::How::kApplyStatus});
    case Write::How::kMerge:
    case Write::How::kMergeStatus:
      return client.patch(datasets(), world.space, "d", store::PatchType::kMerge, write.body,
                          {write.manager, false, write.how == Write::How::kMergeStatus});
    case Write::How::kUpdate:
      break;
  }
  auto present = client.get(datasets(), world.space, "d");
  if (!present) return std::move(present).error();
  object.find("metadata")->set("resourceVersion", (*present)["metadata"]["resourceVersion"]);
  return client.update(object, {write.manager, false});
}

// What both must have: nothing of times, uids and versions.
Value comparable(Value object) {
  Value& metadata = *object.find("metadata");
  for (const char* name : {"uid", "resourceVersion", "creationTimestamp"}) metadata.erase(name);
  std::map<std::string, Value> managers;
  if (const Value* managed = metadata.find("managedFields"); managed != nullptr) {
    for (const Value& one : managed->as_array()) {
      managers[one.string_or("manager") + "/" + one.string_or("operation") + "/" +
               one.string_or("subresource")] = one["fieldsV1"];
    }
  }
  metadata.erase("managedFields");
  for (auto& [name, fields] : managers) metadata.get_or_add("managers").set(name, std::move(fields));
  return object;
}

std::string answer(const base::Result<store::Written>& written) {
  if (written) return json::dump_canonical(comparable(written->object));
  std::set<std::string> fields;
  for (const base::Error& cause : written.error().causes) {
    if (cause.location.field != "<nil>") fields.insert(cause.location.field);
  }
  return fmt::format("{} at {}", written.error().code, fmt::join(fields, ", "));
}

// What loses its last member or item becomes null there, and is refused; here it is absent, or empty.
bool is_emptied(const std::string& theirs, store::ResourceClient& ours, const World& world) {
  constexpr std::string_view kInvalid = "Invalid at ";
  if (!theirs.starts_with(kInvalid)) return false;
  auto stored = ours.get(datasets(), world.space, "d");
  if (!stored) return false;
  const Value* here = &*stored;
  std::string_view rest = std::string_view(theirs).substr(kInvalid.size());
  while (!rest.empty()) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    here = &(*here)[rest.substr(0, dot)];
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  return here->is_null() || *here == Value::array() || *here == Value::object();
}

}  // namespace

static const bool kDeclared = declare_case(
    "random: writes of four managers are answered alike", __FILE__, __LINE__,
    [](World& world) {
      store::ResourceClient& ours = backing(kEmbeddedStore).client();
      for (int script = 0; script < kScripts; ++script) {
        Random random(static_cast<unsigned>(script));
        World here = world;
        here.space = fmt::format("{}-{}", world.space, script);
        const Value space = json::Object{
            {"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", json::Object{{"name", here.space}}}};
        REQUIRE(ours.create(space).ok());
        REQUIRE(world.client.create(space).ok());
        std::string history;
        for (int step = 0; step < kSteps; ++step) {
          const Write write = random_write(random, step == 0);
          history += write.text() + "\n";
          const std::string theirs = answer(carry_out(world.client, here, write));
          const std::string own = answer(carry_out(ours, here, write));
          if (theirs == own) continue;
          if (is_emptied(theirs, ours, here)) break;
          FAIL_CHECK("script " << script << "\n"
                               << history << "the API server: " << theirs << "\nhere: " << own);
          break;
        }
      }
    },
    [](std::string_view name) { return name == kKubernetes; });

}  // namespace offtake::resource_client_test
