#include "medsave/format/lock_file.hpp"

#include "json_time.hpp"

#include "medsave/json/json_reader.hpp"
#include "medsave/json/json_writer.hpp"

namespace medsave {

std::string encode_lock_file(const LockFile& lock) {
  std::string out = R"({"time":)";
  append_json_string(out, format_zoned_time(lock.time));
  out += R"(,"exclusive":)";
  out += lock.exclusive ? "true" : "false";
  out += R"(,"hostname":)";
  append_json_string(out, lock.hostname);
  out += R"(,"username":)";
  append_json_string(out, lock.username);
  out += R"(,"pid":)";
  append_json_number(out, lock.pid);
  if (lock.uid != 0) {
    out += R"(,"uid":)";
    append_json_number(out, lock.uid);
  }
  if (lock.gid != 0) {
    out += R"(,"gid":)";
    append_json_number(out, lock.gid);
  }
  if (!lock.machine_id.empty()) {
    out += R"(,"machine_id":)";
    append_json_string(out, lock.machine_id);
  }
  if (!lock.boot_id.empty()) {
    out += R"(,"boot_id":)";
    append_json_string(out, lock.boot_id);
  }
  if (!lock.pid_namespace.empty()) {
    out += R"(,"pid_namespace":)";
    append_json_string(out, lock.pid_namespace);
  }
  out += '}';
  return out;
}

LockFile decode_lock_file(std::string_view json) {
  JsonReader in(json);
  LockFile lock;
  bool has_time = false;
  bool has_exclusive = false;
  in.enter_object();
  while (in.next_member()) {
    const std::string_view key = in.key();
    if (key == "time") {
      lock.time = read_time(in);
      has_time = true;
    } else if (key == "exclusive") {
      lock.exclusive = in.boolean();
      has_exclusive = true;
    } else if (key == "hostname") {
      lock.hostname = in.string();
    } else if (key == "username") {
      lock.username = in.string();
    } else if (key == "pid") {
      lock.pid = in.integer<std::int64_t>();
    } else if (key == "uid") {
      lock.uid = in.integer<std::uint32_t>();
    } else if (key == "gid") {
      lock.gid = in.integer<std::uint32_t>();
    } else if (key == "machine_id") {
      lock.machine_id = in.string();
    } else if (key == "boot_id") {
      lock.boot_id = in.string();
    } else if (key == "pid_namespace") {
      lock.pid_namespace = in.string();
    } else {
      in.skip();
    }
  }
  in.finish();
  if (!has_time) throw_missing_field("time");
  if (!has_exclusive) throw_missing_field("exclusive");
  return lock;
}

}  // namespace medsave
