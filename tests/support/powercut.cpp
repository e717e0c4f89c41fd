// powercut FOLDER OUT SEED STATES [LIMIT COMMAND]...
//
// Runs the commands one after the other (words separated by spaces; killed as it is about to make
// its change number LIMIT, or with sN to sync a folder for the N-th time; not if 0) and records
// what they change below FOLDER. Then makes STATES folders OUT/0, OUT/1, ...: what FOLDER may hold
// after a power cut. The content of a file is safe once the file was synced, a name once its folder
// was. What is not safe may be there or not: each name for itself, or all up to some moment; a file
// not synced may be empty or cut off.
//
// The first states are cuts after the last command: nothing unsafe survives; all names do, and no
// unsynced content; everything does. Later ones are cuts at random moments of the last command or
// after it. OUT/N.about tells "ENDED HOW MOMENT": how many commands had ended before. Prints
// the numbers of changes and of folders synced and the exit status of each command. Exit status: 77
// where one may not trace.

#include "file_changes.hpp"

#include <random>

namespace {

using powercut::Change;
using powercut::Event;

/// A name that comes or goes, and is not safe yet.
struct NameChange {
  std::size_t moment = 0;
  std::string gone = {};
  std::string come = {};
  std::size_t node = 0;  // what `come` names
};

struct Node {
  bool is_folder = false;
  std::string content = {};
  std::string safe_content = {};
  bool is_safe = false;  // content, as it is now
  std::map<std::string, std::size_t> names = {};
  std::map<std::string, std::size_t> safe_names = {};
  std::vector<NameChange> unsafe = {};
};

/// What of the unsafe survives.
struct Fate {
  std::string how = {};
  double names = 0;              // the share of the names
  double contents = 0;           // and of the contents
  std::size_t until = SIZE_MAX;  // changes after this moment do not survive
};

class Disk {
 public:
  Disk(const std::string& root, powercut::Recorder& recorder) : root_(root) {
    nodes_.push_back({.is_folder = true});
    load(root, 0, recorder);
  }

  void replay(const Event& event, std::size_t moment) {
    switch (event.change) {
      case Change::create:
        add(event.path, new_node(event.file, false), moment);
        break;
      case Change::make_folder:
        add(event.path, new_node(0, true), moment);
        break;
      case Change::write: {
        Node& node = nodes_[by_file_.at(event.file)];
        if (node.content.size() < event.offset + event.data.size()) {
          node.content.resize(event.offset + event.data.size());
        }
        node.content.replace(event.offset, event.data.size(), event.data);
        node.is_safe = false;
        break;
      }
      case Change::truncate:
        nodes_[by_file_.at(event.file)].content.resize(event.offset);
        nodes_[by_file_.at(event.file)].is_safe = false;
        break;
      case Change::sync:
        if (event.file != 0) {
          make_safe(nodes_[by_file_.at(event.file)], event.covers);
        } else if (const std::size_t* const node = find(event.path)) {
          make_safe(nodes_[*node], event.covers);
        }
        break;
      case Change::sync_all:
        for (Node& node : nodes_) make_safe(node, event.covers);
        break;
      case Change::rename:
        rename(event, moment);
        break;
      case Change::link:
        add(event.to, *find(event.path), moment);
        break;
      case Change::remove:
        change_name(event.path, {.moment = moment, .gone = name_of(event.path)});
        break;
      case Change::end:
        break;
    }
  }

  /// The same paths with the same sizes as on the real disk.
  [[nodiscard]] bool agrees_with(const std::string& root) const {
    std::map<std::string, std::uintmax_t> real;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      real[entry.path()] = entry.is_directory() ? 0 : entry.file_size();
    }
    std::map<std::string, std::uintmax_t> known;
    collect(root, 0, known);
    return real == known;
  }

  void write_state(const std::string& to, const Fate& fate, std::mt19937& random) const {
    write_folder(to, 0, fate, random);
  }

 private:
  static std::string name_of(const std::string& path) {
    return path.substr(path.find_last_of('/') + 1);
  }

