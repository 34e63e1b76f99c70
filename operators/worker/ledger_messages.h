// What a worker is asked about its ledger and what it answers, as text: POST /ledger on its socket.
#pragma once
#include <string>

#include "operators/delivery/ledger_desk.h"

namespace offtake::worker {

std::string request_text(const delivery::LedgerDesk::Request& request);
base::Result<delivery::LedgerDesk::Request> parse_ledger_request(std::string_view text);
std::string answer_text(const base::Result<delivery::LedgerDesk::Answer>& answer);
// The answer, or the error that was answered.
base::Result<delivery::LedgerDesk::Answer> parse_ledger_answer(std::string_view text);

}  // namespace offtake::worker
