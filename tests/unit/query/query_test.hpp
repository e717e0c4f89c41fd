#pragma once

#include "support/repo_builder.hpp"

#include "medsave/repo/blob_reader.hpp"
#include "medsave/repo/index_load.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace medsave::test {

/// A repository made of nodes, and a reader of it once all are in.
class QueryTest : public testing::Test {
 protected:
  const BlobReader& reader() {
    builder.start_packs();
    index = load_index(builder.repository(), {});
    return reader_.emplace(builder.repository(), *index);
  }

  MemBackend store;
  RepoBuilder builder{store};
  std::unique_ptr<Index> index;

 private:
  std::optional<BlobReader> reader_;
};

}  // namespace medsave::test
