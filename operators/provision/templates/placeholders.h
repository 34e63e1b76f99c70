// `${product.name}` and the like in a text; `$${` is a literal `${`. Pure.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "operators/provision/templates/definition.h"

namespace offtake::provision::templates {

struct Piece {
  bool is_placeholder = false;
  std::string text;        // literal, or what stands between the braces
  std::size_t offset = 0;  // in the text that was read
};

// Code BadPlaceholder where a `${` has no end; `offset` says where it stands.
base::Result<std::vector<Piece>> pieces_of(std::string_view text, std::size_t* offset = nullptr);

// Whose objects they are.
struct Subject {
  std::string product_namespace, product, product_uid, target_name, class_name;
  std::string objects_namespace;
  Parameters parameters;
};

// Short, unique and good as a DNS label: what is left of the product's name after 24 characters are taken,
// and 8 digits of its uid.
std::string product_id(std::string_view product, std::string_view uid);

// `parameters.NAME` and `generated.NAME` as NAME; nothing for other placeholders.
std::string_view parameter_name(std::string_view placeholder);
std::string_view generated_name(std::string_view placeholder);

// Code UnknownPlaceholder; the hint names those there are. `generated.NAME` is none of them.
base::Result<std::string> value_of(std::string_view placeholder, const Subject& subject);

// The text with its placeholders replaced.
base::Result<std::string> replaced(std::string_view text, const Subject& subject);

}  // namespace offtake::provision::templates
