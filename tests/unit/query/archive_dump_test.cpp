#include "medsave/query/archive_dump.hpp"

#include "posix_acl.hpp"
#include "query_test.hpp"
#include "support/matchers.hpp"
#include "zip_writer.hpp"

#include <gmock/gmock.h>

#include <archive.h>
#include <archive_entry.h>

#include <clocale>

namespace medsave {
namespace {

using test::RepoBuilder;
using test::throws_errc;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr std::size_t kBlock = 512;

struct Unpacked {
  std::string path = {};
  std::string content = {};
  std::string link = {};
  unsigned mode = 0;
};

/// What another implementation makes of an archive.
std::vector<Unpacked> unpack(const std::string& bytes) {
  std::setlocale(LC_CTYPE, "C.UTF-8");  // else the library has no names for UTF-8
  const std::unique_ptr<archive, decltype(&archive_read_free)> in(archive_read_new(),
                                                                  archive_read_free);
  archive_read_support_format_tar(in.get());
  archive_read_support_format_zip(in.get());
  EXPECT_EQ(archive_read_open_memory(in.get(), bytes.data(), bytes.size()), ARCHIVE_OK);
  std::vector<Unpacked> out;
  archive_entry* entry = nullptr;
  while (archive_read_next_header(in.get(), &entry) == ARCHIVE_OK) {
    Unpacked& item = out.emplace_back();
    item.path = archive_entry_pathname(entry);
    item.mode = archive_entry_perm(entry);
    if (const char* link = archive_entry_symlink(entry)) item.link = link;
    std::string buffer(1 << 16, '\0');
    for (la_ssize_t got = 0;
         (got = archive_read_data(in.get(), buffer.data(), buffer.size())) > 0;) {
      item.content.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  return out;
}

class ArchiveDumpTest : public test::QueryTest {
 protected:
  std::string dump(const Id& tree, const std::string& path, ArchiveFormat format) {
    std::string out;
    left_out.clear();
    dump_folder(reader(), tree, path, format, [&](ByteView data) { out += as_text(data); },
                {.attribute = [&](const std::string& what) { left_out.push_back(what); },
                 .entry = [&](const std::string& what) { entries_left_out.push_back(what); }},
                {});
    return out;
  }
  std::vector<std::string> left_out;
  std::vector<std::string> entries_left_out;
  static std::string field(const std::string& tar, std::size_t offset, std::size_t size) {
    const std::string text = tar.substr(offset, size);
    return text.substr(0, text.find('\0'));
  }
};

TEST_F(ArchiveDumpTest, EntriesOfUnknownTypeAreLeftOutAndTold) {
  const Node odd = RepoBuilder::node("odd", NodeType::irregular, 0644);
  const Id below = builder.tree({odd, builder.file("g", {"2"})});
  const Id tree = builder.tree({RepoBuilder::dir("d", below), builder.file("f", {"1"}), odd});
  for (const ArchiveFormat format : {ArchiveFormat::tar, ArchiveFormat::zip}) {
    entries_left_out.clear();
    const std::string archive = dump(tree, "/", format);
    ASSERT_EQ(entries_left_out.size(), 2U);
    EXPECT_THAT(entries_left_out[0], HasSubstr("d/odd: "));
    EXPECT_EQ(archive.find("odd"), std::string::npos);
    EXPECT_NE(archive.find("d/g"), std::string::npos);
  }
}

TEST_F(ArchiveDumpTest, ANameThatIsListedTwiceIsRefused) {
  const Node folder =
      builder.dir("d", builder.tree({builder.file("f", {"a"}), builder.file("f", {"b"})}, false));
  const Id root = builder.tree({folder});
  for (const ArchiveFormat format : {ArchiveFormat::tar, ArchiveFormat::zip}) {
    EXPECT_THAT([&] { dump(root, "/", format); }, throws_errc(Errc::corrupt));
    EXPECT_THAT([&] { dump(*folder.subtree, "/d", format); }, throws_errc(Errc::corrupt));
  }
}

TEST(ZipWriter, MoreEntriesThanFitIntoMemoryAreAnError) {
  std::uint64_t written = 0;
  const auto zip = make_zip_writer([&](ByteView data) { written += data.size(); }, 10'000);
  const auto add_many = [&] {
    for (int i = 0; i < 1000; ++i) {
      zip->begin_entry("d" + std::to_string(i), RepoBuilder::node("d", NodeType::dir, 0755));
    }
  };
  EXPECT_THAT(add_many, throws_errc(Errc::unsupported));
  EXPECT_LT(written, 20'000U);
}

TEST_F(ArchiveDumpTest, WritesAFileInOrderHoweverManyPartsItHas) {
  std::vector<std::string> parts;
  std::string whole;
  for (int i = 0; i < 500; ++i) {
    parts.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i % 7) * 1000, 'x'));
    whole += parts.back();
  }
  const Node file = builder.file("f", parts);
  std::string out;
  dump_file(reader(), file, [&](ByteView data) { out += as_text(data); }, {});
  EXPECT_EQ(out, whole);
}

TEST_F(ArchiveDumpTest, BothFormatsHoldFilesFoldersAndLinks) {
  const Id tree = builder.tree({builder.dir("d", {builder.file("f", {"one", "two"})}),
                                builder.file("empty", {}), RepoBuilder::symlink("l", "d/f"),
                                builder.file("n\xc3\xa4me", {"3"})});
  for (const ArchiveFormat format : {ArchiveFormat::tar, ArchiveFormat::zip}) {
    const std::vector<Unpacked> items = unpack(dump(tree, "/srv/data", format));
    std::vector<std::string> seen;
    seen.reserve(items.size());
    for (const Unpacked& item : items) {
      seen.push_back(item.path + "=" + item.content + item.link);
    }
    EXPECT_THAT(seen, ElementsAre("srv/data/d/=", "srv/data/d/f=onetwo",
                                  "srv/data/empty=", "srv/data/l=d/f", "srv/data/n\xc3\xa4me=3"));
    EXPECT_EQ(items[1].mode, 0640U);
  }
}

TEST_F(ArchiveDumpTest, ZipMarksNamesAsUtf8WhateverTheLocale) {
  constexpr std::size_t kFlags = 6;  // in the header of the first entry
  constexpr unsigned kUtf8 = 1U << 11;
  std::setlocale(LC_CTYPE, "C");
  const std::string zip =
      dump(builder.tree({builder.file("n\xc3\xa4me", {})}), "/", ArchiveFormat::zip);
  const unsigned flags = load_le32(as_bytes(zip).data() + kFlags) & 0xffffU;
  EXPECT_NE(flags & kUtf8, 0U);
}

TEST_F(ArchiveDumpTest, ZipDoesNotMarkNamesThatAreNoUtf8) {
  constexpr std::size_t kFlags = 6;  // in the header of the first entry
  constexpr unsigned kUtf8 = 1U << 11;
  const std::string zip = dump(builder.tree({builder.file("n\xe4me", {}), builder.file("o", {})}),
                               "/", ArchiveFormat::zip);
  EXPECT_EQ(load_le32(as_bytes(zip).data() + kFlags) & kUtf8, 0U);
  EXPECT_NE(zip.find("n\xe4me"), std::string::npos);
}

TEST_F(ArchiveDumpTest, TarGoesOnWithoutAttributesItCannotHold) {
  Node odd = builder.file("a", {"1"});
  odd.extended_attributes = {{.name = "user.x=y", .value = "1"},
                             {.name = "user.kept", .value = "2"},
                             {.name = "user.long", .value = std::string(2U << 20, 'x')}};
  odd.user = std::string("an\0na", 5);
  const std::string tar =
      dump(builder.tree({odd, builder.file("b", {"2"})}), "/", ArchiveFormat::tar);
  const std::vector<Unpacked> items = unpack(tar);
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].content, "1");
  EXPECT_EQ(items[1].content, "2");
  EXPECT_NE(tar.find("SCHILY.xattr.user.kept=2"), std::string::npos);
  EXPECT_THAT(left_out, UnorderedElementsAre(HasSubstr("user.x=y"), HasSubstr("user.long"),
                                             HasSubstr("owner")));
}

TEST_F(ArchiveDumpTest, TarIsUstarWithTimesRoundedToSeconds) {
  Node file = builder.file("f", {"12345"});
  file.mtime = {.seconds = 8, .nanoseconds = 500'000'000};
  file.user = "anna";
  const std::string tar = dump(builder.tree({file}), "/", ArchiveFormat::tar);
  ASSERT_EQ(tar.size(), 4 * kBlock);  // header, content, end
  EXPECT_EQ(field(tar, 0, 100), "f");
  EXPECT_EQ(field(tar, 100, 8), "0000640");
  EXPECT_EQ(field(tar, 124, 12), "00000000005");
  EXPECT_EQ(field(tar, 136, 12), "00000000011");
  EXPECT_EQ(tar.substr(257, 8), std::string_view("ustar\00000", 8));
  EXPECT_EQ(field(tar, 265, 32), "anna");
  EXPECT_EQ(tar.substr(kBlock, 6), std::string_view("12345\0", 6));
  EXPECT_EQ(tar.find_first_not_of('\0', 2 * kBlock), std::string::npos);
}

TEST_F(ArchiveDumpTest, TarSplitsLongNamesOrUsesPaxRecords) {
  const std::string folder(90, 'd');
  const std::string long_name(150, 'n');
  const Id tree = builder.tree(
      {builder.dir(folder, {builder.file("file-in-a-folder", {})}), builder.file(long_name, {})});
  const std::string tar = dump(tree, "/", ArchiveFormat::tar);
  EXPECT_EQ(field(tar, kBlock + 345, 155), folder);
  EXPECT_EQ(field(tar, kBlock, 100), "file-in-a-folder");
  EXPECT_EQ(tar[2 * kBlock + 156], 'x');
  EXPECT_EQ(tar.substr(3 * kBlock, 13), "160 path=nnnn");
  EXPECT_EQ(unpack(tar).back().path, long_name);
}

TEST_F(ArchiveDumpTest, TarKeepsExtendedAttributesAndAccessControlLists) {
  Node file = builder.file("f", {});
  const std::string acl(
      "\2\0\0\0"
      "\1\0\6\0\xff\xff\xff\xff"
      "\2\0\5\0\xe8\3\0\0",
      20);
  file.extended_attributes = {{"user.note", std::string("a\0b", 3)},
                              {"system.posix_acl_access", acl}};
  file.uid = 3'000'000;
  const std::string tar = dump(builder.tree({file}), "/", ArchiveFormat::tar);
  EXPECT_EQ(field(tar, kBlock, kBlock),
            "46 SCHILY.acl.access=user::rw-\nuser:1000:r-x\n\n30 SCHILY.xattr.user.note=a");
  EXPECT_NE(tar.find("15 uid=3000000\n"), std::string::npos);
}

TEST_F(ArchiveDumpTest, MalformedAccessControlListsAreNone) {
  EXPECT_EQ(acl_text(""), std::nullopt);
  EXPECT_EQ(acl_text(std::string("\3\0\0\0", 4)), std::nullopt);
  EXPECT_EQ(acl_text(std::string("\2\0\0\0\1", 5)), std::nullopt);
  EXPECT_EQ(acl_text(std::string("\2\0\0\0\3\0\0\0\0\0\0\0", 12)), std::nullopt);
  EXPECT_EQ(acl_text(std::string("\2\0\0\0", 4)), "");
}

TEST_F(ArchiveDumpTest, NamesThatLeaveTheFolderAreRefused) {
  const Id tree = builder.tree({builder.file("..", {})});
  for (const ArchiveFormat format : {ArchiveFormat::tar, ArchiveFormat::zip}) {
    EXPECT_THAT([&] { dump(tree, "/", format); }, throws_errc(Errc::corrupt));
  }
}

TEST_F(ArchiveDumpTest, WhatCannotBeReadEndsTheDumpNamed) {
  Node file = builder.file("f", {"1"});
  file.content.push_back(*Id::parse(std::string(64, '7')));
  const Id tree = builder.tree({builder.dir("d", {file})});
  for (const ArchiveFormat format : {ArchiveFormat::tar, ArchiveFormat::zip}) {
    try {
      dump(tree, "/", format);
      FAIL() << "no error";
    } catch (const Error& e) {
      EXPECT_TRUE(std::string_view(e.what()).starts_with("d/f: ")) << e.what();
    }
  }
}

TEST_F(ArchiveDumpTest, AZipThatWasCutOffHasNoEnd) {
  Node broken = builder.file("b", {"1"});
  broken.content.push_back(*Id::parse(std::string(64, '7')));
  Tree nodes;
  nodes.reserve(1001);
  // What is read ahead finds out before all of these are written, but not before some are.
  for (int i = 1000; i < 2000; ++i)
    nodes.push_back(builder.file("a" + std::to_string(i), {"whole"}));
  nodes.push_back(broken);
  const Id tree = builder.tree(nodes);
  std::string out;
  EXPECT_THAT(
      [&] {
        dump_folder(reader(), tree, "/", ArchiveFormat::zip,
                    [&](ByteView data) { out += as_text(data); }, {}, {});
      },
      throws_errc(Errc::not_found));
  EXPECT_NE(out.find("PK\3\4"), std::string::npos);
  EXPECT_EQ(out.find("PK\5\6"), std::string::npos) << "an end of the archive";
}

TEST_F(ArchiveDumpTest, AContentOfAnotherSizeThanRecordedIsRefused) {
  Node file = builder.file("f", {"12345"});
  for (const std::uint64_t size : {4U, 6U}) {
    file.size = size;
    const Id tree = builder.tree({file});
    for (const ArchiveFormat format : {ArchiveFormat::tar, ArchiveFormat::zip}) {
      EXPECT_THAT([&] { dump(tree, "/", format); }, throws_errc(Errc::corrupt));
    }
  }
}

TEST_F(ArchiveDumpTest, AnOutputThatFailsEndsTheDump) {
  Tree nodes;
  for (int i = 0; i < 50; ++i) nodes.push_back(builder.file(std::to_string(i), {"content"}));
  const Id tree = builder.tree(nodes);
  const BlobReader& blobs = reader();
  for (const ArchiveFormat format : {ArchiveFormat::tar, ArchiveFormat::zip}) {
    std::size_t written = 0;
    EXPECT_THAT(
        [&] {
          dump_folder(blobs, tree, "/", format,
                      [&](ByteView data) {
                        written += data.size();
                        if (written > 3000) throw Error(Errc::no_space, "full");
                      },
                      {}, {});
        },
        throws_errc(Errc::no_space));
  }
}

TEST_F(ArchiveDumpTest, StopsWhenAsked) {
  const Id tree = builder.tree({builder.file("f", {"1"})});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(dump_folder(
                   reader(), tree, "/", ArchiveFormat::tar, [](ByteView) {}, {}, stop.get_token()),
               Interrupted);
}

}  // namespace
}  // namespace medsave
