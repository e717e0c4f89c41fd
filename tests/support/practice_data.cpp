// practice-data DIR [--seed N] [--scale F] [--day D]
//
// Makes the data folder of a medical practice that does not exist, always the same for one seed,
// scale and day. Day 0 writes the folder from nothing; day 1, 2, ... (in order) applies what one
// working day changes. Scale 1.0 is 25,000 files and 1.7 GB. Kinds and proportions are those of a
// French GP's or dentist's computer:
//
//   base/      the practice database (4 KiB pages, changed in place) and a growing log
//   dossiers/  a folder per patient: letters, packed documents, laboratory results, scanned pages
//   imagerie/  16-bit images with noise, half compressible
//   scans/     documents that do not compress
//   courrier/  one large mailbox that only grows
//   special/   what breaks careless programs: odd names, links, holes, a fifo, a deep path

#include <fmt/core.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <numbers>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

constexpr std::array<std::string_view, 64> kWords = {
    "patient",      "consultation", "douleur",      "tension",      "artérielle",   "ordonnance",
    "traitement",   "examen",       "clinique",     "antécédents",  "allergie",     "vaccin",
    "rappel",       "lombalgie",    "cervicale",    "radiographie", "biologie",     "glycémie",
    "cholestérol",  "prescription", "paracétamol",  "amoxicilline", "contrôle",     "suivi",
    "hypertension", "diabète",      "asthme",       "kiné",         "dentaire",     "carie",
    "détartrage",   "prothèse",     "couronne",     "implant",      "devis",        "mutuelle",
    "sécurité",     "sociale",      "transmission", "feuille",      "soins",        "acte",
    "cotation",     "honoraires",   "règlement",    "urgence",      "auscultation", "fièvre",
    "toux",         "bilan",        "hémoglobine",  "créatinine",   "scanner",      "échographie",
    "chirurgie",    "certificat",   "arrêt",        "travail",      "courrier",     "confrère",
    "anesthésie",   "molaire",      "gencive",      "normal"};

/// SplitMix64: tiny, fast, and the same on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }
  /// In (0, 1].
  double unit() { return (static_cast<double>(next() >> 11) + 1) * 0x1p-53; }
  /// Log-normal: documents' sizes are spread like that. Long tails are cut at 64 times the median.
  std::size_t size_around(double mu, double sigma) {
    const double normal =
        std::sqrt(-2 * std::log(unit())) * std::cos(2 * std::numbers::pi * unit());
    return static_cast<std::size_t>(std::exp(mu + std::min(normal * sigma, std::log(64.0))));
  }

 private:
  std::uint64_t state_;
};

void append_noise(std::string& out, Random& random, std::size_t bytes) {
  const std::size_t start = out.size();
  out.resize(start + bytes);
  char* to = out.data() + start;
  for (; bytes >= 8; bytes -= 8, to += 8) {
    const std::uint64_t word = random.next();
    std::memcpy(to, &word, 8);
  }
  const std::uint64_t word = random.next();
  std::memcpy(to, &word, bytes);
}

/// Words, some numbers and line ends; at least `bytes` of it, a word more at most.
void append_text(std::string& out, Random& random, std::size_t bytes) {
  const std::size_t end = out.size() + bytes;
  while (out.size() < end) {
    const std::uint64_t dice = random.next();
    if ((dice >> 8 & 0xff) < 31) {  // 12 %
      std::array<char, 8> digits = {};
      const auto used = fmt::format_to_n(digits.data(), digits.size(), "{}", dice >> 32 & 0x1ffff);
      out.append(digits.data(), used.size);
    } else {
      out += kWords[dice % kWords.size()];
    }
    out += (dice >> 16 & 0xff) < 20 ? '\n' : ' ';  // 8 %
  }
}

std::string text(Random& random, std::size_t bytes) {
  std::string out;
  out.reserve(bytes + 32);
  append_text(out, random, bytes);
  return out;
}

/// Stands for what an office program has packed: no longer compressible.
void append_packed(std::string& out, const std::string& plain) {
  const std::size_t start = out.size();
  out.resize(start + ZSTD_compressBound(plain.size()));
  const std::size_t used =
      ZSTD_compress(out.data() + start, out.size() - start, plain.data(), plain.size(), 1);
  if (ZSTD_isError(used) != 0) throw std::runtime_error(ZSTD_getErrorName(used));
  out.resize(start + used);
}

