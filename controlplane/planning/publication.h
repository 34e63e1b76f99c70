// Whether a next revision could take the public name over: asked of the target before anything is filled.
#pragma once
#include "controlplane/resources/data_product.h"
#include "operators/provision/provisioner.h"
#include "operators/worker/job.h"

namespace offtake::planning {

// How the rows of a job's table are told apart, for who makes its target.
provision::RowsForm rows_form(const worker::Job& job);

provision::ProductTarget target_of(const resources::DataProduct& product, const std::string& installation);

struct Publication {
  std::vector<std::string> dependants;  // what others built on the public view, in the target's words
  bool drops_view = false;              // it has to be dropped and made anew
  // ViewHasDependants (terminal): dropping it would take others' objects along.
  base::Status allowed;
};

// `engine`: of the class. `columns`: what the next revision shows.
base::Result<Publication> check_publication(const provision::ProductTarget& target, const std::string& engine,
                                            const std::vector<types::Field>& columns,
                                            provision::Provisioner& provisioner);

}  // namespace offtake::planning