  void load(const std::string& path, std::size_t at, powercut::Recorder& recorder) {
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      const bool is_folder = entry.is_directory();
      const std::size_t number = is_folder ? 0 : recorder.number_of(entry.path());
      const std::size_t node = new_node(number, is_folder);
      nodes_[at].names[entry.path().filename()] = node;
      nodes_[at].safe_names[entry.path().filename()] = node;
      if (is_folder) {
        load(entry.path(), node, recorder);
        continue;
      }
      std::ifstream in(entry.path(), std::ios::binary);
      nodes_[node].content.assign(std::istreambuf_iterator<char>(in), {});
      make_safe(nodes_[node], 0);
    }
  }

  std::size_t new_node(std::size_t file, bool is_folder) {
    nodes_.push_back({.is_folder = is_folder});
    if (!is_folder) by_file_[file] = nodes_.size() - 1;
    return nodes_.size() - 1;
  }

  /// nullptr where there is none.
  [[nodiscard]] const std::size_t* find(const std::string& path) const {
    static const std::size_t kRoot = 0;
    const std::size_t* at = &kRoot;
    std::size_t begin = root_.size();
    while (begin < path.size()) {
      const std::size_t end = std::min(path.find('/', begin + 1), path.size());
      const auto& names = nodes_[*at].names;
      const auto found = names.find(path.substr(begin + 1, end - begin - 1));
      if (found == names.end()) return nullptr;
      at = &found->second;
      begin = end;
    }
    return at;
  }

  void change_name(const std::string& path, NameChange change) {
    const std::size_t* const folder = find(path.substr(0, path.find_last_of('/')));
    if (folder == nullptr) powercut::die("no folder for " + path);
    Node& node = nodes_[*folder];
    if (!change.gone.empty()) node.names.erase(change.gone);
    if (!change.come.empty()) node.names[change.come] = change.node;
    node.unsafe.push_back(std::move(change));
  }
  void add(const std::string& path, std::size_t node, std::size_t moment) {
    change_name(path, {.moment = moment, .come = name_of(path), .node = node});
  }
  void rename(const Event& event, std::size_t moment) {
    const std::size_t* const found = find(event.path);
    if (found == nullptr) powercut::die("no " + event.path);
    const std::size_t node = *found;
    const auto folder = [](const std::string& path) {
      return path.substr(0, path.find_last_of('/'));
    };
    if (folder(event.path) == folder(event.to)) {
      change_name(
          event.to,
          {.moment = moment, .gone = name_of(event.path), .come = name_of(event.to), .node = node});
      return;
    }
    change_name(event.path, {.moment = moment, .gone = name_of(event.path)});
    add(event.to, node, moment);
  }

  static void apply(std::map<std::string, std::size_t>& names, const NameChange& change) {
    if (!change.gone.empty()) names.erase(change.gone);
    if (!change.come.empty()) names[change.come] = change.node;
  }
  static void make_safe(Node& node, std::size_t covers) {
    if (!node.is_folder) {
      node.safe_content = node.content;
      node.is_safe = true;
      return;
    }
    std::erase_if(node.unsafe, [&](const NameChange& change) {
      if (change.moment >= covers) return false;
      apply(node.safe_names, change);
      return true;
    });
  }

  void collect(const std::string& path, std::size_t at,
               std::map<std::string, std::uintmax_t>& known) const {
    for (const auto& [name, node] : nodes_[at].names) {
      const std::string below = fmt::format("{}/{}", path, name);
      known[below] = nodes_[node].is_folder ? 0 : nodes_[node].content.size();
      if (nodes_[node].is_folder) collect(below, node, known);
    }
  }

  void write_folder(const std::string& to, std::size_t at, const Fate& fate,
                    std::mt19937& random) const {
    std::filesystem::create_directories(to);
    std::map<std::string, std::size_t> names = nodes_[at].safe_names;
    std::bernoulli_distribution survives(fate.names);
    for (const NameChange& change : nodes_[at].unsafe) {
      if (change.moment < fate.until && survives(random)) apply(names, change);
    }
    for (const auto& [name, index] : names) {
      const Node& node = nodes_[index];
      if (node.is_folder) {
        write_folder(fmt::format("{}/{}", to, name), index, fate, random);
        continue;
      }
      std::ofstream(fmt::format("{}/{}", to, name), std::ios::binary)
          << content_after(node, fate, random);
    }
  }
  static std::string content_after(const Node& node, const Fate& fate, std::mt19937& random) {
    if (node.is_safe || std::bernoulli_distribution(fate.contents)(random)) return node.content;
    if (fate.contents == 0) return node.safe_content;
    return node.content.substr(
        0, std::uniform_int_distribution<std::size_t>(0, node.content.size())(random));
  }

  const std::string root_;
  std::vector<Node> nodes_;
  std::map<std::size_t, std::size_t> by_file_;
};

