#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <unordered_set>

#include "base/yaml/node.h"
#include "base/yaml/source.h"

namespace offtake::yaml {
namespace {

constexpr std::size_t kMaxDocumentBytes = 1 << 20;
constexpr std::size_t kMaxDepth = 64;
constexpr int kMaxAliases = 100;
constexpr std::size_t kMaxUnfolded = 100'000;

// Leaves the parser from within an event; caught in this file.
struct Refusal {
  std::string message;
  std::string hint;
  std::size_t offset;
};

std::size_t count_nodes(const Node& node) {
  std::size_t count = 1;
  for (const Node& item : node.items) count += count_nodes(item);
  for (const Member& member : node.members) count += count_nodes(member.value);
  return count;
}

std::size_t depth_of(const Node& node) {
  std::size_t deepest = 0;
  for (const Node& item : node.items) deepest = std::max(deepest, depth_of(item));
  for (const Member& member : node.members) deepest = std::max(deepest, depth_of(member.value));
  return node.is_scalar() ? 0 : deepest + 1;
}

// Builds one document from the parser's events.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(const Source& source) : source_(source) {}

  Document take() { return std::move(document_); }
  bool empty() const {
    return document_.root.is_plain() && document_.root.text.empty() && !explicit_content_;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    start_ = offset(mark);
    document_.position = source_.position(start_);
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    // The parser drops the text: nothing, or a plain ~ or null.
    Node node = source_.plain_null(offset(mark));
    if (!node.text.empty()) explicit_content_ = true;
    add(std::move(node), anchor, mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    explicit_content_ = true;
    Node node = source_.scalar(offset(mark), value);
    if (tag == "tag:yaml.org,2002:str" && node.style == Style::kPlain) node.style = Style::kQuoted;
    check_tag(tag, mark);
    add(std::move(node), anchor, mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Kind::kList, mark, tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Kind::kMap, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (++aliases_ > kMaxAliases) {
      throw Refusal{fmt::format("the document has more than {} aliases", kMaxAliases), "", offset(mark)};
    }
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Refusal{"the alias stands inside of what it names", "", offset(mark)};
    }
    const Node& named = found->second;
    unfolded_ += count_nodes(named);
    if (unfolded_ > kMaxUnfolded) {
      throw Refusal{fmt::format("the aliases unfold to more than {} values", kMaxUnfolded), "", offset(mark)};
    }
    if (open_.size() + depth_of(named) > kMaxDepth) throw too_deep(mark);
    add(Node(named), 0, mark);
  }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    std::unordered_map<std::string, Position> keys;
  };

  static std::size_t offset(const YAML::Mark& mark) {
    return mark.pos > 0 ? static_cast<std::size_t>(mark.pos) : 0;
  }

  static Refusal too_deep(const YAML::Mark& mark) {
    return {fmt::format("the document is nested deeper than {} levels", kMaxDepth), "", offset(mark)};
  }

  static void check_tag(std::string_view tag, const YAML::Mark& mark) {
    static constexpr std::string_view kCore = "tag:yaml.org,2002:";
    static const std::set<std::string_view> kKnown{"str", "int", "float", "bool", "null", "map", "seq"};
    if (tag.empty() || tag == "!" || tag == "?") return;
    if (tag.starts_with(kCore) && kKnown.contains(tag.substr(kCore.size()))) return;
    throw Refusal{fmt::format("the tag {} is not supported", tag), "leave it out", offset(mark)};
  }

  void check_size(const YAML::Mark& mark) const {
    if (offset(mark) > start_ + kMaxDocumentBytes) {
      throw Refusal{fmt::format("the document is larger than {} bytes", kMaxDocumentBytes), "", start_};
    }
  }

  void open(Kind kind, const YAML::Mark& mark, std::string_view tag, YAML::anchor_t anchor) {
    explicit_content_ = true;
    check_tag(tag, mark);
    if (open_.size() >= kMaxDepth) throw too_deep(mark);
    Node node;
    node.kind = kind;
    node.position = source_.position(offset(mark));
    if (expects_key()) throw Refusal{"a key must be a text, not a list or a map", "", offset(mark)};
    open_.push_back({std::move(node), anchor, false, {}});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    place(std::move(done.node), done.anchor);
  }

  bool expects_key() const { return !open_.empty() && open_.back().node.is_map() && !open_.back().has_key; }

  void add(Node node, YAML::anchor_t anchor, const YAML::Mark& mark) {
    check_size(mark);
    if (!expects_key()) {
      place(std::move(node), anchor);
      return;
    }
    if (!node.is_scalar()) throw Refusal{"a key must be a text, not a list or a map", "", offset(mark)};
    if (node.is_plain() && node.text.empty()) throw Refusal{"a key is missing", "", offset(mark)};
    if (node.is_plain() && node.text == "<<") {
      throw Refusal{"merge keys (<<) are not supported", "write the fields out", offset(mark)};
    }
    Open& map = open_.back();
    const auto [first, fresh] = map.keys.emplace(node.text, node.position);
    if (!fresh) {
      throw Refusal{fmt::format("the key '{}' appears twice in this map, first in line {}", node.text,
                                first->second.line),
                    "remove one of them", offset(mark)};
    }
    map.has_key = true;
    map.node.members.push_back({node.text, node.position, Node()});
    if (anchor != 0) anchors_[anchor] = std::move(node);
  }

  void place(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      document_.root = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.is_list()) {
      parent.node.items.push_back(std::move(node));
    } else {
      parent.node.members.back().value = std::move(node);
      parent.has_key = false;
    }
  }

  const Source& source_;
  Document document_;
  std::size_t start_ = 0;
  bool explicit_content_ = false;
  int aliases_ = 0;
  std::size_t unfolded_ = 0;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchors_;
};

base::Error bad_yaml(std::string message, Position position, std::string_view file) {
  base::Location location;
  location.file = file;
  location.line = position.line;
  location.column = position.column;
  return base::terminal("BadYaml", std::move(message)).at(std::move(location));
}

}  // namespace

base::Result<std::vector<Document>> parse(std::string_view text, std::string_view file) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark says nothing in UTF-8
  const Source source(text);
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return bad_yaml("the text contains a NUL byte", source.position(nul), file);
  }
  std::istringstream stream{std::string(text)};
  std::vector<Document> documents;
  try {
    YAML::Parser parser(stream);
    for (;;) {
      Builder builder(source);
      if (!parser.HandleNextDocument(builder)) return documents;
      if (!builder.empty()) documents.push_back(builder.take());
    }
  } catch (const Refusal& refusal) {
    return bad_yaml(refusal.message, source.position(refusal.offset), file).with_hint(refusal.hint);
  } catch (const YAML::Exception& e) {
    const std::size_t at = e.mark.pos > 0 ? static_cast<std::size_t>(e.mark.pos) : 0;
    return bad_yaml(fmt::format("this is no YAML: {}", e.msg), source.position(at), file);
  } catch (const std::exception& e) {
    return base::internal(fmt::format("YAML parser: {}", e.what()));
  }
}

}  // namespace offtake::yaml
