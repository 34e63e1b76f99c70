#include "base/yaml/node.h"
#include "controlplane/cli/connection.h"
#include "controlplane/cli/object_table.h"
#include "controlplane/cli/verbs.h"
#include "controlplane/resources/validate.h"

namespace offtake::cli {
namespace {

using namespace std::chrono_literals;

enum class Format { kTable, kWide, kYaml, kJson, kName };

base::Result<Format> read_format(const std::string& text) {
  if (text.empty()) return Format::kTable;
  if (text == "wide") return Format::kWide;
  if (text == "yaml") return Format::kYaml;
  if (text == "json") return Format::kJson;
  if (text == "name") return Format::kName;
  const std::string nearest = resources::did_you_mean(text, {"wide", "yaml", "json", "name"});
  return base::terminal("BadFormat", fmt::format("--output: there is no format `{}`", text))
      .with_hint(nearest.empty() ? "there are yaml, json, wide and name"
                                 : fmt::format("did you mean {}?", nearest));
}

// Who owns which field is noise to people; -o with --show-managed-fields keeps it.
json::Value shown(json::Value object, bool managed_fields) {
  if (!managed_fields) {
    if (json::Value* metadata = object.find("metadata")) metadata->erase("managedFields");
  }
  return object;
}

class Getting {
 public:
  Getting(const Arguments& arguments, ApiClient& client, Console& console, ObjectName wanted, Format format)
      : arguments_(arguments),
        client_(client),
        console_(console),
        wanted_(std::move(wanted)),
        format_(format) {
    all_ = arguments.flag("all-namespaces");
    if (all_) wanted_.namespace_name.clear();
    choices_.wide = format == Format::kWide;
    choices_.namespaces = all_ && wanted_.kind->namespaced;
  }

  int run() {
    std::string version;
    if (wanted_.name.empty()) {
      store::ListOptions options;
      options.namespace_name = wanted_.namespace_name;
      options.label_selector = arguments_.text("selector");
      auto found = client_.list(*wanted_.kind, options);
      if (!found) return fail(console_, found.error());
      version = found->resource_version;
      print_list(found->items);
    } else {
      auto found = client_.get(*wanted_.kind, wanted_.namespace_name, wanted_.name);
      if (!found) return fail(console_, found.error());
      version = (*found)["metadata"].string_or("resourceVersion");
      print_one(*found);
    }
    return arguments_.flag("watch") ? watch(version) : kDone;
  }

 private:
  void print_one(const json::Value& object) {
    const json::Value clean = shown(object, arguments_.flag("show-managed-fields"));
    switch (format_) {
      case Format::kYaml:
        return console_.text(yaml::dump(clean));
      case Format::kJson:
        return console_.out(json::dump(clean, 2));
      case Format::kName:
        return console_.out(wanted_.kind->singular + "/" + object["metadata"].string_or("name"));
      case Format::kTable:
      case Format::kWide:
        return print_rows({object}, true);
    }
  }

  void print_list(const std::vector<json::Value>& items) {
    if (format_ == Format::kName) {
      for (const auto& item : items) print_one(item);
      return;
    }
    if (format_ == Format::kYaml || format_ == Format::kJson) {
      json::Value list =
          json::Object{{"apiVersion", "v1"}, {"kind", "List"}, {"items", json::Value::array()}};
      for (const auto& item : items) {
        list.find("items")->push_back(shown(item, arguments_.flag("show-managed-fields")));
      }
      return format_ == Format::kYaml ? console_.text(yaml::dump(list)) : console_.out(json::dump(list, 2));
    }
    if (items.empty()) {
      const std::string where =
          wanted_.namespace_name.empty() ? "" : fmt::format(" in namespace {}", wanted_.namespace_name);
      console_.say(fmt::format("no {}{}{}", wanted_.kind->plural, where,
                               wanted_.kind->namespaced && !all_ ? "; -A looks in all namespaces" : ""));
      return;
    }
    print_rows(items, true);
  }

  // Later rows of a watch are aligned to the widths of the first ones where they fit.
  void print_rows(const std::vector<json::Value>& objects, bool header) {
    std::vector<std::vector<std::string>> rows;
    if (header) rows.push_back(table_header(*wanted_.kind, choices_));
    const base::Micros now = base::system_clock().now();
    for (const auto& object : objects) {
      rows.push_back(table_row(*wanted_.kind, object, choices_, client_, now));
    }
    for (auto& row : rows) {
      widths_.resize(std::max(widths_.size(), row.size()), 0);
      for (std::size_t i = 0; i < row.size(); ++i) {
        widths_[i] = std::max(widths_[i], shown_width(row[i]));
        if (i + 1 < row.size()) row[i].append(widths_[i] - shown_width(row[i]), ' ');
      }
    }
    console_.text(table_text(rows));
  }

  int watch(std::string version) {
    store::ListOptions options;
    options.namespace_name = wanted_.namespace_name;
    options.label_selector = arguments_.text("selector");
    if (!wanted_.name.empty()) options.field_selector = "metadata.name=" + wanted_.name;
    for (;;) {
      auto watch = client_.watch(*wanted_.kind, version, options);
      if (!watch) return fail(console_, watch.error());
      for (;;) {
        auto event = (*watch)->next(1min);
        if (!event) {
          // The server ends long watches; going on where it stopped loses nothing.
          if (event.error().code != "Expired") return fail(console_, event.error());
          break;
        }
        if (!event->has_value() || (*event)->type == store::WatchEventType::kBookmark) continue;
        const json::Value& object = (*event)->object;
        if ((*event)->type == store::WatchEventType::kDeleted) {
          console_.out(fmt::format("{} deleted", title_of(object)));
        } else if (format_ == Format::kTable || format_ == Format::kWide) {
          print_rows({object}, false);
        } else {
          print_one(object);
        }
      }
      version = (*watch)->position();
    }
  }

  const Arguments& arguments_;
  ApiClient& client_;
  Console& console_;
  ObjectName wanted_;
  Format format_;
  bool all_ = false;
  TableChoices choices_;
  std::vector<std::size_t> widths_;
};

int run(const Arguments& arguments, Console& console) {
  auto format = read_format(arguments.text("output"));
  if (!format) {
    console.error(format.error());
    return kUsage;
  }
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  auto wanted = read_object_name(arguments, **client, false);
  if (!wanted) {
    console.error(wanted.error());
    return kUsage;
  }
  return Getting(arguments, **client, console, *wanted, *format).run();
}

}  // namespace

const Verb& get_verb() {
  static const Verb kVerb = {
      "get",
      "Lists objects of a kind, or shows one",
      {{"KIND", "dataproducts, datasets, eventstores, targetclasses, secrets, namespaces, events"},
       {"NAME", "one of them", false}},
      {namespace_option(),
       {"-A,--all-namespaces", "", "of all namespaces"},
       {"-o,--output", "FORMAT", "yaml, json, wide or name; by default a table"},
       {"-w,--watch", "", "goes on with every change"},
       {"-l,--selector", "LABELS", "only those with these labels: team=shop,tier!=test"},
       {"--show-managed-fields", "", "with yaml and json: who owns which field"}},
      "  offtake get products -n retail\n"
      "  offtake get product payment-confirmations -n retail -o yaml\n"
      "  offtake get datasets -A -w",
      run,
      false,
      true};
  return kVerb;
}

}  // namespace offtake::cli
