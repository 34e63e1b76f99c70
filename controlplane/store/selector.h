// Label and field selectors in Kubernetes' syntax. Plain data once parsed.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json/value.h"
#include "base/result.h"
#include "controlplane/resources/kind.h"
#include "controlplane/resources/meta.h"

namespace offtake::store {

// "a=b,c!=d,e in (x,y),f notin (z),g,!h,i>5". Code BadRequest.
class LabelQuery {
 public:
  static base::Result<LabelQuery> parse(std::string_view text);
  bool matches(const json::Value& object) const;
  bool empty() const { return requirements_.empty(); }

 private:
  std::vector<resources::LabelRequirement> requirements_;  // op also: Gt, Lt
};

// "metadata.name=x,metadata.namespace!=y"; of Events also involvedObject.* , reason and type; of Secrets
// type. Code BadRequest for any other field.
class FieldQuery {
 public:
  static base::Result<FieldQuery> parse(const resources::Kind& kind, std::string_view text);
  bool matches(const json::Value& object) const;
  bool empty() const { return terms_.empty(); }

 private:
  struct Term {
    std::vector<std::string> path;
    std::string value;
    bool equal = true;
  };
  std::vector<Term> terms_;
};

}  // namespace offtake::store
