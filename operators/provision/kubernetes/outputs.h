// What the outputs of a class say of one product's server. Pure but for reading Secrets.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json/value.h"
#include "operators/provision/provisioner.h"
#include "operators/provision/templates/placeholders.h"

namespace offtake::provision::kubernetes {

using Outputs = std::map<std::string, std::string>;  // by templates::output

// The objects as they are, by the name of their template.
using LiveObjects = std::map<std::string, json::Value>;
// A Secret of the objects' namespace; an empty value: there is none.
using ReadSecret = std::function<base::Result<json::Value>(const std::string& name)>;

// Code ProvisionerPending (waiting) where something is not there yet, naming it.
base::Result<Outputs> read_outputs(const templates::Definition& definition, const templates::Subject& subject,
                                   const LiveObjects& objects, const ReadSecret& read_secret);

// Those of a server that exists: url and admin. Without a url it is put together from host, port and database
// in the engine's form.
ProvisionerSettings server_settings(ProvisionerSettings of_class, const Outputs& outputs);

inline base::Error not_ready(std::string sentence) {
  return base::waiting("ProvisionerPending", std::move(sentence));
}

}  // namespace offtake::provision::kubernetes
