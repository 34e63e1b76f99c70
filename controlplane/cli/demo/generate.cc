// `offtake demo generate`: the history of a company into a server that runs already.
#include "controlplane/cli/connection.h"
#include "controlplane/cli/demo/history.h"
#include "controlplane/cli/demo/number.h"
#include "controlplane/cli/demo/verbs.h"

namespace offtake::cli::demo {
namespace {

const CompanyKind* find_company(const std::string& name) {
  for (const CompanyKind& kind : companies()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

std::string known_companies() {
  std::string out;
  for (const CompanyKind& kind : companies()) out += (out.empty() ? "" : ", ") + std::string(kind.name);
  return out;
}

struct Wish {
  std::uint64_t seed = 0;
  std::int64_t events = 0;
  base::Micros until = 0;
};

base::Result<Wish> read_wish(const Arguments& arguments, const CompanyKind& kind) {
  auto seed = read_number(arguments, "seed");
  if (!seed) return std::move(seed).error();
  Wish out{static_cast<std::uint64_t>(*seed), kind.events, base::system_clock().now()};
  if (arguments.has("events")) {
    auto events = read_number(arguments, "events");
    if (!events) return std::move(events).error();
    out.events = *events;
  }
  if (arguments.has("until")) {
    auto until = base::parse_instant(arguments.text("until"));
    if (!until) return std::move(until).error().in("--until");
    out.until = *until;
  }
  return out;
}

int run_generate(const Arguments& arguments, Console& console) {
  const CompanyKind* kind = find_company(arguments.text("company"));
  if (kind == nullptr) {
    console.say(fmt::format("offtake demo generate: there is no company `{}`; there are: {}",
                            arguments.text("company"), known_companies()));
    return kUsage;
  }
  auto wish = read_wish(arguments, *kind);
  if (!wish) {
    console.error(wish.error());
    return kUsage;
  }
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  const std::string name(kind->name);
  const ExamplePlace place{arguments.has("namespace") ? arguments.text("namespace") : name,
                           arguments.text("event-store")};
  if (!apply_example(**client, name + "/datasets.yaml", place, console)) return kFailed;
  const std::unique_ptr<Company> company = kind->make(wish->seed, wish->events, wish->until);
  auto ready = wait_for_datasets(**client, place.namespace_name, company->datasets(), console, {});
  if (!ready) return fail(console, ready.error());
  auto written = write_history(**client, place.namespace_name, *company, console, {});
  if (!written) return fail(console, written.error());
  console.out(std::string(kind->next_steps));
  return kDone;
}

std::string company_words() {
  std::string out = "which company:";
  for (const CompanyKind& kind : companies())
    out += fmt::format("{} {} ({})", out.ends_with(':') ? "" : ",", kind.name, kind.summary);
  return out;
}

std::string event_words() {
  std::string out = "how many records, about (default";
  for (const CompanyKind& kind : companies())
    out += fmt::format("{} {} for {}", out.ends_with("default") ? "" : ",", kind.events, kind.name);
  return out + ")";
}

}  // namespace

const Verb& generate_verb() {
  static const Verb kVerb = {
      "demo generate",
      "Writes a company's records into a server that runs already",
      {},
      {{"--company", "NAME", company_words(), "retail"},
       {"--seed", "N", "the company that is made: the same seed, the same records", "1"},
       {"--events", "N", event_words()},
       {"--until", "INSTANT", "when its history ends, as 2026-11-01T00:00:00Z (default: now)"},
       {"--event-store", "NAME", "the EventStore of its datasets, which may be a Kafka", "embedded"},
       {"-n,--namespace", "NAMESPACE", "where its datasets are made (default: the company's name)"}},
      "  offtake demo generate --company retail --seed 7 --events 100000\n"
      "  offtake demo generate --company finance --event-store kafka",
      run_generate,
      false,
      true};
  return kVerb;
}

}  // namespace offtake::cli::demo
