#include "controlplane/sql/form/analyse.h"

#include <algorithm>
#include <charconv>

#include "base/crypto/crypto.h"
#include "controlplane/sql/form/draw.h"
#include "operators/plan/classified.h"
#include "operators/plan/lineage.h"

namespace offtake::sql::form {
namespace {

// Line and column, from 1, the latter in characters.
std::pair<int, int> line_and_column(std::string_view sql, int byte) {
  int line = 1, column = 1;
  for (const char c : sql.substr(0, static_cast<std::size_t>(byte))) {
    if (c == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
      ++column;
    }
  }
  return {line, column};
}

// From lines and columns, as errors have them, to bytes; from a byte to the word that stands there.
class Places {
 public:
  explicit Places(const std::string& sql) : text_(sql) {
    if (auto source = SourceText::scan(sql, "")) source_.emplace(*std::move(source));
  }

  Range range_of(const base::Location& location) const {
    if (location.line <= 0) return whole();
    return word_at(byte_of(location.line, location.column));
  }

  Range whole() const {
    if (!source_ || source_->tokens().empty()) return {0, size()};
    return {source_->tokens().front().begin, source_->tokens().back().end};
  }

 private:
  int size() const { return static_cast<int>(text_.size()); }
  bool within_character(int byte) const {
    return byte < size() &&
           (static_cast<unsigned char>(text_[static_cast<std::size_t>(byte)]) & 0xc0) == 0x80;
  }

  int byte_of(int line, int column) const {
    int at = 0;
    for (; line > 1 && at < size(); ++at) line -= text_[static_cast<std::size_t>(at)] == '\n' ? 1 : 0;
    for (; at < size() && text_[static_cast<std::size_t>(at)] != '\n'; ++at) {
      if (!within_character(at) && --column <= 0) break;
    }
    return at;
  }

  // The token with the names behind its dots; the last one where the text ends.
  Range word_at(int byte) const {
    if (source_ && !source_->tokens().empty()) {
      const auto& tokens = source_->tokens();
      std::size_t at = source_->token_at(byte);
      if (at > 0 && (at == tokens.size() || tokens[at].begin != byte) && tokens[at - 1].end > byte) --at;
      if (at < tokens.size() && tokens[at].begin <= byte) {
        std::size_t last = at;
        const auto is = [&](std::size_t token, char symbol) {
          return token < tokens.size() &&
                 source_->text()[static_cast<std::size_t>(tokens[token].begin)] == symbol;
        };
        while (is(last + 1, '.') && last + 2 < tokens.size()) last += 2;
        return {tokens[at].begin, tokens[last].end};
      }
      if (at == tokens.size()) return {tokens.back().begin, tokens.back().end};
    }
    int end = std::min(byte + 1, size());
    while (within_character(end)) ++end;
    return {byte, end};
  }

  const std::string& text_;
  std::optional<SourceText> source_;
};

class Analyser {
 public:
  explicit Analyser(const CompileInput& input) : in_(input), places_(input.sql) {}

  Analysis run() {
    out_.hash = hash_of(in_.sql);
    out_.whole = places_.whole();
    const base::Status ran = on_deep_stack([&] { draw_here(); });
    if (!ran) undrawn(ran.error());
    if (out_.undrawable) {
      std::tie(out_.undrawable->line, out_.undrawable->column) =
          line_and_column(in_.sql, out_.undrawable->range.begin);
    }
    Compiled compiled = compile(in_);
    for (const base::Error& error : compiled.errors) add(Severity::kError, error);
    for (const Missing& missing : compiled.missing) add(Severity::kWaiting, missing.error);
    for (const std::string& warning : compiled.warnings) add_warning(warning);
    std::stable_sort(out_.diagnostics.begin(), out_.diagnostics.end(), [](const auto& a, const auto& b) {
      return (a.range ? a.range->begin : -1) < (b.range ? b.range->begin : -1);
    });
    if (compiled.ok()) {
      describe_output(compiled.plan);
      out_.compiled = std::move(compiled);
    }
    return std::move(out_);
  }

 private:
  void draw_here() {
    auto source = SourceText::scan(in_.sql, in_.field);
    if (!source) return undrawn(source.error());
    if (source->tokens().empty()) {
      out_.form.emplace();
      return;
    }
    auto select = parse_select(*source);
    if (!select) return undrawn(select.error());
    auto drawn = draw(*source, &*select, in_);
    if (auto* why = std::get_if<Undrawable>(&drawn)) {
      out_.undrawable = std::move(*why);
    } else {
      out_.form = std::get<Drawing>(std::move(drawn)).form;
    }
  }

  void undrawn(const base::Error& error) {
    const bool other = error.code == "SqlNotSupported";
    const std::string reason =
        other ? fmt::format("This is no query that a form can show: {}.", error.message)
        : error.code == "SqlTooLarge" ? fmt::format("The query is too large for the form: {}.", error.message)
                                      : fmt::format("The SQL cannot be read here: {}.", error.message);
    out_.undrawable = Undrawable{reason, places_.range_of(error.location), 0, 0};
  }

  void add(Severity severity, const base::Error& error) {
    Diagnostic out{severity, error.code, error.message, error.hint, error.location.field, {}, 0, 0};
    if (error.location.field == in_.field || error.location.field.empty()) {
      out.field = in_.field;
      place(out, places_.range_of(error.location), in_.sql);
    }
    out_.diagnostics.push_back(std::move(out));
  }

  // Warnings are sentences, some of which begin with their place: "spec.sql:4:12: …".
  void add_warning(const std::string& text) {
    Diagnostic out{Severity::kWarning, "", text, "", in_.field, {}, 0, 0};
    base::Location location;
    if (text.starts_with(in_.field + ":")) {
      const char* at = text.data() + in_.field.size() + 1;
      const char* const end = text.data() + text.size();
      auto line = std::from_chars(at, end, location.line);
      if (line.ec == std::errc() && line.ptr != end && *line.ptr == ':') {
        auto column = std::from_chars(line.ptr + 1, end, location.column);
        if (column.ec == std::errc() && end - column.ptr > 2) out.message = std::string(column.ptr + 2, end);
      }
    }
    place(out, places_.range_of(location), in_.sql);
    out_.diagnostics.push_back(std::move(out));
  }

  void describe_output(const plan::Plan& plan) {
    const auto masked = plan::classified_names(plan);
    const auto lineage = plan::lineage_of(plan);
    for (std::size_t i = 0; i < plan.root->output.size(); ++i) {
      const types::Field& field = plan.root->output[i];
      OutputColumn column{field.name, field.type, field.nullable, masked.contains(field.name), {}};
      for (const auto& [source, index] : lineage[i].columns) {
        const plan::SourceUse& use = plan.sources[static_cast<std::size_t>(source)];
        column.origins.push_back(
            {{use.dataset_namespace, use.dataset}, use.columns[static_cast<std::size_t>(index)].name});
      }
      out_.output.push_back(std::move(column));
    }
  }

  const CompileInput& in_;
  Places places_;
  Analysis out_;
};

}  // namespace

void place(Diagnostic& diagnostic, Range range, std::string_view sql) {
  diagnostic.range = range;
  std::tie(diagnostic.line, diagnostic.column) = line_and_column(sql, range.begin);
}

std::string hash_of(std::string_view sql) {
  return crypto::sha256_hex(sql).substr(0, 32);
}

Analysis analyse(const CompileInput& input) {
  return Analyser(input).run();
}

}  // namespace offtake::sql::form