std::vector<std::string> split(const std::string& command) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  while (begin < command.size()) {
    const std::size_t end = std::min(command.find(' ', begin), command.size());
    if (end != begin) words.push_back(command.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

powercut::Limit parse_limit(const std::string& text) {
  if (text.starts_with('s')) {
    return {.folder_sync = std::strtoul(text.c_str() + 1, nullptr, 10)};
  }
  return {.change = std::strtoul(text.c_str(), nullptr, 10)};
}

Fate fate_of(unsigned long state, std::size_t moment, std::mt19937& random) {
  if (state == 0) return {.how = "nothing-unsafe"};
  if (state == 1) return {.how = "names-only", .names = 1};
  if (state == 2) return {.how = "everything", .names = 1, .contents = 1};
  const double share = std::uniform_real_distribution<>(0, 1)(random);
  switch (state % 4) {
    case 0:
      return {.how = "some-names", .names = share};
    case 1:
      return {.how = "some-of-all", .names = share, .contents = share};
    case 2:
      return {.how = "names-until",
              .names = 1,
              .until = std::uniform_int_distribution<std::size_t>(0, moment)(random)};
    default:
      return state % 8 < 4 ? Fate{.how = "nothing-unsafe"} : Fate{.how = "names-only", .names = 1};
  }
}

void write_states(const Disk& before, const std::vector<Event>& events, const std::string& out,
                  unsigned long states, std::mt19937& random) {
  std::size_t last_begin = 0;  // of the last command
  for (std::size_t i = 0; i + 1 < events.size(); ++i) {
    if (events[i].change == Change::end) last_begin = i + 1;
  }
  for (unsigned long state = 0; state < states; ++state) {
    std::size_t moment = events.size();
    if (state > 2 && state % 3 != 0) {
      moment = std::uniform_int_distribution<std::size_t>(last_begin, events.size())(random);
    }
    Disk disk = before;
    unsigned ended = 0;
    for (std::size_t i = 0; i < moment; ++i) {
      disk.replay(events[i], i);
      if (events[i].change == Change::end) ++ended;
    }
    const Fate fate = fate_of(state, moment, random);
    disk.write_state(out + "/" + std::to_string(state), fate, random);
    std::ofstream(out + "/" + std::to_string(state) + ".about")
        << ended << ' ' << fate.how << ' ' << moment << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7 || argc % 2 == 0) {
    fmt::print(stderr, "usage: powercut FOLDER OUT SEED STATES [LIMIT COMMAND]...\n");
    return 2;
  }
  const std::string root = std::filesystem::canonical(argv[1]);
  powercut::Recorder recorder(root);
  const Disk before(root, recorder);
  Disk now = before;
  std::size_t seen = 0;
  for (int i = 5; i + 1 < argc; i += 2) {
    const powercut::Begun begun = recorder.run(split(argv[i + 1]), parse_limit(argv[i]));
    fmt::print("{} {} {}\n", begun.changes, begun.folder_syncs, recorder.events().back().status);
    for (; seen < recorder.events().size(); ++seen) now.replay(recorder.events()[seen], seen);
    if (!now.agrees_with(root)) powercut::die("a change was not understood");
  }
  std::mt19937 random(static_cast<unsigned>(std::strtoul(argv[3], nullptr, 10)));
  write_states(before, recorder.events(), argv[2], std::strtoul(argv[4], nullptr, 10), random);
  return 0;
}
