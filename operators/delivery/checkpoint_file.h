// The file of a checkpoint's state: blocks, each with its length and CRC before it, so that nothing of a
// damaged one is ever used; at the end a block of length 0 whose CRC is that of all CRCs. One thread.
#pragma once
#include "base/files/files.h"

namespace offtake::delivery {

struct StateFileSum {
  std::uint64_t bytes = 0;  // of the whole file
  std::uint32_t crc = 0;    // of the blocks' CRCs
};

class StateFileWriter {
 public:
  static base::Result<StateFileWriter> create(const files::Path& path);
  base::Status append(std::string_view block);  // REQUIRES: not empty, 1 MiB at most
  base::Result<StateFileSum> end();             // no more blocks; not yet durable
  base::Status sync() { return file_.sync(); }

 private:
  explicit StateFileWriter(files::OutputFile file) : file_(std::move(file)) {}
  base::Status write(std::string_view block, std::uint32_t crc);
  files::OutputFile file_;
  StateFileSum sum_;
};

class StateFileReader {
 public:
  static base::Result<StateFileReader> open(const files::Path& path, const StateFileSum& expected);
  // The next block, valid until the next call; empty after the last one. Code CheckpointDamaged.
  base::Result<std::string_view> next();

 private:
  StateFileReader(files::InputFile file, const StateFileSum& expected)
      : file_(std::move(file)), expected_(expected) {}
  base::Result<bool> read(char* to, std::size_t count);
  files::InputFile file_;
  StateFileSum expected_, sum_;
  std::string block_;
  bool ended_ = false;
};

}  // namespace offtake::delivery
