#include "controlplane/cli/command_line.h"

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "controlplane/cli/console.h"
#include "controlplane/cli/server_address.h"
#include "controlplane/resources/validate.h"

namespace offtake::cli {
namespace {

// What the library fills in for one option.
struct Slot {
  const Option* option = nullptr;
  std::vector<std::string> values;
  CLI::Option* parsed = nullptr;
};

struct Words {
  std::string one;
  std::vector<std::string> many;  // of a positional that is repeated
};

struct Command {
  const Verb* verb = nullptr;
  CLI::App* app = nullptr;
  std::vector<std::unique_ptr<Slot>> slots;
  std::vector<std::unique_ptr<Words>> positionals;
};

void add_option(Command& command, const Option& option) {
  auto slot = std::make_unique<Slot>();
  slot->option = &option;
  std::string doc = option.doc;
  if (!option.fallback.empty()) doc += " (default " + option.fallback + ")";
  if (option.value.empty()) {
    // A switch takes =false as well.
    slot->parsed = command.app->add_flag(option.names, slot->values, doc);
  } else {
    slot->parsed = command.app->add_option(option.names, slot->values, doc);
    slot->parsed->type_name(option.value)
        ->expected(1, option.repeated ? 1 << 20 : 1)
        ->allow_extra_args(false);
    slot->parsed->multi_option_policy(option.repeated ? CLI::MultiOptionPolicy::TakeAll
                                                      : CLI::MultiOptionPolicy::TakeLast);
  }
  if (option.required) slot->parsed->required();
  if (option.hidden) slot->parsed->group("");
  command.slots.push_back(std::move(slot));
}

void add_positional(Command& command, const Positional& positional) {
  auto value = std::make_unique<Words>();
  auto* parsed = positional.repeated
                     ? command.app->add_option(positional.name, value->many, positional.doc)->expected(-1)
                     : command.app->add_option(positional.name, value->one, positional.doc);
  parsed->type_name("");
  if (positional.required) parsed->required();
  command.positionals.push_back(std::move(value));
}

// What people type from habit: `help VERB` for `VERB --help`, `--version` for `version`.
std::vector<const char*> usual_words(int argc, const char* const* argv) {
  std::vector<const char*> words(argv, argv + argc);
  if (words.size() == 2 && std::string_view(words[1]) == "--version") words[1] = "version";
  if (words.size() >= 2 && std::string_view(words[1]) == "help") {
    words.erase(words.begin() + 1);
    words.push_back("--help");
  }
  return words;
}

class Parser {
 public:
  explicit Parser(const std::vector<const Verb*>& verbs)
      : app_("Self-service data products: YAML and SQL in, a filled and fed database out.", "offtake") {
    app_.require_subcommand(0, 1);
    app_.set_help_flag("-h,--help", "Shows this");
    app_.get_formatter()->column_width(34);
    app_.get_formatter()->label("SUBCOMMAND", "VERB");
    app_.get_formatter()->label("REQUIRED", "(needed)");
    app_.footer("\"offtake VERB --help\" says more, with examples.");
    for (const Verb* verb : verbs) add(*verb);
  }

  // The verb that was asked for with its arguments; null with `exit_code` set when there is none to run.
  const Verb* parse(int argc, const char* const* argv, Arguments& arguments, Console& console,
                    int& exit_code) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp& error) {
      // Help for a verb that there is not.
      if (chosen() == nullptr && argc > 1 && argv[1][0] != '-') {
        exit_code = kUsage;
        report(error, argc, argv, console);
        return nullptr;
      }
      console.text(help());
      exit_code = kDone;
      return nullptr;
    } catch (const CLI::ParseError& error) {
      exit_code = kUsage;
      report(error, argc, argv, console);
      return nullptr;
    }
    const Command* command = chosen();
    if (command == nullptr) {
      console.text(help());
      exit_code = kUsage;
      return nullptr;
    }
    collect(*command, arguments);
    return command->verb;
  }

 private:
  void add(const Verb& verb) {
    CLI::App* parent = &app_;
    std::string name = verb.name;
    if (const auto space = name.find(' '); space != std::string::npos) {
      parent = app_.get_subcommand(name.substr(0, space));
      parent->require_subcommand(0, 1);
      name = name.substr(space + 1);
    }
    auto command = std::make_unique<Command>();
    command->verb = &verb;
    command->app = parent->add_subcommand(name, verb.summary);
    command->app->group(verb.hidden ? "" : "Verbs");
    for (const Positional& positional : verb.positionals) add_positional(*command, positional);
    for (const Option& option : verb.options) add_option(*command, option);
    if (verb.asks_server) {
      for (const Option& option : server_options()) add_option(*command, option);
    }
    if (!verb.examples.empty()) command->app->footer("Examples:\n" + verb.examples);
    commands_.push_back(std::move(command));
  }

