// A job file in pieces that fit where only so much may be kept in one place (a ConfigMap): gzip, cut.
#pragma once
#include <string>
#include <vector>

#include "base/files/files.h"
#include "base/result.h"

namespace offtake::worker {

constexpr std::size_t kLargestJob = 64 << 20;  // of its text
constexpr std::size_t kLargestPart = 900 * 1024;

std::vector<std::string> job_parts(std::string_view text, std::size_t largest = kLargestPart);
// Code BadGzip: a part is missing or damaged.
base::Result<std::string> join_job(const std::vector<std::string>& parts);
// "job.json.gz.000": parts are joined in the order of their names.
std::string job_part_name(std::size_t number);
// A job file, or a folder that holds the parts of one.
base::Result<std::string> read_job(const files::Path& path);

}  // namespace offtake::worker