std::string packed_document(Random& random, std::size_t bytes) {
  std::string out("PK\x03\x04\x14\0\0\0\x5d\0\0\0\0\0", 14);
  out += "word/document.xml";
  append_packed(out, text(random, bytes));
  return out;
}

std::string image(Random& random, std::size_t width, std::size_t height) {
  std::string out(128, '\0');
  out += "DICM";
  append_text(out, random, 800);
  const std::size_t start = out.size();
  out.resize(start + width * height * 2);
  char* to = out.data() + start;
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; x += 8) {  // widths are multiples of eight
      std::uint64_t noise = random.next();
      const char high = static_cast<char>(x * 7 / 64 & 0x0f);
      for (unsigned i = 0; i < 8; ++i, noise >>= 8) {
        *to++ = static_cast<char>(noise & 0xff);
        *to++ = high;
      }
    }
  }
  return out;
}

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void make_dir(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) fail(path);
}

/// A file being written, from its start, at its end or in place.
class File {
 public:
  File(const std::string& path, int flags)
      : path_(path), fd_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (fd_ < 0) fail(path_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { close(fd_); }

  void append(std::string_view data) {
    while (!data.empty()) {
      const ssize_t written = write(fd_, data.data(), data.size());
      if (written < 0) fail(path_);
      data.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void write_at(std::string_view data, std::uint64_t offset) {
    if (pwrite(fd_, data.data(), data.size(), static_cast<off_t>(offset)) !=
        static_cast<ssize_t>(data.size())) {
      fail(path_);
    }
  }
  void resize(std::uint64_t size) {
    if (ftruncate(fd_, static_cast<off_t>(size)) != 0) fail(path_);
  }
  std::uint64_t size() {
    struct stat info = {};
    if (fstat(fd_, &info) != 0) fail(path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

 private:
  std::string path_;
  int fd_;
};

void write_file(const std::string& path, std::string_view data) {
  File(path, O_WRONLY | O_CREAT | O_TRUNC).append(data);
}

/// The database: a header page, then pages of rows, filled from their ends as most engines do,
/// with an index page after every 64 of them.
class Database {
 public:
  Database(const std::string& path, Random& random, int flags)
      : file_(path, flags), random_(random) {}

  void fill(std::uint64_t pages) {
    std::string run(kPage, '\0');
    run.replace(0, 20, "practice database 1\n");
    for (std::uint64_t page = 1; page < pages; ++page) {
      append_page(run, page);
      if (run.size() >= 256 * kPage) {
        file_.append(run);
        run.clear();
      }
    }
    file_.append(run);
  }

  /// New visits at the end, corrections all over, the index pages of both.
  void one_day() {
    std::uint64_t pages = file_.size() / kPage;
    for (int changed = 0; changed < 75; ++changed) {
      rewrite(1 + random_.below(pages - 1));
    }
    for (int added = 0; added < 12; ++added) rewrite(pages++);
    std::string counter(8, '\0');
    std::memcpy(counter.data(), &pages, 8);
    file_.write_at(counter, 24);
  }

 private:
  static constexpr std::size_t kPage = 4096;

  void rewrite(std::uint64_t page) {
    std::string bytes;
    append_page(bytes, page);
    file_.write_at(bytes, page * kPage);
  }

  void append_page(std::string& out, std::uint64_t number) {
    const std::size_t start = out.size();
    out.resize(start + kPage, '\0');
    char* page = out.data() + start;
    std::memcpy(page, &number, 8);
    if (number % 64 == 0) {
      fill_index(page);
    } else {
      fill_rows(page, number);
    }
  }

  void fill_index(char* page) {
    std::uint64_t key = random_.below(1 << 20);
    for (std::size_t at = 16; at + 8 <= kPage * 3 / 4; at += 8) {
      key += random_.below(900);
      std::memcpy(page + at, &key, 8);
    }
  }

  void fill_rows(char* page, std::uint64_t number) {
    std::size_t end = kPage;
    std::string row;
    for (std::size_t slot = 16;; slot += 2) {
      row = fmt::format("{:08}20{:02}-{:02}-{:02}", number * 4 + slot, 10 + random_.below(16),
                        1 + random_.below(12), 1 + random_.below(28));
      append_text(row, random_, 100 + random_.below(1400));
      if (end < slot + 2 + row.size()) return;
      end -= row.size();
      std::copy(row.begin(), row.end(), page + end);
      const auto place = static_cast<std::uint16_t>(end);
      std::memcpy(page + slot, &place, 2);
    }
  }

  File file_;
  Random& random_;
};

class Practice {
 public:
  Practice(std::string root, std::uint64_t seed, double scale, unsigned day)
      : root_(std::move(root)),
        random_(Random(seed * 1000003 + day).next()),
        scale_(scale),
        day_(day),
        patients_(std::max<std::uint64_t>(1, scaled(2500))) {}

  void first_day() {
    for (const char* name : {"", "/base", "/dossiers", "/imagerie", "/imagerie/2025", "/scans",
                             "/courrier", "/special"}) {
      make_dir(root_ + name);
    }
    for (std::uint64_t id = 0; id < patients_; ++id) {
      patient(id, 1 + static_cast<std::uint64_t>(-9 * std::log(random_.unit())));
    }
    images();
    for (std::uint64_t i = 0; i <= scaled(400); ++i) {
      std::string scan = "%PDF-1.4\n";
      append_noise(scan, random_, random_.size_around(13, .8));
      write_file(root_ + fmt::format("/scans/scan{:05}.pdf", i), scan);
    }
    Database(database(), random_, O_WRONLY | O_CREAT | O_TRUNC).fill(2 + scaled(72000));
    File log(journal(), O_WRONLY | O_CREAT | O_TRUNC);
    for (std::uint64_t i = 0; i <= scaled(200); ++i) log.append(text(random_, 100'000));
    File mailbox(inbox(), O_WRONLY | O_CREAT | O_TRUNC);
    for (std::uint64_t i = 0; i <= scaled(300); ++i) mailbox.append(message());
    special();
  }

  void next_day() {
    Database(database(), random_, O_RDWR).one_day();
    File(journal(), O_WRONLY | O_APPEND).append(text(random_, 300'000));
    std::string mail = "From x\n";
    append_text(mail, random_, 50'000);
    append_noise(mail, random_, 2'000'000);
    File(inbox(), O_WRONLY | O_APPEND).append(mail);
    for (unsigned i = 0; i < 3; ++i) patient(patients_ + std::uint64_t{10} * day_ + i, 6);
    for (unsigned i = 0; i < 30; ++i) {
      const std::string dir = folder(random_.below(patients_));
      const std::string note = text(random_, 3000);
      if (access(dir.c_str(), F_OK) == 0)
        write_file(dir + fmt::format("/jour{:03}.txt", day_), note);
    }
    make_dir(root_ + "/imagerie/2026");
    for (unsigned i = 0; i < 4; ++i) {
      write_file(root_ + fmt::format("/imagerie/2026/J{:03}_{}.dcm", day_, i),
                 image(random_, 2048, 1536));
    }
    for (unsigned i = 0; i < 5; ++i) {  // patients who left: only a name changes
      const std::string dir = folder(random_.below(patients_));
      const std::string archived = dir + fmt::format("-archivé{}", day_);
      if (rename(dir.c_str(), archived.c_str()) != 0 && errno != ENOENT) fail(archived);
    }
  }

 private:
  [[nodiscard]] std::uint64_t scaled(double count) const {
    return static_cast<std::uint64_t>(count * scale_);
  }
  [[nodiscard]] std::string database() const { return root_ + "/base/cabinet.db"; }
  [[nodiscard]] std::string journal() const { return root_ + "/base/journal.log"; }
  [[nodiscard]] std::string inbox() const { return root_ + "/courrier/inbox.mbox"; }
  [[nodiscard]] std::string folder(std::uint64_t id) const {
    return root_ + fmt::format("/dossiers/{:05}", id);
  }

  void patient(std::uint64_t id, std::uint64_t documents) {
    const std::string dir = folder(id);
    make_dir(dir);
    for (std::uint64_t k = 0; k < documents; ++k) {
      const double kind = random_.unit();
      const std::size_t bytes = 200 + random_.size_around(8.6, 1.0);
      if (kind < .45) {
        write_file(dir + fmt::format("/courrier_{:03}.txt", k), text(random_, bytes));
      } else if (kind < .7) {
        write_file(dir + fmt::format("/lettre_{:03}.docx", k), packed_document(random_, bytes * 2));
      } else if (kind < .85) {
        write_file(dir + fmt::format("/biologie_{:03}.hpr", k), results(bytes));
      } else {
        std::string scan = "\xff\xd8\xff\xe0";
        append_noise(scan, random_, bytes * 6);
        write_file(dir + fmt::format("/numérisé {:03}.jpg", k), scan);
      }
    }
  }

  std::string results(std::size_t bytes) {
    std::string out;
    while (out.size() < bytes) {
      std::string line = text(random_, 90);
      std::replace(line.begin(), line.end(), '\n', ' ');
      out += line + "\r\n";
    }
    return out;
  }

  void images() {
    constexpr std::array<std::array<std::size_t, 2>, 3> kSizes = {
        {{512, 512}, {2048, 1536}, {2600, 3000}}};
    for (std::uint64_t i = 0; i <= scaled(60); ++i) {
      const auto& size = kSizes[random_.below(kSizes.size())];
      write_file(root_ + fmt::format("/imagerie/2025/IM{:05}.dcm", i),
                 image(random_, size[0], size[1]));
    }
  }

  std::string message() {
    std::string out = "From x\n";
    append_text(out, random_, 20'000);
    append_packed(out, text(random_, 400'000));
    append_noise(out, random_, random_.size_around(13, 1));
    return out;
  }

  void special() {
    const std::string dir = root_ + "/special/";
    write_file(dir + "vide", "");
    write_file(dir + "é à ü 漢字 \"quote\" \\back.txt", "nom étrange\n");
    write_file(dir + "latin1-\xe9\xe8", "not utf-8\n");
    write_file(dir + "ligne\nbrisée", "newline\n");
    std::string deep = dir;
    for (unsigned level = 0; level < 40; ++level) {
      deep += fmt::format("niveau{}/", level);
      make_dir(deep);
    }
    write_file(deep + "fond.txt", "deep\n");
    File hole(dir + "sparse.img", O_WRONLY | O_CREAT | O_TRUNC);
    hole.resize(64 << 20);
    hole.write_at("milieu", 20 << 20);
    write_file(dir + "exec.sh", "#!/bin/sh\n");
    make_dir(dir + "dossier-vide");
    if (symlink("vide", (dir + "lien").c_str()) != 0 ||
        symlink("/nulle/part", (dir + "lien-mort").c_str()) != 0 ||
        link((dir + "vide").c_str(), (dir + "vide2").c_str()) != 0 ||
        mkfifo((dir + "tube").c_str(), 0644) != 0 || chmod((dir + "exec.sh").c_str(), 04755) != 0) {
      fail(dir);
    }
  }

  std::string root_;
  Random random_;
  double scale_;
  unsigned day_;
  std::uint64_t patients_;
};

int run(const std::vector<std::string>& arguments) {
  std::string root;
  std::uint64_t seed = 1;
  double scale = 1;
  unsigned day = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word.starts_with("--") && i + 1 < arguments.size()) {
      const std::string& value = arguments[++i];
      if (word == "--seed") {
        seed = std::stoull(value);
      } else if (word == "--scale") {
        scale = std::stod(value);
      } else if (word == "--day") {
        day = static_cast<unsigned>(std::stoul(value));
      } else {
        throw std::invalid_argument("unknown option " + word);
      }
    } else if (root.empty() && !word.starts_with("--")) {
      root = word;
    } else {
      throw std::invalid_argument("unexpected " + word);
    }
  }
  if (root.empty()) {
    throw std::invalid_argument("usage: practice-data DIR [--seed N] [--scale F] [--day D]");
  }
  umask(022);
  Practice practice(root, seed, scale, day);
  if (day == 0) {
    practice.first_day();
  } else {
    practice.next_day();
  }
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "practice-data: " << error.what() << '\n';
    return 2;
  }
}
