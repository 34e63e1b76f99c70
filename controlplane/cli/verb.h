// A verb of the command line as data: what it takes, what it says about itself, what it runs. The parser
// (command_line.cc) and the help are driven by it; adding a verb is one file with one Verb, listed in
// verbs.cc. Plain data.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace offtake::cli {

class Console;

enum ExitCode : int { kDone = 0, kFailed = 1, kUsage = 2, kChanges = 3 };

struct Option {
  std::string names;          // "-f,--filename"; the last long name is what Arguments knows it by
  std::string value;          // "FILE"; empty: a switch
  std::string doc;            // one line
  std::string fallback = {};  // taken, and shown in the help, when the option is not given
  bool repeated = false;
  bool required = false;
  bool hidden = false;  // for tests and for what the program starts by itself
};

// "-f,--filename" -> "filename".
std::string long_name(const std::string& names);

struct Positional {
  std::string name;  // KIND
  std::string doc;
  bool required = true;
  bool repeated = false;  // takes the words to the end; the last positional alone
};

// What was given, by the long name of the option ("filename") or the name of the positional ("KIND").
class Arguments {
 public:
  void set(std::string name, std::vector<std::string> values) {
    values_[std::move(name)] = std::move(values);
  }
  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  std::string text(std::string_view name) const;  // the last one given; empty when there is none
  std::vector<std::string> all(std::string_view name) const;
  // A switch that may be turned off: --wait=false.
  bool flag(std::string_view name) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

struct Verb {
  std::string name;  // "apply"; "demo generate" is below "demo"
  std::string summary;
  std::vector<Positional> positionals;
  std::vector<Option> options;
  std::string examples;  // lines
  int (*run)(const Arguments& arguments, Console& console) = nullptr;
  bool hidden = false;
  bool asks_server = false;  // takes the options that say where the server is
};

}  // namespace offtake::cli