  // The innermost subcommand that was parsed.
  const Command* chosen() const {
    const Command* found = nullptr;
    for (const auto& command : commands_) {
      if (command->app->parsed()) found = command.get();
    }
    return found;
  }

  std::string help() const {
    const Command* command = chosen();
    if (command == nullptr) return tidy(app_.help());
    const std::string& name = command->verb->name;
    const auto space = name.find(' ');
    return tidy(
        command->app->help(space == std::string::npos ? "offtake" : "offtake " + name.substr(0, space)));
  }

  // Groups that show nothing leave their empty lines.
  static std::string tidy(std::string text) {
    for (auto at = text.find("\n\n\n"); at != std::string::npos; at = text.find("\n\n\n")) text.erase(at, 1);
    return text;
  }

  static void collect(const Command& command, Arguments& arguments) {
    for (const auto& slot : command.slots) {
      const std::string name = long_name(slot->option->names);
      if (slot->parsed->count() > 0) {
        arguments.set(name, slot->values);
      } else if (!slot->option->fallback.empty()) {
        arguments.set(name, {slot->option->fallback});
      }
    }
    for (std::size_t i = 0; i < command.positionals.size(); ++i) {
      const Words& words = *command.positionals[i];
      const std::string& name = command.verb->positionals[i].name;
      if (!words.one.empty()) arguments.set(name, {words.one});
      if (!words.many.empty()) arguments.set(name, words.many);
    }
  }

  // The library's sentence, or a better one for words that nobody knows.
  void report(const CLI::ParseError& error, int argc, const char* const* argv, Console& console) const {
    const Command* command = chosen();
    const std::string where = command == nullptr ? "offtake" : "offtake " + command->verb->name;
    std::string message = error.what();
    std::string hint;
    std::vector<std::string> unknown;
    for (std::string& word : app_.remaining(true)) {
      if (word != "--") unknown.push_back(std::move(word));
    }
    if (command == nullptr && argc > 1 && argv[1][0] != '-') {
      message = fmt::format("there is no verb `{}`", argv[1]);
      hint = resources::did_you_mean(argv[1], verb_names());
    } else if (!unknown.empty() && unknown.front().starts_with('-')) {
      message = fmt::format("there is no option `{}`", unknown.front());
      hint = nearest_option(command, unknown.front());
    } else if (!unknown.empty()) {
      message = fmt::format("`{}` is one word too many", unknown.front());
    }
    while (message.ends_with('\n') || message.ends_with('.')) message.pop_back();
    if (!hint.empty()) hint = fmt::format("; did you mean {}?", hint);
    console.say(fmt::format("{}: {}{}", where, message, hint));
    console.say(fmt::format("\"{} --help\" shows what there is", where));
  }

  std::vector<std::string> verb_names() const {
    std::vector<std::string> out;
    for (const auto& command : commands_) {
      if (!command->verb->hidden && command->verb->name.find(' ') == std::string::npos) {
        out.push_back(command->verb->name);
      }
    }
    return out;
  }

  static std::string nearest_option(const Command* command, std::string word) {
    if (command == nullptr) return "";
    word = word.substr(0, word.find('='));
    std::vector<std::string> known;
    for (const auto& slot : command->slots) {
      if (!slot->option->hidden) known.push_back("--" + long_name(slot->option->names));
    }
    return resources::did_you_mean(word, known);
  }

  CLI::App app_;
  std::vector<std::unique_ptr<Command>> commands_;
};

}  // namespace

std::string long_name(const std::string& names) {
  const auto at = names.rfind("--");
  return at == std::string::npos ? names.substr(names.find_first_not_of('-')) : names.substr(at + 2);
}

std::string Arguments::text(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() || found->second.empty() ? "" : found->second.back();
}

std::vector<std::string> Arguments::all(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

bool Arguments::flag(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return false;
  return found->second.empty() || (found->second.back() != "false" && found->second.back() != "0");
}

int run_command_line(int argc, const char* const* argv, const std::vector<const Verb*>& verbs,
                     Console& console) {
  Arguments arguments;
  int exit_code = kDone;
  const auto words = usual_words(argc, argv);
  const Verb* verb =
      Parser(verbs).parse(static_cast<int>(words.size()), words.data(), arguments, console, exit_code);
  if (verb == nullptr) return exit_code;
  return verb->run(arguments, console);
}

}  // namespace offtake::cli
