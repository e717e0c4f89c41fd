#include "backup_setup.hpp"

#include <gmock/gmock.h>

namespace medsave {
namespace {

using test::OneRequest;
using testing::HasSubstr;
using testing::IsEmpty;

/// A backup that relies on packs of a killed run, while another program deletes one.
class ReliedPacks : public test::BackupTest {
 protected:
  ReliedPacks() {
    write("a", "what the killed run stored");
    run();
    for (const ListedFile& file : store_.list(FileKind::snapshot)) {
      store_.remove({.kind = FileKind::snapshot, .id = file.id});
    }
    pack_ = store_.list(FileKind::pack).at(0).id;
  }

  /// The error of a backup during which the pack is deleted when a file of this kind is stored.
  std::string failure(FileKind when) {
    index_.reset();
    repository_ = test::open_in(store_, [this, when](test::Call call, const FileRef& file) {
      if (call != test::Call::save || file.kind != when || gone_) return;
      gone_ = true;
      store_.remove({.kind = FileKind::pack, .id = pack_});
    });
    index_ = load_index(*repository_, {});
    write("b", "something new");
    OneRequest wanted = request();
    wanted.relies_on = {pack_};
    try {
      run(std::move(wanted));
    } catch (const Error& e) {
      return e.what();
    }
    return "none";
  }

  Id pack_;
  bool gone_ = false;
};

TEST_F(ReliedPacks, NoSnapshotIsSavedWhereOneIsGone) {
  EXPECT_THAT(failure(FileKind::pack), HasSubstr("no snapshot was saved"));
  EXPECT_THAT(store_.list(FileKind::snapshot), IsEmpty());
}

TEST_F(ReliedPacks, TheSnapshotIsNamedWhereOneGoesWhileItIsSaved) {
  const std::string text = failure(FileKind::snapshot);
  ASSERT_EQ(store_.list(FileKind::snapshot).size(), 1U);
  EXPECT_THAT(text, HasSubstr(store_.list(FileKind::snapshot)[0].id.short_hex() + " lacks data"));
}

TEST_F(ReliedPacks, ThatAreKeptAreNoFailure) {
  gone_ = true;
  EXPECT_EQ(failure(FileKind::snapshot), "none");
}

}  // namespace
}  // namespace medsave
