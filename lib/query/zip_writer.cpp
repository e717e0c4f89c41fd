#include "zip_writer.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/memory.hpp"
#include "medsave/sys/name_locale.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <exception>
#include <utility>

namespace medsave {
namespace {

unsigned file_type(NodeType type) {
  if (type == NodeType::dir) return AE_IFDIR;
  return type == NodeType::symlink ? AE_IFLNK : AE_IFREG;
}

class ZipWriter : public ArchiveWriter {
 public:
  ZipWriter(ByteSink sink, std::uint64_t memory)
      : sink_(std::move(sink)), memory_(memory), archive_(archive_write_new()) {
    if (!archive_) throw std::bad_alloc();
    check(archive_write_set_format_zip(archive_.get()));
    check(archive_write_set_bytes_per_block(archive_.get(), 0));  // pass on at once
    check(archive_write_open(archive_.get(), this, nullptr, &ZipWriter::on_write, nullptr));
  }

  /// An archive that was not finished gets no central directory, so that it is no valid zip.
  ~ZipWriter() override { abandoned_ = true; }
  ZipWriter(const ZipWriter&) = delete;
  ZipWriter& operator=(const ZipWriter&) = delete;

  void begin_entry(const std::string& path, const Node& node) override {
    end_entry();
    memory_.take(kDirectoryEntry + path.size());
    memory_.check();
    locale_.fit(path);
    const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                              archive_entry_free);
    if (!entry) throw std::bad_alloc();
    archive_entry_set_pathname(entry.get(), path.c_str());
    archive_entry_set_filetype(entry.get(), file_type(node.type));
    archive_entry_set_perm(entry.get(), go_mode::to_unix_permissions(node.mode));
    archive_entry_set_uid(entry.get(), node.uid);
    archive_entry_set_gid(entry.get(), node.gid);
    archive_entry_set_mtime(entry.get(), node.mtime.seconds,
                            static_cast<long>(node.mtime.nanoseconds));
    if (node.type == NodeType::symlink) {
      archive_entry_set_symlink(entry.get(), node.link_target.c_str());
    } else {
      archive_entry_set_size(entry.get(), static_cast<la_int64_t>(node.size));
      left_ = node.size;
    }
    check(archive_write_header(archive_.get(), entry.get()));
  }

  void write_data(ByteView data) override {
    const la_ssize_t written = archive_write_data(archive_.get(), data.data(), data.size());
    if (written < 0 || error_) fail();
    left_ -= static_cast<std::uint64_t>(written);
    if (static_cast<std::size_t>(written) != data.size()) refuse_size();
  }

  void finish() override {
    end_entry();
    check(archive_write_close(archive_.get()));
  }

 private:
  /// The library keeps the archive's directory until the end.
  static constexpr std::uint64_t kDirectoryEntry = 100;

  struct Free {
    void operator()(archive* handle) const { archive_write_free(handle); }
  };

  /// The library is C: an exception must not cross it, so it is kept here and thrown by fail(). The
  /// library must not see a failure, or it would leak; after one its output is dropped.
  static la_ssize_t on_write(archive* /*handle*/, void* self, const void* data, std::size_t size) {
    auto& writer = *static_cast<ZipWriter*>(self);
    try {
      if (!writer.error_ && !writer.abandoned_)
        writer.sink_({static_cast<const std::byte*>(data), size});
    } catch (...) {
      writer.error_ = std::current_exception();
    }
    return static_cast<la_ssize_t>(size);
  }

  [[noreturn]] void fail() const {
    if (error_) std::rethrow_exception(error_);
    const char* text = archive_error_string(archive_.get());
    throw Error(Errc::io,
                format_text(_("cannot write the zip archive: {}"), text != nullptr ? text : ""));
  }
  void check(int result) const {
    if (result < ARCHIVE_WARN || error_) fail();
  }
  [[noreturn]] static void refuse_size() {
    throw Error(Errc::corrupt, _("a file's content does not have the size that is recorded"));
  }
  void end_entry() {
    if (left_ != 0) refuse_size();
  }

  const NameLocale locale_;
  const ByteSink sink_;
  MemoryAllowance memory_;
  std::exception_ptr error_;
  bool abandoned_ = false;                  // what the library writes when it is freed goes nowhere
  std::uint64_t left_ = 0;                  // bytes of the entry still to come
  std::unique_ptr<archive, Free> archive_;  // last: it writes when it is freed
};

}  // namespace

std::unique_ptr<ArchiveWriter> make_zip_writer(ByteSink sink, std::uint64_t memory) {
  return std::make_unique<ZipWriter>(std::move(sink), memory);
}

}  // namespace medsave
